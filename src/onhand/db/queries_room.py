"""The queries of what a warehouse takes in, with the types of their rows. Sums beyond any integer come as text."""

from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class RoomIdRow(NamedTuple):
    warehouse_id: Id


class RoomRow(NamedTuple):
    warehouse_id: Id
    capacity: int | None
    capacity_in: str
    capacity_policy: str
    base: str | None
    added: str


class VolumeRow(NamedTuple):
    product_id: Id
    volume: str


class MeasuredRow(NamedTuple):
    capacity: int | None
    capacity_in: str
    capacity_policy: str
    epoch: int
    added: str
    units: int
    used: str
    unmeasured: int


HOLD_UNCOUNTED_ROOMS = Query("hold_uncounted_rooms", RoomIdRow)
LOCK_ROOMS = Query("lock_rooms", RoomRow)
READ_VOLUMES = Query("read_volumes", VolumeRow)
UPDATE_ROOMS = Statement("update_rooms")
MEASURE_ROOM = Query("measure_room", MeasuredRow)
SET_ROOM_BASE = Statement("set_room_base")
INSERT_ROOM = Statement("insert_room")
LOCK_ROOM = Query("lock_room", RoomIdRow)
SET_CAPACITY = Statement("set_capacity")
COUNT_ROOM = Statement("count_room")
FORGET_VOLUMES = Statement("forget_volumes")
