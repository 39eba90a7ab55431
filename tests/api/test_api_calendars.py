"""When a warehouse ships: its calendar over HTTP."""

import pytest

from onhand.api import examples
from server.serving import unique

USUAL = {
    "cutoff_time": "14:00",
    "handling_days": 0,
    "receiving_days": 1,
    "working_days": ["mon", "tue", "wed", "thu", "fri"],
    "holidays": True,
    "holiday_region": None,
    "closed_on": [],
}


@pytest.fixture
def new() -> dict:
    return {**examples.NEW_WAREHOUSE, "code": unique("W")}


def test_a_calendar_is_given_kept_and_changed_as_a_whole(client, new):
    calendar = {
        "cutoff_time": "11:30",
        "handling_days": 2,
        "receiving_days": 0,
        "working_days": ["mon", "sat"],
        "holidays": True,
        "holiday_region": "SN",
        "closed_on": ["2026-12-24"],
    }
    path = f"/v1/warehouses/{new['code']}"
    assert client.post("/v1/warehouses", json={**new, "calendar": calendar}).json()["calendar"] == calendar
    assert client.patch(path, json={"name": "Other"}).json()["calendar"] == calendar
    changed = client.patch(path, json={"calendar": {"cutoff_time": None, "working_days": ["sun", "mon", "sun"]}})
    assert changed.json()["calendar"] == {**USUAL, "cutoff_time": None, "working_days": ["mon", "sun"]}
    assert client.get(path).json() == changed.json()
    listed = client.get("/v1/warehouses", params={"limit": 1000}).json()["items"]
    assert changed.json() in listed


def test_without_one_it_is_the_usual(client, new):
    del new["calendar"]
    assert client.post("/v1/warehouses", json=new).json()["calendar"] == USUAL


@pytest.mark.parametrize(
    ("calendar", "path"),
    [
        ({"cutoff_time": "24:00"}, "calendar.cutoff_time"),
        ({"cutoff_time": "2 pm"}, "calendar.cutoff_time"),
        ({"handling_days": -1}, "calendar.handling_days"),
        ({"handling_days": 61}, "calendar.handling_days"),
        ({"receiving_days": 1.5}, "calendar.receiving_days"),
        ({"working_days": []}, "calendar.working_days"),
        ({"working_days": ["monday"]}, "calendar.working_days[0]"),
        ({"holiday_region": "XX"}, "calendar.holiday_region"),
        ({"closed_on": ["2026-02-30"]}, "calendar.closed_on[0]"),
        ({"closed_on": ["2026-12-24"] * 201}, "calendar.closed_on"),
        ({"lunch": "12:00"}, "calendar.lunch"),
        (None, "calendar"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_bad_calendar_is_refused_and_nothing_changes(client, shop, calendar, path):
    code = client.get("/v1/warehouses", params={"limit": 1}).json()["items"][0]["code"]
    requests = [("PATCH", f"/v1/warehouses/{code}", {"name": "Other", "calendar": calendar})]
    if calendar is not None:
        requests.append(
            ("POST", "/v1/warehouses", {**examples.NEW_WAREHOUSE, "code": unique("W"), "calendar": calendar})
        )
    before = client.get(f"/v1/warehouses/{code}").json()
    country = {"location": examples.NEW_WAREHOUSE["location"]}
    for method, where, body in requests:
        answer = client.request(method, where, json=country | body)
        assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED"), answer.text
        assert answer.json()["errors"][0]["path"] == path
    assert client.get(f"/v1/warehouses/{code}").json() == before


def test_a_region_needs_a_country(client, new):
    new["location"] = {"latitude": 1, "longitude": 1}
    answer = client.post("/v1/warehouses", json=new)
    assert answer.json()["errors"][0]["path"] == "calendar.holiday_region"
