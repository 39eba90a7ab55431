"""The statements of levels that want attention."""

from onhand.db.query import Statement

REFRESH_ALERTS = Statement("refresh_alerts")
