"""onhand routing."""

from cli.cli_tools import answered, query, refused

DEFAULT = ["fewest_shipments", "stay_in_country", "closest", "priority"]


def test_rules_are_shown_and_set(fresh_database_url: str) -> None:
    assert answered("routing", "show", url=fresh_database_url)["rules"] == DEFAULT
    wanted = ["closest", "leave_safety_stock"]
    assert answered("routing", "set", *wanted, url=fresh_database_url)["rules"] == wanted
    assert query(fresh_database_url, "SELECT rules, updated_by FROM routing_setting") == [(wanted, "cli")]
    assert answered("routing", "set", "--none", url=fresh_database_url)["rules"] == []
    assert answered("routing", "set", *DEFAULT, url=fresh_database_url)["off"] == ["cut_off", "leave_safety_stock"]


def test_what_is_no_rule_is_refused(fresh_database_url: str) -> None:
    assert "there is no rule 'cheapest'" in refused("routing", "set", "cheapest", url=fresh_database_url)
    assert "name the rules" in refused("routing", "set", url=fresh_database_url)
    assert "rules[1]" in refused("routing", "set", "closest", "closest", url=fresh_database_url, exit_code=1)
    assert query(fresh_database_url, "SELECT count(*) FROM routing_setting") == [(0,)]
