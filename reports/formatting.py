"""The formats of numbers, money, days and names on the page. Pure.

This is their one home: `browser_formats` gives the same formats to `static/scripts/format.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reports.marts.suppressed import Count, Figure, Suppressed

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹"}
DASH = "–"  # noqa: RUF001  the en dash means "no value" in every table
MINUS = "\u2212"
MODEL_NAMES = {
    "hist_gradient_boosting": "gradient boosting",
    "rfm_quartiles": "RFM quartiles",
    "bg_nbd": "BG/NBD",
}
_EMAIL = re.compile(r"(?:\"[^\"]*\"|[^\s@<>\"'(),:;]+)@[^\s@<>\"'(),:;]+")


ROUNDING = 1e-9
"""Added before rounding down: 0.285 is stored a little below, and is rounded up all the same."""


@dataclass(frozen=True)
class NumberFormat:
    r"""Write numbers with thousands separators, halves rounded away from zero.

    Parameters
    ----------
    decimals : int
        Digits after the point.
    prefix, suffix : str
        Texts before and after the digits; a minus sign is placed before the prefix.
    factor : int
        The number is multiplied by it: 100 for percentages.

    Examples
    --------
    >>> NumberFormat(decimals=1, suffix="%", factor=100)(0.256)
    '25.6%'
    >>> ascii(NumberFormat(prefix="$")(-1234.5))
    "'\\u2212$1,235'"
    """

    decimals: int = 0
    prefix: str = ""
    suffix: str = ""
    factor: int = 1

    def __call__(self, value: Figure | None) -> str:
        """Write a number; a dash where it is missing, a word where it is withheld."""
        if value is None:
            return DASH
        if isinstance(value, Suppressed):
            return value.value
        scaled = int(abs(value * self.factor) * 10**self.decimals + 0.5 + ROUNDING)
        digits = f"{scaled / 10**self.decimals:,.{self.decimals}f}"
        sign = MINUS if value < 0 and scaled else ""
        return f"{sign}{self.prefix}{digits}{self.suffix}"


@dataclass(frozen=True)
class Money:
    r"""Write amounts in one currency; without a currency as bare numbers.

    Parameters
    ----------
    currency : str or None
        ISO 4217 code of the reporting currency.

    Examples
    --------
    >>> ascii(Money("GBP")(-1234.5))
    "'\\u2212\\xa31,235'"
    >>> Money("CHF")(1234.5, decimals=2)
    'CHF\xa01,234.50'
    >>> Money(None)(1234)
    '1,234'
    """

    currency: str | None

    @property
    def prefix(self) -> str:
        """The text before the digits."""
        if not self.currency:
            return ""
        return SYMBOLS.get(self.currency, f"{self.currency}\u00a0")

    @property
    def unit(self) -> str:
        """The unit as an axis or a column heading shows it."""
        return self.currency or "shop's currency"

    def __call__(self, value: Figure | None, *, decimals: int = 0) -> str:
        """Write an amount; a dash where it is missing, a word where it is withheld."""
        return NumberFormat(decimals, prefix=self.prefix)(value)


def page_numbers(money: Money) -> dict[str, NumberFormat]:
    """Return the number formats of single customers, by the name that columns refer to."""
    return {
        "whole": NumberFormat(),
        "score": NumberFormat(),
        "money": NumberFormat(decimals=2, prefix=money.prefix),
        "share": NumberFormat(decimals=1, suffix="%", factor=100),
        "days": NumberFormat(decimals=1, suffix=" days"),
    }


def browser_formats(money: Money) -> dict[str, Any]:
    """Return all formats as JSON values for `static/scripts/format.js`."""
    return {
        "numbers": {name: asdict(one) for name, one in page_numbers(money).items()},
        "dash": DASH,
        "minus": MINUS,
        "rounding": ROUNDING,
        "months": [name[:3] for name in MONTHS],
    }


def number(value: Figure | None, *, decimals: int = 0) -> str:
    """Write a number without a unit.

    Examples
    --------
    >>> number(12345.5)
    '12,346'
    >>> number(-0.2)
    '0'
    >>> number(Suppressed.SMALL)
    'under 5'
    """
    return NumberFormat(decimals)(value)


def interval(low: float | None, high: float | None, *, decimals: int = 0) -> str:
    """Write the ends of an interval; a dash where one is missing.

    Examples
    --------
    >>> interval(0.5301, 0.5604, decimals=3)
    '0.530 to 0.560'
    """
    if low is None or high is None:
        return DASH
    return f"{number(low, decimals=decimals)} to {number(high, decimals=decimals)}"


def percent(share: Figure | None, *, decimals: int = 0) -> str:
    """Write a share of 1 as a percentage; one below 1% gets a decimal.

    Examples
    --------
    >>> percent(0.256)
    '26%'
    >>> percent(0.004)
    '0.4%'
    """
    if isinstance(share, float | int) and decimals == 0 and 0 < abs(share) < 0.01:
        decimals = 1
    return NumberFormat(decimals, suffix="%", factor=100)(share)


def count(value: Count, one: str, many: str | None = None) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> count(1, "order"), count(1200, "order")
    ('1 order', '1,200 orders')
    >>> count(Suppressed.SMALL, "customer"), count(Suppressed.WITHHELD, "customer")
    ('under 5 customers', 'a withheld number of customers')
    """
    if value is Suppressed.WITHHELD:
        return f"a withheld number of {many or one + 's'}"
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def day(date: str | None) -> str:
    """Write a `YYYY-MM-DD` day in words.

    Examples
    --------
    >>> day("2011-12-09")
    '9 December 2011'
    """
    if not date:
        return DASH
    year, month, day_of_month = date[:10].split("-")
    return f"{int(day_of_month)} {MONTHS[int(month) - 1]} {year}"


