"""Where a ship-to lies, without asking the network, and how precisely that is known.

Coordinates as given; else the postal code, where a GeoNames file with it was imported (`onhand geo import`); else the
centre of the country.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from statistics import fmean

import msgspec
from countryinfo import CountryInfo
from countryinfo.exceptions import CountryNotFoundError

from onhand.db import queries_routing as q
from onhand.domain.commands import ShipTo as To
from onhand.domain.errors import FieldProblem, Invalid
from onhand.engine.directory import Directory, NotAtHandError
from onhand.services.context import Onhand
from onhand.services.names import NOTHING, Absent, named
from onhand.services.requests import ShipTo

IMPORT_ROWS_AT_ONCE = 10_000
GEONAMES_COLUMNS = 12  # country, postal code, place, three divisions with their codes, latitude, longitude, accuracy
ISO_6709 = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")  # ±DDMM[SS]±DDDMM[SS]


@cache
def country_centre(country: str) -> tuple[float, float] | None:
    """Latitude and longitude in degrees of an ISO 3166-1 alpha-2 code; None for what is no country.

    From countryinfo; for the few that it lacks, the middle of the places that the time zone database names there.
    """
    try:
        found = CountryInfo(country)
        if found.iso(2) == country:  # It also finds names and nicknames.
            latitude, longitude = found.latlng()
            return float(latitude), float(longitude)
    except (CountryNotFoundError, KeyError, TypeError, ValueError):
        pass
    places = _places_of_time_zones().get(country)
    return None if places is None else (fmean(place[0] for place in places), fmean(place[1] for place in places))


@cache
def _places_of_time_zones() -> dict[str, list[tuple[float, float]]]:
    """The principal places of each country: zone.tab of the IANA time zone database."""
    places: dict[str, list[tuple[float, float]]] = {}
    for line in (files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) > 1 and (found := ISO_6709.fullmatch(fields[1])):
            parts = found.groups()
            places.setdefault(fields[0], []).append((_degrees(*parts[:4]), _degrees(*parts[4:])))
    return places


def _degrees(sign: str, degrees: str, minutes: str, seconds: str | None) -> float:
    return (1 if sign == "+" else -1) * (int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600)


def normal(postal_code: str) -> str:
    """SW1A 1AA and sw1a1aa are one."""
    return re.sub(r"[\s-]", "", postal_code).upper()


async def locate(onhand: Onhand, ship_to: ShipTo | None) -> To | None:
    """The ship-to with coordinates and their precision. Raises Invalid with the path of what is missing or unknown."""
    return await named(onhand, lambda absent: located(onhand.directory, ship_to, absent))


def located(directory: Directory, ship_to: ShipTo | None, absent: Absent = NOTHING) -> To | None:
    """As locate. Raises Invalid, NotAtHandError."""
    if ship_to is None:
        return None
    if (ship_to.latitude is None) != (ship_to.longitude is None):
        missing = "latitude" if ship_to.latitude is None else "longitude"
        detail = "Give latitude and longitude together."
        raise Invalid([FieldProblem(f"ship_to.{missing}", "MISSING_FIELD", detail)])
    centre = country_centre(ship_to.country) if ship_to.country is not None else None
    if ship_to.country is not None and centre is None:
        detail = f"{ship_to.country!r} is no country of ISO 3166-1."
        raise Invalid([FieldProblem("ship_to.country", "UNKNOWN_COUNTRY", detail)])
    if ship_to.latitude is not None:
        return To(ship_to.latitude, ship_to.longitude, ship_to.country, ship_to.postal_code, "coordinates")
    if ship_to.country is None or centre is None:
        raise Invalid([FieldProblem("ship_to", "MISSING_FIELD", "Give latitude and longitude, or country.")])
    if ship_to.postal_code is not None:
        key = ship_to.country, normal(ship_to.postal_code)
        if key in directory.place_of:
            return To(*directory.place_of[key], ship_to.country, ship_to.postal_code, "postal_code")
        if key not in absent:
            raise NotAtHandError(postal_codes=[key])
    return To(*centre, ship_to.country, ship_to.postal_code, "country")


class Refused(msgspec.Struct, frozen=True):
    """A row of a GeoNames file that says nothing usable. row counts from 1."""

    row: int
    reason: str


class Imported(msgspec.Struct):
    """Of one file: rows read, codes kept, rows refused."""

    rows: int = 0
    postal_codes: int = 0
    refused: list[Refused] = []


async def import_postal_codes(
    onhand: Onhand, lines: Iterable[str], *, advance: Callable[[int], None] = lambda _: None
) -> Imported:
    """Take in a postal code file of GeoNames (tab-separated, download.geonames.org/export/zip).

    One transaction; what is there is replaced. Places that share a code count with their mean.
    """
    done = Imported()
    sums: dict[tuple[str, str], list[float]] = {}
    for key, latitude, longitude in _read(lines, done, advance):
        each = sums.setdefault(key, [0.0, 0.0, 0])
        each[0] += latitude
        each[1] += longitude
        each[2] += 1
    keys = sorted(sums)
    async with onhand.pool.connection() as connection, connection.transaction():
        for start in range(0, len(keys), IMPORT_ROWS_AT_ONCE):
            part = keys[start : start + IMPORT_ROWS_AT_ONCE]
            await q.PUT_POSTAL_CODES.run(
                connection,
                countries=[country for country, _ in part],
                postal_codes=[code for _, code in part],
                latitudes=[sums[key][0] / sums[key][2] for key in part],
                longitudes=[sums[key][1] / sums[key][2] for key in part],
            )
    done.postal_codes = len(keys)
    return done


def _read(
    lines: Iterable[str], done: Imported, advance: Callable[[int], None]
) -> Iterator[tuple[tuple[str, str], float, float]]:
    for row, line in enumerate(lines, 1):
        done.rows = row
        if row % 1_000 == 0:
            advance(row)
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) < GEONAMES_COLUMNS - 1:
            done.refused.append(Refused(row, f"{len(fields)} columns, not {GEONAMES_COLUMNS}"))
            continue
        try:
            latitude, longitude = float(fields[9]), float(fields[10])
        except ValueError:
            done.refused.append(Refused(row, "latitude or longitude is no number"))
            continue
        if country_centre(fields[0]) is None or not normal(fields[1]):
            done.refused.append(Refused(row, f"{fields[0]!r} {fields[1]!r} is no country and postal code"))
        elif not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            done.refused.append(Refused(row, f"{latitude}, {longitude} is not on Earth"))
        else:
            yield (fields[0], normal(fields[1])), latitude, longitude
    advance(done.rows)
