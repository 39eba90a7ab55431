"""Suppliers behind the replayed shop: what is drawn, what a buyer sets, and a fortnight lived through."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.replenishment import arrival_date
from onhand.services import reconcile
from onhand.services.context import open_onhand
from onhand.shop.orders import events as e
from onhand.shop.orders.plan import plan
from onhand.shop.orders.report import Refusals
from onhand.shop.orders.rows import Row
from onhand.shop.supply.planning import Demand, Launch, launches, setting
from onhand.shop.supply.run import Policy, simulate
from onhand.shop.supply.vendors import VENDORS, deliveries, vendor_of

MONDAY = date(2011, 1, 3)


@given(st.sampled_from(VENDORS), st.dates(date(2010, 1, 1), date(2020, 1, 1)), st.integers(0, 10_000))
def test_what_is_ordered_comes_once_and_later(vendor, placed, number) -> None:
    coming = deliveries(vendor, placed, number, 7)
    assert coming == deliveries(vendor, placed, number, 7)
    assert [each.last for each in coming] in ([True], [False, True])
    assert placed < coming[0].on <= coming[-1].on
    assert not vendor.working_days or all(each.on.weekday() < 5 for each in coming)


def test_late_suppliers_are_late_on_average() -> None:
    for vendor in VENDORS:
        took = [(deliveries(vendor, MONDAY, number, 7)[0].on - MONDAY).days for number in range(400)]
        agreed = arrival_date(MONDAY, vendor.lead_time_days, working_days=vendor.working_days) - MONDAY
        assert sum(took) / 400 == pytest.approx(vendor.late * agreed.days, rel=0.15)


def test_thresholds_grow_with_lead_time_and_with_what_cannot_be_foreseen() -> None:
    near, far = (next(f"S-{n}" for n in range(999) if vendor_of(f"S-{n}") is VENDORS[i]) for i in (0, -1))
    assert setting(near, 2.0, 1.0).threshold < setting(far, 2.0, 1.0).threshold
    assert setting(far, 2.0, 1.0).threshold < setting(far, 2.0, 3.0).threshold
    assert setting(near, 0.0, 0.0) == (1, 1)


def test_demand_is_forecast_first_and_then_what_was_asked_for() -> None:
    demand = Demand({"A": Launch(MONDAY, 7.0)})
    assert demand.settings(MONDAY - timedelta(days=1)) == {}
    assert demand.settings(MONDAY)["A"] == setting("A", 7.0, 7.0)
    for week in range(5):
        demand.asked("A", 14)
        demand.next_week()
        settings = demand.settings(MONDAY + timedelta(weeks=week + 1))["A"]
    assert settings == setting("A", 2.0, 0.0)


def some_rows() -> list[Row]:
    """Two products, sold every day for a fortnight, one of them more than its opening stock."""
    rows = []
    for day in range(40):
        at = datetime(2011, 1, 3, 10, tzinfo=UTC) + timedelta(days=day)
        for sku, units in (("10001", 20), ("10002", 3)):
            rows.append(
                Row(
                    line=len(rows) + 2,
                    invoice=str(500000 + day),
                    code=sku,
                    sku=sku,
                    description="A MUG",
                    units=units,
                    at=at,
                    price=1.5,
                    customer="1",
                    country="United Kingdom",
                )
            )
    return rows


@pytest.mark.anyio
@pytest.mark.parametrize(("policy", "orders"), [("none", 0), ("weekly", 6 * 2), ("reorder", None)])
async def test_a_shop_lives_on_what_it_orders(fresh_database_url: str, policy: Policy, orders: int | None) -> None:
    refusals = Refusals()
    planned = plan(some_rows(), refusals)
    assert len(launches(planned.events)) == 2
    asked = sum(line.units for x in planned.events if isinstance(x, e.Place) for line in x.lines)
    async with open_onhand(fresh_database_url) as onhand:
        report = await simulate(onhand, planned, policy)
        assert (await reconcile.run(onhand)).clean
    assert report.asked == asked
    assert 0 < report.fill_rate <= 1
    assert orders is None or report.purchase_orders == orders
    if policy == "reorder":
        assert report.purchase_orders > 0
        assert sum(x.deliveries for x in report.suppliers.values()) > 0
    if policy == "none":
        assert report.fill_rate < 0.5
