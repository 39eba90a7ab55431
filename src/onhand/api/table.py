"""Every route of the server, in the order of the documentation."""

from onhand.api import health, pages
from onhand.api.route import Route
from onhand.api.table_catalog import LEVELS, PRODUCTS, READING, WAREHOUSES
from onhand.api.table_count import COUNTS
from onhand.api.table_return import RETURNS
from onhand.api.table_routing import PROMISES, ROUTING
from onhand.api.table_stock import AVAILABILITY, RESERVATIONS, STOCK, TRANSFERS
from onhand.api.table_supply import PURCHASE_ORDERS, REORDERS, SUPPLIERS
from onhand.api.table_webhook import EVENTS, WEBHOOKS

HEALTH = [
    Route(
        method="GET",
        path="/health/live",
        handle=health.live,
        summary="The process answers",
        tag="operation",
        answer=health.Live,
        shown={"status": "live"},
    ),
    Route(
        method="GET",
        path="/health/ready",
        handle=health.ready,
        summary="The database is reachable and migrated",
        tag="operation",
        answer=health.Ready,
        shown={"status": "ready", "database": "reachable", "migrations": "applied"},
        problems=("NOT_MIGRATED",),
    ),
    Route(
        method="GET",
        path="/metrics",
        handle=health.metrics,
        summary="Metrics for Prometheus",
        tag="operation",
        media_type="text/plain",
    ),
]

DOCUMENTED = [
    *PRODUCTS,
    *WAREHOUSES,
    *LEVELS,
    *STOCK,
    *RESERVATIONS,
    *ROUTING,
    *PROMISES,
    *RETURNS,
    *TRANSFERS,
    *AVAILABILITY,
    *SUPPLIERS,
    *PURCHASE_ORDERS,
    *REORDERS,
    *COUNTS,
    *READING,
    *EVENTS,
    *WEBHOOKS,
    *HEALTH,
]

ROUTES = [*DOCUMENTED, *pages.routes(DOCUMENTED)]
