from cli_tools import answered, furnish, onhand, query, refused


def test_how_full_warehouses_are(fresh_database_url: str) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    query(url, "UPDATE warehouse SET capacity = 10 WHERE code = 'LEJ1' RETURNING 1")
    assert onhand("import", "stock", "-", url=url, stdin="sku,warehouse,quantity\nMUG,LEJ1,4\n").returncode == 0
    told = answered("capacity", url=url)
    assert [(x["warehouse"], x["used"], x["free"]) for x in told] == [("LEJ1", 4, 6), ("MAN1", 0, None)]
    table = onhand("capacity", "--warehouse", "LEJ1", url=url).stdout
    assert "40 %" in table
    assert "MAN1" not in table
    assert "there is no warehouse 'NO'" in refused("capacity", "--warehouse", "NO", url=url, exit_code=1)
