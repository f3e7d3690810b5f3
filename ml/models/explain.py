"""Why a customer's probability is what it is, in words. Pure: no I/O.

The values of one family of features (lately, rhythm, orders, ...) are replaced by those of a
typical customer. If the probability falls, the customer's own values had raised it. The sentence
states the customer's values; its last word, in brackets, the direction.

Customers are kept possible: what is not defined for one stays so, and who ordered on one day
only has one date, so that recency and tenure move together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from ml.data.windows import FloatArray
from ml.settings import FAMILIES, FEATURES, Settings

RAISES: Final = " (raises)"
LOWERS: Final = " (lowers)"


def typical_customer(features: FloatArray) -> FloatArray:
    """Return the median of each feature.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Rows that the model was fitted on.

    Returns
    -------
    array of float, shape (len(FEATURES),)
        Median of the values that are defined; NaN where none is.
    """
    typical = np.full(features.shape[1], np.nan)
    defined = ~np.isnan(features).all(axis=0)
    typical[defined] = np.nanmedian(features[:, defined], axis=0)
    return typical


def moves(
    predict: Callable[[FloatArray], FloatArray],
    features: FloatArray,
    probability: FloatArray,
    typical: FloatArray,
) -> FloatArray:
    """Return by how much each family of features moves each customer's probability.

    Parameters
    ----------
    predict : callable
        From features, shape (n, len(FEATURES)), to probabilities, shape (n,).
    features : array of float, shape (n, len(FEATURES))
        Customers as they are. What is not defined for a customer stays so.
    probability : array of float, shape (n,)
        `predict(features)`.
    typical : array of float, shape (len(FEATURES),)
        Values that replace a family's.

    Returns
    -------
    array of float, shape (n, len(FAMILIES))
        Above 0 where the customer's own values raise the probability.
    """
    result = np.empty((len(features), len(FAMILIES)))
    for place, family in enumerate(FAMILIES):
        result[:, place] = probability - predict(_made_typical(family, features, typical))
    return result


def reasons(features: FloatArray, family_moves: FloatArray, settings: Settings) -> list[list[str]]:
    """Return the strongest reasons of each customer as sentences.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Customers as they are.
    family_moves : array of float, shape (n, len(FAMILIES))
        As `moves` returns them.
    settings : Settings
        `reason_limit`.

    Returns
    -------
    list of list of str, length n
        Strongest first; equally strong ones in the order of `FAMILIES`. Fewer where fewer
        families move the probability at all.
    """
    strength = np.abs(family_moves)
    strongest_first = np.argsort(-strength, axis=1, kind="stable")[:, : settings.reason_limit]
    families = list(FAMILIES)
    result = []
    for row, values in enumerate(features.tolist()):
        customer = dict(zip(FEATURES, values, strict=True))
        result.append(
            [
                sentence(families[place], customer, raises=bool(family_moves[row, place] > 0))
                for place in strongest_first[row]
                if strength[row, place] > 0
            ]
        )
    return result


def sentence(family: str, customer: Mapping[str, float], *, raises: bool) -> str:
    """Say what a family of features is for a customer, and which way it moves the chance.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    customer : mapping of str to float
        The customer's features; days, counts, shares and whole currency.
    raises : bool
        Whether these values raise the probability; else they lower it.

    Returns
    -------
    str
        Ends in `(raises)` or `(lowers)`.

    Examples
    --------
    >>> sentence("tenure", {"tenure_days": 12.0}, raises=True)
    'First order was 12 days ago (raises)'
    """
    if family == "lately":
        return _lately(customer, raises=raises) + (RAISES if raises else LOWERS)
    return _SAYING[family](customer) + (RAISES if raises else LOWERS)


def _made_typical(family: str, features: FloatArray, typical: FloatArray) -> FloatArray:
    """Return customers with one family of features replaced by a typical customer's."""
    columns = [FEATURES.index(feature) for feature in FAMILIES[family]]
    own = features[:, columns]
    replaced = features.copy()
    replaced[:, columns] = np.where(np.isnan(own), np.nan, typical[columns])
    one_day = np.isnan(features[:, FEATURES.index("mean_gap_days")])
    recency, tenure = FEATURES.index("recency"), FEATURES.index("tenure_days")
    if family == "lately":
        replaced[one_day, tenure] = typical[recency]
    if family == "tenure":
        replaced[one_day, tenure] = features[one_day, tenure]
    return replaced


def _lately(customer: Mapping[str, float], *, raises: bool) -> str:
    """Say how busy the customer was if that speaks for an order, else how long silent."""
    recency, recent = customer["recency"], customer["orders_last_90_days"]
    if raises and recent > 1:
        return f"Ordered {_times(recent)} in the last 90 days, most recently {_ago(recency)}"
    which = "only" if customer["frequency"] == 1 else "last"
    silent = f"{_days(recency)} since the {which} order"
    said = silent if recency > 0 else "Ordered on the last day of the data"
    gap = customer["mean_gap_days"]
    return said if np.isnan(gap) else f"{said}, usually every {_days(gap).removeprefix('1 ')}"


def _rhythm(customer: Mapping[str, float]) -> str:
    """Say how far apart the customer's orders are."""
    mean, longest = customer["mean_gap_days"], customer["longest_gap_days"]
    if np.isnan(mean):
        return "Ordered on one day only"
    if round(mean) == round(longest):
        return f"{_days(mean)} between orders"
    return f"{_days(mean)} between orders on average, {_days(longest)} at the longest"


def _orders(customer: Mapping[str, float]) -> str:
    """Say how often the customer ordered, and how much of that is recent."""
    count, recent = round(customer["frequency"]), round(customer["orders_last_180_days"])
    if count == 1:
        return "Ordered only once"
    part = {0: "none", count: "all"}.get(recent, f"{recent:,} of them")
    return f"Ordered {_times(count)}, {part} in the last 180 days"


def _tenure(customer: Mapping[str, float]) -> str:
    """Say when the customer came."""
    return f"First order was {_ago(customer['tenure_days'])}"


def _spend(customer: Mapping[str, float]) -> str:
    """Say what the customer spent, returns taken off."""
    return f"Spent {_money(customer['monetary'])} in all"


def _basket(customer: Mapping[str, float]) -> str:
    """Say how large the customer's orders are."""
    lines = round(customer["lines_per_order"])
    unit = "line" if lines == 1 else "lines"
    return f"Spends {_money(customer['average_order_value'])} per order on {lines:,} {unit}"


def _returns(customer: Mapping[str, float]) -> str:
    """Say how much the customer sent back."""
    share = customer["share_returned"]
    if share == 0:
        return "Never returned anything"
    return f"Returned {'less than 1%' if share < 0.01 else f'{share:.0%}'} of the money spent"


def _days(days: float) -> str:
    """Count days in words."""
    whole = round(days)
    return "1 day" if whole == 1 else f"{whole:,} days"


def _ago(days: float) -> str:
    """Say when something was, seen from the as-of date."""
    return "on the last day of the data" if round(days) == 0 else f"{_days(days)} ago"


def _money(amount: float) -> str:
    """Write an amount in whole currency."""
    return f"{round(amount):,}"


def _times(count: float) -> str:
    """Count occasions in words."""
    return {1: "once", 2: "twice"}.get(round(count), f"{round(count):,} times")


_SAYING: Final[Mapping[str, Callable[[Mapping[str, float]], str]]] = {
    "rhythm": _rhythm,
    "orders": _orders,
    "tenure": _tenure,
    "spend": _spend,
    "basket": _basket,
    "returns": _returns,
}
