import gzip
from pathlib import Path

import pytest
from shop_tools import HEADER, line, rows

from onhand.shop.orders import rows as r
from onhand.shop.orders.report import Refusals


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1001,MUG1,RED MUG,2,2010-12-01 08:26:00,2.55,17850.0", r.WRONG_COLUMNS),
        (line() + ",more", r.WRONG_COLUMNS),
        (line(units="two"), r.NOT_A_NUMBER),
        (line(units="2.5"), r.NOT_A_NUMBER),
        (line(units="NaN"), r.NOT_A_NUMBER),
        (line(units="1_000"), r.NOT_A_NUMBER),
        (line(units=2**31), r.NOT_A_NUMBER),
        (line(units="9" * 5000), r.NOT_A_NUMBER),
        (line(price="inf"), r.NOT_A_NUMBER),
        (line(price=""), r.NOT_A_NUMBER),
        (line(at="2010-13-01 08:26:00"), r.NOT_A_DATE),
        (line(at=""), r.NOT_A_DATE),
        (line(at="0001-01-01 00:00:00"), r.NOT_A_DATE),
        (line(invoice=""), r.NOT_AN_INVOICE),
        (line(invoice="10 01"), r.NOT_AN_INVOICE),
        (line(code=""), r.NOT_A_CODE),
        (line(code="X" * 101), r.NOT_A_CODE),
        (line(description="RED\x00MUG"), r.NOT_TEXT),
        (line(description="RED\x1bMUG"), r.NOT_TEXT),
        (line(description='"' + "X" * 200_000), r.NOT_CSV),
    ],
)
def test_a_malformed_row_is_refused_with_its_line_number_and_the_others_are_read(text: str, reason: str) -> None:
    found, refusals = rows(line("1000"), text, *([] if reason == r.NOT_CSV else [line("1002")]))
    assert [row.invoice for row in found] == (["1000"] if reason == r.NOT_CSV else ["1000", "1002"])
    assert {name: (x.lines, x.examples) for name, x in refusals.by_reason.items()} == {reason: (1, [3])}


def test_a_row_is_what_it_says() -> None:
    (row,), refusals = rows(line("C536379", "85123a", -1, description='"HEART,  RED"', customer=""))
    assert (row.invoice, row.code, row.sku, row.description, row.units) == (
        "C536379",
        "85123a",
        "85123A",
        "HEART, RED",
        -1,
    )
    assert row.at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert refusals.lines == 0


@pytest.mark.parametrize("text", ["", "a,b,c\n", "1001,MUG1,RED MUG,2,2010-12-01 08:26:00,2.55,17850.0,Germany\n"])
def test_a_file_with_another_first_line_is_no_order_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text)
    with pytest.raises(r.UnreadableFile):
        list(r.read(path, Refusals()))


def test_plain_and_compressed_files_are_read_alike(tmp_path: Path) -> None:
    text = f"{HEADER}\n{line()}\n"
    (tmp_path / "a.csv").write_text("\ufeff" + text, encoding="utf-8")
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write(text)
    assert list(r.read(tmp_path / "a.csv", Refusals())) == list(r.read(tmp_path / "a.csv.gz", Refusals()))


def test_a_file_that_is_missing_or_cut_off_says_so(tmp_path: Path) -> None:
    whole = gzip.compress((HEADER + "\n" + "\n".join(line(str(n)) for n in range(5000))).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "no.csv.gz").write_text("this is not gzip")
    for name in ("cut.csv.gz", "no.csv.gz", "missing.csv"):
        with pytest.raises(r.UnreadableFile):
            list(r.read(tmp_path / name, Refusals()))
