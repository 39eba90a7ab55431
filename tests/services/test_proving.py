"""The laws are proved by the clock, and what differs is told."""

import psycopg
import pytest

from onhand.services import proving, reconcile
from onhand.services.context import open_onhand
from support.postgres import Postgres, database_of
from support.services import a_corner

pytestmark = pytest.mark.anyio


async def test_it_proves_when_it_is_time_and_tells_what_differs(
    postgres: Postgres, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await a_corner(onhand, 20)
        early = proving.Prover()
        assert await early.prove(onhand) == 0
        assert await reconcile.last(onhand) is None, "not yet"
        monkeypatch.setattr(proving, "PROOF_EVERY_S", 0.0)
        prover = proving.Prover()
        assert await prover.prove(onhand) == 0
        first = await reconcile.last(onhand)
        assert first is not None
        assert first.clean
        with psycopg.connect(postgres.named(database_of(fresh_database_url), superuser=True)) as connection:
            connection.execute("UPDATE level SET on_hand = on_hand + 3")
        assert await proving.Prover().prove(onhand) > 0
        told = await reconcile.last(onhand)
        assert told is not None
        assert [each.kind for each in told.differences] == ["ledger_sums"]
        assert "books_differ" in capsys.readouterr().out
        assert await prover.prove(onhand) == 0, "it rests"
        again = await reconcile.last(onhand)
        assert again is not None
        assert again.reconciliation_id == told.reconciliation_id
