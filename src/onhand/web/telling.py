"""An error as the problem that the API would answer, for a page to show."""

import msgspec

from onhand.api import problems
from onhand.services.context import Onhand


async def told(onhand: Onhand, error: Exception, request_id: str) -> problems.Problem:
    """Any exception; what nobody foresaw is logged and is INTERNAL."""
    answer = await problems.answer(onhand, error, request_id)
    return msgspec.json.decode(answer.body, type=problems.Problem)
