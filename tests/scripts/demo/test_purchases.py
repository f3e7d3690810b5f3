from datetime import date

import numpy as np
import pytest
from scipy.stats import gamma
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from scripts.demo.purchases import (
    DROPOUT_RATE_WEIGHTS,
    DROPOUT_RATES,
    FIRST_DATE,
    HORIZON_DAYS,
    LAST_DAY,
    ORDER_RATE_WEIGHTS,
    ORDER_RATES,
    SEASON,
    Forecast,
    Orders,
    forecast,
    simulate,
)
from scripts.demo.random_streams import Draws, Floats

AS_OF_DAYS = pytest.mark.parametrize(
    "as_of", [LAST_DAY - HORIZON_DAYS, LAST_DAY], ids=["a horizon before the end", "the end"]
)


@pytest.fixture(scope="module")
def orders() -> Orders:
    return simulate(Draws(seed=7, chunk=0), 20_000)


def forecast_day_by_day(days: list[int], as_of: int) -> float:
    """Follow every type of customer through every day: a hidden Markov model, unrolled."""
    history = set(days)
    active_then_buys = seen = 0.0
    for rate, rate_weight in zip(ORDER_RATES, ORDER_RATE_WEIGHTS, strict=True):
        for dropout, dropout_weight in zip(DROPOUT_RATES, DROPOUT_RATE_WEIGHTS, strict=True):
            active, gone = rate_weight * dropout_weight, 0.0
            active, gone = active * (1 - dropout), active * dropout
            for day in range(days[0] + 1, as_of + 1):
                chance = rate * SEASON[day]
                if day in history:
                    active, gone = active * chance, 0.0
                else:
                    active *= 1 - chance
                active, gone = active * (1 - dropout), gone + active * dropout
            seen += active + gone
            waiting = active
            for day in range(as_of + 1, as_of + 1 + HORIZON_DAYS):
                active_then_buys += waiting * rate * SEASON[day]
                waiting *= (1 - rate * SEASON[day]) * (1 - dropout)
    return active_then_buys / seen


@pytest.mark.parametrize(
    ("rates", "weights", "mean", "shape"),
    [
        pytest.param(ORDER_RATES, ORDER_RATE_WEIGHTS, 0.016, 1.4, id="orders"),
        pytest.param(DROPOUT_RATES, DROPOUT_RATE_WEIGHTS, 0.006, 0.4, id="drop-out"),
    ],
)
def test_rates_are_the_class_means_of_a_gamma_distribution(
    rates: tuple[float, ...], weights: tuple[float, ...], mean: float, shape: float
) -> None:
    ends = gamma.ppf(np.minimum(np.cumsum([0, *weights]), 1), shape, scale=mean / shape)
    # The mean of x over a class is the mass of the same class under shape + 1.
    mass = np.diff(gamma.cdf(ends, shape + 1, scale=mean / shape))

    assert sum(weights) == pytest.approx(1)
    assert rates == pytest.approx(mass * mean / np.array(weights), abs=5.1e-6)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(date(2024, 12, 10), 1.8, id="a Tuesday at the peak before Christmas"),
        pytest.param(date(2024, 3, 15), 1.05, id="a Friday in spring"),
        pytest.param(date(2024, 12, 25), 0.6, id="a Wednesday, Christmas Day"),
        # Halfway from 0.85 on 1 January to 0.92 on 31 January.
        pytest.param(date(2024, 1, 16), 0.885, id="a Tuesday in January"),
        pytest.param(date(2025, 6, 15), 0.8, id="a Sunday in June"),
    ],
)
def test_the_season_is_that_of_the_weekday_times_that_of_the_year(
    day: date, expected: float
) -> None:
    assert SEASON[(day - FIRST_DATE).days] == pytest.approx(expected)


@pytest.mark.parametrize(
    "days",
    [
        pytest.param([0], id="once, on the first day"),
        pytest.param([LAST_DAY], id="once, on the as-of date"),
        pytest.param([650], id="once, eighty days ago"),
        pytest.param([10, 11, 12, 13], id="a few at first, long silent"),
        pytest.param([500, 540, 590, 650, 700, 729], id="steadily until now"),
        pytest.param(list(range(0, LAST_DAY, 6)), id="the whole time, 122 orders"),
    ],
)
def test_the_formula_agrees_with_following_each_type_day_by_day(days: list[int]) -> None:
    orders = Orders(np.zeros(len(days), dtype=np.int64), np.array(days))

    found = forecast(orders, LAST_DAY)

    assert found.customer.tolist() == [0]
    assert found.probability[0] == pytest.approx(forecast_day_by_day(days, LAST_DAY), rel=1e-9)


def test_the_forecast_sees_no_order_after_the_as_of_date() -> None:
    customer = np.array([0, 0, 1, 2, 2])
    day = np.array([100, 401, 401, 100, 431])

    found = forecast(Orders(customer, day), 400)

    # Customer 1 had no order yet; the order of customer 2 is one day too late.
    assert found.customer.tolist() == [0, 2]
    assert found.will_buy.tolist() == [True, False]
    assert found.probability[0] == found.probability[1]


