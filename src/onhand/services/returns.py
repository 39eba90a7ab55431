"""Returns: what customers send back, linked to the reservations it was shipped for."""

from collections.abc import Sequence

import msgspec

from onhand.db import queries_reservation
from onhand.db import queries_return as q
from onhand.domain.commands import Header, ReturnLine, TakeBack
from onhand.domain.customer_return import CustomerReturn, ReturnedPart
from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS, RESERVATIONS_OF_ORDER_MAX
from onhand.domain.outcomes import ReturnDone
from onhand.engine.engine import new_id
from onhand.engine.job import Key
from onhand.services import answers, capacity, return_requests
from onhand.services.context import CELL, Onhand
from onhand.services.names import labels, parse_id, products_of, warehouses_of
from onhand.services.return_requests import NewReturn
from onhand.services.submitting import Reply, idempotency


async def create(
    onhand: Onhand, actor: str, request: NewReturn, key: str | None = None
) -> Reply[return_requests.Return]:
    """Take back what was shipped, or refuse to. Raises DomainError; QuantityExceedsFulfilled: more than was shipped."""
    command = await to_take_back(onhand, actor, request)
    return await _submit(onhand, command, idempotency(actor, key, "return", request))


async def _submit(onhand: Onhand, command: TakeBack, key: Key | None) -> Reply[return_requests.Return]:
    try:
        answer = await capacity.submit(onhand, command, key)
    except Unknown as unknown:
        raise Unknown(unknown.kind, unknown.name, f"{unknown.kind}_id") from None
    if not isinstance(answer.verdict, ReturnDone):
        raise TypeError(answer.verdict)
    [rendered] = await _render(onhand, [answer.verdict.customer_return])
    rendered.warnings = await capacity.warnings(onhand, answer.verdict.warnings)
    return Reply(rendered, answer.replayed)


async def to_take_back(onhand: Onhand, actor: str, request: NewReturn) -> TakeBack:
    """The command. Raises Invalid, Unknown."""
    reservations = await _reservations(onhand, request)
    numbered = await _products_by_line(onhand, request, reservations)
    lines = [
        line if line.line is None else msgspec.structs.replace(line, product_id=str(numbered[line.line]))
        for line in request.lines
    ]
    products = await products_of(onhand, lines)
    places = await warehouses_of(onhand, request.lines, required=False)
    subject = ("reservation", str(reservations[0])) if len(reservations) == 1 else ("order", request.order_id)
    return TakeBack(
        Header(new_id(), actor, request.reason, *subject),
        tuple(reservations),
        tuple(
            ReturnLine(product, line.quantity, line.disposition, line.line, place, line.reason)
            for product, place, line in zip(products, places, request.lines, strict=True)
        ),
    )


async def _reservations(onhand: Onhand, request: NewReturn) -> list[Id]:
    """Oldest first."""
    if (request.reservation_id is None) == (request.order_id is None):
        raise Invalid([FieldProblem("reservation_id", "MISSING_FIELD", "Give either reservation_id or order_id.")])
    for index, line in enumerate(request.lines):
        if line.line is not None and (line.sku is not None or line.product_id is not None):
            raise Invalid([FieldProblem(f"lines[{index}].line", "INVALID_VALUE", "Give either line or sku.")])
        if line.line is not None and request.reservation_id is None:
            detail = "A line number goes with reservation_id: an order may have several reservations."
            raise Invalid([FieldProblem(f"lines[{index}].line", "INVALID_VALUE", detail)])
    if request.reservation_id is not None:
        return [parse_id(request.reservation_id, "reservation_id")]
    async with onhand.pool.connection() as connection:
        rows = await queries_reservation.FIND_RESERVATIONS_OF_ORDER.all(
            connection, cell=CELL, order_id=request.order_id, before=None, row_limit=RESERVATIONS_OF_ORDER_MAX
        )
    if not rows:
        raise Unknown("order", str(request.order_id), "order_id")
    return [row.reservation_id for row in reversed(rows)]


async def _products_by_line(onhand: Onhand, request: NewReturn, reservations: Sequence[Id]) -> dict[int, Id]:
    """What each line of the reservation is. Raises Unknown, Invalid."""
    if all(line.line is None for line in request.lines):  # The engine will say whether there is such a reservation.
        return {}
    async with onhand.pool.connection() as connection:
        rows = await queries_reservation.READ_RESERVATION_LINES.all(
            connection, cell=CELL, reservation_ids=list(reservations)
        )
    if not rows:
        raise Unknown("reservation", str(request.reservation_id), "reservation_id")
    products = {row.line: row.product_id for row in rows}
    for index, line in enumerate(request.lines):
        if line.line is not None and line.line not in products:
            detail = f"The reservation has no line {line.line}."
            raise Invalid([FieldProblem(f"lines[{index}].line", "INVALID_VALUE", detail)])
    return products


