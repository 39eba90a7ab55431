"""The past of a product, from its ledger alone: every type of operation, over more than one warehouse."""

import msgspec
import pytest

from onhand.services import levels, reservations, viewing_product
from onhand.services.context import open_onhand
from onhand.services.requests import ReservationPart
from support.services import ACTOR, a_corner

pytestmark = pytest.mark.anyio


async def test_the_past_begins_where_the_entries_do_and_ends_at_the_level(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        held = await corner.reserve(4)
        await reservations.fulfill(onhand, ACTOR, held.reservation_id, ReservationPart())
        await corner.reserve(1)
        await corner.count(5)
        now = (await levels.find(onhand, sku=corner.sku)).items
        past = await viewing_product.past(onhand, corner.sku, now)
        assert (past.before, past.now, past.whole) == (0, 5, True)
        assert past.changes == {"RECEIVE": 10, "FULFILL": -4, "ADJUST": -1}
        assert [(point.on_hand, point.reserved) for point in past.points] == [(10, 0), (10, 4), (6, 0), (6, 1), (5, 1)]
        elsewhere = msgspec.structs.replace(now[0], warehouse="ELSEWHERE", on_hand=7)
        newest = viewing_product.told([], [*now, elsewhere], whole=False)
        assert newest.now == 12  # Warehouses without an entry among those shown count as they are.
