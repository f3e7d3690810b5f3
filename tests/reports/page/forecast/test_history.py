"""Windows, backtest and track record of the forecast section."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reports.formatting import DASH, Money
from reports.marts import reader
from reports.marts.forecast import Metric, TrackTotal, Window
from reports.marts.shop import read_shop
from reports.page.components import Measured
from reports.page.forecast import history, section


@pytest.fixture(scope="module")
def shop(marts):
    with reader.open_marts(marts) as connection:
        return read_shop(connection)


@pytest.fixture(scope="module")
def part(shop):
    made = section.make_model_in_use(shop, Money("GBP"))
    assert made
    return made


def metric(model, name, value, *, part="all", date="2024-05-31", split="report", ends=None):
    low, high = ends or (None, None)
    return Metric(split, date, model, part, name, value, low, high)


def test_every_role_of_every_window_is_a_bar_and_every_window_a_row(part, shop):
    roles = [role for window in shop.windows for role in json.loads(window.roles)]
    bars = [place for trace in part.windows.figure["data"] for place in trace["y"]]
    assert len(bars) == len(roles) == 13
    assert part.windows.finding == (
        "Evaluated on the 30 days after 31 May 2024, which the evaluated model had not seen"
    )
    assert [row[0] for row in part.windows.table.rows] == [
        *("30 June 2024", "31 May 2024", "1 May 2024"),
        *("1 April 2024", "2 March 2024", "1 February 2024"),
    ]
    assert part.windows.table.rows[0][3:] == (DASH, DASH, "Is forecast")
    assert part.windows.table.rows[1][3:] == ("93", "31.0%", "Evaluates, trains the model in use")
    assert part.windows.table.rows[5][5] == "Not used"


def test_each_step_trains_only_on_windows_before_its_evaluation(part):
    by_row: dict[str, dict[str, list[str]]] = {}
    for trace in part.windows.figure["data"]:
        for step, date in zip(trace["y"], trace["base"], strict=True):
            by_row.setdefault(step, {}).setdefault(trace["text"][0], []).append(date)
    assert set(by_row) == {"1 Select", "2 Evaluate", "3 Forecast", "Backtest"}
    for step in ("1 Select", "2 Evaluate", "3 Forecast"):
        (last,) = (dates for kind, dates in by_row[step].items() if kind != "train")
        assert max(by_row[step]["train"]) < min(last)


def test_selection_by_cross_validation_is_in_the_caption():
    window = Window("2024-05-31", "2024-06-30", 30, 300, 93, 0.31, '["report"]')
    chart = history.windows_chart([window])
    assert chart.caption.endswith("cross-validation within the training windows.")
    assert history.windows_chart([replace(window, roles="[]")]) is None
    assert history.windows_chart([]) is None


def test_past_dates_include_report_and_history_but_not_selection(part):
    losses, ranks = part.past_dates
    assert losses.finding == (
        "At all 3 past dates the forecast had a lower log loss than every baseline"
    )
    assert ranks.finding == "ROC-AUC was stable: 0.78 at each of 3 past dates"
    assert [row[0] for row in losses.table.rows] == ["31 May 2024", "1 May 2024", "1 April 2024"]
    assert losses.table.rows[1][1:] == (
        Measured("0.430", "0.400 to 0.460"),
        Measured("0.640"),
        Measured("0.520"),
        Measured("0.460"),
    )
    lines = {trace["name"]: trace for trace in losses.figure["data"]}
    assert lines["Random forest"]["y"] == pytest.approx([0.45, 0.43, 0.41])
    assert lines["BG/NBD"]["y"] == pytest.approx([0.48, 0.46, 0.44])
    assert lines["95% interval"]["y"] == pytest.approx([0.48, 0.46, 0.44, 0.38, 0.40, 0.42])


def test_past_dates_with_a_worse_log_loss_are_counted():
    found = {
        "blend": [metric("blend", "log_loss", 0.5), metric("blend", "log_loss", 0.4, date="d2")],
        "bg_nbd": [
            metric("bg_nbd", "log_loss", 0.45),
            metric("bg_nbd", "log_loss", 0.5, date="d2"),
        ],
    }
    assert history.losses_finding(found, "blend").startswith("At 1 of 2 past dates")
    assert history.losses_finding({"blend": found["blend"]}, "blend") == (
        "The log loss of the forecast at each past date"
    )
    ranks = [metric("blend", "roc_auc", 0.71), metric("blend", "roc_auc", 0.76)]
    assert history.ranks_finding(ranks) == "ROC-AUC was between 0.71 and 0.76 at 2 past dates"


def test_past_dates_won_beyond_chance_are_counted():
    found = [
        metric("blend", f"log_loss_minus_{baseline}", high - 0.1, date=date, split="history")
        for baseline, high, date in (("bg_nbd", 0.1, "d1"), ("bg_nbd", 0.0, "d2"))
    ]
    rows = [replace(row, low=row.value - 0.1, high=row.value + 0.1) for row in found]
    rows.append(metric("blend", "log_loss_minus_base_rate", -0.2, ends=(-0.3, -0.1)))
    assert history.beyond_chance(rows, "blend") == (
        " Beyond chance it beat the base rate at 1 of 1, BG/NBD at 0 of 2."
    )
    assert history.beyond_chance([], "blend") == ""


def test_a_single_past_date_has_no_chart():
    assert history.past_charts([metric("blend", "log_loss", 0.5)], "blend") == ()


def test_past_forecasts_are_compared_with_outcomes(shop):
    dates, bands = history.track_record(shop).charts
    assert dates.finding == "2 past forecasts together expected 26 buyers; 25 ordered"
    assert dates.table.rows == (
        ("31 May 2024", "30 Jun 2024", "2", "70", "12.5", "13", "10", "9 (90%)", "0.067"),
        ("30 Apr 2024", "30 May 2024", "1", "100", "13.0", "12", "20", "10 (50%)", "0.085"),
    )
    ordered, expected = dates.figure["data"]
    assert (ordered["y"], expected["y"]) == ([12, 13], [13.0, 12.5])
    # |7 - 6| + |9 - 10| + |9.5 - 9| buyers of 170 customers: 1.5 points.
    assert bands.finding == "Predicted and observed rates of past forecasts differ by 1.5 points"
    assert bands.table.rows[0] == ("0–10%", "140", "5.0%", "6", "4.3%")  # noqa: RUF001
    assert bands.figure["data"][1]["x"] == pytest.approx([0.05, 0.45, 0.95])
    assert bands.figure["data"][1]["y"] == pytest.approx([6 / 140, 0.5, 0.9])


def test_the_finding_of_a_single_past_forecast():
    total = TrackTotal(1, 12.6, 9, 0.01)
    told = history.track_finding(total)
    assert told == "The past forecast expected 13 buyers; 9 ordered"


def test_the_due_date_of_the_first_forecast_is_shown(shop):
    shop = replace(shop, track_dates=())
    told = history.track_record(shop)
    assert told.charts == ()
    assert told.empty == "No forecast is due yet. The current one is due on 30 July 2024."
    without = replace(shop, forecast_due=None)
    assert history.track_record(without).empty == (
        "No forecast is due yet. Past forecasts and their outcomes will be shown here."
    )


def test_many_past_forecasts_keep_readable_dates(shop):
    many = [
        replace(shop.track_dates[0], prediction_date=f"2024-{1 + n // 28:02d}-{1 + n % 28:02d}")
        for n in range(60)
    ]
    chart = history.track_record(replace(shop, track_dates=tuple(many))).charts[0]
    assert len(chart.table.rows) == len(chart.figure["data"][0]["x"]) == 60
    marks = chart.figure["layout"]["xaxis"]["tickvals"]
    assert len(marks) <= 8
    assert marks[-1] == many[-1].prediction_date
