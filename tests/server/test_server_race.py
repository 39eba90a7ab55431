import asyncio
from collections import Counter

from server.serving import Running, Shop

CALLERS = 200
UNITS = 100


def test_200_callers_for_100_units_over_3_processes(fresh_database_url):
    with Running(fresh_database_url, workers=3) as running, running.client() as client:
        shop = Shop(client)
        sku, warehouse = shop.stocked(UNITS)

        async def storm() -> list[int]:
            body = {"lines": [{"sku": sku, "quantity": 1}]}
            async with running.async_client() as callers:
                answers = await asyncio.gather(*(callers.post("/v1/reservations", json=body) for _ in range(CALLERS)))
            return [answer.status_code for answer in answers]

        assert Counter(asyncio.run(storm())) == {201: UNITS, 409: CALLERS - UNITS}
        level = shop.level(sku, warehouse)
        assert (level["on_hand"], level["reserved"], level["available"]) == (UNITS, UNITS, 0)
        served = sum(1 for line in client.get("/metrics").text.splitlines() if line.startswith("onhand_commands_total"))
        assert served
        assert client.post("/v1/reconciliation").json()["clean"]
