"""The feed of events misses nothing, whatever is committed while it is read; deliveries survive whoever sends them."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from onhand.domain.limits import EVENT_KEPT_S, WEBHOOK_LEASE_S, WEBHOOK_RETRY_AFTER_S
from onhand.engine.engine import new_id
from onhand.services import delivering, feed, housekeeping, webhooks
from onhand.services.context import open_onhand
from onhand.services.requests import LevelSettings
from onhand.services.webhook_requests import NewWebhook
from support.receiver import receiver
from support.services import a_corner

pytestmark = pytest.mark.anyio

INSERT = (
    "INSERT INTO event (event_id, type, subject, created_at, data) VALUES (%s, 'reservation.expired', %s, now(), '{}')"
)


async def test_an_event_committed_late_is_not_missed(fresh_database_url: str) -> None:
    """Its id was made first: a feed in the order of ids would have gone past it."""
    async with (
        open_onhand(fresh_database_url) as onhand,
        await psycopg.AsyncConnection.connect(fresh_database_url) as slow,
        await psycopg.AsyncConnection.connect(fresh_database_url, autocommit=True) as quick,
    ):
        early, late = new_id(), new_id()
        await slow.execute(INSERT, [str(early), "slow"])
        await quick.execute(INSERT, [str(late), "quick"])
        first = (await feed.find(onhand)).items
        assert [event["subject"] for event in first] == ["quick"]
        await slow.commit()
        then = (await feed.find(onhand, after=first[-1]["id"])).items
        assert [event["subject"] for event in then] == ["slow"]
        assert then[0]["id"] < first[0]["id"]


async def test_readers_among_writers_see_every_event_once_and_in_one_order(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        writers, each = 6, 40

        async def write(number: int) -> None:
            async with await psycopg.AsyncConnection.connect(fresh_database_url) as connection:
                for count in range(each):
                    await connection.execute(INSERT, [str(new_id()), f"{number}-{count}"])
                    await asyncio.sleep(0.002 * (number % 3))  # The id is older than the commit by this.
                    await connection.commit()

        async def read() -> list[str]:
            seen: list[str] = []
            last = None
            while len(seen) < writers * each:
                page = (await feed.find(onhand, after=last, limit=7)).items
                seen += [event["subject"] for event in page]
                last = page[-1]["id"] if page else last
                await asyncio.sleep(0)
            return seen

        async with asyncio.timeout(60):
            *_, one, two = await asyncio.gather(*(write(number) for number in range(writers)), read(), read())
        assert sorted(one) == sorted(f"{n}-{c}" for n in range(writers) for c in range(each))
        assert one == two


async def test_pages_follow_one_another(fresh_database_url: str) -> None:
    async with (
        open_onhand(fresh_database_url) as onhand,
        await psycopg.AsyncConnection.connect(fresh_database_url, autocommit=True) as connection,
    ):
        assert (await feed.find(onhand)).items == []
        for number in range(5):
            await connection.execute(INSERT, [str(new_id()), str(number)])
        page = await feed.find(onhand, limit=2)
        seen = [event["subject"] for event in page.items]
        while page.next_cursor:
            page = await feed.find(onhand, after=page.next_cursor, limit=2)
            seen += [event["subject"] for event in page.items]
        assert seen == ["0", "1", "2", "3", "4"]
        everything = (await feed.find(onhand, after="00000000-0000-0000-0000-000000000000")).items
        assert len(everything) == 5


async def test_a_level_that_falls_below_its_threshold_is_told_once(fresh_database_url: str) -> None:
    from onhand.services import levels  # noqa: PLC0415

    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=5))
        await corner.count(6)
        assert (await feed.find(onhand)).items == []
        await corner.count(4)
        await corner.count(3)
        [event] = (await feed.find(onhand)).items
        assert (event["type"], event["data"]["sku"], event["data"]["on_hand"]) == (
            "level.below_threshold",
            corner.sku,
            4,
        )


async def test_a_sender_killed_in_the_middle_leaves_it_to_another(fresh_database_url: str) -> None:
    """The clock is moved past the lease instead of waiting for it."""
    ahead = timedelta()
    async with open_onhand(fresh_database_url, now=lambda: datetime.now(UTC) + ahead) as onhand:
        with receiver() as at:
            made = await webhooks.create(onhand, NewWebhook(url=at.url))
            await webhooks.test(onhand, "key:test", made.webhook_id)
            assert len(await delivering._claim(onhand, {})) == 1
            assert await delivering._claim(onhand, {}) == []  # somebody else has it
            ahead = timedelta(seconds=WEBHOOK_LEASE_S + 1)
            [again] = await delivering._claim(onhand, {})
            assert again.attempts == 2
            await delivering._deliver(onhand, again)
            assert len(at.messages) == 1
            [item] = (await webhooks.deliveries(onhand, made.webhook_id, status="delivered")).items
            assert item.attempts == 2


async def test_one_that_never_answers_is_given_up_after_every_attempt(fresh_database_url: str) -> None:
    ahead = timedelta()
    async with open_onhand(fresh_database_url, now=lambda: datetime.now(UTC) + ahead) as onhand:
        made = await webhooks.create(onhand, NewWebhook(url="http://127.0.0.1:9/nobody"))
        await webhooks.test(onhand, "key:test", made.webhook_id)
        attempts = 0
        while claimed := await delivering._claim(onhand, {}):
            await delivering._deliver(onhand, claimed[0])
            attempts += 1
            ahead += timedelta(seconds=max(WEBHOOK_RETRY_AFTER_S) * 1.2)
        assert attempts == 1 + len(WEBHOOK_RETRY_AFTER_S)
        [item] = (await webhooks.deliveries(onhand, made.webhook_id, status=None)).items
        assert (item.status, item.next_attempt_at, item.last_status) == ("failed", None, None)
        assert "Connect" in str(item.last_error)


async def test_a_slow_receiver_holds_up_no_other(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        released = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await released.wait()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with receiver() as at:
            slow = await webhooks.create(onhand, NewWebhook(url=f"http://127.0.0.1:{port}/"))
            for _ in range(80):
                await webhooks.test(onhand, "key:test", slow.webhook_id)
            quick = await webhooks.create(onhand, NewWebhook(url=at.url))
            stop = asyncio.Event()
            job = asyncio.create_task(delivering.run(onhand, stop))
            await asyncio.sleep(1.5)  # The slow one has all that it may have.
            await webhooks.test(onhand, "key:test", quick.webhook_id)
            async with asyncio.timeout(5):
                while not at.messages:  # noqa: ASYNC110  filled by a thread
                    await asyncio.sleep(0.02)
            stop.set()
            released.set()
            async with asyncio.timeout(20):
                await job
        server.close()
        await server.wait_closed()


async def test_old_events_go(fresh_database_url: str) -> None:
    ahead = timedelta()
    async with open_onhand(fresh_database_url, now=lambda: datetime.now(UTC) + ahead) as onhand:
        made = await webhooks.create(onhand, NewWebhook(url="http://127.0.0.1:9/"))
        await webhooks.test(onhand, "key:test", made.webhook_id)
        assert await housekeeping.forget_old_events(onhand) == 0
        [event] = (await feed.find(onhand)).items
        ahead = timedelta(seconds=EVENT_KEPT_S + 5)
        assert await housekeeping.forget_old_events(onhand) == 1
        assert (await feed.find(onhand)).items == []
        ahead = timedelta()
        await webhooks.test(onhand, "key:test", made.webhook_id)
        assert len((await feed.find(onhand, after=event["id"])).items) == 1  # An id that is gone misses nothing either.
