import asyncio
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from onhand.services import keys
from onhand.services.context import open_onhand
from server.serving import Running, Shop

COUNTS = """
SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM operation), (SELECT count(*) FROM reservation),
       (SELECT count(*) FROM product), (SELECT count(*) FROM warehouse), (SELECT count(*) FROM transfer),
       (SELECT md5(string_agg(level::text, ',' ORDER BY product_id, warehouse_id)) FROM level)
"""


@pytest.fixture(scope="session")
def server(database_url: str) -> Iterator[Running]:
    """One server for all tests of the API."""
    with Running(database_url) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: Running) -> Iterator[httpx.Client]:
    """Holds every scope."""
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def shop(client: httpx.Client) -> Shop:
    return Shop(client)


@pytest.fixture(scope="session")
def key_of(database_url: str) -> dict[str, str]:
    """Scope → a key that holds it alone."""
    made = {scope: f"test-key-{scope}-0123456789" for scope in keys.SCOPES}

    async def put() -> None:
        async with open_onhand(database_url) as onhand:
            for scope, key in made.items():
                await keys.put(onhand, f"only-{scope}", key, [scope])

    asyncio.run(put())
    return made


@pytest.fixture
def unchanged(database_url: str) -> Iterator[None]:
    """Whatever the test does, nothing of stock or settings has changed after it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        before = connection.execute(COUNTS).fetchone()
        yield
        assert connection.execute(COUNTS).fetchone() == before
