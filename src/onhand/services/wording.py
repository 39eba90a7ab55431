"""A promise in the shopper's words. Dates and plurals by Babel (Unicode CLDR), the sentences here."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from onhand.domain.shipping import Window

DAYS_TOLD_MAX = 14  # further away, a date says more than a number of days
DEFAULT = "en"
DAY_AND_MONTH = "MMMMd"
ACCEPTED_MAX_CHARS = 200


class Sentences(NamedTuple):
    """today, tomorrow and on say when what is in stock ships; the rest is for what is still to come.

    days: by plural category (CLDR) of the last day. {from}, {to}: numbers of days; {date}: day and month.
    """

    in_stock: str
    preorder: str
    today: str
    tomorrow: str
    on: str
    since: str
    day: Mapping[str, str]
    days: Mapping[str, str]


SENTENCES = {
    "en": Sentences(
        "In stock, {}",
        "Pre-order, {}",
        "ships today",
        "ships tomorrow",
        "ships on {date}",
        "ships from {date}",
        {"one": "ships in {to} day", "other": "ships in {to} days"},
        {"other": "ships in {from}–{to} days"},
    ),
    "de": Sentences(
        "Auf Lager, {}",
        "Vorbestellung, {}",
        "Versand heute",
        "Versand morgen",
        "Versand am {date}",
        "Versand ab {date}",
        {"one": "Versand in {to} Tag", "other": "Versand in {to} Tagen"},
        {"other": "Versand in {from}–{to} Tagen"},
    ),
    "fr": Sentences(
        "En stock, {}",
        "Précommande, {}",
        "expédié aujourd’hui",
        "expédié demain",
        "expédié le {date}",
        "expédié à partir du {date}",
        {"one": "expédié sous {to} jour", "other": "expédié sous {to} jours"},
        {"other": "expédié sous {from} à {to} jours"},
    ),
    "es": Sentences(
        "En stock, {}",
        "Reserva, {}",
        "se envía hoy",
        "se envía mañana",
        "se envía el {date}",
        "se envía a partir del {date}",
        {"one": "se envía en {to} día", "other": "se envía en {to} días"},
        {"other": "se envía en {from}–{to} días"},
    ),
    "it": Sentences(
        "Disponibile, {}",
        "Preordine, {}",
        "spedizione oggi",
        "spedizione domani",
        "spedizione il {date}",
        "spedizione dal {date}",
        {"one": "spedizione in {to} giorno", "other": "spedizione in {to} giorni"},
        {"other": "spedizione in {from}–{to} giorni"},
    ),
    "nl": Sentences(
        "Op voorraad, {}",
        "Pre-order, {}",
        "vandaag verzonden",
        "morgen verzonden",
        "verzonden op {date}",
        "verzonden vanaf {date}",
        {"one": "verzonden over {to} dag", "other": "verzonden over {to} dagen"},
        {"other": "verzonden over {from}–{to} dagen"},
    ),
    "pl": Sentences(
        "W magazynie, {}",
        "Przedsprzedaż, {}",
        "wysyłka dzisiaj",
        "wysyłka jutro",
        "wysyłka {date}",
        "wysyłka od {date}",
        {"one": "wysyłka za {to} dzień", "other": "wysyłka za {to} dni"},
        {"other": "wysyłka za {from}–{to} dni"},
    ),
    "pt": Sentences(
        "Em stock, {}",
        "Pré-venda, {}",
        "enviado hoje",
        "enviado amanhã",
        "enviado a {date}",
        "enviado a partir de {date}",
        {"one": "enviado em {to} dia", "other": "enviado em {to} dias"},
        {"other": "enviado em {from}–{to} dias"},
    ),
    "sv": Sentences(
        "I lager, {}",
        "Förhandsbokning, {}",
        "skickas i dag",
        "skickas i morgon",
        "skickas den {date}",
        "skickas från den {date}",
        {"one": "skickas om {to} dag", "other": "skickas om {to} dagar"},
        {"other": "skickas om {from}–{to} dagar"},
    ),
}


@lru_cache(maxsize=1_024)
def language_of(accept_language: bytes) -> str:
    """The best of our languages for an Accept-Language header, with its region where that changes the date ("en-US").

    English when there is none, as for a header that makes no sense (RFC 9110, 12.5.4).
    """
    ranges = []
    for place, part in enumerate(accept_language[:ACCEPTED_MAX_CHARS].decode("latin-1").split(",")):
        name, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        if 0 < weight <= 1:
            ranges.append((-weight, place, name.strip()))
    for _, _, name in sorted(ranges):
        locale = _locale(name)
        if locale is not None:
            return locale
    return DEFAULT


def _locale(name: str) -> str | None:
    language, _, region = name.replace("_", "-").partition("-")
    if language.lower() not in SENTENCES:
        return None
    try:
        name = f"{language.lower()}_{region.upper()}" if region else language.lower()
        return str(Locale.parse(name, resolve_likely_subtags=False))
    except (UnknownLocaleError, ValueError):
        return language.lower()


def in_stock(window: Window, today: date, language: str) -> str:
    """In stock, ships today."""
    return _sentence(lambda words: words.in_stock, window, today, language, on_a_day=True)


def backorder(window: Window, today: date, language: str) -> str:
    """Ships in 3-5 days."""
    return _sentence(lambda _: "{}", window, today, language)


def preorder(window: Window, today: date, language: str) -> str:
    """Pre-order, ships from 4 March."""
    words = SENTENCES[language[:2]]
    return words.preorder.format(words.since.format(date=_date(window.first, today, language)))


def _sentence(
    frame: Callable[[Sentences], str], window: Window, today: date, language: str, *, on_a_day: bool = False
) -> str:
    words = SENTENCES[language[:2]]
    when = _when(words, window, today, language, on_a_day=on_a_day)
    text = frame(words).format(when)
    return text[0].upper() + text[1:]


def _when(words: Sentences, window: Window, today: date, language: str, *, on_a_day: bool) -> str:
    first, last = (window.first - today).days, (window.last - today).days
    if last <= 0:
        return words.today
    if first == last == 1:
        return words.tomorrow
    if on_a_day and first == last:
        return words.on.format(date=_date(window.last, today, language))
    if last > DAYS_TOLD_MAX:
        return words.since.format(date=_date(window.first, today, language))
    if first in (0, last):  # From today on to a day: that day is what can be promised.
        return _plural(words.day, last, language).format(to=last)
    return _plural(words.days, last, language).format(**{"from": first, "to": last})


def _plural(forms: Mapping[str, str], count: int, language: str) -> str:
    return forms.get(Locale.parse(language).plural_form(count)) or forms["other"]


def _date(day: date, today: date, language: str) -> str:
    """As it is written in that place; without a region English is not American: 4 March."""
    locale = "en_GB" if language == DEFAULT else language
    if day.year != today.year:
        return format_date(day, "long", locale=locale)
    return format_skeleton(DAY_AND_MONTH, day, locale=locale)
