"""Ids: 16 bytes that read and sort as PostgreSQL's uuid."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.ids import Id
from onhand.engine.engine import new_id


@given(st.uuids())
def test_text_there_and_back(value: UUID) -> None:
    assert str(Id(value.bytes)) == str(value)
    assert Id.parse(str(value)) == value.bytes
    assert Id.parse(str(value).upper()) == value.bytes
    assert repr(Id(value.bytes)) == f"Id('{value}')"


@given(st.uuids(), st.uuids())
def test_they_sort_as_their_text(one: UUID, other: UUID) -> None:
    assert (Id(one.bytes) < Id(other.bytes)) == (str(one) < str(other))


@pytest.mark.parametrize("text", ["", "x", "0193", "g" * 36])
def test_what_is_no_uuid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        Id.parse(text)


def test_new_ids_are_uuid7_and_sort_by_age() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {UUID(bytes=id_).version for id_ in made} == {7}
