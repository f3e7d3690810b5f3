"""A page for anybody tells nothing of fewer than five customers, and no total gives them away."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from reports import queries
from reports.dashboard import make_page
from reports.model_rows import CurvePoint, Metric
from reports.options import SiteOptions
from reports.privacy import SMALLEST_GROUP, suppress
from reports.shop_counts import shop_counts, shop_sums
from reports.site import write_site
from reports.small_groups import Sum, withhold
from reports.withheld import NOTE, Withheld, is_small, known

SMALL, WITHHELD = Withheld.SMALL, Withheld.WITHHELD
FEW = re.compile(r"(?<![\d.,])[1-4] (?:of [\d,]+ )?(?:new )?(?:customer|buyer)s?\b")
ONE_TO_FOUR = re.compile(r"[↗↘ ]*[1-4]( \(\d+%\))?")
# Columns that count people; expected buyers are a sum of probabilities, not a group.
PEOPLE = {"Customers", "New customers", "Buyers", "Ordered", "Marked", "Marked who ordered"}


def read(path):
    with queries.open_marts(path) as connection:
        return queries.read_shop(connection)


def reach(counts, sums, words):
    """Return the least and the most that each withheld count can be, by integer programming.

    A reader knows what is shown, every sum, and what the words say.
    """
    if not words:
        return {}
    hidden = list(words)
    place = {key: number for number, key in enumerate(hidden)}
    # Where a small count is not called one, the other word tells nothing of the size.
    least = 1 if any(words[key] is WITHHELD and is_small(counts[key]) for key in hidden) else 5
    low = [1 if words[key] is SMALL else least for key in hidden]
    high = [4 if words[key] is SMALL else np.inf for key in hidden]
    lines = np.zeros((len(sums), len(hidden)))
    for number, one in enumerate(sums):
        for key, sign in one.signs():
            if key in place:
                lines[number, place[key]] += sign
    totals = lines @ [counts[key] for key in hidden]

    def end(key, sign):
        aim = np.zeros(len(hidden))
        aim[place[key]] = sign
        found = milp(
            aim,
            constraints=LinearConstraint(lines, totals, totals),
            bounds=Bounds(low, high),
            integrality=np.ones(len(hidden)),
        )
        return None if found.x is None else round(found.x[place[key]])

    return {key: (end(key, 1), end(key, -1)) for key in hidden}


def given_away(counts, sums, words):
    return [key for key, (low, high) in reach(counts, sums, words).items() if low == high]


@st.composite
def tables(draw):
    """Rows and columns of customers whose totals a reader knows; few customers in many cells."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    sizes = st.one_of(st.just(0), st.integers(1, 9), st.integers(1, 60))
    cells = {
        ("cell", row, column): draw(sizes) for row, column in product(range(rows), range(columns))
    }
    # Of a shop that is small itself nothing is shown at all.
    assume(not is_small(sum(cells.values())))
    across = [tuple(key for key in cells if key[1] == row) for row in range(rows)]
    down = [tuple(key for key in cells if key[2] == column) for column in range(columns)]
    totals = {
        (name, place): sum(cells[key] for key in line)
        for name, lines in (("row", across), ("column", down))
        for place, line in enumerate(lines)
    }
    sums = [
        Sum(line, ((name, place),))
        for name, lines in (("row", across), ("column", down))
        for place, line in enumerate(lines)
    ]
    sums += [Sum(tuple(key for key in totals if key[0] == name)) for name in ("row", "column")]
    return {**cells, **totals}, sums


