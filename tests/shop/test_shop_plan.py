from collections import Counter

import pytest
from shop_tools import line, planned

from onhand.domain.limits import LINES_MAX
from onhand.shop.orders import events as e
from onhand.shop.orders import plan as p
from onhand.shop.orders.codes import correction_reason


def of(kind: type[e.Event], plan: p.Plan) -> list[e.Event]:
    return [event for event in plan.events if isinstance(event, kind)]


def test_an_invoice_is_one_order_shipped_to_its_country() -> None:
    plan = planned(line(country="EIRE"), line(code="LAMP1", units=5, country="EIRE"))
    (order,) = of(e.Place, plan)
    assert isinstance(order, e.Place)
    assert (order.order, order.country) == ("1001", "IE")
    assert [(x.line, x.sku, x.units) for x in order.lines] == [(2, "MUG1", 2), (3, "LAMP1", 5)]


@pytest.mark.parametrize(
    ("country", "code"), [("United Kingdom", "GB"), ("RSA", "ZA"), ("Channel Islands", "JE"), ("USA", "US")]
)
def test_a_country_has_its_iso_code(country: str, code: str) -> None:
    (order,) = of(e.Place, planned(line(country=country)))
    assert isinstance(order, e.Place)
    assert order.country == code


@pytest.mark.parametrize("country", ["Unspecified", "European Community", "Atlantis"])
def test_what_is_no_country_is_left_without_a_place_and_said(country: str) -> None:
    plan = planned(line(country=country))
    (order,) = of(e.Place, plan)
    assert isinstance(order, e.Place)
    assert order.country is None
    assert plan.countries_without_code == {country: 1}


def test_codes_in_two_cases_are_one_product_named_as_it_mostly_is() -> None:
    plan = planned(
        line(code="85123a", description="HEART"),
        line("1002", "85123A", description="WHITE HEART"),
        line("1003", "85123A", description="WHITE HEART"),
        line("1004", "85123A", -3, description="damaged damaged damaged", price=0, customer=""),
    )
    assert [(product.sku, product.name) for product in plan.products] == [("85123A", "WHITE HEART")]
    assert plan.codes_in_two_cases == ["85123A"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(code="POST"), "no goods: postage (POST)"),
        (line(code="DOT"), "no goods: postage of the web shop (DOT)"),
        (line(code="m"), "no goods: manual entry (m)"),
        (line(code="C2"), "no goods: carriage (C2)"),
        (line("C1001", "D", -1), "no goods: discount (D)"),
        (line(code="S"), "no goods: samples (S)"),
        (line(code="BANK CHARGES"), "no goods: bank charges (BANK CHARGES)"),
        (line(code="AMAZONFEE"), "no goods: fee of a marketplace (AMAZONFEE)"),
        (line(code="CRUK"), "no goods: commission to a charity (CRUK)"),
        (line(code="PADS"), "no goods: accessory without stock (PADS)"),
        (line(code="gift_0001_40"), "no goods: gift voucher (gift_0001_40)"),
        (line("A563185", "B", 1), p.BAD_DEBT),
        (line("X1001"), p.UNKNOWN_KIND),
        (line(units=0), p.ZERO),
        (line(units=74215), p.OUTSIZED),
        (line("C1001", units=-74215), p.OUTSIZED),
        (line("C1001", units=3), p.CANCELS_BY_ADDING),
        (line(units=-3), p.NEGATIVE_ORDER),
    ],
)
def test_a_row_that_moves_no_goods_is_refused_with_a_reason(text: str, reason: str) -> None:
    plan = planned(line("1000"), text)
    assert {name: (x.lines, x.examples) for name, x in plan.refusals.by_reason.items()} == {reason: (1, [3])}
    assert plan.lines == plan.lines_ordered + plan.lines_refused == 2


def test_codes_that_look_odd_but_are_goods_are_sold() -> None:
    assert planned(line(code="DCGS0003"), line(code="DCGSSGIRL")).lines_ordered == 2


def test_an_order_of_too_many_lines_is_refused_whole() -> None:
    fits = planned(*(line(code=f"P{n}") for n in range(LINES_MAX)))
    assert (fits.orders, fits.lines_refused) == (1, 0)
    plan = planned(*(line(code=f"P{n}") for n in range(LINES_MAX + 1)))
    assert (plan.orders, plan.lines_refused) == (0, LINES_MAX + 1)
    assert p.TOO_MANY_LINES in plan.refusals.by_reason


