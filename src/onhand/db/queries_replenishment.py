"""The queries of the replenishment simulation with the types of their rows."""

from typing import NamedTuple

from onhand.db.query import Query


class ShelvesRow(NamedTuple):
    on_hand: int
    filled: int


SUM_SHELVES = Query("sum_shelves", ShelvesRow)
