"""The queries of idempotency keys with the types of their rows."""

from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class IdempotencyRow(NamedTuple):
    digest: Id
    request_digest: Id
    outcome: bytes


class KeptRow(NamedTuple):
    digest: Id


READ_IDEMPOTENCY = Query("read_idempotency", IdempotencyRow)
INSERT_IDEMPOTENCY = Statement("insert_idempotency")
KEEP_REFUSALS = Query("keep_refusals", KeptRow)
DELETE_OLD_IDEMPOTENCY = Statement("delete_old_idempotency")
