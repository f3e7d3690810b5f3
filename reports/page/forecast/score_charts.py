"""Plotly figures of the forecast: rows of the marts in, figure out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from reports.formatting import capital, count, interval, model_name, number, percent, plain
from reports.marts.forecast import CurvePoint, Metric, ProbabilityBand
from reports.marts.suppressed import known, shown
from reports.page.chart_style import ACCENT, QUIET, legend_above, make_figure, scale
from reports.page.components import Table, number_columns, text_columns

GREEN = "#0f766e"
AMBER = "#b45309"
PINK = "#be3a86"
# Colour, dash and width: a baseline looks the same in every figure.
IN_USE = (ACCENT, "solid", 3)
STYLES = {
    "recency_rule": (AMBER, "dash", 2),
    "bg_nbd": (GREEN, "dot", 2),
    "rfm_quartiles": (PINK, "dashdot", 2),
    "base_rate": (QUIET, "longdash", 2),
}


def style_of(model: str, in_use: str | None) -> tuple[str, str, int]:
    """Return colour, dash and width of the line of a method."""
    return IN_USE if model == in_use else STYLES.get(model, (QUIET, "dash", 2))


def probability_bands(bands: Sequence[ProbabilityBand]) -> go.Figure:
    """Draw the distribution of the probabilities."""
    return make_figure(
        go.Bar(
            x=[band_label(row.band) for row in bands],
            y=[known(row.customers) for row in bands],
            marker_color=ACCENT,
            customdata=[
                [count(row.customers, "customer"), number(row.expected_buyers, decimals=1)]
                for row in bands
            ],
            hovertemplate="%{x}<br>%{customdata[0]}, %{customdata[1]} expected to buy"
            "<extra></extra>",
        ),
        bargap=0.12,
        xaxis={
            "title": "Predicted probability of an order (%)",
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [band_label(band) for band in range(10)],
            "tickvals": [band_label(band) for band in range(10)],
            "ticktext": [band_label(band).rstrip("%") for band in range(10)],
            "tickangle": 0,
            "showgrid": False,
        },
        yaxis=scale(shown(row.customers for row in bands), "Customers"),
    )


def curves(
    points: Sequence[CurvePoint],
    *,
    models: Sequence[str],
    x: str,
    y: str,
    is_diagonal: bool,
) -> go.Figure:
    """Draw a line for each method, the one in use first, and the diagonal."""
    traces: list[Any] = [diagonal()] if is_diagonal else []
    for model in models:
        own = [point for point in points if point.model == model]
        colour, dash, width = style_of(model, models[0])
        traces.append(
            go.Scatter(
                name=capital(model_name(model)),
                x=[point.x for point in own],
                y=[point.y for point in own],
                mode="lines+markers" if len(own) <= 12 else "lines",
                line={"color": colour, "width": width, "dash": dash},
                hovertemplate=f"{capital(model_name(model))}<br>{x}: %{{x:.1%}}<br>"
                f"{y}: %{{y:.1%}}<extra></extra>",
            )
        )
    figure = make_figure(
        *traces,
        legend=legend_above(),
        xaxis={"title": x, "tickformat": ".0%", "range": [0, 1.02]},
        yaxis={"title": y, "tickformat": ".0%", "range": [0, 1.02]},
    )
    figure.update_layout(showlegend=True)
    return figure


def diagonal() -> go.Scatter:
    """Return the dotted line of chance, or of perfect calibration."""
    return go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": QUIET, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )


def importance(features: Sequence[tuple[str, float]]) -> go.Figure:
    """Draw the permutation importance of the features, the highest at the top."""
    names = [plain(name) for name, _ in reversed(features)]
    return make_figure(
        go.Bar(
            x=[value for _, value in reversed(features)],
            y=names,
            orientation="h",
            marker_color=ACCENT,
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        ),
        bargap=0.35,
        xaxis={"title": "Growth of the log loss when shuffled", "tickformat": ".3~f", "nticks": 5},
        yaxis={"ticksuffix": "  ", "showgrid": False},
    )


def differences(found: Sequence[tuple[str, Metric]]) -> go.Figure:
    """Draw the difference in log loss to each baseline, with its interval."""
    shown = list(reversed(found))
    return make_figure(
        go.Scatter(
            x=[row.value for _, row in shown],
            y=[capital(model_name(baseline)) for baseline, _ in shown],
            mode="markers",
            marker={"size": 11, "color": [_clearness(row) for _, row in shown]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_distance(row.value, row.high) for _, row in shown],
                "arrayminus": [_distance(row.low, row.value) for _, row in shown],
                "color": QUIET,
                "thickness": 2,
                "width": 6,
            },
            customdata=[
                [number(row.value, decimals=3), interval(row.low, row.high, decimals=3)]
                for _, row in shown
            ],
            hovertemplate="Against %{y}: %{customdata[0]}<br>95%: %{customdata[1]}<extra></extra>",
        ),
        shapes=[upright(0, dash="solid")],
        xaxis={
            "title": "Difference in log loss",
            "tickformat": ".2~f",
            "nticks": 6,
            "rangemode": "tozero",
        },
        yaxis={"ticksuffix": "  ", "showgrid": False, "range": [-0.6, len(shown) - 0.4]},
    )


def _distance(low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else high - low


def _clearness(row: Metric) -> str:
    if row.high is not None and row.high < 0:
        return GREEN
    return AMBER if row.low is not None and row.low > 0 else QUIET


def upright(x: float | str, *, dash: str) -> dict[str, Any]:
    """Return a vertical line over the height of the figure."""
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"color": QUIET, "width": 1.5, "dash": dash},
    }


def bands_table(bands: Sequence[ProbabilityBand]) -> Table:
    """Return the number of customers by tenth of the probability."""
    return Table(
        caption="Customers by predicted probability",
        columns=(*text_columns("Probability"), *number_columns("Customers", "Expected buyers")),
        rows=tuple(
            (
                band_label(row.band),
                number(row.customers),
                number(row.expected_buyers, decimals=1),
            )
            for row in bands
        ),
    )


def band_label(band: int) -> str:
    """Name a tenth of the probability scale."""
    return f"{10 * band}–{10 * (band + 1)}%"  # noqa: RUF001  an en dash joins two numbers


def curve_table(points: Sequence[CurvePoint], x: str, y: str, caption: str) -> Table:
    """Return about twenty points of a curve for each method."""
    shown: list[CurvePoint] = []
    for model in sorted({point.model for point in points}):
        own = [point for point in points if point.model == model]
        step = max(1, (len(own) - 1) // 20)
        shown += [
            point for place, point in enumerate(own) if place % step == 0 or place == len(own) - 1
        ]
    return Table(
        caption=caption,
        columns=(*text_columns("Method"), *number_columns(x, y)),
        rows=tuple(
            (
                model_name(point.model),
                percent(point.x, decimals=1),
                percent(point.y, decimals=1),
            )
            for point in shown
        ),
    )
