"""The charts of the model in use, each with its finding in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reports.formatting import DASH, count, number, percent, plain, slug
from reports.marts.forecast import CurvePoint, ModelRun
from reports.marts.shop import Shop
from reports.page.components import Chart, make_chart
from reports.page.forecast import metrics, score_charts

Curve = tuple[str, str, str, str, str, bool]


def baselines(figures: metrics.Figures) -> Chart | None:
    """Draw how much better the model is than each baseline, or nothing where that is unknown."""
    found = figures.differences()
    if not found:
        return None
    return make_chart(
        "baselines",
        metrics.differences_finding(found),
        "Log loss of the forecast minus that of the baseline, customer by customer on the report "
        "window, with its 95% interval. Left of zero the forecast is better; where the line "
        "crosses zero, chance may explain the difference.",
        metrics.differences_table(found),
        score_charts.differences(found),
        size="small",
    )


def ranking(shop: Shop, figures: metrics.Figures, run: ModelRun) -> tuple[Chart, ...]:
    """Draw the curves of the report window."""
    drawn = [_curve_chart(shop.curves, figures, *curve) for curve in _curves(shop, figures, run)]
    return tuple(chart for chart in drawn if chart)


def forecast(shop: Shop, figures: metrics.Figures) -> tuple[Chart, ...]:
    """Draw the probabilities of today, and what they rest on."""
    features = figures.importances()[:15]
    drawn = (
        _bands(shop) if shop.probability_bands else None,
        _importance(features) if features else None,
    )
    return tuple(chart for chart in drawn if chart)


def _bands(shop: Shop) -> Chart:
    return make_chart(
        "probability-bands",
        f"{count(shop.likely_buyers, 'customer')} are more likely than not to order",
        f"Customers by their probability to order in the next {shop.build.horizon_days} days.",
        score_charts.bands_table(shop.probability_bands),
        score_charts.probability_bands(shop.probability_bands),
    )


def _importance(features: Sequence[tuple[str, float]]) -> Chart:
    return make_chart(
        "importance",
        f"The model leans most on: {plain(features[0][0])}",
        "How much the log loss grows when one feature is shuffled among customers.",
        metrics.importance_table(features),
        score_charts.importance(features),
        size="tall" if len(features) > 8 else "",
    )


def _curves(shop: Shop, figures: metrics.Figures, run: ModelRun) -> tuple[Curve, ...]:
    """Return slug, finding, caption, x, y, and whether the diagonal means something."""
    auc = figures.get("roc_auc")
    precision = figures.get("average_precision")
    error = figures.get("expected_calibration_error")
    points = DASH if error is None else number(100 * error, decimals=1)
    differ = f"Predicted and observed rates differ by {points} points on average"
    if figures.missing(figures.in_use, "expected_calibration_error") != DASH:
        differ = "Predicted and observed rates of groups of customers"
    by_chance = number(run.base_rate, decimals=2)
    reached = metrics.reached_by(shop.curves, run.chosen_model, 0.2)
    return (
        (
            "gains",
            reached or "How many buyers are reached by contacting the best-ranked customers",
            "Customers are contacted in the order of their probability; dotted: in any order.",
            "Customers contacted",
            "Buyers reached",
            True,
        ),
        (
            "calibration",
            differ,
            "Customers in ten groups of equal size by probability; dotted: prediction comes true.",
            "Predicted probability",
            "Share that ordered",
            True,
        ),
        (
            "roc",
            f"A buyer is ranked above a non-buyer in {percent(auc, decimals=1)} of the pairs",
            "ROC curve: buyers found against non-buyers taken along; dotted: chance.",
            "Non-buyers taken along",
            "Buyers found",
            True,
        ),
        (
            "precision_recall",
            f"Average precision is {number(precision, decimals=2)}; chance gives {by_chance}",
            "Precision-recall curve: how many of those marked buy, against buyers found.",
            "Buyers found (recall)",
            "Marked who bought (precision)",
            False,
        ),
    )


def _curve_chart(
    points: Sequence[CurvePoint], figures: metrics.Figures, *curve: str | bool
) -> Chart | None:
    name, finding, caption, x, y = (str(part) for part in curve[:5])
    # The base rate ranks nobody: its curve is the dotted line or a single point.
    own = [point for point in points if point.curve == name and point.model != "base_rate"]
    models = [model for model in figures.models() if any(point.model == model for point in own)]
    if not models:
        return None
    return make_chart(
        slug(name),
        finding,
        caption,
        score_charts.curve_table(own, x, y, caption=finding),
        score_charts.curves(own, models=models, x=x, y=y, is_diagonal=bool(curve[5])),
    )
