"""Where a ship-to lies, and how precisely that is known."""

import pytest

from onhand.domain.errors import Invalid
from onhand.services import geo
from onhand.services.context import open_onhand
from onhand.services.requests import ShipTo

pytestmark = pytest.mark.anyio

ROW = "{}\t{}\tSomewhere\tState\tST\t\t\t\t\t{}\t{}\t6"


@pytest.fixture
async def onhand(fresh_database_url: str):
    async with open_onhand(fresh_database_url) as opened:
        yield opened


def test_a_country_has_a_centre() -> None:
    assert geo.country_centre("DE") == (51, 9)
    latitude, longitude = geo.country_centre("PS") or (0, 0)
    assert (round(latitude, 1), round(longitude, 1)) == (31.5, 34.8)  # of its two time zones' places
    assert geo.country_centre("VI") is not None
    assert [geo.country_centre(name) for name in ("XX", "ZZ", "UK", "AN", "276", "GERMANY")] == [None] * 6


async def test_each_precision(onhand) -> None:
    await geo.import_postal_codes(
        onhand, [ROW.format("DE", "10115", 52.5, 13.4), ROW.format("DE", "10115", 52.6, 13.2)]
    )

    async def located(**ship_to) -> tuple:
        to = await geo.locate(onhand, ShipTo(**ship_to))
        return round(to.latitude, 6), round(to.longitude, 6), to.precision

    assert await geo.locate(onhand, None) is None
    assert await located(country="DE", postal_code="101-15") == (52.55, 13.3, "postal_code")
    assert await located(country="DE", postal_code="99999") == (51, 9, "country")
    assert await located(country="FR", postal_code="10115") == (46, 2, "country")
    assert await located(country="DE", latitude=1, longitude=2) == (1, 2, "coordinates")


@pytest.mark.parametrize(
    ("ship_to", "path", "code"),
    [
        ({"country": "XX"}, "ship_to.country", "UNKNOWN_COUNTRY"),
        ({"country": "XX", "latitude": 1.0, "longitude": 1.0}, "ship_to.country", "UNKNOWN_COUNTRY"),
        ({"latitude": 1.0}, "ship_to.longitude", "MISSING_FIELD"),
        ({"longitude": 1.0}, "ship_to.latitude", "MISSING_FIELD"),
        ({"postal_code": "10115"}, "ship_to", "MISSING_FIELD"),
    ],
)
async def test_what_is_nowhere_is_refused_with_its_path(onhand, ship_to: dict, path: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await geo.locate(onhand, ShipTo(**ship_to))
    assert [(field.path, field.code) for field in refused.value.fields] == [(path, code)]


async def test_bad_rows_are_told_and_the_rest_is_in(onhand) -> None:
    rows = ["DE\t1", ROW.format("DE", "1", "x", 1), ROW.format("XX", "1", 1, 1), ROW.format("DE", "1", 91, 1)]
    done = await geo.import_postal_codes(onhand, [*rows, ROW.format("SE", "111 20", 59.3, 18.1)])
    assert [refused.row for refused in done.refused] == [1, 2, 3, 4]
    assert (done.rows, done.postal_codes) == (5, 1)
    to = await geo.locate(onhand, ShipTo(country="SE", postal_code="11120"))
    assert to is not None
    assert to.precision == "postal_code"
