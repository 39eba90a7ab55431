"""The books: the last proof that every level is the sum of its ledger, and what differs where it is not."""

from onhand.api.answer import Answer
from onhand.services import reconcile
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit, redirect

SHOWN_MAX = 200  # differences


async def _books(visit: Visit) -> Answer:
    return page(visit, "books.html", report=await reconcile.last(visit.onhand), most=SHOWN_MAX)


async def _prove(visit: Visit) -> Answer:
    """Now, while selling goes on; it mends nothing: `onhand reconcile --repair` does, by ledger entries."""
    await reconcile.run(visit.onhand)
    return redirect("/books")


ROUTES = [
    PageRoute("GET", "/books", _books),
    PageRoute("POST", "/books", _prove, scopes=("admin",)),
]
