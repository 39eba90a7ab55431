"""The proof of the laws by the clock. The log, the page of the books and GET /v1/reconciliation tell what it found."""

import time

import structlog

from onhand.domain.limits import PROOF_EVERY_S, PROOF_REST
from onhand.services import reconcile
from onhand.services.context import Onhand

TOLD_MAX = 10  # of one proof, in the log; the report has them all

log = structlog.get_logger()


class Prover:
    """The job of one process. A proof reads the whole ledger, so it rests PROOF_REST times as long as it took."""

    def __init__(self) -> None:
        self._due_s = time.monotonic() + PROOF_EVERY_S  # A server that has just started has better things to do.

    async def prove(self, onhand: Onhand) -> int:
        """Prove, if it is time; return how many differences were found. It mends nothing. Raises psycopg.Error."""
        began_s = time.monotonic()
        if began_s < self._due_s:
            return 0
        report = await reconcile.run(onhand)
        took_s = time.monotonic() - began_s
        self._due_s = began_s + took_s + max(PROOF_EVERY_S, PROOF_REST * took_s)
        for difference in report.differences[:TOLD_MAX]:
            log.error(
                "books_differ",
                law=difference.law,
                kind=difference.kind,
                cause=difference.cause,
                sku=difference.sku,
                warehouse=difference.warehouse,
            )
        return len(report.differences)
