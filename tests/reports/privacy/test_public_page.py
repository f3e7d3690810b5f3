"""The public page suppresses figures of fewer than five customers and what would disclose them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.marts.forecast import CurvePoint, Metric
from reports.marts.suppressed import THRESHOLD, Suppressed, is_small, known
from reports.page.build import make_page
from reports.privacy.public_page import suppress
from tests.reports.privacy.test_cell_suppression import read

SMALL, WITHHELD = Suppressed.SMALL, Suppressed.WITHHELD


@pytest.fixture(scope="module")
def shop(marts):
    return read(marts)


@pytest.fixture(scope="module")
def public(shop):
    return suppress(shop)


def test_the_team_page_suppresses_nothing(shop):
    assert not shop.is_public
    assert make_page(shop, []).header.privacy_note == ""


def test_all_figures_of_a_small_group_are_suppressed(shop, public):
    pairs = list(zip(shop.segment_details, public.segment_details, strict=True))
    small = [after for before, after in pairs if is_small(before.customers)]
    assert small
    for row in small:
        assert row.customers is SMALL
        assert row.recommended_action
        figures = (row.customer_share, row.revenue, row.revenue_share, row.average_order_value)
        assert {*figures, row.median_recency, row.expected_buyers, row.revenue_at_risk} == {
            WITHHELD
        }


def test_figures_of_a_published_group_are_unchanged(shop, public):
    assert public.segments == shop.segments
    assert all(row.customers >= THRESHOLD for row in shop.segments)


def test_orders_and_revenue_are_suppressed_with_the_customers_of_a_month(shop, public):
    pairs = list(zip(shop.months, public.months, strict=True))
    hidden = [after for _, after in pairs if known(after.customers) is None]
    assert len(hidden) >= 2
    assert all(known(row.revenue) is None and known(row.orders) is None for row in hidden)
    for before, after in pairs:
        assert known(after.new_customers) in {None, 0} or before.new_customers >= 5


def test_a_change_is_suppressed_with_either_of_its_ends(shop):
    latest, before, *rest = shop.kpis
    few = replace(before, active_customers=3)
    kpis = suppress(replace(shop, kpis=(latest, few, *rest))).kpis
    assert kpis[1].active_customers is SMALL
    assert kpis[1].revenue_last_30_days is WITHHELD
    assert kpis[0].active_customers == latest.active_customers
    assert {kpis[0].active_change, kpis[0].revenue_change, kpis[0].average_change} == {WITHHELD}


def test_all_figures_of_a_small_cohort_are_suppressed(shop, public):
    small = {row.month for row in shop.months if is_small(row.new_customers)}
    lines = [row for row in public.cohorts if row.cohort_month in small]
    assert lines
    assert all(row.cohort_customers is SMALL for row in lines)
    assert all(row.retention_rate is WITHHELD for row in lines)


def test_the_extremes_of_a_measure_are_suppressed(shop, public):
    for measure in ("recency", "frequency", "monetary"):
        before = [row for row in shop.thresholds if row.measure == measure]
        after = [row for row in public.thresholds if row.measure == measure]
        least = min(row.lowest_value for row in before)
        most = max(row.highest_value for row in before)
        assert most not in {row.highest_value for row in after}
        assert least not in {row.lowest_value for row in after}


def test_an_extreme_that_a_whole_group_shares_is_published(shop):
    first = next(row for row in shop.thresholds if row.measure == "frequency" and row.score == 1)
    same = replace(first, highest_value=first.lowest_value)
    thresholds = [same if row == first else row for row in shop.thresholds]
    after = suppress(replace(shop, thresholds=tuple(thresholds))).thresholds
    assert after[thresholds.index(same)].lowest_value == first.lowest_value


def test_returns_are_suppressed_because_their_customers_are_not_counted(shop, public):
    for before, after in zip(shop.months, public.months, strict=True):
        assert after.returned_amount == (WITHHELD if before.returned_amount else 0)


def test_countries_are_left_out(shop, public):
    assert shop.countries
    assert public.countries == ()


def metric(name, value, *, part="all", model="random_forest"):
    return Metric("report", "2024-05-31", model, part, name, value, None, None)


def with_metrics(shop, *found):
    names = {(row.model, row.slice, row.metric) for row in found}
    kept = [row for row in shop.metrics if (row.model, row.slice, row.metric) not in names]
    return suppress(replace(shop, metrics=(*kept, *found)))


def test_a_small_cell_suppresses_the_whole_confusion_matrix(shop):
    after = with_metrics(shop, metric("false_negative", 3), metric("true_positive", 97))
    gone = {name for model, part, name in after.suppressed_metrics if part == "all"}
    assert gone == {
        *("true_positive", "false_positive", "false_negative", "true_negative"),
        *("accuracy", "precision", "recall", "f1"),
    }
    part = make_page(after, []).forecast.model
    assert part
    assert part.confusion
    assert part.confusion.true_negative == part.confusion.false_negative == "withheld"
    assert "%" not in part.confusion.sentence


def test_all_metrics_of_a_slice_with_few_buyers_are_suppressed(shop):
    after = with_metrics(shop, metric("positives", 2, part="one_time_buyers"))
    assert not [row for row in after.metrics if row.slice == "one_time_buyers"]
    assert ("random_forest", "one_time_buyers", "log_loss") in after.suppressed_metrics
    assert ("random_forest", "all", "log_loss") not in after.suppressed_metrics


def test_the_lift_of_a_top_tenth_with_few_buyers_is_suppressed(shop):
    # 300 customers, 93 buyers: in a tenth of 30 a lift of 0.4 is 3.7 buyers, one of 0.6 is 5.6.
    assert "lift_top_tenth" in {
        name for *_, name in with_metrics(shop, metric("lift_top_tenth", 0.4)).suppressed_metrics
    }
    assert not with_metrics(shop, metric("lift_top_tenth", 0.6)).suppressed_metrics


def test_points_of_a_curve_differ_by_at_least_five_buyers_and_five_others(shop):
    # 93 buyers among 300: by hand, one buyer is 1/93 and one of the others 1/207.
    found = [(0, 0), (3, 0), (6, 2), (6, 5), (10, 9), (90, 200), (93, 207)]
    points = tuple(
        CurvePoint("random_forest", "roc", place, others / 207, buyers / 93)
        for place, (buyers, others) in enumerate(found)
    )
    curves = suppress(replace(shop, curves=points)).curves
    assert [point.point for point in curves] == [0, 3, 6]


def test_a_tenth_with_few_buyers_is_suppressed_with_another_and_the_error(shop):
    shares = [0.03, 0.1, 0.08, 0.5]
    points = tuple(
        CurvePoint("random_forest", "calibration", place, share, share, 100)
        for place, share in enumerate(shares)
    )
    after = suppress(replace(shop, curves=points))
    assert [point.point for point in after.curves] == [1, 3]
    assert ("random_forest", "all", "expected_calibration_error") in after.suppressed_metrics


def test_the_model_card_is_published_without_its_tables(public):
    run = next(run for run in public.model_runs if run.is_in_use)
    assert run.card
    assert "# Purchase forecast" in run.card
    assert "|" not in run.card
    assert "Figures" not in run.card


def test_a_verdict_that_names_few_buyers_is_replaced(shop):
    told = "It beats the base rate, but only 3 buyers were there to judge by."
    runs = tuple(replace(run, verdict_reason=told) for run in shop.model_runs)
    for run in suppress(replace(shop, model_runs=runs)).model_runs:
        assert run.verdict_reason
        assert "3" not in run.verdict_reason
        assert run.card is None


def test_past_forecasts_with_few_buyers_are_suppressed(shop):
    first, *rest = shop.track_bands
    few = replace(first, buyers=2, buyer_share=2 / first.customers)
    after = suppress(replace(shop, track_bands=(few, *rest)))
    assert after.track_bands[0].buyers is SMALL
    assert after.track_bands[0].buyer_share is WITHHELD
    assert after.track_bands[0].customers == first.customers
    assert after.track_total.error is WITHHELD


def test_all_counts_of_a_shop_below_the_threshold_are_suppressed(lone_marts):
    build = suppress(read(lone_marts)).build
    assert build.customers is build.scored_customers is SMALL
    assert build.orders is build.kept_transactions is WITHHELD
    assert build.first_order_date is None


def test_the_total_is_suppressed_where_few_customers_have_no_order(shop, public):
    assert shop.build.customers - shop.build.scored_customers == 2
    assert public.build.customers is public.build.landed_rows is WITHHELD
    assert public.build.scored_customers == shop.build.scored_customers
    told = [row for row in public.ledger if row.entity == "customers"]
    assert told
    assert {row.row_count for row in told} == {WITHHELD}
    size = make_page(public, []).header.size
    assert size.startswith(f"{shop.build.scored_customers} customers with an order, ")


@pytest.mark.parametrize("silent", [0, 5])
def test_the_total_is_published_where_zero_or_many_customers_have_no_order(shop, silent):
    build = replace(shop.build, customers=shop.build.scored_customers + silent)
    ledger = tuple(
        replace(row, row_count=build.customers) if row.entity == "customers" else row
        for row in shop.ledger
    )
    assert suppress(replace(shop, build=build, ledger=ledger)).build.customers == build.customers


@pytest.mark.parametrize("withheld", [1, None], ids=["one", "all"])
def test_flows_with_a_suppressed_count_are_not_drawn(shop, withheld):
    few = tuple(replace(move, customers=SMALL, revenue=WITHHELD) for move in shop.moves[:withheld])
    few += shop.moves[len(few) :]
    slugs = {chart.slug for chart in make_page(replace(shop, moves=few), []).movement.charts}
    assert "segment-sizes" in slugs
    assert "segment-flows" not in slugs
