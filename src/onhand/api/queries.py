"""The query parameters of each route that has some."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from onhand.domain.limits import (
    AVAILABILITY_STREAM_SKUS_MAX,
    NAME_MAX_CHARS,
    PAGE_DEFAULT_ROWS,
    PAGE_MAX_ROWS,
    QUANTITY_MAX_UNITS,
)
from onhand.services.requests import LedgerFilter, OrderId, Sku, UuidText, WarehouseCode
from onhand.services.supply_requests import SupplierCode
from onhand.services.webhook_requests import DeliveryStatus

Limit = Annotated[int, Meta(ge=1, le=PAGE_MAX_ROWS, description="rows of one page")]
Cursor = Annotated[str, Meta(min_length=1, max_length=1_000, description="next_cursor of the page before")]


class Paged(Struct, forbid_unknown_fields=True, kw_only=True):
    limit: Limit = PAGE_DEFAULT_ROWS
    cursor: Cursor | None = None


class ProductsQuery(Paged):
    query: (
        Annotated[str, Meta(max_length=NAME_MAX_CHARS, description="beginning of the SKU, part of the name")] | None
    ) = None


class LevelsQuery(Paged):
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None
    below_threshold: bool = False


class ReservationsQuery(Paged):
    order_id: OrderId | None = None


class PromisesQuery(Paged):
    at_risk: Annotated[bool, Meta(description="only those that ship later than told, or nobody knows when")] = False
    sku: Sku | None = None
    warehouse: WarehouseCode | None = None


class TransfersQuery(Paged):
    status: Literal["in_transit", "partially_received", "received", "cancelled", "lost"] | None = None


class PurchaseOrdersQuery(Paged):
    status: Literal["draft", "placed", "partially_received", "received", "cancelled", "closed_short"] | None = None
    supplier: SupplierCode | None = None


class CountsQuery(Paged):
    status: Literal["open", "posted", "cancelled"] | None = None


class ReturnsQuery(Paged):
    reservation_id: UuidText | None = None
    order_id: OrderId | None = None


class DeliveriesQuery(Paged):
    status: DeliveryStatus | None = None


class LedgerQuery(LedgerFilter, forbid_unknown_fields=True, kw_only=True):
    limit: Limit = PAGE_DEFAULT_ROWS
    cursor: Cursor | None = None


class EventsQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    after: Annotated[str, Meta(description="id of the last event seen; cursor means the same")] | None = None
    limit: Limit = PAGE_DEFAULT_ROWS
    cursor: Cursor | None = None


class AvailabilityParameters(Struct, forbid_unknown_fields=True, kw_only=True):
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None
    quantity: Annotated[
        int, Meta(ge=1, le=QUANTITY_MAX_UNITS, description="units that must be there for the status in_stock")
    ] = 1
    at: (
        Annotated[
            str,
            Meta(
                min_length=10,
                max_length=40,
                description="a day or a time (RFC 3339): as it will be then, if all comes as expected",
                examples=["2026-03-04", "2026-03-04T10:00:00Z"],
            ),
        ]
        | None
    ) = None
    ship_to: (
        Annotated[
            str,
            Meta(
                min_length=2,
                max_length=60,
                description="latitude,longitude or country or country,postal code: the closest warehouse is chosen",
                examples=["52.52,13.40", "DE", "DE,10115"],
            ),
        ]
        | None
    ) = None
    consistency: Annotated[
        Literal["cached", "strong"], Meta(description="strong: read from the database after the question was asked")
    ] = "cached"


class StreamParameters(AvailabilityParameters):
    skus: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description=f"SKUs with commas between them, up to {AVAILABILITY_STREAM_SKUS_MAX}; without them, this "
                "is the availability of the SKU 'stream'",
            ),
        ]
        | None
    ) = None


class AvailabilityManyParameters(Struct, forbid_unknown_fields=True, kw_only=True):
    consistency: Literal["cached", "strong"] = "cached"