async def get(onhand: Onhand, return_id: str) -> return_requests.Return:
    """Raises Unknown, Invalid."""
    found = await _read(onhand, [parse_id(return_id, "return_id")])
    if not found:
        raise Unknown("return", return_id)
    return found[0]


async def find(
    onhand: Onhand,
    *,
    reservation_id: str | None = None,
    order_id: str | None = None,
    limit: int = PAGE_DEFAULT_ROWS,
    cursor: str | None = None,
) -> answers.Page:
    """Newest first, all or those of one reservation or order. Raises Invalid."""
    before = parse_id(cursor, "cursor") if cursor else None
    reservations = [parse_id(reservation_id, "reservation_id")] if reservation_id else None
    async with onhand.pool.connection() as connection:
        if order_id is not None:
            rows = await queries_reservation.FIND_RESERVATIONS_OF_ORDER.all(
                connection, cell=CELL, order_id=order_id, before=None, row_limit=RESERVATIONS_OF_ORDER_MAX
            )
            of_order = [row.reservation_id for row in rows]
            reservations = of_order if reservations is None else [x for x in reservations if x in of_order]
        if reservations is None:
            found = await q.FIND_RETURNS.all(connection, cell=CELL, before=before, row_limit=limit + 1)
        else:
            found = await q.FIND_RETURNS_OF_RESERVATIONS.all(
                connection, cell=CELL, reservation_ids=reservations, before=before, row_limit=limit + 1
            )
    ids = [row.return_id for row in found[:limit]]
    return answers.Page(await _read(onhand, ids), str(ids[-1]) if len(found) > limit else None)


async def of_reservations(onhand: Onhand, reservations: Sequence[Id]) -> dict[str, list[answers.ReturnedPart]]:
    """What came back of each of which something did, oldest first, refused parts too."""
    async with onhand.pool.connection() as connection:
        rows = await q.READ_RETURNED_LINES.all(connection, cell=CELL, reservation_ids=list(reservations))
    names = await labels(onhand, [row.product_id for row in rows], [row.to_warehouse_id for row in rows])
    found: dict[str, list[answers.ReturnedPart]] = {}
    for row in rows:
        part = answers.ReturnedPart(
            return_id=str(row.return_id),
            created_at=row.created_at,
            line=row.reservation_line,
            sku=names.sku[row.product_id],
            quantity=row.quantity,
            disposition=row.disposition,
            warehouse=None if row.to_warehouse_id is None else names.warehouse[row.to_warehouse_id],
            reason=row.reason or row.head_reason,
        )
        found.setdefault(str(row.reservation_id), []).append(part)
    return found


async def known(onhand: Onhand, reservations: Sequence[Id]) -> list[CustomerReturn]:
    """What came back of these reservations until now."""
    async with onhand.pool.connection() as connection:
        rows = await q.READ_RETURNED_LINES.all(connection, cell=CELL, reservation_ids=list(reservations))
    return list(_gathered(rows).values())


async def _read(onhand: Onhand, ids: Sequence[Id]) -> list[return_requests.Return]:
    if not ids:
        return []
    async with onhand.pool.connection() as connection:
        rows = await q.READ_RETURN_LINES.all(connection, cell=CELL, return_ids=list(ids))
    found = _gathered(rows)
    return await _render(onhand, [found[each] for each in ids if each in found])


def _gathered(rows: Sequence[q.ReturnedLineRow]) -> dict[Id, CustomerReturn]:
    found: dict[Id, CustomerReturn] = {}
    for row in rows:
        made = CustomerReturn(row.return_id, row.order_id, row.head_reason, row.created_at, row.created_by, [])
        found.setdefault(row.return_id, made).parts.append(ReturnedPart(*row[1:10]))
    return found


async def _render(onhand: Onhand, returns: Sequence[CustomerReturn]) -> list[return_requests.Return]:
    parts = [part for each in returns for part in each.parts]
    places = [place for part in parts for place in (part.warehouse, part.shipped_from)]
    names = await labels(onhand, [part.product for part in parts], places)
    return [
        return_requests.Return(
            return_id=str(each.return_id),
            order_id=each.order_id,
            reason=each.reason,
            created_at=each.created_at,
            created_by=each.created_by,
            lines=[
                return_requests.ReturnedLine(
                    line=part.line,
                    reservation_id=str(part.reservation),
                    reservation_line=part.reservation_line,
                    sku=names.sku[part.product],
                    quantity=part.quantity,
                    disposition=part.disposition,
                    shipped_from=names.warehouse[part.shipped_from],
                    warehouse=None if part.warehouse is None else names.warehouse[part.warehouse],
                    reason=part.reason,
                )
                for part in each.parts
            ],
        )
        for each in returns
    ]