def test_a_cancellation_finds_the_customers_latest_orders_first() -> None:
    plan = planned(
        line("1001", units=4, at="2010-12-01 09:00:00"),
        line("1002", units=2, at="2010-12-02 09:00:00"),
        line("1003", units=9, at="2010-12-02 10:00:00", customer="999.0"),
        line("C1004", units=-5, at="2010-12-03 09:00:00"),
        line("C1005", units=-3, at="2010-12-03 10:00:00"),
    )
    first, second = of(e.Cancel, plan)
    assert isinstance(first, e.Cancel)
    assert isinstance(second, e.Cancel)
    assert [(x.order, x.units) for x in first.lines] == [("1002", 2), ("1001", 3)]
    assert [(x.order, x.units) for x in second.lines] == [("1001", 1), (None, 2)]


def test_stock_without_a_customer_or_a_price_is_corrected() -> None:
    plan = planned(
        line("1001", units=-9, description="wet damaged", price=0, customer=""),
        line("1002", units=7, description="found", price=0, customer=""),
        line("1003", units=-2, description="", price=0, customer=""),
    )
    corrections = [x for event in of(e.Correct, plan) if isinstance(event, e.Correct) for x in event.lines]
    assert [(x.units, x.reason) for x in corrections] == [
        (-9, "damaged: wet damaged"),
        (7, "found"),
        (-2, "unexplained"),
    ]
    assert plan.corrections == {"damaged": 1, "found": 1, "unexplained": 1}


def test_a_free_gift_in_a_priced_invoice_is_part_of_the_order() -> None:
    plan = planned(line(customer=""), line(code="GIFT1", price=0, customer=""))
    assert (plan.lines_ordered, plan.lines_corrected) == (2, 0)


@pytest.mark.parametrize(
    ("remark", "reason"),
    [
        ("check", "check"),
        ("?lost", "lost: ?lost"),
        ("thrown away", "thrown away"),
        ("Thrown away-rusty", "damaged: Thrown away-rusty"),
        ("sold as set on dotcom", "sold elsewhere: sold as set on dotcom"),
        ("wrong barcode (22467)", "wrong code: wrong barcode (22467)"),
        ("on cargo order", "other: on cargo order"),
        ("  ", "unexplained"),
    ],
)
def test_a_remark_becomes_a_reason(remark: str, reason: str) -> None:
    assert correction_reason(remark) == reason


def test_events_come_in_the_order_of_time_and_orders_ship_the_day_after() -> None:
    days = [line(str(1000 + day), units=1, at=f"2010-12-{day:02} 12:00:00") for day in range(1, 29)]
    plan = planned(*days)
    assert [event.at for event in plan.events] == sorted(event.at for event in plan.events)
    placed = {x.order: x.at for x in of(e.Place, plan) if isinstance(x, e.Place)}
    shipped = {x.order: x.at for x in of(e.Ship, plan) if isinstance(x, e.Ship)}
    assert len(placed) == 28
    assert shipped == {order: placed[order] + p.SHIPPED_AFTER for order in list(placed)[:-1]}


def test_stock_arrives_before_the_first_sale_and_never_all_at_once() -> None:
    days = [line(str(1000 + day), units=100, at=f"2011-01-{day:02} 12:00:00") for day in range(1, 31)]
    plan = planned(*days)
    deliveries = [x for x in of(e.Deliver, plan) if isinstance(x, e.Deliver)]
    assert plan.events[0] is deliveries[0]
    assert len(deliveries) >= 3
    units = [sum(x.units for x in delivery.lines) for delivery in deliveries]
    assert 0 < units[0] < 30 * 100
    assert all(x.units > 0 for delivery in deliveries for x in delivery.lines)


def test_a_limit_changes_no_event_and_counts_what_lies_beyond() -> None:
    days = [line(str(1000 + day), units=20, at=f"2010-12-{day:02} 12:00:00") for day in range(1, 29)]
    whole, part = planned(*days), planned(*days, limit=10)
    assert part.events == whole.events[: len(part.events)]
    assert part.products == whole.products
    assert (part.invoices, part.lines, part.lines_beyond_limit) == (10, 28, 18)


def test_no_row_is_dropped_in_silence() -> None:
    plan = planned(line(), line(code="POST"), line("C9", units=-1), line("8", units=-1, price=0, customer=""))
    kinds = Counter(ordered=plan.lines_ordered, cancelled=plan.lines_cancelled, corrected=plan.lines_corrected)
    assert kinds == Counter(ordered=1, cancelled=1, corrected=1)
    assert (plan.lines, plan.lines_refused) == (4, 1)


def test_an_empty_file_is_an_empty_story() -> None:
    plan = planned()
    assert (plan.lines, plan.events, plan.products) == (0, [], [])