def short_day(date: str | None) -> str:
    """Write a `YYYY-MM-DD` day with a short month.

    Examples
    --------
    >>> short_day("2011-12-09")
    '9 Dec 2011'
    """
    if not date:
        return DASH
    year, month, day_of_month = date[:10].split("-")
    return f"{int(day_of_month)} {MONTHS[int(month) - 1][:3]} {year}"


def month(date: str | None) -> str:
    """Write the month of a day.

    Examples
    --------
    >>> month("2011-12-01")
    'Dec 2011'
    """
    return DASH if not date else short_day(date).split(" ", 1)[1]


def plain(name: str) -> str:
    """Write a name from code as words.

    Examples
    --------
    >>> plain("logistic_regression")
    'logistic regression'
    """
    return name.replace("_", " ")


def model_name(name: str) -> str:
    """Write the name of a method as words.

    Examples
    --------
    >>> model_name("hist_gradient_boosting"), model_name("base_rate"), model_name("bg_nbd")
    ('gradient boosting', 'base rate', 'BG/NBD')
    """
    return MODEL_NAMES.get(name, plain(name))


def capital(text: str) -> str:
    """Capitalise the first letter only.

    Examples
    --------
    >>> capital("recency rule"), capital("RFM quartiles")
    ('Recency rule', 'RFM quartiles')
    """
    return text[:1].upper() + text[1:]


def slug(name: str) -> str:
    """Write a name so that it fits a file name.

    Examples
    --------
    >>> slug("At-Risk"), slug("Cannot Lose Them")
    ('at-risk', 'cannot-lose-them')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def public_id(customer_id: str, email_numbers: Mapping[str, int]) -> str:
    """Write a customer's id without e-mail addresses; an id that is one becomes a number.

    Parameters
    ----------
    customer_id : str
        Any id.
    email_numbers : mapping of str to int
        From `read_email_numbers`; 0 is written for an id that is not in it.

    Examples
    --------
    >>> numbers = {"eve@example.com": 3}
    >>> public_id("17850", numbers), public_id("eve@example.com", numbers)
    ('17850', '(e-mail hidden) 3')
    """
    shown = without_email(customer_id)
    return shown if shown == customer_id else f"{shown} {email_numbers.get(customer_id, 0)}"


def without_email(text: str) -> str:
    """Hide the e-mail addresses of a text.

    Examples
    --------
    >>> without_email("Eve <eve@example.com>")
    'Eve <(e-mail hidden)>'
    >>> without_email('"eve roe"@example.com')
    '(e-mail hidden)'
    """
    return _EMAIL.sub("(e-mail hidden)", text) if "@" in text else text


def script_json(value: Any) -> str:
    r"""Write JSON that is safe inside a `<script>` element and as a script.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
