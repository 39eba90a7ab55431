"""From the names in a request to ids, and from ids back to names."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.routing import Warehouse
from onhand.services.context import Onhand


class NamesProduct(Protocol):
    @property
    def sku(self) -> str | None: ...
    @property
    def product_id(self) -> str | None: ...


class NamesWarehouse(Protocol):
    @property
    def warehouse(self) -> str | None: ...
    @property
    def warehouse_id(self) -> str | None: ...


def parse_id(text: str, path: str) -> Id:
    """Raise Invalid when text is not a UUID."""
    try:
        return Id.parse(text)
    except ValueError:
        raise Invalid([FieldProblem(path, "INVALID_UUID", f"{text!r} is not a UUID.")]) from None


def is_id(text: str) -> bool:
    """Whether this could be a UUID."""
    try:
        Id.parse(text)
    except ValueError:
        return False
    return True


async def products_of(onhand: Onhand, lines: Sequence[NamesProduct], path: str = "lines") -> list[Id]:
    """The product of each line, by sku or product_id. Raises Invalid or Unknown with the path of the line."""
    by_sku = await onhand.directory.product_ids({line.sku for line in lines if line.sku is not None})
    by_id: dict[Id, str] | None = None
    found = []
    for index, line in enumerate(lines):
        at = f"{path}[{index}]"
        if (line.sku is None) == (line.product_id is None):
            raise Invalid([FieldProblem(f"{at}.sku", "MISSING_FIELD", "Give either sku or product_id.")])
        if line.sku is not None:
            if line.sku not in by_sku:
                raise Unknown("sku", line.sku, f"{at}.sku")
            found.append(by_sku[line.sku])
        else:
            if by_id is None:
                ids = {parse_id(x.product_id, at) for x in lines if x.product_id is not None}
                by_id = await onhand.directory.skus(ids)
            product = parse_id(str(line.product_id), f"{at}.product_id")
            if product not in by_id:
                raise Unknown("product", str(line.product_id), f"{at}.product_id")
            found.append(product)
    return found


async def warehouses_of(onhand: Onhand, lines: Sequence[NamesWarehouse], *, required: bool) -> list[Id | None]:
    """The warehouse of each line, by warehouse or warehouse_id. Raises Invalid or Unknown with the path of the line."""
    found: list[Id | None] = []
    for index, line in enumerate(lines):
        at = f"lines[{index}]"
        if line.warehouse is None and line.warehouse_id is None:
            if required:
                raise Invalid([FieldProblem(f"{at}.warehouse", "MISSING_FIELD", "Give warehouse or warehouse_id.")])
            found.append(None)
        elif line.warehouse is not None and line.warehouse_id is not None:
            detail = "Give either warehouse or warehouse_id."
            raise Invalid([FieldProblem(f"{at}.warehouse", "INVALID_VALUE", detail)])
        elif line.warehouse is not None:
            found.append((await warehouse_by_code(onhand, line.warehouse, f"{at}.warehouse")).warehouse_id)
        else:
            path = f"{at}.warehouse_id"
            found.append((await _by_id(onhand, parse_id(str(line.warehouse_id), path), path)).warehouse_id)
    return found


async def warehouse_by_code(onhand: Onhand, code: str, path: str | None = None) -> Warehouse:
    """Raises Unknown."""
    known = await onhand.directory.warehouses_by_code()
    if code not in known:
        await onhand.directory.read_warehouses()
        known = await onhand.directory.warehouses_by_code()
    if code not in known:
        raise Unknown("warehouse", code, path)
    return known[code]


async def warehouse_named(onhand: Onhand, name: str, path: str | None = None) -> Warehouse:
    """By code, or by id. Raises Unknown."""
    known = await onhand.directory.warehouses_by_code()
    if name not in known:
        try:
            return await _by_id(onhand, Id.parse(name), path)
        except (ValueError, Unknown):
            pass
    return await warehouse_by_code(onhand, name, path)


async def _by_id(onhand: Onhand, warehouse_id: Id, path: str | None) -> Warehouse:
    known = await onhand.directory.warehouses()
    if warehouse_id not in known:
        await onhand.directory.read_warehouses()
        known = await onhand.directory.warehouses()
    if warehouse_id not in known:
        raise Unknown("warehouse", str(warehouse_id), path)
    return known[warehouse_id]


async def product_named(onhand: Onhand, name: str, path: str | None = None) -> Id:
    """By SKU, or by id. Raises Unknown."""
    found = await onhand.directory.product_ids({name})
    if name in found:
        return found[name]
    try:
        product_id = Id.parse(name)
    except ValueError:
        raise Unknown("sku", name, path) from None
    if not await onhand.directory.skus({product_id}):
        raise Unknown("sku", name, path)
    return product_id


class Labels(msgspec.Struct):
    """Ids back to names."""

    sku: dict[Id, str]
    warehouse: dict[Id, str]


async def labels(onhand: Onhand, products: Iterable[Id], warehouses: Iterable[Id | None] = ()) -> Labels:
    """Names for these ids; an id without a name keeps its UUID as text."""
    wanted, places = set(products), {warehouse for warehouse in warehouses if warehouse is not None}
    skus = await onhand.directory.skus(wanted)
    known = await onhand.directory.warehouses()
    if not places <= known.keys():
        await onhand.directory.read_warehouses()
        known = await onhand.directory.warehouses()
    return Labels(
        {product: skus.get(product, str(product)) for product in wanted},
        {place: known[place].code if place in known else str(place) for place in places},
    )
