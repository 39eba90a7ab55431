"""Promises as shoppers read them, in their languages."""

from datetime import date, timedelta

import pytest

from onhand.domain.shipping import Window
from onhand.services import wording

TODAY = date(2026, 3, 1)


def window(first: int, last: int) -> Window:
    return Window(TODAY + timedelta(days=first), TODAY + timedelta(days=last))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (0, 0, "Ships today"),
        (1, 1, "Ships tomorrow"),
        (0, 2, "Ships in 2 days"),
        (0, 1, "Ships in 1 day"),
        (3, 3, "Ships in 3 days"),
        (3, 5, "Ships in 3–5 days"),
        (12, 15, "Ships from 13 March"),
        (400, 402, "Ships from 5 April 2027"),
    ],
)
def test_what_is_still_to_come(first, last, said):
    assert wording.backorder(window(first, last), TODAY, "en") == said


@pytest.mark.parametrize(
    ("language", "today", "later", "days", "preorder"),
    [
        ("en", "In stock, ships today", "In stock, ships on 4 March", "Ships in 3–5 days",
         "Pre-order, ships from 4 March"),
        ("en_US", "In stock, ships today", "In stock, ships on March 4", "Ships in 3–5 days",
         "Pre-order, ships from March 4"),
        ("de", "Auf Lager, Versand heute", "Auf Lager, Versand am 4. März", "Versand in 3–5 Tagen",
         "Vorbestellung, Versand ab 4. März"),
        ("fr", "En stock, expédié aujourd’hui", "En stock, expédié le 4 mars", "Expédié sous 3 à 5 jours",
         "Précommande, expédié à partir du 4 mars"),
        ("es", "En stock, se envía hoy", "En stock, se envía el 4 de marzo", "Se envía en 3–5 días",
         "Reserva, se envía a partir del 4 de marzo"),
        ("pl", "W magazynie, wysyłka dzisiaj", "W magazynie, wysyłka 4 marca", "Wysyłka za 3–5 dni",
         "Przedsprzedaż, wysyłka od 4 marca"),
    ],
)  # fmt: skip
def test_in_several_languages(language, today, later, days, preorder):
    assert wording.in_stock(window(0, 0), TODAY, language) == today
    assert wording.in_stock(window(3, 3), TODAY, language) == later
    assert wording.backorder(window(3, 5), TODAY, language) == days
    assert wording.preorder(window(3, 5), TODAY, language) == preorder


@pytest.mark.parametrize("language", wording.SENTENCES)
def test_every_language_has_every_sentence(language):
    for first, last in ((0, 0), (1, 1), (2, 2), (3, 5), (20, 22), (0, 1)):
        for say in (wording.in_stock, wording.backorder, wording.preorder):
            text = say(window(first, last), TODAY, language)
            assert text[0].isupper()
            assert not {"{", "}"} & set(text)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (b"", "en"),
        (b"de", "de"),
        (b"de-AT,de;q=0.9,en;q=0.8", "de_AT"),
        (b"ja, fr;q=0.5, en;q=0.4", "fr"),
        (b"en;q=0.2, pl;q=0.9", "pl"),
        (b"en-US", "en_US"),
        (b"fr;q=0, es;q=0.1", "es"),
        (b"xx-YY, *", "en"),
        (b"de-ZZ", "de"),
        (b";;q=,,\xff-\xff;q=banana", "en"),
        (b"en-" + b"x" * 5000, "en"),
    ],
)
def test_the_best_language_of_a_header(header, language):
    assert wording.language_of(header) == language


def test_a_region_shows_where_it_matters():
    assert wording.preorder(window(3, 3), TODAY, wording.language_of(b"de-AT")) == "Vorbestellung, Versand ab 4. März"
