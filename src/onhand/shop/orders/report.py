"""What became of a file: counted, never dropped in silence."""

from collections import Counter

import msgspec

EXAMPLES_MAX = 5


class Refusal(msgspec.Struct):
    """lines: how many lines of the file; examples: the numbers of the first of them."""

    lines: int = 0
    examples: list[int] = []


class Refusals(msgspec.Struct):
    by_reason: dict[str, Refusal] = {}

    def add(self, reason: str, line: int) -> None:
        refusal = self.by_reason.setdefault(reason, Refusal())
        refusal.lines += 1
        if len(refusal.examples) < EXAMPLES_MAX:
            refusal.examples.append(line)

    @property
    def lines(self) -> int:
        return sum(refusal.lines for refusal in self.by_reason.values())


class Tally(msgspec.Struct):
    """What the shop did, in units unless the name says otherwise.

    lines_short: order lines that were not on the shelf whole when they were ordered;
    given_up: the part of released that customers no longer waited for; counted: write-offs settled by a count;
    operations_replayed: those that an earlier run had done already.
    """

    orders_reserved: int = 0
    orders_refused: int = 0
    orders_fulfilled: int = 0
    orders_released: int = 0
    orders_open: int = 0
    lines_short: int = 0
    received: int = 0
    reserved: int = 0
    backordered: int = 0
    fulfilled: int = 0
    released: int = 0
    given_up: int = 0
    returned: int = 0
    returned_without_order: int = 0
    written_off: int = 0
    found: int = 0
    counted: int = 0
    operations: int = 0
    operations_replayed: int = 0


class ReplayReport(msgspec.Struct):
    """Of one replay. Lines of the file = ordered + cancelled + corrected + refused by the plan + beyond the limit.

    shortages: reason → units that orders asked for and did not get. Refusals with a code in capitals come from the
    engine, the others from the plan.
    """

    file: str
    dry_run: bool
    lines: int = 0
    lines_ordered: int = 0
    lines_cancelled: int = 0
    lines_corrected: int = 0
    lines_refused: int = 0
    lines_beyond_limit: int = 0
    invoices: int = 0
    orders: int = 0
    units_ordered: int = 0
    products: int = 0
    codes_in_two_cases: list[str] = []
    countries_without_code: dict[str, int] = {}
    corrections: dict[str, int] = {}
    refusals: dict[str, Refusal] = {}
    shortages: Counter[str] = msgspec.field(default_factory=Counter)
    done: Tally = msgspec.field(default_factory=Tally)
    seconds: float = 0.0
    orders_per_s: float = 0.0
    order_lines_per_s: float = 0.0