@settings(max_examples=60, deadline=None)
@given(tables())
def test_no_withheld_count_of_a_table_can_be_worked_out_from_its_totals(table):
    counts, sums = table
    words = withhold(counts, sums)
    if words is None:
        return
    assert {key for key, customers in counts.items() if is_small(customers)} <= set(words)
    assert not given_away(counts, sums, words)
    for one in sums:
        if not set(one.total) & set(words):
            assert not is_small(sum(counts[key] for key in one.parts if key in words))


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_without_small_counts_is_shown_whole(table):
    counts, sums = table
    larger = {key: customers and customers + SMALLEST_GROUP for key, customers in counts.items()}
    assert withhold(larger, sums) == {}


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        pytest.param([3, 20, 9, 40], [SMALL, None, WITHHELD, None], id="the smallest neighbour"),
        pytest.param([3, 2, 20], [SMALL, SMALL, None], id="two small ones hide each other"),
        pytest.param([1, 2, 20], [SMALL, SMALL, WITHHELD], id="but not if both are a small group"),
        pytest.param([1, 1, 1, 7], [SMALL, SMALL, SMALL, WITHHELD], id="nor if they are three"),
        pytest.param([0, 3, 20, 9], [None, SMALL, None, WITHHELD], id="nobody is shown"),
        pytest.param([1, 5], [WITHHELD, WITHHELD], id="words that would tell are not said"),
        pytest.param([4, 4, 0], [WITHHELD, WITHHELD, None], id="nor these"),
    ],
)
def test_a_neighbour_is_withheld_where_the_total_is_known(customers, expected):
    counts = dict(enumerate(customers))
    words = withhold(counts, [Sum(tuple(counts))])
    assert [words.get(key) for key in counts] == expected


def test_the_neighbours_are_those_with_the_fewest_customers_together():
    # By hand: 4 at the top left needs a rectangle; 30, 20 and 50 hold fewer than any other three.
    rows = [[4, 30, 90], [50, 70, 80], [20, 60, 95]]
    counts = {(r, c): rows[r][c] for r, c in product(range(3), range(3))}
    sums = [Sum(tuple((r, c) for c in range(3))) for r in range(3)]
    sums += [Sum(tuple((r, c) for r in range(3))) for c in range(3)]
    words = withhold(counts, sums)
    assert words == {(0, 0): SMALL, (0, 1): WITHHELD, (2, 0): WITHHELD, (2, 1): WITHHELD}


def test_without_totals_only_small_counts_are_withheld():
    assert withhold({"a": 3, "b": 7}, []) == {"a": SMALL}


def test_counts_that_nothing_can_hide_are_said_to_be_so():
    assert withhold({"a": 3, "b": 0}, [Sum(("a", "b"))]) is None


@pytest.mark.parametrize("name", ["marts", "large_marts"])
def test_nothing_that_a_reader_adds_up_gives_a_group_of_the_shop_away(request, name):
    shop = read(request.getfixturevalue(name))
    counts = shop_counts(shop)
    sums = shop_sums(shop, counts)
    words = withhold(counts, sums)
    assert words
    assert len(sums) > 50
    assert not given_away(counts, sums, words)


@pytest.fixture(scope="module")
def shop(marts):
    return read(marts)


@pytest.fixture(scope="module")
def public(shop):
    return suppress(shop)


def test_the_page_of_the_team_withholds_nothing(shop):
    assert not shop.is_public
    assert make_page(shop, []).privacy_note == ""


def test_a_small_group_loses_all_its_figures(shop, public):
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


def test_a_group_that_is_shown_keeps_its_figures(shop, public):
    assert public.segments == shop.segments
    assert all(row.customers >= SMALLEST_GROUP for row in shop.segments)


def test_orders_and_revenue_go_with_the_customers_of_a_month(shop, public):
    pairs = list(zip(shop.months, public.months, strict=True))
    hidden = [after for _, after in pairs if known(after.customers) is None]
    assert len(hidden) >= 2
    assert all(known(row.revenue) is None and known(row.orders) is None for row in hidden)
    for before, after in pairs:
        assert known(after.new_customers) in {None, 0} or before.new_customers >= 5


def test_a_change_goes_with_either_of_its_ends(shop):
    latest, before, *rest = shop.kpis
    few = replace(before, active_customers=3)
    kpis = suppress(replace(shop, kpis=(latest, few, *rest))).kpis
    assert kpis[1].active_customers is SMALL
    assert kpis[1].revenue_last_30_days is WITHHELD
    assert kpis[0].active_customers == latest.active_customers
    assert {kpis[0].active_change, kpis[0].revenue_change, kpis[0].average_change} == {WITHHELD}


def test_a_small_cohort_loses_its_whole_line(shop, public):
    small = {row.month for row in shop.months if is_small(row.new_customers)}
    lines = [row for row in public.cohorts if row.cohort_month in small]
    assert lines
    assert all(row.cohort_customers is SMALL for row in lines)
    assert all(row.retention_rate is WITHHELD for row in lines)


