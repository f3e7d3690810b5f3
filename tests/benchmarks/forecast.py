"""Judge the forecast on what followed, beside the textbook's models of repeat buying.

At three cut-offs (30, 60 and 90 days before the last sale) the main job runs on the file with
`--as-of`, and its published predictions are held against the orders of the 30 days after. Each
peer sees the same history and no more:

* base rate: the share of customers who ordered in the 30 days before the cut-off;
* RFM quartiles: logistic regression on quartiles of recency, frequency and money, as of 30 days
  before the cut-off, with what followed as the label;
* BG/NBD: Fader, Hardie and Lee, "Counting your customers the easy way", Marketing Science 24,
  2005;
* Pareto/NBD: Schmittlein, Morrison and Colombo, "Counting your customers", Management Science
  33, 1987; the likelihood as in Fader and Hardie, "A note on deriving the Pareto/NBD model", 2005.

The interval is that of a peer's log loss less ours: above zero, the forecast is better. Run it
with `python -m tests.benchmarks.forecast FILE`; without a file it takes the Online Retail file
that TILLSIGHT_ONLINE_RETAIL names.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.benchmarks.run import TILLSIGHT

Array = npt.NDArray[np.float64]

HORIZON = 30
CUTS = (30, 60, 90)
WEEK = 7.0
MEASURES = ("AUC", "avg. prec.", "log loss", "Brier", "ECE", "lift")
"""Area under the ROC curve; lift of the best-ranked tenth; calibration over ten equal bins."""


@dataclass(frozen=True)
class Shop:
    """Kept lines and orders; days are counted from the first of January 1970."""

    lines: pd.DataFrame
    orders: pd.DataFrame
    last_day: int


@dataclass(frozen=True)
class Histories:
    """Repeat order days, and weeks from the first order to the last and to the cut-off."""

    repeats: Array
    last: Array
    age: Array


def tillsight(*words: str | Path) -> None:
    """Run a command, without what the environment says about settings."""
    clean = {name: value for name, value in os.environ.items() if "TILLSIGHT" not in name}
    command = [TILLSIGHT, *words]
    run = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"tillsight {words[0]} failed:\n{run.stdout}{run.stderr}")


def read_shop(file: Path, format_options: list[str], folder: Path) -> Shop:
    """Build the whole file and take the lines that are kept."""
    tillsight("load", file, *format_options, "--data-dir", folder)
    tillsight("build", "--data-dir", folder)
    with closing(sqlite3.connect(folder / "work.db")) as work:
        lines = pd.read_sql(
            "select customer_id, order_id, invoice_day as day, amount_minor"
            " from int_transactions_classified where reason = 'kept'",
            work,
        )
    by_order = lines.groupby(["customer_id", "order_id"])
    orders = by_order.agg(day=("day", "min"), largest=("amount_minor", "max")).reset_index()
    return Shop(lines, orders[orders["largest"] > 0], int(lines["day"].max()))


def read_forecast(file: Path, format_options: list[str], cut: int, folder: Path) -> pd.Series:
    """Run the main job as of a day, and read what it published."""
    day = date(1970, 1, 1) + timedelta(days=cut)
    tillsight("run", file, *format_options, "--as-of", day.isoformat(), "--data-dir", folder)
    with closing(sqlite3.connect(folder / "marts.db")) as marts:
        rows = pd.read_sql("select customer_id, purchase_probability from predictions", marts)
        if rows.empty:
            why = marts.execute("select message from model_runs where is_latest = 1").fetchone()
            raise SystemExit(f"no forecast as of {day}: {why[0] if why else 'no model was tried'}")
    return rows.set_index("customer_id")["purchase_probability"].sort_index()


def followed(shop: Shop, cut: int) -> pd.Series:
    """Tell of each customer known at the cut-off whether an order followed within the horizon."""
    known = np.unique(shop.orders.loc[shop.orders["day"] <= cut, "customer_id"])
    after = shop.orders["day"].between(cut + 1, cut + HORIZON)
    return pd.Series(np.isin(known, shop.orders.loc[after, "customer_id"]).astype(float), known)


def histories(shop: Shop, cut: int) -> Histories:
    """Count order days up to the cut-off."""
    days = shop.orders.loc[shop.orders["day"] <= cut, ["customer_id", "day"]].drop_duplicates()
    seen = days.groupby("customer_id")["day"].agg(["size", "min", "max"]).sort_index()
    count, first, last = seen.to_numpy(float).T
    return Histories(count - 1, (last - first) / WEEK, (cut - first) / WEEK)


def base_rate(shop: Shop, cut: int) -> Array:
    """Give everybody the share of those who ordered in the window before."""
    return np.full(followed(shop, cut).size, followed(shop, cut - HORIZON).mean())


def rfm_quartiles(shop: Shop, cut: int) -> Array:
    """Learn from the window before what each quartile is worth, and apply it."""

    def quartiles(day: int) -> Array:
        orders = shop.orders[shop.orders["day"] <= day].groupby("customer_id")["day"]
        money = shop.lines[shop.lines["day"] <= day].groupby("customer_id")["amount_minor"].sum()
        values = pd.DataFrame({"recency": -orders.max(), "frequency": orders.size()}).sort_index()
        values["monetary"] = money.reindex(values.index)
        ranks = values.rank(method="first").to_numpy()
        groups = np.ceil(4 * ranks / len(values))
        return np.hstack([groups == group for group in (2, 3, 4)]).astype(float)

    before = quartiles(cut - HORIZON), followed(shop, cut - HORIZON).to_numpy()
    model = LogisticRegression(max_iter=1_000).fit(*before)
    return np.asarray(model.predict_proba(quartiles(cut))[:, 1])


def fitted(cost: Callable[[Histories, Array], Array], seen: Histories) -> Array:
    """Return the four parameters of the highest likelihood; equal histories are counted once."""
    rows = np.column_stack([seen.repeats, seen.last, seen.age])
    unlike, count = np.unique(rows, axis=0, return_counts=True)
    distinct = Histories(*unlike.T)

    def mean_cost(logs: Array) -> float:
        # a touch of a pull to 1, for shops in which a parameter has no optimum
        return float(np.average(cost(distinct, np.exp(logs)), weights=count) + 1e-5 * logs @ logs)

    starts = ([0.0, 0.0, 0.0, 0.0], [-0.5, 1.5, -0.5, 1.0])
    found = [minimize(mean_cost, start, bounds=[(-9.0, 9.0)] * 4) for start in starts]
    return np.exp(min(found, key=lambda end: float(end.fun)).x)


def log_odds_of_lost(seen: Histories, p: Array) -> Array:
    """BG/NBD: the odds that the last order was followed by dropping out."""
    r, alpha, a, b = p
    again = np.maximum(seen.repeats, 1)
    waited = (r + again) * np.log((alpha + seen.age) / (alpha + seen.last))
    return np.where(seen.repeats > 0, np.log(a / (b + again - 1)) + waited, -np.inf)


def bg_nbd_cost(seen: Histories, p: Array) -> Array:
    """Return minus the logarithm of the likelihood, equation 6 of the paper."""
    r, alpha, a, b = p
    x = seen.repeats
    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + seen.age)
    stayed = betaln(a, b + x) - betaln(a, b)
    return -(orders + stayed + np.logaddexp(0, log_odds_of_lost(seen, p)))


def bg_nbd(shop: Shop, cut: int) -> Array:
    """Give the probability of being active, times that of an order if active."""
    seen = histories(shop, cut)
    p = fitted(bg_nbd_cost, seen)
    active, waited = np.exp(-np.logaddexp(0, log_odds_of_lost(seen, p))), p[1] + seen.age
    return active * (1 - (waited / (waited + HORIZON / WEEK)) ** (p[0] + seen.repeats))


def log_tail(m: Array, n: float, alpha: float, beta: float, start: Array) -> Array:
    """Return the log of the integral of (alpha + u)^-m (beta + u)^-n over u from `start` on."""
    if alpha >= beta:
        series = hyp2f1(n, m + n - 1, m + n, (alpha - beta) / (alpha + start)) / (m + n - 1)
        return np.log(series) - (m + n - 1) * np.log(alpha + start)
    series = hyp2f1(n, 1, m + n, (beta - alpha) / (beta + start)) / (m + n - 1)
    return np.log(series) + (1 - m) * np.log(alpha + start) - n * np.log(beta + start)


def order_after(seen: Histories, p: Array, time: Array) -> Array:
    """Pareto/NBD: log likelihood of the orders so far, with the next one later than `time`."""
    r, alpha, s, beta = p
    constant = gammaln(r + seen.repeats + 1) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return constant + log_tail(r + seen.repeats + 1, s, alpha, beta, time)


def pareto_nbd_likelihood(seen: Histories, p: Array) -> Array:
    """Sum what can follow the last order: none ever, or the next one after the cut-off."""
    r, alpha, s, beta = p
    constant = gammaln(r + seen.repeats) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    none = constant + np.log(s) + log_tail(r + seen.repeats, s + 1, alpha, beta, seen.last)
    return np.logaddexp(none, order_after(seen, p, seen.age))


def pareto_nbd(shop: Shop, cut: int) -> Array:
    """Give the probability that the next order comes within the horizon."""
    seen = histories(shop, cut)
    p = fitted(lambda rows, at: -pareto_nbd_likelihood(rows, at), seen)
    total = pareto_nbd_likelihood(seen, p)
    now, later = (order_after(seen, p, time) for time in (seen.age, seen.age + HORIZON / WEEK))
    return np.clip(np.exp(now - total) - np.exp(later - total), 0, 1)


PEERS: dict[str, Callable[[Shop, int], Array]] = {
    "base rate": base_rate,
    "RFM quartiles": rfm_quartiles,
    "BG/NBD": bg_nbd,
    "Pareto/NBD": pareto_nbd,
}


def losses(label: Array, probability: Array) -> Array:
    """Return minus the log of the probability given to what happened."""
    return -np.log(np.clip(np.where(label == 1, probability, 1 - probability), 1e-6, 1))


def measures(label: Array, probability: Array) -> Array:
    """Work out `MEASURES`; equal probabilities share a bin, and a place in the ranking."""
    level = pd.Series(probability).groupby(probability).ngroup().to_numpy()
    ends = np.cumsum(np.bincount(level))
    bins = np.minimum((ends - np.bincount(level)) * 10 // label.size, 9)[level]
    off = sum(abs((probability - label)[bins == bin_].sum()) for bin_ in range(10)) / label.size
    tenth = max(1, round(label.size / 10))
    edge = np.sort(probability)[-tenth]
    above, tied = label[probability > edge], label[probability == edge]
    bought = above.sum() + tied.mean() * (tenth - above.size)
    ranking = roc_auc_score(label, probability), average_precision_score(label, probability)
    distance = losses(label, probability).mean(), ((probability - label) ** 2).mean(), off
    return np.array([*ranking, *distance, bought / tenth / label.mean()])


def interval(more: pd.DataFrame) -> Array:
    """Bootstrap the mean over cut-offs of the mean difference; a customer is drawn with all."""
    there, values = more.notna().to_numpy(float), more.fillna(0.0).to_numpy()
    chance, share = np.random.default_rng(1), np.full(len(more), 1 / len(more))
    draws = (chance.multinomial(len(more), share) for _ in range(2_000))
    means = [((drawn @ values) / (drawn @ there)).mean() for drawn in draws]
    return np.quantile(means, [0.025, 0.975])


def table(labels: list[pd.Series], said: dict[str, list[Array]]) -> Iterator[str]:
    """Write a row for each method: the mean over cut-offs, and the interval beside ours."""
    yield f"{'':14}" + "".join(f"{name:>11}" for name in MEASURES) + "   log loss more than ours"

    def each(found: list[Array]) -> pd.DataFrame:
        pairs = zip(labels, found, strict=True)
        return pd.concat([pd.Series(losses(y.to_numpy(), p), y.index) for y, p in pairs], axis=1)

    for name, found in said.items():
        judged = [measures(y.to_numpy(), p) for y, p in zip(labels, found, strict=True)]
        row = f"{name:14}" + "".join(f"{value:11.4f}" for value in np.mean(judged, axis=0))
        if name != "tillsight":
            more = each(found) - each(said["tillsight"])
            low, high = interval(more)
            row += f"{more.mean().mean():+10.4f} [{low:+.4f}, {high:+.4f}]"
        yield row


def main() -> None:
    """Forecast at each cut-off, ask the peers, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="Default: TILLSIGHT_ONLINE_RETAIL.")
    parser.add_argument("--format", help="As of `tillsight run`.")
    options = parser.parse_args()
    file = options.file or Path(os.environ.get("TILLSIGHT_ONLINE_RETAIL", ""))
    if not file.is_file():
        raise SystemExit("name a file of transactions, or set TILLSIGHT_ONLINE_RETAIL")
    format_options = ["--format", options.format] if options.format else []
    labels, said = [], {name: [] for name in (*PEERS, "tillsight")}
    with tempfile.TemporaryDirectory() as name:
        shop = read_shop(file, format_options, Path(name) / "whole")
        for back in CUTS:
            cut = shop.last_day - back
            label = followed(shop, cut)
            ours = read_forecast(file, format_options, cut, Path(name) / f"{back}")
            if not ours.index.equals(label.index):
                raise SystemExit("the forecast is not about the customers known at the cut-off")
            labels.append(label)
            said["tillsight"].append(ours.to_numpy())
            for peer, forecast in PEERS.items():
                said[peer].append(forecast(shop, cut))
    rates = ", ".join(f"{label.mean():.3f} of {label.size:,}" for label in labels)
    print(f"{file.name}: ordered within {HORIZON} days: {rates}; mean of {len(CUTS)} cut-offs")  # noqa: T201  its result
    print(*table(labels, said), sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
