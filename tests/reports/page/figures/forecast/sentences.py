"""The forecast section: its sentences."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reports.page.figures.compare.checks import Sentence, is_true
from tests.reports.page.figures.compare.marts import Marts, words
from tests.reports.page.figures.compare.matching import says
from tests.reports.page.figures.forecast.charts import AGAINST, CURVES, FEATURES, PAST
from tests.reports.page.figures.forecast.tables import (
    BASELINES,
    EVALUATED,
    PLACES,
    RUN,
    USED,
    WINDOWS,
)


def own(metric: str, part: str = "all") -> str:
    """Return the SQL of a figure of the model in use on the report window."""
    return (
        f"(select value from ({EVALUATED}) where is_chosen and metric = '{metric}'"
        f" and slice = '{part}')"
    )


BEST = f"""
select {own("log_loss")} as ratio3, words(model) as text, value as ratio3 from ({EVALUATED})
where slice = 'all' and metric = 'log_loss' and model in {BASELINES}
order by value, {PLACES} limit 1
"""
NEAREST = f"""
select x as share, y as share from ({CURVES}) where is_chosen and curve = 'gains'
order by round(abs(x - 0.2), 9), point limit 1
"""
ONCE = f"""
select {own("roc_auc", "one_time_buyers")} as ratio2, {own("roc_auc")} as ratio2
"""
CHOSEN = f"""
select threshold as share1, (
    select max(as_of_date) from ({WINDOWS}) where roles like '%"choose"%'
) as day
from {RUN} where threshold_rule = 'best_f1' and (threshold < 0.5) = {{}}
"""
LABEL_DAYS = "cast(julianday(label_end_date) - julianday(as_of_date) as integer)"
ROC = f"""
select round(min(value), 2) as ratio2, round(max(value), 2) as ratio2, count(*) as whole
from ({PAST.format(metric="roc_auc")}) where is_chosen
"""
TRACKED = """
select count(distinct prediction_date) as whole, sum(expected_buyers) as number,
    sum(buyers) as whole