def test_the_ends_of_a_measure_are_those_of_single_customers(shop, public):
    for measure in ("recency", "frequency", "monetary"):
        before = [row for row in shop.thresholds if row.measure == measure]
        after = [row for row in public.thresholds if row.measure == measure]
        least = min(row.lowest_value for row in before)
        most = max(row.highest_value for row in before)
        assert most not in {row.highest_value for row in after}
        assert least not in {row.lowest_value for row in after}


def test_an_end_that_a_whole_group_shares_is_shown(shop):
    first = next(row for row in shop.thresholds if row.measure == "frequency" and row.score == 1)
    same = replace(first, highest_value=first.lowest_value)
    thresholds = [same if row == first else row for row in shop.thresholds]
    after = suppress(replace(shop, thresholds=tuple(thresholds))).thresholds
    assert after[thresholds.index(same)].lowest_value == first.lowest_value


def test_nobody_knows_how_many_customers_made_returns_so_they_are_withheld(shop, public):
    for before, after in zip(shop.months, public.months, strict=True):
        assert after.returned_amount == (WITHHELD if before.returned_amount else 0)


def test_where_a_customer_lives_is_left_out(shop, public):
    assert shop.countries
    assert public.countries == ()


def metric(name, value, *, part="all", model="random_forest"):
    return Metric("report", "2024-05-31", model, part, name, value, None, None)


def with_metrics(shop, *found):
    names = {(row.model, row.slice, row.metric) for row in found}
    kept = [row for row in shop.metrics if (row.model, row.slice, row.metric) not in names]
    return suppress(replace(shop, metrics=(*kept, *found)))


def test_a_small_field_of_the_confusion_matrix_takes_the_others_along(shop):
    after = with_metrics(shop, metric("false_negative", 3), metric("true_positive", 97))
    gone = {name for model, part, name in after.withheld_metrics if part == "all"}
    assert gone == {
        *("true_positive", "false_positive", "false_negative", "true_negative"),
        *("accuracy", "precision", "recall", "f1"),
    }
    part = make_page(after, []).model
    assert part
    assert part.confusion
    assert part.confusion.true_negative == part.confusion.false_negative == "withheld"
    assert "%" not in part.confusion.sentence


def test_a_slice_with_few_buyers_is_withheld_whole(shop):
    after = with_metrics(shop, metric("positives", 2, part="one_time_buyers"))
    assert not [row for row in after.metrics if row.slice == "one_time_buyers"]
    assert ("random_forest", "one_time_buyers", "log_loss") in after.withheld_metrics
    assert ("random_forest", "all", "log_loss") not in after.withheld_metrics


def test_a_top_tenth_with_few_buyers_is_withheld(shop):
    # 300 customers, 93 buyers: in a tenth of 30 a lift of 0.4 is 3.7 buyers, one of 0.6 is 5.6.
    assert "lift_top_tenth" in {
        name for *_, name in with_metrics(shop, metric("lift_top_tenth", 0.4)).withheld_metrics
    }
    assert not with_metrics(shop, metric("lift_top_tenth", 0.6)).withheld_metrics


def test_points_of_a_curve_lie_at_least_five_buyers_and_five_others_apart(shop):
    # 93 buyers among 300: by hand, one buyer is 1/93 and one of the others 1/207.
    found = [(0, 0), (3, 0), (6, 2), (6, 5), (10, 9), (90, 200), (93, 207)]
    points = tuple(
        CurvePoint("random_forest", "roc", place, others / 207, buyers / 93)
        for place, (buyers, others) in enumerate(found)
    )
    curves = suppress(replace(shop, curves=points)).curves
    assert [point.point for point in curves] == [0, 3, 6]


def test_a_tenth_with_few_buyers_is_withheld_with_a_neighbour_and_the_error(shop):
    shares = [0.03, 0.1, 0.08, 0.5]
    points = tuple(
        CurvePoint("random_forest", "calibration", place, share, share, 100)
        for place, share in enumerate(shares)
    )
    after = suppress(replace(shop, curves=points))
    assert [point.point for point in after.curves] == [1, 3]
    assert ("random_forest", "all", "expected_calibration_error") in after.withheld_metrics


