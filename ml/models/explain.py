"""Explanations of single predictions, in words. Pure: no I/O.

The contribution of a feature family is the change in probability when its values are replaced by
those of a typical customer (a one-at-a-time, baseline-replacement attribution). A reason states
the customer's own values and the direction of the contribution.

Replaced customers stay plausible: undefined values remain undefined, and for customers with one
order day recency equals tenure.
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
    """Return the median of each feature's defined values, shape (len(FEATURES),).

    NaN for a feature that is undefined in all rows.
    """
    typical = np.full(features.shape[1], np.nan)
    defined = ~np.isnan(features).all(axis=0)
    typical[defined] = np.nanmedian(features[:, defined], axis=0)
    return typical


def contributions(
    predict: Callable[[FloatArray], FloatArray],
    features: FloatArray,
    probability: FloatArray,
    typical: FloatArray,
) -> FloatArray:
    """Return the contribution of each feature family to each customer's probability.

    Parameters
    ----------
    predict : callable
        From features, shape (n, len(FEATURES)), to probabilities, shape (n,).
    features : array of float, shape (n, len(FEATURES))
    probability : array of float, shape (n,)
        `predict(features)`.
    typical : array of float, shape (len(FEATURES),)
        Replacement values.

    Returns
    -------
    array of float, shape (n, len(FAMILIES))
        Positive if the customer's own values raise the probability.
    """
    result = np.empty((len(features), len(FAMILIES)))
    for place, family in enumerate(FAMILIES):
        result[:, place] = probability - predict(_replaced(family, features, typical))
    return result


def reasons(
    features: FloatArray, family_contributions: FloatArray, settings: Settings
) -> list[list[str]]:
    """Return the sentences of the strongest contributions of each customer, strongest first.

    Ties have the order of `FAMILIES`; contributions of 0 are left out.
    """
    strength = np.abs(family_contributions)
    strongest_first = np.argsort(-strength, axis=1, kind="stable")[:, : settings.reason_limit]
    families = list(FAMILIES)
    result = []
    for row, values in enumerate(features.tolist()):
        customer = dict(zip(FEATURES, values, strict=True))
        result.append(
            [
                sentence(
                    families[place], customer, raises=bool(family_contributions[row, place] > 0)
                )
                for place in strongest_first[row]
                if strength[row, place] > 0
            ]
        )
    return result


def sentence(family: str, customer: Mapping[str, float], *, raises: bool) -> str:
    """Describe a feature family of a customer, and the direction of its contribution.

    `customer` maps features to days, counts, shares and amounts in whole currency.

    Examples
    --------
    >>> sentence("tenure", {"tenure_days": 12.0}, raises=True)
    'First order was 12 days ago (raises)'
    """
    if family == "recent_activity":
        return _recent_activity(customer, raises=raises) + (RAISES if raises else LOWERS)
    return _DESCRIPTIONS[family](customer) + (RAISES if raises else LOWERS)


def _replaced(family: str, features: FloatArray, typical: FloatArray) -> FloatArray:
    """Return customers with one feature family replaced by the typical values."""
    columns = [FEATURES.index(feature) for feature in FAMILIES[family]]
    own = features[:, columns]
    replaced = features.copy()
    replaced[:, columns] = np.where(np.isnan(own), np.nan, typical[columns])
    one_day = np.isnan(features[:, FEATURES.index("mean_gap_days")])
    recency, tenure = FEATURES.index("recency"), FEATURES.index("tenure_days")
    if family == "recent_activity":
        replaced[one_day, tenure] = typical[recency]
    if family == "tenure":
        replaced[one_day, tenure] = features[one_day, tenure]
    return replaced


def _recent_activity(customer: Mapping[str, float], *, raises: bool) -> str:
    """Describe recent orders if there are several and they raise the probability, else recency."""
    recency, recent = customer["recency"], customer["orders_last_90_days"]
    if raises and recent > 1:
        return f"Ordered {_times(recent)} in the last 90 days, most recently {_ago(recency)}"
    which = "only" if customer["frequency"] == 1 else "last"
    since = f"{_days(recency)} since the {which} order"
    described = since if recency > 0 else "Ordered on the last day of the data"
    gap = customer["mean_gap_days"]
    return (
        described
        if np.isnan(gap)
        else f"{described}, usually every {_days(gap).removeprefix('1 ')}"
    )


def _order_gaps(customer: Mapping[str, float]) -> str:
    mean, longest = customer["mean_gap_days"], customer["longest_gap_days"]
    if np.isnan(mean):
        return "Ordered on one day only"
    if round(mean) == round(longest):
        return f"{_days(mean)} between orders"
    return f"{_days(mean)} between orders on average, {_days(longest)} at the longest"


def _order_count(customer: Mapping[str, float]) -> str:
    count, recent = round(customer["frequency"]), round(customer["orders_last_180_days"])
    if count == 1:
        return "Ordered only once"
    part = {0: "none", count: "all"}.get(recent, f"{recent:,} of them")
    return f"Ordered {_times(count)}, {part} in the last 180 days"


def _tenure(customer: Mapping[str, float]) -> str:
    return f"First order was {_ago(customer['tenure_days'])}"


def _spend(customer: Mapping[str, float]) -> str:
    return f"Spent {_money(customer['monetary'])} in all"


def _basket(customer: Mapping[str, float]) -> str:
    lines = round(customer["lines_per_order"])
    unit = "line" if lines == 1 else "lines"
    return f"Spends {_money(customer['average_order_value'])} per order on {lines:,} {unit}"


def _returns(customer: Mapping[str, float]) -> str:
    share = customer["share_returned"]
    if share == 0:
        return "Never returned anything"
    return f"Returned {'less than 1%' if share < 0.01 else f'{share:.0%}'} of the money spent"


def _days(days: float) -> str:
    whole = round(days)
    return "1 day" if whole == 1 else f"{whole:,} days"


def _ago(days: float) -> str:
    return "on the last day of the data" if round(days) == 0 else f"{_days(days)} ago"


def _money(amount: float) -> str:
    return f"{round(amount):,}"


def _times(count: float) -> str:
    return {1: "once", 2: "twice"}.get(round(count), f"{round(count):,} times")


_DESCRIPTIONS: Final[Mapping[str, Callable[[Mapping[str, float]], str]]] = {
    "order_gaps": _order_gaps,
    "order_count": _order_count,
    "tenure": _tenure,
    "spend": _spend,
    "basket": _basket,
    "returns": _returns,
}