from prediction_track_record
"""
DISTANCE = """
select sum(abs(expected - buyers)) / sum(customers) from (
    select sum(expected_buyers) as expected, sum(buyers) as buyers, sum(customers) as customers
    from prediction_track_record group by band
)
"""


def closer(told: tuple[str, ...], marts: Marts) -> Iterator[str]:
    """Count the past dates at which the log loss was below that of every baseline."""
    sql = f"""
        select count(*), sum(own < best) from (
            select max(iif(is_chosen, value, null)) as own,
                min(iif(is_chosen, null, value)) as best
            from ({PAST.format(metric="log_loss")}) group by as_of_date
        ) where own is not null and best is not null
    """
    ((dates, won),) = marts.ask(sql).rows
    wanted = (f"all {dates}",) if won == dates else (f"{won} of {dates}",)
    if told != wanted:
        yield f"says {told}, SQL has {won} of {dates}"


def beyond(told: tuple[str, ...], marts: Marts) -> Iterator[str]:
    """Count the past dates at which an interval against a baseline excludes zero."""
    beat, lost = [], []
    for name in ("base_rate", "recency_rule", "bg_nbd"):
        sql = f"""
            select count(*), total(high < 0), total(low > 0) from ({USED})
            where is_chosen and slice = 'all' and split in ('history', 'report')
                and metric = 'log_loss_minus_{name}'
        """
        ((dates, won, worse),) = marts.ask(sql).rows
        the = words(name) if name == "bg_nbd" else f"the {words(name)}"
        beat += [f"{the} at {won:.0f} of {dates}"] if dates else []
        lost += [f"{the} at {worse:.0f}"] if worse else []
    wanted = f" Beyond chance it beat {', '.join(beat)}." if beat else ""
    wanted += f" Beyond chance it was beaten by {', '.join(lost)}." if lost else ""
    if told != ((wanted,) if wanted else ()):
        yield f"says {told}, SQL has {wanted!r}"


def beats(told: tuple[str, ...], marts: Marts) -> Iterator[str]:
    """Count the baselines that are beaten with the whole interval."""
    found = marts.ask(f"select model, high < 0 from ({AGAINST}) order by {PLACES}").rows
    rest = [words(name) for name, is_beaten in found if not is_beaten]
    named = " and ".join([", ".join(rest[:-1]), rest[-1]] if len(rest) > 1 else rest)
    wanted = (str(len(found) - len(rest)), str(len(found)), named) if rest else ()
    if told != wanted:
        yield f"says {told}, SQL has {wanted}"


def reason(told: tuple[str, ...], marts: Marts) -> Iterator[str]:
    """Compare the figures that the verdict rests on with those of the report window."""
    auc, recency, loss, best_loss, best = told
    figures = {
        name: (values[0], values[1])
        for name, *values in marts.ask(
            f"select model, max(iif(metric = 'roc_auc', value, null)),"
            f" max(iif(metric = 'log_loss', value, null))"
            f" from ({EVALUATED}) where slice = 'all' group by model"
        ).rows
    }
    chosen = marts.value(f"select chosen_model from {RUN}")
    lowest = min((name for name in BASELINES if name in figures), key=lambda n: figures[n][1])
    pairs = (
        (auc, "share", figures[chosen][0]),
        (recency, "share", figures["recency_rule"][0]),
        (loss, "ratio3", figures[chosen][1]),
        (best_loss, "ratio3", figures[lowest][1]),
        (best, "text", words(lowest)),
    )
    for text, kind, value in pairs:
        if not says(text, kind, value, None):
            yield f"the verdict says {text!r}, SQL has {value!r}"


LIKELY = "select count(*) as count from predictions where purchase_probability >= 0.5"
MARKED = f"select {own('precision')} as share, {own('recall')} as share"
SINCE = " Backtest: each model used only the data before that date. Band: 95% interval."
LOSSES = f"Log loss at each past date, lower is better.{SINCE}"
GAVE = "A customer is marked from a probability of {}, the threshold with the best F1 on the "
WORTH = " A marked customer is worth contacting, but not likely to order."
BAR = (
    "A bar is a window: the days in which an order counts as a purchase. Features use only the "
    "data before it. Each row trains on earlier windows only; the backtest evaluates each past "
    "date with models of the windows before it. Dotted: the as-of date."
)
QUOTED = (
    f"select verdict_reason from {RUN} where verdict is not null",
    f"select rule.value from {RUN} as r cross join json_each(r.verdict_rules) as rule",
)
VERDICT = f"select 1 from {RUN} where verdict = "


SENTENCES = (
    Sentence(
        "{} it ranked a buyer above a non-buyer in {} of the pairs (recency alone {}), and its "
        "probabilities were closer to what happened than those of any simpler method (log loss {} "
        "against {} of {}).",
        lambda told, marts: reason(told[1:], marts),
    ),
    Sentence("Use it", is_true(f"{VERDICT} 'use'")),
    Sentence("Use with care", is_true(f"{VERDICT} 'use_with_care'")),
    Sentence("Do not use", is_true(f"{VERDICT} 'do_not_use'")),
    Sentence("How good is the model?"),
    Sentence("The log loss of the model is {}; of the best baseline ({}), {}", BEST),
    Sentence(
        "Measured on the report window, which follows all training data. Below a metric is its "
        "95% bootstrap interval over customers. The base rate gives every customer the same "
        "probability, the recency rule uses only the last order, RFM quartiles use the three "
        "scores, BG/NBD is the standard model of repeat purchases. ↑ higher is better, ↓ "
        "lower is better."
    ),
    Sentence("The forecast beats every baseline, and the intervals exclude zero", beats),
    Sentence("The forecast beats {} of {} baselines beyond chance, but not {}", beats),
    Sentence(
        "Log loss of the forecast minus log loss of the baseline on the report window, with its "
        "95% interval. Left of zero the forecast is better; where the interval includes zero, "
        "chance may explain the difference."
    ),
    Sentence("{} of the marked customers ordered, and {} of all buyers were marked", MARKED),
    Sentence(f"{GAVE}window of {{}}.{WORTH}", CHOSEN.format(1)),
    Sentence(f"{GAVE}window of {{}}.", CHOSEN.format(0)),
    Sentence(
        f"{GAVE}training windows (cross-validation).{WORTH}",
        f"select threshold as share1 from {RUN} where threshold < 0.5",
    ),
    Sentence("Contacting the best {} of customers reaches {} of buyers", NEAREST),
    Sentence(
        "Predicted and observed rates differ by {} points on average",
        f"select 100 * {own('expected_calibration_error')} as number1",
    ),
    Sentence(
        "A buyer is ranked above a non-buyer in {} of the pairs",
        f"select {own('roc_auc')} as share1",
    ),
    Sentence(
        "Average precision is {}; chance gives {}",
        f"select {own('average_precision')} as ratio2, base_rate as ratio2 from {RUN}",
    ),
    Sentence("The ROC-AUC of one-time buyers is {}, of all customers {}", ONCE),
    Sentence(
        "{} of {} customers had one order; {} of them ordered in the {} days. They are the "
        "hardest to predict, so they are evaluated separately.",
        f"select {own('rows', 'one_time_buyers')} as whole, {own('rows')} as whole,"
        f" {own('positives', 'one_time_buyers')} / {own('rows', 'one_time_buyers')} as share1,"
        " horizon_days as whole from build_info",
    ),
    Sentence("How was it evaluated?"),
    Sentence("How good was it at past dates (backtest)?"),
    Sentence(
        "Evaluated on the {} days after {}, which the evaluated model had not seen",
        f"""select {LABEL_DAYS} as whole, max(as_of_date) as day from ({WINDOWS})
            where roles like '%"report"%'""",
    ),
    Sentence(BAR),
    Sentence(
        "At {} past dates the forecast had a lower log loss than every baseline",
        closer,
    ),
    Sentence(LOSSES, beyond),
    Sentence(f"{LOSSES}{{}}", beyond),
    Sentence("ROC-AUC was between {} and {} at {} past dates", ROC),
    Sentence(
        "ROC-AUC was stable: {} at each of {} past dates",
        f"select low as ratio2, dates as whole from (select round(min(value), 2) as low,"
        f" round(max(value), 2) as high, count(*) as dates"
        f" from ({PAST.format(metric='roc_auc')}) where is_chosen) where low = high",
    ),
    Sentence(f"ROC-AUC at each past date, higher is better; 0.5 is chance.{SINCE}"),
    Sentence("Did past forecasts come true?"),
    Sentence(
        "No forecast is due yet. The current one is due on {}.",
        "select max(date(as_of_date, '+' || horizon_days || ' days')) as day from build_info",
    ),
    Sentence(
        "The past forecast expected {} buyers; {} ordered",
        "select expected as number, buyers as whole from (select sum(expected_buyers) as expected,"
        " sum(buyers) as buyers, count(distinct prediction_date) as dates"
        " from prediction_track_record) where dates = 1",
    ),
    Sentence("{} past forecasts together expected {} buyers; {} ordered", TRACKED),
    Sentence(
        "Predicted and observed rates of past forecasts differ by {} points",
        f"select 100 * ({DISTANCE}) as number1",
    ),
    Sentence("What is the forecast for today?"),
    Sentence("Which features matter?"),
    Sentence("{} are more likely than not to order", LIKELY),
    Sentence(
        "Customers by their probability to order in the next {} days.",
        "select horizon_days as whole from build_info",
    ),
    Sentence(
        "The most important feature is: {}",
        f"select words(feature) as text from ({FEATURES}) limit 1",
    ),
    Sentence("How was it trained?"),
    Sentence("The run in use"),
    Sentence("Model card"),
    Sentence("Training runs"),
)