def test_the_card_comes_without_its_tables(public):
    run = next(run for run in public.model_runs if run.is_in_use)
    assert run.card
    assert "# Purchase forecast" in run.card
    assert "|" not in run.card
    assert "Figures" not in run.card


def test_a_verdict_that_names_few_buyers_is_withheld(shop):
    told = "It beats the base rate, but only 3 buyers were there to judge by."
    runs = tuple(replace(run, verdict_reason=told) for run in shop.model_runs)
    for run in suppress(replace(shop, model_runs=runs)).model_runs:
        assert run.verdict_reason
        assert "3" not in run.verdict_reason
        assert run.card is None


def test_past_forecasts_of_few_customers_are_withheld(shop):
    first, *rest = shop.track_bands
    few = replace(first, buyers=2, buyer_share=2 / first.customers)
    after = suppress(replace(shop, track_bands=(few, *rest)))
    assert after.track_bands[0].buyers is SMALL
    assert after.track_bands[0].buyer_share is WITHHELD
    assert after.track_bands[0].customers == first.customers
    assert after.track_total.error is WITHHELD


def test_a_shop_of_few_customers_shows_none_of_them(lone_marts):
    build = suppress(read(lone_marts)).build
    assert build.customers is build.scored_customers is SMALL
    assert build.orders is build.kept_transactions is WITHHELD
    assert build.first_order_date is None


def test_where_few_have_no_order_only_those_with_one_are_counted(shop, public):
    assert shop.build.customers - shop.build.scored_customers == 2
    assert public.build.customers is public.build.landed_rows is WITHHELD
    assert public.build.scored_customers == shop.build.scored_customers
    told = [row for row in public.ledger if row.entity == "customers"]
    assert told
    assert {row.row_count for row in told} == {WITHHELD}
    size = make_page(public, []).size
    assert size.startswith(f"{shop.build.scored_customers} customers with an order, ")


@pytest.mark.parametrize("silent", [0, 5])
def test_where_nobody_or_many_have_no_order_all_are_counted(shop, silent):
    build = replace(shop.build, customers=shop.build.scored_customers + silent)
    ledger = tuple(
        replace(row, row_count=build.customers) if row.entity == "customers" else row
        for row in shop.ledger
    )
    assert suppress(replace(shop, build=build, ledger=ledger)).build.customers == build.customers


@pytest.mark.parametrize("withheld", [1, None], ids=["one", "all"])
def test_flows_of_which_one_may_not_show_are_not_drawn(shop, withheld):
    few = tuple(replace(move, customers=SMALL, revenue=WITHHELD) for move in shop.moves[:withheld])
    few += shop.moves[len(few) :]
    slugs = {chart.slug for chart in make_page(replace(shop, moves=few), []).movement_charts}
    assert "segment-sizes" in slugs
    assert "segment-flows" not in slugs


class Reader(HTMLParser):
    """Collect the text of a page, its tables with their headings, and what a pointer reads."""

    def __init__(self):
        super().__init__()
        self.texts, self.titles, self.tables = [], [], []
        self._part, self._cell, self._skip = "", None, False

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self._skip = tag in {"script", "style"}
        self.titles += [values[name] or "" for name in ("title", "aria-label") if name in values]
        if tag == "section":
            self._part = values["id"]
        elif tag == "table":
            self.tables.append((self._part, values.get("class") or "", []))
        elif tag == "tr":
            self.tables[-1][2].append([])
        elif tag in {"td", "th"}:
            self._cell = []
            self.tables[-1][2][-1].append(self._cell)

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._cell = None

    def handle_data(self, data):
        if not self._skip and data.strip():
            self.texts.append(data.strip())
            if self._cell is not None:
                self._cell.append(data.strip())


def parsed(html):
    reader = Reader()
    reader.feed(html)
    return reader


