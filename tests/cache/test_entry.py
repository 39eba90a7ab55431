"""Older never overwrites newer, in whatever order the news comes."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.cache.coalesced import Coalesced
from onhand.cache.entry import Facts, Part, Stock
from onhand.cache.local import Local
from onhand.cache.worth import SAMPLED, WEIGHED_OVER, Worth
from onhand.domain.ids import Id

PRODUCT, PLACE = Id(b"p" * 16), Id(b"w" * 16)
FACTS = Facts(PRODUCT, "MUG", "deny", None)


def part(version: int, seen_s: float = 0.0) -> Part:
    return Part(version, 1_000 - version, 0, seen_s)  # What is available follows from the version.


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=1))
def test_what_stays_is_the_newest_whatever_came_last(news: list[tuple[bool, int]]) -> None:
    local = Local()
    for as_a_whole, version in news:
        if as_a_whole:
            local.fill(Stock(FACTS, {PLACE: part(version)}, 0.0))
        else:
            local.learn((PRODUCT, PLACE), part(version))
    kept = local.part((PRODUCT, PLACE))
    assert kept is not None
    assert (kept.version, kept.available) == (
        max(version for _, version in news),
        1_000 - max(version for _, version in news),
    )


def test_a_late_fill_does_not_go_behind_a_commit_that_came_while_it_was_reading() -> None:
    local = Local()
    local.learn((PRODUCT, PLACE), part(8, 2.0))  # nothing of the product is held yet
    local.fill(Stock(FACTS, {PLACE: part(7, 1.0)}, 1.0))
    assert local.part((PRODUCT, PLACE)) == part(8, 2.0)


def test_a_fill_from_before_a_change_of_settings_does_not_count() -> None:
    local = Local()
    local.fill(Stock(FACTS, {PLACE: part(1, 1.0)}, 1.0))
    local.forget(PRODUCT, 2.0)
    local.fill(Stock(FACTS, {PLACE: part(1, 1.5)}, 1.5))
    assert local.held("MUG") is None
    local.fill(Stock(FACTS, {PLACE: Part(1, 999, 20, 2.5)}, 2.5))
    assert local.held("MUG", 0.0) is not None
    kept = local.part((PRODUCT, PLACE))
    assert kept is not None
    assert kept.backorder_limit == 20


def test_the_oldest_make_room() -> None:
    local = Local(kept_max=32)
    for number in range(100):
        product = Id(number.to_bytes(16, "big"))
        local.fill(Stock(Facts(product, f"S-{number}", "deny", None), {PLACE: part(1)}, 0.0))
    assert len(local) <= 32
    assert local.held("S-0") is None
    assert local.held("S-99") is not None


@pytest.mark.anyio
async def test_a_stampede_is_one_fetch_and_what_waits_is_the_next_one() -> None:
    fetched: list[list[str]] = []
    begun, all_ask = asyncio.Event(), asyncio.Event()

    async def fetch(keys: list[str]) -> dict[str, int]:
        fetched.append(keys)
        number = len(fetched)
        begun.set()
        await all_ask.wait()
        return {key: number for key in keys if key != "none"}

    coalesced: Coalesced[str, int] = Coalesced(fetch, share=True, fetches_max=1, keys_max=100)
    first = [asyncio.create_task(coalesced.ask(["a"])) for _ in range(200)]
    await begun.wait()
    later = [asyncio.create_task(coalesced.ask([key])) for key in ("a", "b", "c", "none")]
    await asyncio.sleep(0)
    all_ask.set()
    assert await asyncio.gather(*first) == [{"a": 1}] * 200
    assert await asyncio.gather(*later) == [{"a": 1}, {"b": 2}, {"c": 2}, {}]
    assert fetched == [["a"], ["b", "c", "none"]]


@pytest.mark.anyio
async def test_who_gives_up_takes_nobody_along_and_a_failure_is_told_to_all() -> None:
    attempts = itertools.count()

    async def fetch(keys: list[str]) -> dict[str, int]:
        await asyncio.sleep(0.01)
        if next(attempts):
            raise OSError("gone")
        return dict.fromkeys(keys, 1)

    coalesced: Coalesced[str, int] = Coalesced(fetch, share=True, fetches_max=1, keys_max=100)
    gives_up, stays = (asyncio.create_task(coalesced.ask(["a"])) for _ in range(2))
    await asyncio.sleep(0.002)
    gives_up.cancel()
    assert await stays == {"a": 1}
    failed = await asyncio.gather(*(coalesced.ask(["a"]) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [OSError] * 3


@pytest.mark.anyio
async def test_who_asks_right_after_a_fetch_is_not_forgotten() -> None:
    """In the moment between a task's last look at what waits and its end."""
    late: list[asyncio.Task[dict[str, int]]] = []

    async def fetch(keys: list[str]) -> dict[str, int]:
        if not late:
            asyncio.get_running_loop().call_soon(lambda: late.append(asyncio.create_task(coalesced.ask(["b"]))))
        return dict.fromkeys(keys, 1)

    coalesced: Coalesced[str, int] = Coalesced(fetch, share=False, fetches_max=1, keys_max=9)
    assert await coalesced.ask(["a"]) == {"a": 1}
    async with asyncio.timeout(2):
        assert await late[0] == {"b": 1}


