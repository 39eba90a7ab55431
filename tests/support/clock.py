"""A clock that stands where a test puts it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Call it for the time; set at to move it."""

    def __init__(self, *at: int) -> None:
        self.at = datetime(*at, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, **by: float) -> None:
        self.at += timedelta(**by)
