"""The queries of API keys with the types of their rows."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class ApiKeyRow(NamedTuple):
    name: str
    scopes: list[str]


class ApiKeyInfoRow(NamedTuple):
    key_id: Id
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


FIND_API_KEY = Query("find_api_key", ApiKeyRow)
INSERT_API_KEY = Statement("insert_api_key")
PUT_API_KEY = Statement("put_api_key")
LIST_API_KEYS = Query("list_api_keys", ApiKeyInfoRow)
REVOKE_API_KEY = Statement("revoke_api_key")
