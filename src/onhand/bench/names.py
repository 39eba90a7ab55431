"""Ids of bench rows, told from their numbers: UUIDv7s of a moment long ago, so they sort by number."""

from onhand.domain.ids import Id

_PREFIX = {
    kind: bytes.fromhex(f"018bcfe568{number:02x}70008000")
    for number, kind in enumerate(("product", "warehouse", "operation", "txn"))
}


def bench_id(kind: str, number: int) -> Id:
    return Id(_PREFIX[kind] + number.to_bytes(6, "big"))


def number_of(bench: bytes) -> int:
    return int.from_bytes(bench[10:], "big")


def hex_prefix(kind: str) -> str:
    """The first 20 hexadecimal digits; 12 more make the id."""
    return _PREFIX[kind].hex()
