"""The charts of the model in use, each with its finding. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import DASH, count, number, percent, plain, slug
from reports.marts.forecast import CurvePoint, ModelRun
from reports.marts.shop import Shop
from reports.page.components import Chart, make_chart
from reports.page.forecast import metrics, score_charts


@dataclass(frozen=True)
class Curve:
    """The texts of a curve of the report window, and whether its diagonal is drawn."""

    name: str
    finding: str
    caption: str
    x: str
    y: str
    has_diagonal: bool = False


def baselines(figures: metrics.Figures) -> Chart | None:
    """Return the differences to the baselines; None where they were not measured."""
    found = figures.differences()
    if not found:
        return None
    return make_chart(
        "baselines",
        metrics.differences_finding(found),
        "Log loss of the forecast minus log loss of the baseline on the report window, with its "
        "95% interval. Left of zero the forecast is better; where the interval includes zero, "
        "chance may explain the difference.",
        metrics.differences_table(found),
        score_charts.differences(found),
        size="small",
        sources=("model_metrics",),
    )


def ranking(shop: Shop, figures: metrics.Figures, run: ModelRun) -> tuple[Chart, ...]:
    """Return the curves of the report window."""
    drawn = [_curve_chart(shop.curves, figures, curve) for curve in _curves(shop, figures, run)]
    return tuple(chart for chart in drawn if chart)


def forecast(shop: Shop, figures: metrics.Figures) -> tuple[Chart, ...]:
    """Return the distribution of the probabilities and the importance of the features."""
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
        sources=("predictions",),
    )


def _importance(features: Sequence[tuple[str, float]]) -> Chart:
    return make_chart(
        "importance",
        f"The most important feature is: {plain(features[0][0])}",
        "Permutation importance: growth of the log loss when one feature is shuffled.",
        metrics.importance_table(features),
        score_charts.importance(features),
        size="tall" if len(features) > 8 else "",
        sources=("model_metrics",),
    )


def _curves(shop: Shop, figures: metrics.Figures, run: ModelRun) -> tuple[Curve, ...]:
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
        Curve(
            "gains",
            reached or "Buyers reached by contacting the best-ranked customers",
            "Cumulative gains: contacts by descending probability; dotted: in random order.",
            "Customers contacted",
            "Buyers reached",
            has_diagonal=True,
        ),
        Curve(
            "calibration",
            differ,
            "Calibration: ten groups of equal size by probability; dotted: perfect calibration.",
            "Predicted probability",
            "Share that ordered",
            has_diagonal=True,
        ),
        Curve(
            "roc",
            f"A buyer is ranked above a non-buyer in {percent(auc, decimals=1)} of the pairs",
            "ROC curve: true positive rate against false positive rate; dotted: chance.",
            "Non-buyers marked (false positive rate)",
            "Buyers marked (true positive rate)",
            has_diagonal=True,
        ),
        Curve(
            "precision_recall",
            f"Average precision is {number(precision, decimals=2)}; chance gives {by_chance}",
            "Precision-recall curve: share of the marked customers who ordered, against the "
            "share of the buyers who were marked.",
            "Buyers marked (recall)",
            "Marked customers who ordered (precision)",
        ),
    )


def _curve_chart(
    points: Sequence[CurvePoint], figures: metrics.Figures, curve: Curve
) -> Chart | None:
    # The base rate ranks nobody: its curve is the diagonal or a single point.
    own = [point for point in points if point.curve == curve.name and point.model != "base_rate"]
    models = [model for model in figures.models() if any(point.model == model for point in own)]
    if not models:
        return None
    return make_chart(
        slug(curve.name),
        curve.finding,
        curve.caption,
        score_charts.curve_table(own, curve.x, curve.y, caption=curve.finding),
        score_charts.curves(
            own, models=models, x=curve.x, y=curve.y, is_diagonal=curve.has_diagonal
        ),
        sources=("model_curves",),
    )
