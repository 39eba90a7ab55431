"""onhand demo: a believable shop in an empty store, and orders that keep coming."""

import asyncio
import os
import secrets
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import FAILED, CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say
from onhand.config import from_environment
from onhand.services import keys, reconcile
from onhand.services.context import Onhand
from onhand.shop import demo as shop

NAME = "demo"
KEY_FILE = "demo-key"
ORDERS_PER_S = 2.0
ORDERS_PER_S_MAX = 1_000.0
SEED = 7

Live = Annotated[bool, Parameter(help="Keep orders coming until Ctrl-C.")]
OrdersPerSecond = Annotated[float, Parameter(help=f"How many, on average (default {ORDERS_PER_S:g}).")]
Seed = Annotated[int, Parameter(help=f"The same seed makes the same shop (default {SEED}).")]
Attached = Annotated[bool, Parameter(show=False)]


def demo(
    *,
    live: Live = False,
    orders_per_second: OrdersPerSecond = ORDERS_PER_S,
    seed: Seed = SEED,
    attached: Attached = False,
) -> int:
    """Fill an empty store with the demo shop, or keep its orders coming."""
    if not 0 < orders_per_second <= ORDERS_PER_S_MAX:
        raise CliError(f"--orders-per-second is above 0 and at most {ORDERS_PER_S_MAX:g}")
    home = from_environment().home
    if live:
        opening.run(lambda onhand: _live(onhand, orders_per_second, seed, attached=attached))
        return 0

    async def work(onhand: Onhand) -> bool:
        return await prepare(onhand, home, seed=seed) is not None

    return 0 if opening.run(work) else FAILED


async def prepare(onhand: Onhand, home: Path, *, seed: int = SEED) -> str | None:
    """The demo's key, valid; the store filled if it was empty. None: the store is somebody's own and is left alone."""
    if not await shop.is_empty(onhand) and not await is_demo(onhand):
        say("onhand: the store is not empty and not the demo's: it is left alone")
        return None
    key = await _valid_key(onhand, home)  # First: it also marks the store as the demo's.
    with progress("filling the demo shop", "events") as meter:
        report = await shop.fill(onhand, seed=seed, progress=meter)
    if report.filled:
        say(f"onhand: filled the store with the demo shop in {report.seconds:,.1f} s")
        await reconcile.run(onhand)  # So that the pages show from the first minute whether its books agree.
    return key


async def is_demo(onhand: Onhand) -> bool:
    """Whether the store was filled by the demo: no demo order ever goes into a store of somebody's own."""
    return any(key.name == NAME for key in await keys.every(onhand))


async def _live(onhand: Onhand, orders_per_s: float, seed: int, *, attached: bool) -> None:
    if not await is_demo(onhand):
        raise CliError(
            "this store is not the demo's: no demo orders go into it", "`onhand demo` fills an empty one.", FAILED
        )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if attached:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, who then tells us.
        threading.Thread(target=_wait_for_parent, args=(loop, stop), daemon=True).start()
    else:
        say(f"onhand: about {orders_per_s:g} orders a second until Ctrl-C")
    await shop.live(onhand, orders_per_s=orders_per_s, stop=stop, seed=seed)


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The server holds the other end of our stdin: when that closes it has stopped, or died."""
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(stop.set)


async def _valid_key(onhand: Onhand, home: Path) -> str:
    key = _kept_key(home)
    await keys.put(onhand, NAME, key, keys.SCOPES)
    return key


def _kept_key(home: Path) -> str:
    """The key of this home, the same at each start; only its owner may read it. Raises OSError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / KEY_FILE
    if path.exists() and len(kept := path.read_text(encoding="ascii").strip()) >= 16:
        return kept
    key = keys.PREFIX + secrets.token_urlsafe(32)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key
