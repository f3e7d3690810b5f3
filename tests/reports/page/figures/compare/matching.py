"""Whether a text shows a value, within its precision.

A kind is a word, and for numbers the decimals that must be shown: `money2` is an amount with two
decimals, `share1` a percentage with one. Nothing of the project is used to write a number.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

DASH = "\u2013"
MINUS = "\u2212"
SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹", None: ""}
NUMBER = re.compile(
    r"(?P<minus>\u2212?)(?P<before>\D*?)(?P<digits>[\d,]+)(?P<rest>\.\d+)?(?P<after>\D*)"
)
GROUPED = re.compile(r"\d{1,3}(,\d{3})*")
AFTER = {"share": "%", "days": " days", "times": " ×"}  # noqa: RUF001  times
PLAIN = ("whole", "number")


def clean(text: str) -> str:
    """Return a text as a browser shows it, without e-mail addresses."""
    without = re.sub(r"[^\s@<>\"'(),:;]+@[^\s@<>\"'(),:;]+", "(e-mail hidden)", text)
    return " ".join(without.split())


def says(shown: str, kind: str, value: Any, currency: str | None) -> bool:
    """Return whether the text shows the value; a dash is a missing value."""
    word, decimals = re.fullmatch(r"([a-z_]+)(\d?)", kind).groups()
    if word == "text":
        return shown == (DASH if value is None else clean(str(value)))
    if value is None:
        return shown == DASH
    if word in DAYS:
        return shown == DAYS[word](*map(int, value[:10].split("-")))
    return _says_number(shown, word, int(decimals or 0), value, currency)


DAYS = {
    "day": lambda year, month, day: f"{day} {calendar.month_name[month]} {year}",
    "short_day": lambda year, month, day: f"{day} {calendar.month_abbr[month]} {year}",
    "month": lambda year, month, _: f"{calendar.month_abbr[month]} {year}",
}


def _says_number(shown: str, word: str, decimals: int, value: float, currency: str | None) -> bool:
    found = NUMBER.fullmatch(shown)
    if not found or not GROUPED.fullmatch(found["digits"]):
        return False
    if word == "share":
        decimals = 1 if not decimals and 0 < abs(value) < 0.01 else decimals
        value = 100 * value
    told = float(found["digits"].replace(",", "") + (found["rest"] or ""))
    told = -told if found["minus"] else told
    is_exact = word in {"whole", "count"} and float(value).is_integer()
    room = 0 if is_exact else 0.5000001 / 10**decimals + 1e-12 * abs(value)
    return (
        len(found["rest"] or ".") - 1 == decimals
        and abs(told - value) <= room
        and not (found["minus"] and told == 0)
        and _has_unit(word, found, told, currency)
    )


def _has_unit(word: str, found: re.Match[str], told: float, currency: str | None) -> bool:
    before = SIGNS.get(currency, f"{currency} ") if word == "money" else ""
    if word == "count":
        return not found["before"] and _has_noun(found["after"], told)
    return found["before"] == before and found["after"] == AFTER.get(word, "")


def _has_noun(after: str, told: float) -> bool:
    """Return whether a noun follows, in the plural where it must be."""
    return bool(re.fullmatch(r"( [a-z-]+)+", after)) and after.endswith("s") == (told != 1)


def between(shown: str, kind: str, low: float | None, high: float | None, marts: Any) -> bool:
    """Return whether the text shows both ends, with one unit; or is empty without an interval."""
    if low is None or high is None:
        return shown in ("", DASH)
    start, _, end = shown.partition(" to ")
    unit = AFTER.get(kind.rstrip("0123456789"), "")
    return says(start + unit, kind, low, marts.currency) and says(end, kind, high, marts.currency)


def unlike(shown: Any, expected: Any, what: str) -> Iterator[str]:
    """Yield a complaint where two sequences of plain values are not the same."""
    for place, (one, other) in enumerate(zip_longest(shown, expected, fillvalue="nothing")):
        if one != other:
            yield f"{what}, place {place}: the page has {one!r}, SQL has {other!r}"
            return
