"""A process of its own with buyers in it. Run as `python -m support.buyers`, with what it needs to know as JSON.

It says "ready", waits for a line, lets all buyers loose at once, and says what became of them.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from onhand.domain.errors import DomainError, InsufficientStock
from onhand.domain.ids import Id
from support.stock import key, opened

TESTS = Path(__file__).parent.parent


class BuyerProcess:
    """orders: one unit each. keyed: they are all one order with one Idempotency-Key."""

    def __init__(self, url: str, product: Id, warehouse: Id, *, orders: int, keyed: bool = False) -> None:
        wish = {"url": url, "product": str(product), "warehouse": str(warehouse), "orders": orders, "keyed": keyed}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.buyers", json.dumps(wish)],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        while (said := self.process.stdout.readline()) != "ready\n":
            assert said, "it ended before it was ready"

    def let_loose(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def outcome(self) -> dict[str, Any]:
        said, _ = self.process.communicate(timeout=60)
        outcome: dict[str, Any] = json.loads(said.splitlines()[-1])
        return outcome


async def _buy(url: str, product: Id, warehouse: Id, orders: int, *, keyed: bool) -> dict[str, Any]:
    async with opened(url) as shop:
        await shop.level(product, warehouse)
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        one = key("one order") if keyed else None
        answers = await asyncio.gather(
            *(shop.reserve(product, warehouse, 1, key=one) for _ in range(orders)), return_exceptions=True
        )
    sold = [str(answer.reservation_id) for answer in answers if not isinstance(answer, BaseException)]
    refused = sum(isinstance(answer, InsufficientStock) for answer in answers)
    failed = [repr(x) for x in answers if isinstance(x, BaseException) and not isinstance(x, InsufficientStock)]
    return {"sold": sold, "refused": refused, "failed": failed}


def main() -> None:
    wish = json.loads(sys.argv[1])
    place = Id.parse(wish["product"]), Id.parse(wish["warehouse"])
    try:
        outcome = asyncio.run(_buy(wish["url"], *place, wish["orders"], keyed=wish["keyed"]))
    except DomainError as error:
        outcome = {"sold": [], "refused": 0, "failed": [repr(error)]}
    print(json.dumps(outcome))  # noqa: T201


if __name__ == "__main__":
    main()