@pytest.mark.anyio
async def test_who_is_called_shares_the_fetch_of_who_waits_and_its_failure() -> None:
    fetched: list[list[str]] = []

    async def fetch(keys: list[str]) -> dict[str, int]:
        fetched.append(keys)
        await asyncio.sleep(0.01)
        if "bad" in keys:
            raise OSError("gone")
        return {key: 1 for key in keys if key != "none"}

    coalesced: Coalesced[str, int] = Coalesced(fetch, share=True, fetches_max=1, keys_max=100)
    told: list[tuple[int | None, str | None]] = []

    def done(found: int | None, error: Exception | None) -> None:
        told.append((found, None if error is None else str(error)))

    for key in ("a", "a", "none"):
        coalesced.call(key, done)
    assert await coalesced.ask(["a"]) == {"a": 1}
    assert told == [(1, None), (1, None), (None, None)]
    coalesced.call("bad", done)
    with pytest.raises(OSError, match="gone"):
        await coalesced.ask(["bad"])
    assert told[3:] == [(None, "gone")]
    assert fetched == [["a", "none"], ["bad"]]


def shown(local: Local) -> dict[object, object]:
    held = local.held("MUG")
    assert held is not None
    assert held.shown is not None
    return held.shown


def test_what_was_made_of_a_product_goes_with_its_first_change_and_stays_without_one() -> None:
    local = Local()
    local.fill(Stock(FACTS, {PLACE: part(1, 1.0)}, 1.0))
    before = shown(local)
    before["page"] = b"of version 1"
    local.fill(Stock(FACTS, {PLACE: part(1, 2.0)}, 2.0))
    assert shown(local) == {"page": b"of version 1"}
    for change in (
        lambda: local.learn((PRODUCT, PLACE), part(2, 3.0)),
        lambda: local.fill(Stock(FACTS, {PLACE: part(3, 4.0)}, 4.0)),
        lambda: local.fill(Stock(FACTS, {PLACE: Part(3, 997, 9, 5.0)}, 5.0)),
        lambda: local.fill(Stock(Facts(PRODUCT, "MUG", "backorder", None), {}, 6.0)),
    ):
        shown(local)["page"] = b"made of what was before"
        change()
        assert shown(local) == {}
    before["page"] = b"finished late"
    assert shown(local) == {}
    shown(local)["page"] = b"of the old settings"
    local.forget(PRODUCT, 7.0)
    assert local.fill(Stock(FACTS, {PLACE: part(3, 6.5)}, 6.5)) is None, "read before the change"
    assert local.fill(Stock(FACTS, {PLACE: part(3, 8.0)}, 8.0)) is not None
    assert shown(local) == {}


def test_where_valkey_knows_nothing_a_sample_of_skus_goes_on_asking_and_finds_out_when_it_does() -> None:
    skus, worth = [f"SKU-{number}" for number in range(20_000)], Worth()
    assert all(worth.pays(sku) for sku in skus)
    for _ in range(10):
        worth.found(0, 250)
    sample = {sku for sku in skus if worth.pays(sku)}
    assert 0.5 < len(sample) / (len(skus) / SAMPLED) < 2
    other = Worth()
    other.found(0, WEIGHED_OVER)
    assert {sku for sku in skus if other.pays(sku)} == sample, "every process asks for the same ones"
    for _ in range(WEIGHED_OVER):
        worth.found(1, 1)
    assert all(worth.pays(sku) for sku in skus)
