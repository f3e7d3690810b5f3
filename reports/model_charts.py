"""The part of the page about the model: its charts and what stands beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reports import charts, model_part, rows, tables
from reports.formats import DASH, count, number, percent, plain, slug
from reports.page import Chart, ModelPart, make_chart

Curve = tuple[str, str, str, str, str, bool]


def make_model_part(shop: rows.Shop) -> ModelPart:
    """Assemble the part about the latest run, which must have trained."""
    run = next(run for run in shop.model_runs if run.is_latest)
    figures = model_part.Figures(shop.metrics)
    return ModelPart(
        verdict=model_part.verdict(figures, run.chosen_model),
        rules=model_part.VERDICT_RULES,
        metrics=model_part.metrics_table(figures, run.chosen_model),
        confusion=model_part.confusion(figures, run),
        charts=_model_charts(shop, figures, run),
        facts=model_part.facts(run),
        runs=model_part.runs_table(shop.model_runs),
    )


def _model_charts(
    shop: rows.Shop, figures: model_part.Figures, run: rows.ModelRun
) -> tuple[Chart, ...]:
    drawn = [
        _curve_chart(shop.curves, figures, run, *curve) for curve in _curves(shop, figures, run)
    ]
    found = [chart for chart in drawn if chart]
    if shop.probability_bands:
        found.insert(0, _bands(shop))
    features = figures.importances(run.chosen_model)[:15]
    if features:
        found.append(
            make_chart(
                "importance",
                f"The model leans most on: {plain(features[0][0])}",
                "How much the log loss grows when one feature is dealt out to customers anew.",
                model_part.importance_table(features),
                charts.importance(features),
                size="tall" if len(features) > 8 else "",
            )
        )
    return tuple(found)


def _bands(shop: rows.Shop) -> Chart:
    return make_chart(
        "probability-bands",
        f"{count(shop.likely_buyers, 'customer')} are more likely than not to order",
        f"Customers by their probability to order in the next {shop.build.horizon_days} days.",
        tables.bands_table(shop.probability_bands),
        charts.probability_bands(shop.probability_bands),
    )


def _curves(shop: rows.Shop, figures: model_part.Figures, run: rows.ModelRun) -> tuple[Curve, ...]:
    """Return slug, finding, caption, x, y, and whether the diagonal means something."""
    auc = figures.get(run.chosen_model, "roc_auc")
    precision = figures.get(run.chosen_model, "average_precision")
    error = figures.get(run.chosen_model, "expected_calibration_error")
    points = DASH if error is None else number(100 * error, decimals=1)
    by_chance = number(run.base_rate, decimals=2)
    reached = model_part.reached_by(shop.curves, run.chosen_model, 0.2)
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
            f"Predicted and observed rates differ by {points} points on average",
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
    points: Sequence[rows.CurvePoint],
    figures: model_part.Figures,
    run: rows.ModelRun,
    *curve: str | bool,
) -> Chart | None:
    name, finding, caption, x, y = (str(part) for part in curve[:5])
    # The base rate ranks nobody: its curve is the dotted line or a single point.
    own = [point for point in points if point.curve == name and point.model != "base_rate"]
    models = [
        model
        for model in figures.models(run.chosen_model)
        if any(point.model == model for point in own)
    ]
    if not models:
        return None
    return make_chart(
        slug(name),
        finding,
        caption,
        tables.curve_table(own, x, y, caption=finding),
        charts.curves(own, models=models, x=x, y=y, is_diagonal=bool(curve[5])),
    )
