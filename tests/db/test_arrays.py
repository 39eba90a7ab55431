"""Packed arrays mean to PostgreSQL what plain lists mean."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onhand.db.arrays import Blobs, Ids, Ints, Texts, Times
from onhand.db.connect import connect
from onhand.domain.ids import Id

pytestmark = pytest.mark.anyio

INT8 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
TIME = st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ARRAYS = st.one_of(
    st.lists(st.binary(min_size=16, max_size=16).map(Id)).map(Ids),
    st.lists(st.none() | INT8).map(Ints),
    st.lists(st.none() | TEXT).map(Texts),
    st.lists(st.none() | TIME).map(Times),
    st.lists(st.binary()).map(Blobs),
)


@given(arrays=st.lists(ARRAYS, min_size=1, max_size=20))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_goes_in_comes_out(database_url: str, arrays: list[Any]) -> None:
    connection = await connect(database_url)
    try:
        for array in arrays:
            cursor = await connection.execute("SELECT %s", [array], binary=True)
            assert (await cursor.fetchone()) == (list(array),)
    finally:
        await connection.close()


async def test_times_of_other_zones_are_the_same_moment(database_url: str) -> None:
    connection = await connect(database_url)
    try:
        moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5)))
        cursor = await connection.execute("SELECT (%s::timestamptz[])[1] = %s", [Times([moment]), moment])
        assert (await cursor.fetchone()) == (True,)
    finally:
        await connection.close()
