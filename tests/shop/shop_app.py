"""A process of its own that replays a file or fills the demo, to be killed: shop_app.py replay|fill URL [FILE]."""

import asyncio
import sys
from pathlib import Path

from onhand.services.context import open_onhand
from onhand.shop import demo
from onhand.shop.replay import replay_file


def tell(done: int, total: int) -> None:
    sys.stdout.write(f"{done} {total}\n")
    sys.stdout.flush()


async def main(what: str, url: str, *file: str) -> None:
    async with open_onhand(url) as onhand:
        if what == "replay":
            await replay_file(onhand, Path(file[0]), progress=tell)
        else:
            await demo.fill(onhand, progress=tell)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
