"""Distances on the globe."""

import math
from collections.abc import Iterable, Sequence

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
_EARTH_DIAMETER_M = 2_000 * EARTH_RADIUS_KM
_FARTHEST_M = round(_EARTH_DIAMETER_M * math.pi / 2)

Direction = tuple[float, float, float]


def distance_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Great-circle distance by the haversine formula (Sinnott 1984). Degrees in, kilometres out."""
    phi_a, phi_b = math.radians(latitude_a), math.radians(latitude_b)
    half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(longitude_b - longitude_a) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def direction(latitude: float, longitude: float) -> Direction:
    """The unit vector from the Earth's centre. Degrees."""
    phi, lambda_ = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lambda_), math.cos(phi) * math.sin(lambda_), math.sin(phi)


def distances_m(places: Iterable[Direction], here: Direction) -> Sequence[int]:
    """Great-circle distances in whole metres, many at once: the chord between two directions, from their dot product.

    Off by less than a metre from 20 m on; nearer than that, rounding hides it.
    """
    a, b, c = (each / 2 for each in here)
    asin, sqrt, diameter = math.asin, math.sqrt, _EARTH_DIAMETER_M
    # share: of the diameter, squared. Rounding may take it past what there is for equal and for opposite directions.
    return [
        round(diameter * asin(sqrt(share)))
        if 0.0 < (share := 0.5 - a * x - b * y - c * z) < 1.0
        else (0 if share < 0.5 else _FARTHEST_M)
        for x, y, z in places
    ]
