"""Simulated order days of the demo shop, and the true probability of the next order.

Time is discrete, in days. A customer begins with a first order. On each later day an active
customer orders, at most once, with probability ``rate * SEASON[day]``; at the end of each day,
including that of the first order, an active customer drops out for good with probability
``dropout``, unobserved. `rate` and `dropout` are drawn per customer, independently of each other
and of everything else in the files: a Pareto/NBD model (Schmittlein, Morrison and Colombo) in
discrete time (Fader, Hardie and Shang), with a season. The two gamma distributions of that model
are discretised, so that the probability of the next order, given the files, is an exact finite sum.

For one type of customer, with x orders, the first on day f, the last on day l, and as-of date T,
let h(d) = (1 - dropout) * (1 - rate * SEASON[d]). Then

* active up to day l with exactly these orders, up to a factor common to all types:
  A = product of h(d) over f < d <= l
      * product of rate / (1 - rate * SEASON[d]) over the order days after f
* no order since, and still active on day T + 1:
  S = (1 - dropout) * product of h(d) over l < d <= T
* no order since, after dropping out at the end of a day s, l <= s <= T:
  G = sum over s of dropout * product of h(d) over l < d <= s
* an order in the horizon, if active on day T + 1: B = 1 - V(T + 1), where
  V(d) = (1 - rate * SEASON[d]) * (dropout + (1 - dropout) * V(d + 1)) is the
  probability of no order from day d on, and V = 1 after the last day

and with the weight w of each type in the population

    P(order in the horizon | history) = sum(w * A * S * B) / sum(w * A * (S + G)).

No forecast from the files is better on average. Sign-up date, country, basket and returns are
independent of the type.

References
----------
Schmittlein, Morrison and Colombo, "Counting Your Customers: Who Are They and
What Will They Do Next?", Management Science 33 (1987).
Fader, Hardie and Shang, "Customer-Base Analysis in a Discrete-Time
Noncontractual Setting", Marketing Science 29 (2010).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.demo.random_streams import Draws, Floats, Ints

# Two years contain two Christmas peaks. They end in midsummer, where the level of sales before and
# after the end is similar.
FIRST_DATE: Final = date(2023, 7, 1)
LAST_DATE: Final = date(2025, 6, 30)
HORIZON_DAYS: Final = 30
DAY_COUNT: Final = (LAST_DATE - FIRST_DATE).days + 1
LAST_DAY: Final = DAY_COUNT - 1

# Mean order rate and dropout rate per day in classes of a gamma distribution, of mean 0.016 and
# shape 1.4, and of mean 0.006 and shape 0.4. The classes end at the quantiles .1 .2 ... .9 .97 1,
# and at .2 .4 .6 .8 .93 1.
ORDER_RATES: Final = (
    0.00161, 0.00396, 0.00616, 0.00847, 0.01101, 0.01393,
    0.01747, 0.02207, 0.02893, 0.04002, 0.06124,
)  # fmt: skip
ORDER_RATE_WEIGHTS: Final = (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.07, 0.03)
DROPOUT_RATES: Final = (0.00006, 0.00061, 0.00226, 0.00619, 0.01421, 0.03327)
DROPOUT_RATE_WEIGHTS: Final = (0.2, 0.2, 0.2, 0.2, 0.13, 0.07)

SHARE_WITHOUT_ORDER: Final = 0.08
GROWTH: Final = 1.5  # new customers per day at the end: 1 + GROWTH times those at the start

_WEEKDAYS: Final = (1.05, 1.0, 1.0, 1.0, 1.05, 1.1, 0.8)  # Monday first
_YEAR: Final = (  # (month, day, factor), interpolated linearly
    (1, 1, 0.85), (1, 31, 0.92), (3, 15, 1.0), (6, 15, 1.0), (8, 1, 0.92), (9, 15, 1.0),
    (11, 1, 1.05), (11, 28, 1.6), (12, 10, 1.8), (12, 18, 1.7), (12, 25, 0.6), (12, 31, 0.85),
)  # fmt: skip
_BLOCK: Final = 1000  # customers per batch, which bounds the memory


def _season(day: int) -> float:
    """Return the seasonal factor of a day; 1 is average."""
    today = FIRST_DATE + timedelta(days=day)
    points = [(date(today.year, month, dom), factor) for month, dom, factor in _YEAR]
    after = next(i for i, (when, _) in enumerate(points) if when >= today)
    until, high = points[after]
    since, low = points[max(after - 1, 0)]
    part = (today - since).days / max((until - since).days, 1)
    return _WEEKDAYS[today.weekday()] * (low + (high - low) * part)


SEASON: Final[Floats] = np.array([_season(day) for day in range(DAY_COUNT + HORIZON_DAYS)])
ARRIVALS: Final[Floats] = SEASON[:DAY_COUNT] * (1 + GROWTH * np.arange(DAY_COUNT) / DAY_COUNT)


class Orders(NamedTuple):
    """Order days, sorted by customer and day.

    Attributes
    ----------
    customer : array of int, shape (n_orders,)
        Position of the customer, from 0; customers without orders are missing.
    day : array of int, shape (n_orders,)
        Days since `FIRST_DATE`, up to the end of the horizon after `LAST_DATE`.
    """

    customer: Ints
    day: Ints

    def until(self, day: int) -> Orders:
        """Return the orders up to and on a day."""
        seen = self.day <= day
        return Orders(self.customer[seen], self.day[seen])


class Forecast(NamedTuple):
    """The truth about the customers with an order on or before an as-of date.

    Attributes
    ----------
    customer : array of int, shape (n_customers,)
        Position of the customer, ascending.
    probability : array of float, shape (n_customers,)
        Probability of an order in the `HORIZON_DAYS` after the as-of date, given the
        customer's orders up to it.
    will_buy : array of bool, shape (n_customers,)
        Whether there was one.
    """

    customer: Ints
    probability: Floats
    will_buy: npt.NDArray[np.bool_]


class _Tables(NamedTuple):
    """Terms of the formula by type, shape (n_types, n_days) or (n_types,)."""

    weight: Floats
    still: Floats  # product of h(d) from the first day to this one
    odds: Floats  # rate / (1 - rate * SEASON), over the highest rate
    silent: Floats  # S, by day of the last order
    gone: Floats  # G, by day of the last order
    buys: Floats  # B


def simulate(draws: Draws, customers: int) -> Orders:
    """Draw the order days of customers, up to the end of the last horizon.

    Parameters
    ----------
    draws : Draws
        Random numbers of the chunk. The first n customers do not depend on the number of
        customers.
    customers : int
        Number of customers, 1 or more.
    """
    rate = np.array(ORDER_RATES)[draws.pick("order rate", customers, ORDER_RATE_WEIGHTS)]
    dropout = draws.pick("dropout rate", customers, DROPOUT_RATE_WEIGHTS)
    first = draws.pick("first order", customers, ARRIVALS)
    last = first + _lifetimes(draws.uniform("lifetime", customers), dropout)
    has_order = draws.uniform("has order", customers) >= SHARE_WITHOUT_ORDER

    found = []
    day = np.arange(SEASON.size)
    for start in range(0, customers, _BLOCK):
        block = slice(start, min(start + _BLOCK, customers))
        chance = rate[block, None] * SEASON
        drawn = draws.uniform("order", chance.size).reshape(chance.shape)
        active = (day > first[block, None]) & (day <= last[block, None])
        ordered = (active & (drawn < chance)) | (day == first[block, None])
        who, when = np.nonzero(ordered & has_order[block, None])
        found.append((who + start, when))
    return Orders(
        np.concatenate([who for who, _ in found]), np.concatenate([when for _, when in found])
    )


def _lifetimes(drawn: Floats, dropout: Ints) -> Ints:
    """Return the days that customers stay active after the first, given their class of dropout."""
    lifetime = np.zeros(drawn.size, dtype=np.int64)
    for position, rate in enumerate(DROPOUT_RATES):
        members = dropout == position
        survival = np.multiply.accumulate(np.full(SEASON.size, 1 - rate))
        lifetime[members] = SEASON.size - np.searchsorted(
            survival[::-1], drawn[members], side="right"
        )
    return lifetime


@cache
def _tables(as_of: int) -> _Tables:
    """Return the terms of the formula at an as-of date."""
    rate = np.repeat(ORDER_RATES, len(DROPOUT_RATES))[:, None]
    dropout = np.tile(DROPOUT_RATES, len(ORDER_RATES))[:, None]
    quiet = 1 - rate * SEASON
    still = (1 - dropout) * quiet

    silent = np.repeat(1 - dropout, as_of + 1, axis=1)
    gone = np.repeat(dropout, as_of + 1, axis=1)
    for day in range(as_of - 1, -1, -1):
        silent[:, day] = still[:, day + 1] * silent[:, day + 1]
        gone[:, day] += still[:, day + 1] * gone[:, day + 1]

    no_order = np.ones(rate.size)
    for day in range(as_of + HORIZON_DAYS, as_of, -1):
        no_order = quiet[:, day] * (dropout[:, 0] + (1 - dropout[:, 0]) * no_order)

    return _Tables(
        weight=np.repeat(ORDER_RATE_WEIGHTS, len(DROPOUT_RATES))
        * np.tile(DROPOUT_RATE_WEIGHTS, len(ORDER_RATES)),
        still=np.multiply.accumulate(still, axis=1),
        odds=rate / ORDER_RATES[-1] / quiet,
        silent=silent,
        gone=gone,
        buys=1 - no_order,
    )


def forecast(orders: Orders, as_of: int) -> Forecast:
    """Return the best possible forecast at an as-of date, and the outcome.

    Parameters
    ----------
    orders : Orders
        All orders of the customers, those after the as-of date included.
    as_of : int
        Day of the as-of date, 0 to `LAST_DAY`.

    Notes
    -----
    See the top of this module for the formula. Summing type by type gives the same result on every
    machine.
    """
    seen = orders.until(as_of)
    starts = np.flatnonzero(np.diff(seen.customer, prepend=-1))
    customer = seen.customer[starts]
    first = seen.day[starts]
    last = seen.day[np.searchsorted(seen.customer, customer, side="right") - 1]

    tables = _tables(as_of)
    buying = np.zeros(starts.size)
    evidence = np.zeros(starts.size)
    for weight, still, odds, silent, gone, buys in zip(*tables, strict=True):
        ordered = np.multiply.reduceat(odds[seen.day], starts) / odds[first]
        active = weight * ordered * still[last] / still[first]
        buying += active * silent[last] * buys
        evidence += active * (silent[last] + gone[last])

    ahead = orders.customer[(orders.day > as_of) & (orders.day <= as_of + HORIZON_DAYS)]
    return Forecast(customer, buying / evidence, np.isin(customer, ahead))
