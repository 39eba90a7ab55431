from collections import Counter

import msgspec
import pytest

from onhand.bench.workload import Shape, Workload, orders

SHAPE = Shape(products=1_000, warehouses=4)


@pytest.mark.parametrize(
    "workload",
    [
        Workload(),
        Workload(spread="zipf", zipf_s=0.5),
        Workload(spread="zipf", zipf_s=2.0),
        Workload(spread="hot"),
        Workload(spread="flash", product=900),
        Workload(lines=3),
        Workload(spread="hot", lines=3),
    ],
    ids=str,
)
def test_the_same_seed_gives_the_same_orders(workload: Workload) -> None:
    first = orders(workload, SHAPE, 500)
    assert first == orders(workload, SHAPE, 500)
    assert len(first) == 500
    for order in first:
        assert sum(line.quantity for line in order) == workload.lines
        assert len({(line.product, line.warehouse) for line in order}) == len(order)
        assert all(0 <= line.product < SHAPE.products and 0 <= line.warehouse < SHAPE.warehouses for line in order)
    another = msgspec.structs.replace(workload, seed=2)
    if workload.lines > 1 or workload.spread not in ("hot", "flash"):
        assert orders(another, SHAPE, 500) != first


def test_only_a_flash_sale_touches_its_products() -> None:
    for workload in (Workload(), Workload(spread="zipf"), Workload(lines=3)):
        assert all(line.product < SHAPE.plenty for order in orders(workload, SHAPE, 2_000) for line in order)


def test_zipf_is_as_skewed_as_it_says() -> None:
    def top_share(zipf_s: float) -> float:
        sold = Counter(order[0].product for order in orders(Workload(spread="zipf", zipf_s=zipf_s), SHAPE, 20_000))
        return sold.most_common(1)[0][1] / 20_000

    assert top_share(0.5) < 0.03
    assert top_share(1.0) == pytest.approx(0.138, abs=0.02)  # 1 / the 800th harmonic number
    assert top_share(2.0) == pytest.approx(0.608, abs=0.02)  # 6 / π²
