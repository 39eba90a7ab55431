"""SETEX the total for 60 seconds, DECRBY on reserve, INCRBY to undo: its three faults, and the same moments here."""

from collections.abc import Iterator

import pytest
from redis import Redis

from cache.test_valkey import shown, two, until
from onhand.cache.valkey import Valkey as Adapter
from onhand.domain.limits import AVAILABILITY_SHARED_FRESH_S
from onhand.services.context import open_onhand
from support.services import Corner, a_corner
from support.valkey import Valkey

pytestmark = pytest.mark.anyio
TTL_S = 60


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with Valkey() as valkey:
        yield valkey


class Recipe:
    """As it stands in many a guide. committed: what the database says."""

    def __init__(self, client: "Redis", units: int) -> None:
        self.client = client
        self.committed = units

    def show(self) -> int:
        kept = self.client.get("stock")
        if kept is None:
            self.client.set("stock", self.committed, ex=TTL_S)
            return self.committed
        return int(kept)

    def reserve(self, units: int) -> None:
        self.committed -= units
        self.client.decrby("stock", units)


def test_recipe_decrby_on_a_key_that_has_expired_makes_it_anew_from_zero_for_ever(valkey: Valkey) -> None:
    with valkey.client() as client:
        recipe = Recipe(client, 30)
        recipe.show()
        client.delete("stock")  # its 60 seconds are over
        recipe.reserve(1)
        assert recipe.committed == 29
        assert recipe.show() == -1
        assert client.ttl("stock") == -1


def test_recipe_a_late_fill_overwrites_newer_counts(valkey: Valkey) -> None:
    with valkey.client() as client:
        recipe = Recipe(client, 30)
        read = recipe.committed  # a reader has missed and has read
        recipe.show()
        recipe.reserve(30)
        client.set("stock", read, ex=TTL_S)  # and only now writes
        assert recipe.committed == 0
        assert recipe.show() == 30
        assert client.ttl("stock") > TTL_S - 5


def test_recipe_a_crash_between_commit_and_decrby_drifts_until_expiry(valkey: Valkey) -> None:
    with valkey.client() as client:
        recipe = Recipe(client, 30)
        recipe.show()
        recipe.committed -= 30  # killed before DECRBY
        assert recipe.show() == 30
        assert client.ttl("stock") > TTL_S - 5


async def test_here_an_expired_key_is_read_anew(fresh_database_url: str, valkey: Valkey) -> None:
    async with two(fresh_database_url, valkey.url) as (one, other):
        corner = await a_corner(one, 30)
        assert await shown(other, corner) == 30
        with valkey.client() as client:
            client.flushall()
            await corner.reserve(1)

            async def there() -> bool:
                return await shown(other, corner) == 29

            assert await until(there) < AVAILABILITY_SHARED_FRESH_S
            async with open_onhand(fresh_database_url, redis_url=valkey.url) as third:
                assert await shown(third, corner) == 29
            assert all(client.ttl(key) > 0 for key in client.scan_iter())


async def test_here_a_late_fill_loses(fresh_database_url: str, valkey: Valkey) -> None:
    async with two(fresh_database_url, valkey.url) as (one, other):
        corner = await a_corner(one, 30)
        late = await other.display._reader.stocks([corner.sku])  # a reader has missed and has read
        await corner.reserve(30)
        assert isinstance(other.display.shared, Adapter)
        with valkey.client() as client:
            await until(lambda: client.dbsize() > 0)
        await other.display.shared._write([late[corner.sku]])  # and only now writes
        other.display.local.fill(late[corner.sku])
        [kept] = await one.display.shared.read([corner.sku])
        assert [part.available for part in kept.parts.values()] == [0]

        async def there() -> bool:
            return await shown(other, corner) == 0

        assert await until(there) < 0.1


async def test_here_a_crash_before_publishing_is_found_out_within_the_bound(
    fresh_database_url: str, valkey: Valkey
) -> None:
    async with two(fresh_database_url, valkey.url) as (one, other), open_onhand(fresh_database_url) as dead:
        corner = await a_corner(one, 30)
        assert await shown(other, corner) == 30
        await Corner(dead, corner.sku, corner.warehouse).reserve(30)  # commits, and tells nobody

        async def there() -> bool:
            return await shown(other, corner) == 0

        assert await until(there) < AVAILABILITY_SHARED_FRESH_S + 0.2
