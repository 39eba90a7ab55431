"""Who supplies the shop, how long they say it takes, and how long it does. Pure: draws come from a seed."""

import random
from datetime import date, timedelta
from typing import NamedTuple
from zlib import crc32

from onhand.domain.replenishment import SATURDAY, arrival_date
from onhand.services.supply_requests import LeadTimeIn, NewSupplier, SuppliedProduct

MEASURED_AFTER_RECEIPTS = 3
SPLIT_SHARE, SPLIT_PART, SPLIT_DAYS = 0.1, 0.7, 4  # deliveries that come in two parts: this much first, the rest later


class Vendor(NamedTuple):
    """late: how much longer than agreed its deliveries take on average, as a factor; spread: its standard deviation."""

    code: str
    name: str
    lead_time_days: int
    lead_time_in: LeadTimeIn
    pack_units: int
    late: float
    spread: float

    @property
    def working_days(self) -> bool:
        return self.lead_time_in == "working_days"


VENDORS = (
    Vendor("LEICESTER", "Print works, Leicester", 2, "working_days", 6, 1.0, 0.1),
    Vendor("STOKE", "Pottery, Stoke-on-Trent", 5, "working_days", 12, 1.0, 0.2),
    Vendor("AARHUS", "Design house, Aarhus", 10, "calendar_days", 12, 1.1, 0.2),
    Vendor("VALENCIA", "Glass, Valencia", 14, "calendar_days", 12, 1.4, 0.3),
    Vendor("IZMIR", "Textiles, İzmir", 21, "calendar_days", 24, 1.0, 0.3),
    Vendor("NINGBO", "Trading company, Ningbo", 35, "calendar_days", 24, 1.15, 0.1),
)


class Delivery(NamedTuple):
    """Part of an order, and whether it is the last one. share: of each line."""

    on: date
    share: float
    last: bool


def vendor_of(sku: str) -> Vendor:
    return VENDORS[crc32(f"vendor {sku}".encode()) % len(VENDORS)]


def supplier_of(vendor: Vendor) -> NewSupplier:
    """As onhand knows it; what it sells is told apart."""
    return NewSupplier(
        code=vendor.code,
        name=vendor.name,
        lead_time_in=vendor.lead_time_in,
        measured_after_receipts=MEASURED_AFTER_RECEIPTS,
    )


def terms_of(sku: str) -> SuppliedProduct:
    vendor = vendor_of(sku)
    return SuppliedProduct(lead_time_days=vendor.lead_time_days, sku=sku, pack_size=vendor.pack_units)


def lead_days(vendor: Vendor) -> int:
    """Calendar days as agreed: five working days are seven."""
    return -(-vendor.lead_time_days * 7 // 5) if vendor.working_days else vendor.lead_time_days


def deliveries(vendor: Vendor, placed: date, number: int, seed: int) -> list[Delivery]:
    """What really comes, and when, of the vendor's order of that number."""
    dice = random.Random(f"{seed} {vendor.code} {number}")  # noqa: S311  a story, not a secret
    agreed = (arrival_date(placed, vendor.lead_time_days, working_days=vendor.working_days) - placed).days
    took = max(1, round(agreed * max(0.5, dice.gauss(vendor.late, vendor.spread))))
    first = _open_day(vendor, placed + timedelta(days=took))
    if dice.random() >= SPLIT_SHARE:
        return [Delivery(first, 1.0, last=True)]
    rest = _open_day(vendor, first + timedelta(days=SPLIT_DAYS))
    return [Delivery(first, SPLIT_PART, last=False), Delivery(rest, 1.0, last=True)]


def _open_day(vendor: Vendor, day: date) -> date:
    weekend = day.weekday() - SATURDAY
    return day + timedelta(days=2 - weekend) if vendor.working_days and weekend >= 0 else day