def test_nobody_with_an_order_gives_an_empty_forecast() -> None:
    nobody = Orders(np.array([], dtype=np.int64), np.array([], dtype=np.int64))

    assert forecast(nobody, LAST_DAY).customer.size == 0


@AS_OF_DAYS
def test_customers_buy_as_often_as_their_probability_says(orders: Orders, as_of: int) -> None:
    found = forecast(orders, as_of)
    by_probability = np.argsort(found.probability, kind="stable")

    for tenth in np.array_split(by_probability, 10):
        expected = found.probability[tenth].mean()
        error = np.sqrt(expected * (1 - expected) / tenth.size)
        assert found.will_buy[tenth].mean() == pytest.approx(expected, abs=4 * error)


@AS_OF_DAYS
def test_the_probability_is_calibrated_and_knows_more_than_the_base_rate(
    orders: Orders, as_of: int
) -> None:
    found = forecast(orders, as_of)
    base_rate = np.full(found.will_buy.size, found.will_buy.mean())

    # Four standard errors of the slope are 0.08 with this many customers.
    assert calibration_slope(found) == pytest.approx(1, abs=0.08)
    assert log_loss(found.will_buy, found.probability) < 0.8 * log_loss(found.will_buy, base_rate)


def calibration_slope(found: Forecast) -> float:
    log_odds = np.log(found.probability / (1 - found.probability))
    fitted = LogisticRegression(C=1e9).fit(log_odds[:, None], found.will_buy)
    return float(fitted.coef_[0, 0])


class FixedDraws(Draws):
    """Draws that give one number per stream: half where none is named."""

    def __init__(self, **numbers: float) -> None:
        super().__init__(seed=0, chunk=0)
        self._numbers = numbers

    def uniform(self, name: str, count: int) -> Floats:
        return np.full(count, self._numbers.get(name.replace(" ", "_"), 0.5))


@pytest.mark.parametrize(
    ("lifetime", "days"),
    [
        # The highest drop-out rate leaves 0.967, 0.935, 0.903 of the customers active
        # one, two and three days after the first order.
        pytest.param(0.97, [0], id="gone on the evening of the first order"),
        pytest.param(0.92, [0, 1, 2], id="gone two evenings later"),
    ],
)
def test_an_eager_customer_orders_daily_until_dropping_out(
    lifetime: float, days: list[int]
) -> None:
    draws = FixedDraws(dropout_rate=0.99, first_order=0.0, lifetime=lifetime, order=0.0)

    assert simulate(draws, 1).day.tolist() == days


def test_the_first_customers_are_the_same_however_many_are_drawn(orders: Orders) -> None:
    few = simulate(Draws(seed=7, chunk=0), 2_345)
    same = orders.customer < 2_345

    assert np.array_equal(few.customer, orders.customer[same])
    assert np.array_equal(few.day, orders.day[same])


def test_chunks_and_seeds_do_not_share_customers(orders: Orders) -> None:
    for draws in (Draws(seed=7, chunk=1), Draws(seed=8, chunk=0)):
        other = simulate(draws, 100)
        assert not np.array_equal(other.day[:100], orders.day[:100])


def test_uniform_numbers_are_the_upper_bits_of_pcg64() -> None:
    key = (3, int.from_bytes(b"order", "big"))
    words = np.random.SeedSequence(5, spawn_key=key).generate_state(4, np.uint64).tolist()

    drawn = Draws(seed=5, chunk=3).uniform("order", 6)

    assert drawn.tolist() == [bits_of / 2**53 for bits_of in pcg64_upper_bits(words, 6)]


def pcg64_upper_bits(words: list[int], count: int) -> list[int]:
    """Run PCG XSL RR 128/64 as O'Neill defines it (HMC-CS-2014-0905) in plain integers."""
    whole, half = (1 << 128) - 1, (1 << 64) - 1
    step = (((words[2] << 64 | words[3]) << 1) | 1) & whole
    state = (step + (words[0] << 64 | words[1])) & whole
    state = (state * 0x2360ED051FC65DA44385DF649FCCF645 + step) & whole
    found = []
    for _ in range(count):
        state = (state * 0x2360ED051FC65DA44385DF649FCCF645 + step) & whole
        mixed, turn = (state >> 64) ^ (state & half), state >> 122
        found.append(((mixed >> turn | mixed << (64 - turn)) & half) >> 11)
    return found


def test_a_stream_goes_on_where_it_stopped() -> None:
    one, two = Draws(seed=1, chunk=0), Draws(seed=1, chunk=0)

    pieces = [one.uniform("a", 3), one.uniform("b", 2), one.uniform("a", 4)]

    assert np.array_equal(np.concatenate([pieces[0], pieces[2]]), two.uniform("a", 7))


def test_a_pick_is_as_likely_as_its_weight() -> None:
    picked = Draws(seed=1, chunk=0).pick("colour", 40_000, [2.0, 0.0, 6.0])

    # A quarter, nothing, three quarters; four standard errors are 0.0087.
    assert np.bincount(picked, minlength=3) / 40_000 == pytest.approx([0.25, 0, 0.75], abs=0.009)
