"""RECEIVE and ADJUST: what comes onto the shelf, and what is found on it."""

from collections.abc import Sequence

from onhand.domain.commands import Adjust, AdjustLine, ChangeState, Receive, StateLine, StockLine
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.ids import Id
from onhand.domain.outcomes import OperationDone
from onhand.services import answers, capacity, rendering
from onhand.services.context import Onhand
from onhand.services.names import products_of, warehouses_of
from onhand.services.requests import AdjustmentLine, NewAdjustment, NewReceipt, NewStateChange, ReceiptLine
from onhand.services.submitting import Reply, header, idempotency
from onhand.services.supply_requests import ArrivedLine


async def receive(onhand: Onhand, actor: str, request: NewReceipt, key: str | None = None) -> Reply[answers.Operation]:
    """Put units on the shelf; they cover backorders first. Raises DomainError."""
    command = await receipt(onhand, actor, request)
    return await _submit(onhand, command, actor, key, "receive", request)


async def receipt(onhand: Onhand, actor: str, request: NewReceipt) -> Receive:
    """The command. Raises Invalid, Unknown."""
    parts_must_fit(request.lines)
    products = await products_of(onhand, request.lines)
    places = await warehouses_of(onhand, request.lines, required=True)
    return Receive(
        header(actor, reason=request.reason, reference=request.reference),
        tuple(
            StockLine(product, warehouse, line.quantity, line.damaged, line.quality_control)
            for product, warehouse, line in zip(products, _all(places), request.lines, strict=True)
        ),
    )


async def adjust(
    onhand: Onhand, actor: str, request: NewAdjustment, key: str | None = None
) -> Reply[answers.Operation]:
    """Write down a count, a loss, a find. The answer names reservations left short. Raises DomainError."""
    command = await adjustment(onhand, actor, request)
    return await _submit(onhand, command, actor, key, "adjust", request)


async def adjustment(onhand: Onhand, actor: str, request: NewAdjustment) -> Adjust:
    """The command. Raises Invalid, Unknown."""
    for index, line in enumerate(request.lines):
        _must_say_one_thing(line, index)
    products = await products_of(onhand, request.lines)
    places = await warehouses_of(onhand, request.lines, required=True)
    return Adjust(
        header(actor, reason=request.reason, reference=request.reference),
        tuple(
            AdjustLine(
                product, warehouse, line.reason, line.quantity_change, line.counted_quantity, line.expected_on_hand
            )
            for product, warehouse, line in zip(products, _all(places), request.lines, strict=True)
        ),
    )


async def change_state(
    onhand: Onhand, actor: str, request: NewStateChange, key: str | None = None
) -> Reply[answers.Operation]:
    """Move units between states. The answer names reservations left short. Raises DomainError."""
    command = await state_change(onhand, actor, request)
    return await _submit(onhand, command, actor, key, "change_state", request)


async def state_change(onhand: Onhand, actor: str, request: NewStateChange) -> ChangeState:
    """The command. Raises Invalid, Unknown."""
    for index, line in enumerate(request.lines):
        if line.from_ == line.to:
            raise Invalid([FieldProblem(f"lines[{index}].to", "INVALID_VALUE", "Name another state than from.")])
    products = await products_of(onhand, request.lines)
    places = await warehouses_of(onhand, request.lines, required=True)
    return ChangeState(
        header(actor, reason=request.reason, reference=request.reference),
        tuple(
            StateLine(product, warehouse, line.quantity, line.from_, line.to, line.reason)
            for product, warehouse, line in zip(products, _all(places), request.lines, strict=True)
        ),
    )


def parts_must_fit(lines: Sequence[ReceiptLine | ArrivedLine]) -> None:
    """Raises Invalid where more units are damaged or to be looked at than came."""
    for index, line in enumerate(lines):
        if line.damaged + line.quality_control > line.quantity:
            name = "damaged" if line.damaged else "quality_control"
            detail = "damaged and quality_control are part of quantity, which is all that came."
            raise Invalid([FieldProblem(f"lines[{index}].{name}", "OUT_OF_RANGE", detail)])


def _must_say_one_thing(line: AdjustmentLine, index: int) -> None:
    at = f"lines[{index}]"
    if (line.quantity_change is None) == (line.counted_quantity is None):
        detail = "Give either quantity_change or counted_quantity."
        raise Invalid([FieldProblem(f"{at}.quantity_change", "MISSING_FIELD", detail)])
    if line.quantity_change == 0:
        raise Invalid([FieldProblem(f"{at}.quantity_change", "OUT_OF_RANGE", "A change of 0 changes nothing.")])


def _all(warehouses: list[Id | None]) -> list[Id]:
    return [warehouse for warehouse in warehouses if warehouse is not None]


async def _submit(
    onhand: Onhand,
    command: Receive | Adjust | ChangeState,
    actor: str,
    key: str | None,
    operation: str,
    request: NewReceipt | NewAdjustment | NewStateChange,
) -> Reply[answers.Operation]:
    answer = await capacity.submit(onhand, command, idempotency(actor, key, operation, request))
    if not isinstance(answer.verdict, OperationDone):
        raise TypeError(answer.verdict)
    rendered = await rendering.operation(onhand, answer.verdict)
    rendered.warnings = await capacity.warnings(onhand, answer.verdict.warnings)
    return Reply(rendered, answer.replayed)
