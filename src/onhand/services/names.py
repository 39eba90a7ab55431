"""From the names in a request to ids, and from ids back to names."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import msgspec

from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.routing import Warehouse
from onhand.engine.directory import Directory, NotAtHandError
from onhand.services.context import Onhand

Made = TypeVar("Made")


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


def cursor_of(name: str) -> str:
    """The place in a list that is in the order of names, opaque."""
    return urlsafe_b64encode(f"after:{name}".encode()).decode().rstrip("=")


def name_after(cursor: str | None) -> str | None:
    """What cursor_of was given. Raises Invalid when the cursor is not one of ours."""
    if cursor is None:
        return None
    try:
        text = b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (ValueError, UnicodeError):
        text = ""
    if not text.startswith("after:") or any(char < " " for char in text):
        raise Invalid([FieldProblem("cursor", "INVALID_VALUE", "Use the next_cursor of an earlier page.")])
    return text.removeprefix("after:")


def either(name: str | None, by_id: str | None, path: str) -> str | None:
    """The one that is given, if any. Raises Invalid where both are."""
    if name is not None and by_id is not None:
        raise Invalid([FieldProblem(path, "INVALID_VALUE", f"Give either {path} or its id.")])
    return by_id if name is None else name


def is_id(text: str) -> bool:
    """Whether this could be a UUID."""
    try:
        Id.parse(text)
    except ValueError:
        return False
    return True


Absent = AbstractSet[Any]  # what has been looked for and does not exist: as Directory.load returns it
NOTHING: Absent = frozenset()


async def named(onhand: Onhand, make: Callable[[Absent], Made]) -> Made:
    """Call make, and again after each loading of names that it lacks: NotAtHandError tells which."""
    absent: set[Any] = set()
    while True:
        try:
            return make(absent)
        except NotAtHandError as missing:
            absent |= await onhand.directory.load(missing)


def products_at_hand(
    directory: Directory, lines: Sequence[NamesProduct], absent: Absent = NOTHING, path: str = "lines"
) -> list[Id]:
    """The product of each line, by sku or product_id.

    Raises Invalid or Unknown with the path of the line, NotAtHandError.
    """
    id_of, found = directory.id_of, []
    for index, line in enumerate(lines):
        sku, product_id = line.sku, line.product_id
        if (sku is None) == (product_id is None):
            raise Invalid([FieldProblem(f"{path}[{index}].sku", "MISSING_FIELD", "Give either sku or product_id.")])
        if sku is not None:
            product = id_of.get(sku)
            if product is None:
                if sku in absent:
                    raise Unknown("sku", sku, f"{path}[{index}].sku")
                raise NotAtHandError(skus={each.sku for each in lines if each.sku is not None}.difference(id_of))
        else:
            product = parse_id(str(product_id), f"{path}[{index}].product_id")
            if product not in directory.sku_of:
                if product in absent:
                    raise Unknown("product", str(product_id), f"{path}[{index}].product_id")
                raise NotAtHandError(product_ids={product})
        found.append(product)
    return found


async def products_of(onhand: Onhand, lines: Sequence[NamesProduct], path: str = "lines") -> list[Id]:
    """The product of each line, by sku or product_id. Raises Invalid or Unknown with the path of the line."""
    return await named(onhand, lambda absent: products_at_hand(onhand.directory, lines, absent, path))


def warehouses_at_hand(
    directory: Directory, lines: Sequence[NamesWarehouse], absent: Absent = NOTHING, *, required: bool
) -> list[Id | None]:
    """The warehouse of each line, by warehouse or warehouse_id.

    Raises Invalid or Unknown with the path of the line, NotAtHandError.
    """
    found: list[Id | None] = []
    for index, line in enumerate(lines):
        code, warehouse_id = line.warehouse, line.warehouse_id
        if code is None and warehouse_id is None:
            if required:
                path = f"lines[{index}].warehouse"
                raise Invalid([FieldProblem(path, "MISSING_FIELD", "Give warehouse or warehouse_id.")])
            found.append(None)
        elif code is not None and warehouse_id is not None:
            path = f"lines[{index}].warehouse"
            raise Invalid([FieldProblem(path, "INVALID_VALUE", "Give either warehouse or warehouse_id.")])
        elif code is not None:
            warehouse = directory.by_code.get(code)
            if warehouse is None:
                raise _no_warehouse(code, absent, f"lines[{index}].warehouse")
            found.append(warehouse.warehouse_id)
        else:
            place = parse_id(str(warehouse_id), f"lines[{index}].warehouse_id")
            if place not in directory.by_id:
                raise _no_warehouse(place, absent, f"lines[{index}].warehouse_id")
            found.append(place)
    return found


def _no_warehouse(name: str | Id, absent: Absent, path: str) -> Exception:
    return Unknown("warehouse", str(name), path) if ("warehouse", name) in absent else NotAtHandError(warehouses=[name])


async def warehouses_of(onhand: Onhand, lines: Sequence[NamesWarehouse], *, required: bool) -> list[Id | None]:
    """The warehouse of each line, by warehouse or warehouse_id. Raises Invalid or Unknown with the path of the line."""
    return await named(onhand, lambda absent: warehouses_at_hand(onhand.directory, lines, absent, required=required))


async def warehouse_by_code(onhand: Onhand, code: str, path: str | None = None) -> Warehouse:
    """Raises Unknown."""
    await onhand.directory.warehouses()
    if code not in onhand.directory.by_code:
        await onhand.directory.read_warehouses()
    if code not in onhand.directory.by_code:
        raise Unknown("warehouse", code, path)
    return onhand.directory.by_code[code]


async def warehouse_named(onhand: Onhand, name: str, path: str | None = None) -> Warehouse:
    """By code, or by id. Raises Unknown."""
    await onhand.directory.warehouses()
    if name not in onhand.directory.by_code:
        with suppress(ValueError):
            if warehouse := onhand.directory.by_id.get(Id.parse(name)):
                return warehouse
    return await warehouse_by_code(onhand, name, path)


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

    sku: Mapping[Id, str]
    warehouse: Mapping[Id, str]


def labels_at_hand(
    directory: Directory, products: Iterable[Id], warehouses: Iterable[Id | None] = (), absent: Absent = NOTHING
) -> Labels:
    """Names for these ids; an id without a name keeps its UUID as text. Raises NotAtHandError."""
    skus, codes = directory.sku_of, directory.code_of
    nameless = {product for product in products if product not in skus}
    places = {place for place in warehouses if place is not None and place not in codes}
    if not nameless and not places:
        return Labels(skus, codes)
    if not (nameless <= absent and {("warehouse", place) for place in places} <= absent):
        raise NotAtHandError(product_ids=nameless, warehouses=places)
    return Labels(
        {**skus, **{product: str(product) for product in nameless}},
        {**codes, **{place: str(place) for place in places}},
    )


async def labels(onhand: Onhand, products: Iterable[Id], warehouses: Iterable[Id | None] = ()) -> Labels:
    """Names for these ids; an id without a name keeps its UUID as text."""
    ids, places = list(products), list(warehouses)
    return await named(onhand, lambda absent: labels_at_hand(onhand.directory, ids, places, absent))
