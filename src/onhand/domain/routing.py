"""From which warehouses an order ships. Pure and deterministic.

Fewest shipments first, then the order of preference: closest by great circle, or the ship-to's country first, then
by code.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from onhand.domain.commands import ShipTo
from onhand.domain.ids import Id

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


class Warehouse(msgspec.Struct, frozen=True):
    """What routing knows of a warehouse. Degrees; country is ISO 3166-1 alpha-2."""

    warehouse_id: Id
    code: str
    latitude: float
    longitude: float
    country: str | None = None
    active: bool = True


class Wanted(msgspec.Struct, gc=False):
    """Units of a line still without a place."""

    line: int
    product: Id
    quantity: int


class Pick(msgspec.Struct, frozen=True, gc=False):
    line: int
    product: Id
    warehouse: Id
    quantity: int


def distance_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Great-circle distance by the haversine formula (Sinnott 1984). Degrees in, kilometres out."""
    phi_a, phi_b = math.radians(latitude_a), math.radians(latitude_b)
    half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(longitude_b - longitude_a) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def distance_to(warehouse: Warehouse, ship_to: ShipTo | None) -> float | None:
    """Kilometres, or None when the ship-to has no coordinates."""
    if ship_to is None or ship_to.latitude is None or ship_to.longitude is None:
        return None
    return distance_km(warehouse.latitude, warehouse.longitude, ship_to.latitude, ship_to.longitude)


def preference(warehouses: Iterable[Warehouse], ship_to: ShipTo | None) -> list[Warehouse]:
    """Active warehouses, the preferred first. Equal ones in the order of their codes, so the answer never varies."""

    def rank(warehouse: Warehouse) -> tuple[float, bool, str]:
        abroad = ship_to is not None and ship_to.country is not None and ship_to.country != warehouse.country
        return distance_to(warehouse, ship_to) or 0.0, abroad, warehouse.code

    return sorted((warehouse for warehouse in warehouses if warehouse.active), key=rank)


def plan(
    wanted: Sequence[Wanted],
    stock: Mapping[tuple[Id, Id], int],
    preferred: Sequence[Warehouse],
    *,
    allow_split: bool,
) -> tuple[list[Pick], list[Wanted]]:
    """Choose warehouses for the wanted lines; return the picks and what found no place.

    stock gives free units by (product, warehouse). One warehouse for everything if there is one, the preferred
    first; otherwise, if the order may be split, always the warehouse that covers most of what is left.
    """
    remaining = [Wanted(want.line, want.product, want.quantity) for want in wanted]
    left = dict(stock)
    picks: list[Pick] = []
    candidates = list(preferred)
    while remaining and candidates:
        best, best_units = None, 0
        for warehouse in candidates:
            units = _coverable(remaining, left, warehouse.warehouse_id)
            if units > best_units:
                best, best_units = warehouse, units
        if best is None or (not allow_split and best_units < sum(want.quantity for want in remaining)):
            break
        candidates.remove(best)
        picks += _take(remaining, left, best.warehouse_id)
        remaining = [want for want in remaining if want.quantity]
    return picks, remaining


def _coverable(remaining: Sequence[Wanted], left: Mapping[tuple[Id, Id], int], warehouse: Id) -> int:
    demand: dict[Id, int] = {}
    for want in remaining:  # Two lines may name one product: judge their sum.
        demand[want.product] = demand.get(want.product, 0) + want.quantity
    return sum(min(units, max(0, left.get((product, warehouse), 0))) for product, units in demand.items())


def _take(remaining: Sequence[Wanted], left: dict[tuple[Id, Id], int], warehouse: Id) -> list[Pick]:
    picks = []
    for want in remaining:
        units = min(want.quantity, max(0, left.get((want.product, warehouse), 0)))
        if units:
            left[want.product, warehouse] -= units
            want.quantity -= units
            picks.append(Pick(want.line, want.product, warehouse, units))
    return picks
