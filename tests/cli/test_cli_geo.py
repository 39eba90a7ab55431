"""onhand geo import."""

from pathlib import Path

from cli.cli_tools import answered, query, refused

ROW = "SE\t111 20\tStockholm\tStockholm\t01\t\t\t\t\t59.3\t18.1\t6"


def test_a_geonames_file_is_taken_in(fresh_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "SE.txt"
    file.write_text(f"{ROW}\n")
    done = answered("geo", "import", str(file), url=fresh_database_url)
    assert done == {"rows": 1, "postal_codes": 1, "refused": []}
    assert query(fresh_database_url, "SELECT country, postal_code, latitude FROM postal_code") == [
        ("SE", "11120", 59.3)
    ]


def test_a_file_that_is_not_there_and_rows_that_say_nothing(fresh_database_url: str, tmp_path: Path) -> None:
    assert "cannot be read" in refused("geo", "import", str(tmp_path / "none.txt"), url=fresh_database_url)
    file = tmp_path / "bad.txt"
    file.write_text("not,a,geonames,file\n")
    done = answered("geo", "import", str(file), url=fresh_database_url, exit_code=1)
    assert [row["row"] for row in done["refused"]] == [1]
