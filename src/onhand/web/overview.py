"""What goes on now, on one page that keeps itself up to date."""

import msgspec
from markupsafe import Markup

from onhand.api.answer import Answer
from onhand.services import warehouses
from onhand.web.people import login_page
from onhand.web.pulse import Pulse
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit

PADDING_DEG = 4.0
RADIUS_SHARE = 0.05  # of the map's height, for the fullest warehouse
LEAST = 0.25  # of that radius, for an empty one
SQUEEZE = 0.65  # a degree of longitude beside one of latitude, at 50° north


def routes(pulse: Pulse) -> list[PageRoute]:
    async def overview(visit: Visit) -> Answer:
        if visit.user is None:
            return login_page(visit)
        now = await pulse.latest()
        if now["warehouses"] is None:
            now["warehouses"] = await _unsummed(visit)
        return page(visit, "overview.html", now=now, map=_map(now["warehouses"]), now_json=_script(now))

    return [PageRoute("GET", "/", overview, scopes=())]


async def _unsummed(visit: Visit) -> list[dict[str, object]]:
    """The warehouses while their levels are still being read: the numbers follow by the stream."""
    found = (await warehouses.find(visit.onhand, limit=1_000)).items
    unknown = {"on_hand": None, "reserved": None, "below_threshold": None}
    return [{"code": place.code, "name": place.name, **place.location, **unknown} for place in found]


def _script(value: object) -> Markup:
    """JSON inside a script element: nothing in it can end the element (HTML, 4.12.1.3)."""
    return Markup(msgspec.json.encode(value).decode().replace("<", "\\u003c"))  # noqa: S704  escaped right here


def _map(places: list[dict[str, object]]) -> dict[str, object] | None:
    """Where each warehouse lies on a map that shows them all; areas are as the units on hand."""
    if not places:
        return None
    xs = [float(str(place["longitude"])) * SQUEEZE for place in places]
    ys = [-float(str(place["latitude"])) for place in places]
    height = max(max(ys) - min(ys) + 2 * PADDING_DEG, (max(xs) - min(xs) + 2 * PADDING_DEG) / 1.9)
    width = max(max(xs) - min(xs) + 2 * PADDING_DEG, height * 1.9)
    left, top = (max(xs) + min(xs) - width) / 2, (max(ys) + min(ys) - height) / 2
    most = max(_units(place) for place in places) or 1
    dots = [
        {
            **place,
            "x": round(100 * (x - left) / width, 2),
            "y": round(100 * (y - top) / height, 2),
            "cx": round(x, 3),
            "cy": round(y, 3),
            "r": round(height * RADIUS_SHARE * max(LEAST, (_units(place) / most) ** 0.5), 3),
        }
        for place, x, y in zip(places, xs, ys, strict=True)
    ]
    box = f"{left:.2f} {top:.2f} {width:.2f} {height:.2f}"
    largest = round(height * RADIUS_SHARE, 3)
    return {"box": box, "dots": dots, "squeeze": SQUEEZE, "em": round(height * 0.035, 3), "radius": largest}


def _units(place: dict[str, object]) -> int:
    return int(str(place["on_hand"] or 0))
