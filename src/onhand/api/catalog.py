"""Products, warehouses, and the settings of levels."""

from typing import Any

import msgspec

from onhand.api.answer import Answer, ok
from onhand.api.decoding import decode
from onhand.api.once import once
from onhand.api.queries import LevelsQuery, Paged, ProductsQuery
from onhand.api.route import Call
from onhand.services import capacity, levels, products, warehouses
from onhand.services.requests import LevelSettings, NewProduct, NewWarehouse, ProductPatch, WarehousePatch

_PRODUCT = msgspec.json.Decoder(NewProduct)
_PRODUCT_PATCH = msgspec.json.Decoder(ProductPatch)
_WAREHOUSE = msgspec.json.Decoder(NewWarehouse)
_WAREHOUSE_PATCH = msgspec.json.Decoder(WarehousePatch)
_LEVEL = msgspec.json.Decoder(LevelSettings)


async def create_product(call: Call) -> Answer:
    request = decode(_PRODUCT, call.body)

    async def do() -> Answer:
        return ok(await products.create(call.onhand, request), 201)

    return await once(call.onhand, call.actor, call.key, "create_product", request, do)


async def get_product(call: Call) -> Answer:
    return ok(await products.get(call.onhand, call.path["sku"]))


async def patch_product(call: Call) -> Answer:
    request, name = decode(_PRODUCT_PATCH, call.body), call.path["sku"]

    async def do() -> Answer:
        return ok(await products.patch(call.onhand, name, request))

    return await once(call.onhand, call.actor, call.key, "patch_product", request, do, name)


async def find_products(call: Call) -> Answer:
    query: ProductsQuery = call.query
    return ok(await products.find(call.onhand, query=query.query, limit=query.limit, cursor=query.cursor))


async def create_warehouse(call: Call) -> Answer:
    request = decode(_WAREHOUSE, call.body)

    async def do() -> Answer:
        return ok(await warehouses.create(call.onhand, request), 201)

    return await once(call.onhand, call.actor, call.key, "create_warehouse", request, do)


async def get_warehouse(call: Call) -> Answer:
    return ok(await warehouses.get(call.onhand, call.path["warehouse"]))


async def get_capacity(call: Call) -> Answer:
    return ok(await capacity.filled(call.onhand, call.path["warehouse"]))


async def patch_warehouse(call: Call) -> Answer:
    request, name = decode(_WAREHOUSE_PATCH, call.body), call.path["warehouse"]

    async def do() -> Answer:
        return ok(await warehouses.patch(call.onhand, name, request))

    return await once(call.onhand, call.actor, call.key, "patch_warehouse", request, do, name)


async def find_warehouses(call: Call) -> Answer:
    query: Paged = call.query
    return ok(await warehouses.find(call.onhand, limit=query.limit, cursor=query.cursor))


async def put_level(call: Call) -> Answer:
    settings, sku, warehouse = decode(_LEVEL, call.body), call.path["sku"], call.path["warehouse"]

    async def do() -> Answer:
        return ok(await levels.put(call.onhand, sku, warehouse, settings))

    return await once(call.onhand, call.actor, call.key, "put_level", settings, do, f"{sku}\0{warehouse}")


async def find_levels(call: Call) -> Answer:
    query: LevelsQuery = call.query
    wanted: dict[str, Any] = {name: getattr(query, name) for name in query.__struct_fields__}
    return ok(await levels.find(call.onhand, **wanted))
