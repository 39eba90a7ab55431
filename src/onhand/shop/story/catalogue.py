"""What the demo sells, and the warehouses it lies in."""

import random
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from onhand.services.requests import Location, NewProduct, NewWarehouse, Selling
from onhand.shop.story.words import CATEGORIES, PREORDERS, Item

BEST_SELLER = "MUG-RED"
BACKORDER_SHARE = 0.12
BACKORDER_LIMIT_UNITS = 30
PREORDER_LIMIT_UNITS = 150
ZIPF_EXPONENT, ZIPF_SHIFT = 0.9, 4.0

WAREHOUSES = (
    NewWarehouse(
        code="LEJ1",
        name="Leipzig, Nordraum",
        location=Location(latitude=51.4239, longitude=12.2361, country="DE", postal_code="04435"),
        time_zone="Europe/Berlin",
        capacity=120_000,
    ),
    NewWarehouse(
        code="MAN1",
        name="Manchester, Trafford Park",
        location=Location(latitude=53.4669, longitude=-2.3186, country="GB", postal_code="M17 1RG"),
        time_zone="Europe/London",
        capacity=80_000,
    ),
    NewWarehouse(
        code="LYS1",
        name="Lyon, Parc de Chesnes",
        location=Location(latitude=45.6486, longitude=5.1107, country="FR", postal_code="38070"),
        time_zone="Europe/Paris",
        capacity=70_000,
    ),
    NewWarehouse(
        code="GDN1",
        name="Gdańsk, Kowale",
        location=Location(latitude=54.3109, longitude=18.5612, country="PL", postal_code="80-180"),
        time_zone="Europe/Warsaw",
        capacity=50_000,
    ),
    NewWarehouse(
        code="VLC1",
        name="Valencia, Riba-roja",
        location=Location(latitude=39.5233, longitude=-0.5516, country="ES", postal_code="46190"),
        time_zone="Europe/Madrid",
        capacity=40_000,
    ),
)
CODES = [warehouse.code for warehouse in WAREHOUSES]

MEASURED_AFTER_RECEIPTS = 3  # the demo's products are ordered four or five times in its 90 days


class Source(NamedTuple):
    """Who delivers what, and in how many calendar days as agreed."""

    code: str
    name: str
    categories: tuple[str, ...]
    lead_time_days: int
    reorders: Literal["placed", "draft"] = "placed"


SOURCES = (
    Source("BUERGEL", "Steinzeug Bürgel", ("Mugs & cups", "Kitchen"), 5),
    Source("RHONE", "Lumière du Rhône", ("Lamps", "Candles & scents"), 9),
    Source("BALTYCKA", "Tkalnia Bałtycka", ("Cushions & throws", "Bath", "Bags"), 12),
    Source("PENNINE", "Pennine Outdoor Trading", ("Garden", "Outdoor"), 14),
    Source("TURIA", "Papelería Turia", ("Stationery", "Walls & decor", "Toys & games"), 7, "draft"),
)
SOURCE_OF = {category: source for source in SOURCES for category in source.categories}


class Article(msgspec.Struct, frozen=True):
    """A product of the demo. weight: its share of the demand; warehouses: where it lies, the first most of all."""

    product: NewProduct
    weight: float
    warehouses: tuple[str, ...]

    @property
    def sku(self) -> str:
        return self.product.sku

    @property
    def source(self) -> Source:
        return SOURCE_OF[self.product.category or ""]

    @property
    def mode(self) -> str:
        return self.product.selling.mode if self.product.selling else "deny"


def articles(seed: int, release: date) -> list[Article]:
    """The range: best sellers first, then the pre-orders (weight 0), released on that day."""
    random_ = random.Random(f"catalogue {seed}")  # noqa: S311  a story, not a secret
    chosen = [product for category, items in CATEGORIES.items() for item in items for product in _of(category, item)]
    random_.shuffle(chosen)
    chosen.sort(key=lambda product: product.sku != BEST_SELLER)
    weights = [1 / (rank + ZIPF_SHIFT) ** ZIPF_EXPONENT for rank in range(len(chosen))]
    total = sum(weights)
    regular = [
        Article(_selling(product, random_), weight / total, _places(rank, random_))
        for rank, (product, weight) in enumerate(zip(chosen, weights, strict=True))
    ]
    return regular + [
        Article(
            NewProduct(
                sku=sku,
                name=name,
                category=category,
                weight_g=weight_g,
                selling=Selling(mode="preorder", limit=PREORDER_LIMIT_UNITS, release_date=release),
            ),
            0.0,
            (CODES[0],),
        )
        for sku, name, category, weight_g in PREORDERS
    ]


def _of(category: str, item: Item) -> list[NewProduct]:
    return [
        NewProduct(
            sku="-".join(filter(None, (item.code, variant, size))),
            name=", ".join(filter(None, (item.name, variant_name, size_name))),
            category=category,
            weight_g=round(item.weight_g * (1 + 0.6 * step)),
        )
        for variant, variant_name in item.variants.items()
        for step, (size, size_name) in enumerate(item.sizes.items())
    ]


def _selling(product: NewProduct, random_: random.Random) -> NewProduct:
    backorder = random_.random() < BACKORDER_SHARE
    selling = Selling(mode="backorder", limit=BACKORDER_LIMIT_UNITS) if backorder else Selling(mode="deny")
    return msgspec.structs.replace(product, selling=selling)


def _places(rank: int, random_: random.Random) -> tuple[str, ...]:
    """Best sellers lie everywhere, the others in two places or one."""
    if rank < len(CODES) * 8:
        return tuple(CODES)
    count = 3 if rank < len(CODES) * 30 else random_.choice((1, 2))
    return tuple(random_.sample(CODES, count))