def small_counts(html):
    """Return all places of parts 1 to 5 where a table counts 1 to 4 people."""
    found = []
    for part, kind, lines in parsed(html).tables:
        if part in {"exports", "data"} or not lines:
            continue
        headings = [" ".join(cell) for cell in lines[-1 if len(lines) == 1 else 0]]
        is_matrix = headings[0].startswith("From") or kind in {"heat grid", "confusion"}
        for line in lines[1:]:
            for heading, cell in zip(headings, line, strict=False):
                counts = is_matrix and cell is not line[0]
                shown = cell if counts or heading in PEOPLE else ()
                found += [(part, text) for text in shown if ONE_TO_FOUR.fullmatch(text)]
    return found


def small_points(html):
    """Return the charts that draw 1 to 4 customers."""
    text = re.search(r'id="page-charts">(.*?)</script>', html, re.DOTALL)
    assert text
    figures = json.loads(text[1])["figures"]
    drawn = {
        "segment-customers": "x",
        "segment-sizes": "y",
        "probability-bands": "y",
        "move-causes": "x",
    }
    found = [
        name
        for name, axis in drawn.items()
        for trace in figures.get(name, {"data": []})["data"]
        if any(is_small(value) for value in trace[axis] if value is not None)
    ]
    for trace in figures.get("segment-flows", {"data": []})["data"]:
        found += ["segment-flows" for value in trace["link"]["value"] if is_small(value)]
    return found


@pytest.fixture(scope="module")
def folders(marts, lone_marts, empty_marts, untrained_marts, tmp_path_factory):
    shops = {
        "small": marts,
        "lone": lone_marts,
        "empty": empty_marts,
        "untrained": untrained_marts,
    }
    made = {}
    for name, path in shops.items():
        out = tmp_path_factory.mktemp(f"{name}_public")
        write_site(
            path, out / "site", exports_dir=out / "exports", options=SiteOptions(privacy="public")
        )
        made[name] = out / "site"
    return made


SHOPS = ["small", "lone", "empty", "untrained"]


@pytest.mark.parametrize("name", SHOPS)
def test_no_table_and_no_chart_counts_fewer_than_five_customers(folders, name):
    html = (folders[name] / "index.html").read_text(encoding="utf-8")
    reader = parsed(html)
    assert NOTE in " ".join(reader.texts)
    assert small_counts(html) == []
    assert small_points(html) == []
    assert not [text for text in (*reader.texts, *reader.titles) if FEW.search(text)]
    assert not FEW.search(re.sub(r"<[^>]+>", " ", html.replace("\\u003c", "<")))


def test_the_page_of_the_team_has_such_counts(marts, tmp_path):
    write_site(marts, tmp_path / "site", exports_dir=tmp_path)
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert len(small_counts(html)) > 20
    assert set(small_points(html)) >= {"segment-sizes", "probability-bands", "segment-flows"}
    assert FEW.search(" ".join(parsed(html).titles))
    assert NOTE not in html


@pytest.mark.parametrize("name", SHOPS)
def test_no_customer_is_named_in_any_file(folders, marts, name):
    connection = sqlite3.connect(marts)
    customers = connection.execute("select customer_id, name, email from customers").fetchall()
    connection.close()
    files = [path for path in folders[name].rglob("*") if path.is_file()]
    assert not [path for path in folders[name].rglob("*") if "data" in path.name]
    html = (folders[name] / "index.html").read_text(encoding="utf-8")
    texts = {*parsed(html).texts, *parsed(html).titles}
    for path in files:
        content = path.read_text(encoding="utf-8")
        assert not [email for *_, email in customers if email in content]
    for customer_id, customer, _ in customers:
        assert customer_id not in texts
        assert not re.search(rf"(?<![\w#]){re.escape(customer_id)}(?!\w)", html)
        assert customer not in texts
        assert not customer or len(customer) < 5 or customer not in html


@pytest.mark.parametrize("name", SHOPS)
def test_the_same_marts_give_the_same_public_page(folders, request, tmp_path, name):
    path = {"small": "marts", "lone": "lone_marts", "empty": "empty_marts"}.get(
        name, "untrained_marts"
    )
    options = SiteOptions(privacy="public")
    write_site(
        request.getfixturevalue(path), tmp_path / "site", exports_dir=tmp_path, options=options
    )
    again = (tmp_path / "site" / "index.html").read_bytes()
    assert again == (folders[name] / "index.html").read_bytes()
