import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from support import postgres as support_postgres
from support.postgres import Postgres

settings.register_profile("default", max_examples=50, deadline=None)
settings.register_profile("long", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
# In the background of a shell SIGINT is ignored, and would be by every process that is sent one here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's server: ONHAND_DATABASE_URL (its role may create databases), else an embedded one."""
    with support_postgres.running() as running:
        yield running


@pytest.fixture(scope="session")
def database_url(postgres: Postgres) -> str:
    """A migrated database that the session's tests share: name your products and warehouses uniquely."""
    return postgres.fresh()


@pytest.fixture
def fresh_database_url(postgres: Postgres) -> Iterator[str]:
    """A migrated database of the test's own."""
    url = postgres.fresh()
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_database_url(postgres: Postgres) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    url = postgres.empty()
    yield url
    postgres.drop(url)
