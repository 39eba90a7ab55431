"""A map of who ships where: a drawing of the replay of orders, as SVG."""

import math
import re
from importlib.resources import files

from onhand.services.geo import country_centre
from onhand.shop.orders.places import WAREHOUSES
from onhand.shop.orders.routes import Way

WEST, EAST, SOUTH, NORTH = -13.0, 32.0, 34.0, 64.8  # degrees of what is shown
STRETCH = 1.6  # a degree of latitude beside one of longitude, at 50° north
SCALE = 22  # points per degree of longitude
WIDEST = 9.0  # points, of the line for the most parcels
LABEL_LEFT_OF, LABEL_OFF = -5.0, 11  # degrees; points
COLOURS = ("#2563eb", "#0d9488", "#ca8a04", "#dc2626", "#7c3aed")

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif">
<title>{title}</title><!-- Land: Natural Earth 1:110m, public domain. -->
<rect width="{width:.0f}" height="{height:.0f}" fill="#eef4f8"/>
<path transform="translate({x:.1f} {y:.1f}) scale({sx:.3f} {sy:.3f})" fill="#fff" stroke="#cbd5e1" stroke-width=".08"
 d="{land}"/>
"""


def draw(way: Way, title: str) -> str:
    """Warehouses as dots, and a line to each country as thick as the parcels that went there."""
    width, height = (EAST - WEST) * SCALE, (NORTH - SOUTH) * SCALE * STRETCH
    parts = [
        HEAD.format(
            width=width,
            height=height,
            title=title,
            x=-WEST * SCALE,
            y=NORTH * SCALE * STRETCH,
            sx=SCALE,
            sy=SCALE * STRETCH,
            land=_land(),
        )
    ]
    most = max((count for to in way.parcels.values() for count in to.values()), default=1)
    for place, colour in zip(WAREHOUSES, COLOURS, strict=True):
        here = place.location.latitude, place.location.longitude
        for country, count in sorted(way.parcels.get(place.code, {}).items()):
            there = country_centre(country)
            if there is not None and WEST < there[1] < EAST and SOUTH < there[0] < NORTH:
                parts.append(_line(here, there, colour, count, most))
    for place, colour in zip(WAREHOUSES, COLOURS, strict=True):
        parts.append(_dot(place.code, place.location.latitude, place.location.longitude, colour, way))
    return "".join(parts) + "</svg>\n"


def _land() -> str:
    drawn = (files("onhand.web") / "static" / "land.svg").read_text(encoding="utf-8")
    found = re.search(r'<path id="land" d="([^"]+)"', drawn)
    return found[1] if found else ""


def _xy(latitude: float, longitude: float) -> tuple[float, float]:
    return (longitude - WEST) * SCALE, (NORTH - latitude) * SCALE * STRETCH


def _line(here: tuple[float, float], there: tuple[float, float], colour: str, count: int, most: int) -> str:
    (x, y), (to_x, to_y) = _xy(*here), _xy(*there)
    wide = max(0.9, WIDEST * math.sqrt(count / most))
    # Bent a little, so that lines of two warehouses to one country do not hide each other.
    mid_x, mid_y = (x + to_x) / 2 + (to_y - y) * 0.12, (y + to_y) / 2 - (to_x - x) * 0.12
    return (
        f'<path d="M{x:.0f} {y:.0f}Q{mid_x:.0f} {mid_y:.0f} {to_x:.0f} {to_y:.0f}" fill="none" stroke="{colour}" '
        f'stroke-width="{wide:.1f}" stroke-opacity=".55" stroke-linecap="round"><title>{count} parcels</title></path>\n'
    )


def _dot(code: str, latitude: float, longitude: float, colour: str, way: Way) -> str:
    x, y = _xy(latitude, longitude)
    count = sum(way.parcels.get(code, {}).values())
    # To the left in the west: there the sea has room for it, and in the east the next warehouse stands.
    left = longitude < LABEL_LEFT_OF
    at, anchor = (x - LABEL_OFF, "end") if left else (x + LABEL_OFF, "start")
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="7" fill="{colour}" stroke="#fff" stroke-width="2"/>'
        f'<text x="{at:.0f}" y="{y + 5:.0f}" text-anchor="{anchor}" font-size="17" font-weight="600" fill="#0f172a" '
        f'stroke="#fff" stroke-width="4" paint-order="stroke">{code} {count:,}</text>\n'
    )
