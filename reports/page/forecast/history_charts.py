"""Plotly figures of windows, backtest and track record. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from reports.formatting import capital, count, interval, model_name, number, percent, short_day
from reports.marts.forecast import Metric, TrackBand, TrackDate, Window
from reports.marts.suppressed import known, shown
from reports.page.chart_style import (
    ACCENT,
    legend_above,
    make_figure,
    month_step,
    scale,
    two_lines,
)
from reports.page.forecast.score_charts import AMBER, GREEN, diagonal, style_of, upright

# A row of the chart of windows, and the kind of bar by role.
STEPS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("1 Select", {"fit": "train", "choose": "select"}),
    ("2 Evaluate", {"refit": "train", "report": "evaluate"}),
    ("3 Forecast", {"final": "train", "score": "forecast"}),
    ("Backtest", {"history": "evaluate"}),
)
KINDS = {
    "train": ("Training", ACCENT),
    "select": ("Model selection", AMBER),
    "evaluate": ("Evaluation", GREEN),
    "forecast": ("Forecast", "#6b7280"),
}
DAY = 24 * 60 * 60 * 1000


def windows(found: Sequence[Window]) -> go.Figure:
    """Draw the label days of each window, one row for each step that uses windows."""
    bars = [
        (kind, step, window)
        for window in reversed(found)
        for step, kinds in STEPS
        for role, kind in kinds.items()
        if role in json.loads(window.roles)
    ]
    steps = [step for step, _ in STEPS if any(step == drawn for _, drawn, _ in bars)]
    figure = make_figure(
        *(_window_bars(kind, [bar[1:] for bar in bars if bar[0] == kind]) for kind in KINDS),
        barmode="overlay",
        bargap=0.38,
        legend=legend_above(),
        uniformtext={"minsize": 10, "mode": "hide"},
        shapes=[upright(window.as_of_date, dash="dot") for window in found if _is_open(window)],
        xaxis={
            "type": "date",
            "tickformat": "%b<br>%Y",
            "dtick": month_step(len(found)),
            "tickangle": 0,
        },
        yaxis={
            "ticksuffix": "  ",
            "showgrid": False,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": steps[::-1],
        },
    )
    figure.update_layout(showlegend=True)
    return figure


def _is_open(window: Window) -> bool:
    return "score" in json.loads(window.roles)


def _window_bars(kind: str, bars: Sequence[tuple[str, Window]]) -> go.Bar:
    name, colour = KINDS[kind]
    return go.Bar(
        name=name,
        orientation="h",
        base=[window.as_of_date for _, window in bars],
        x=[window.label_days * DAY for _, window in bars],
        y=[step for step, _ in bars],
        marker={"color": colour, "line": {"width": 2}},
        meta="separated",
        text=[kind] * len(bars),
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": "#ffffff"},
        customdata=[
            [short_day(window.as_of_date), short_day(window.label_end_date), _buyers(window)]
            for _, window in bars
        ],
        hovertemplate=f"%{{y}}: {name[0].lower()}{name[1:]}<br>After %{{customdata[0]}}, "
        "to %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )


def _buyers(window: Window) -> str:
    customers = count(window.customers, "customer")
    if window.buyers is None:
        return f"{customers}; buyers are not known yet"
    return f"{customers}, {percent(window.buyer_share, decimals=1)} ordered"


def over_time(found: Mapping[str, Sequence[Metric]], *, in_use: str, title: str) -> go.Figure:
    """Draw a metric at each past window: the model in use with its interval, baselines as lines."""
    own = found[in_use]
    traces = [*_band(own)]
    for model in sorted(found, key=lambda name: name == in_use):
        colour, dash, width = style_of(model, in_use)
        traces.append(
            go.Scatter(
                name=capital(model_name(model)),
                x=[row.as_of_date for row in found[model]],
                y=[row.value for row in found[model]],
                mode="lines+markers",
                line={"color": colour, "width": width, "dash": dash},
                marker={"size": 7 if model == in_use else 5},
                customdata=[_hover_texts(row) for row in found[model]],
                hovertemplate=f"{capital(model_name(model))}<br>As of %{{customdata[0]}}: "
                "%{customdata[1]}%{customdata[2]}<extra></extra>",
            )
        )
    figure = make_figure(
        *traces,
        legend={**legend_above(), "traceorder": "reversed"},
        xaxis={"type": "date", "title": "As of", "showgrid": False, **_dates(own)},
        yaxis={"title": title, "tickformat": ".2f", "nticks": 6},
    )
    figure.update_layout(showlegend=True)
    return figure


def _dates(own: Sequence[Metric]) -> dict[str, Any]:
    shown = [row.as_of_date for row in own][:: -1 if len(own) <= 6 else -2][::-1]
    return {"tickvals": shown, "ticktext": [two_lines(day) for day in shown], "tickangle": 0}


def _hover_texts(row: Metric) -> list[str]:
    between = "" if row.low is None else f"<br>95%: {interval(row.low, row.high, decimals=3)}"
    return [short_day(row.as_of_date), number(row.value, decimals=3), between]


def _band(own: Sequence[Metric]) -> list[go.Scatter]:
    sure = [row for row in own if row.low is not None and row.high is not None]
    around = [*sure, *reversed(sure)]
    heights = [row.high for row in sure] + [row.low for row in reversed(sure)]
    if not sure:
        return []
    return [
        go.Scatter(
            name="95% interval",
            x=[row.as_of_date for row in around],
            y=heights,
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor="rgba(99, 102, 217, 0.2)",
            hoverinfo="skip",
        )
    ]


def came_true(found: Sequence[TrackDate]) -> go.Figure:
    """Draw the buyers after each past forecast as bars, the expected buyers as marks."""
    days = [row.prediction_date for row in found]
    ticks = days[:: -max(1, round(len(days) / 6))][::-1]
    customdata = [
        [short_day(row.prediction_date), number(row.buyers), number(row.expected_buyers)]
        for row in found
    ]
    hover = (
        "After %{customdata[0]}<br>%{customdata[2]} expected, %{customdata[1]} ordered"
        "<extra></extra>"
    )
    mark = {"symbol": "diamond", "size": 11, "color": AMBER}
    figure = make_figure(
        go.Bar(
            name="Ordered",
            x=days,
            y=[known(row.buyers) for row in found],
            marker_color=ACCENT,
            customdata=customdata,
            hovertemplate=hover,
        ),
        go.Scatter(
            name="Expected",
            x=days,
            y=[known(row.expected_buyers) for row in found],
            mode="markers",
            marker=mark,
            customdata=customdata,
            hovertemplate=hover,
        ),
        bargap=max(0.4, 1 - 0.12 * len(days)),
        legend=legend_above(),
        xaxis={
            "title": "Forecast as of",
            "type": "category",
            "tickvals": ticks,
            "ticktext": [two_lines(day) for day in ticks],
            "tickangle": 0,
            "showgrid": False,
        },
        yaxis=scale(shown(row.expected_buyers for row in found), "Buyers"),
    )
    figure.update_layout(showlegend=True)
    return figure


def track_bands(found: Sequence[TrackBand]) -> go.Figure:
    """Draw predicted against observed rates of all past forecasts."""
    return make_figure(
        diagonal(),
        go.Scatter(
            x=[known(row.mean_probability) for row in found],
            y=[known(row.buyer_share) for row in found],
            mode="lines+markers",
            line={"color": ACCENT, "width": 3},
            marker={"size": 8},
            customdata=[
                [
                    count(row.customers, "customer"),
                    percent(row.mean_probability, decimals=1),
                    percent(row.buyer_share, decimals=1),
                ]
                for row in found
            ],
            hovertemplate="%{customdata[0]}<br>Predicted %{customdata[1]}, "
            "ordered %{customdata[2]}<extra></extra>",
        ),
        xaxis={"title": "Predicted probability", "tickformat": ".0%", "range": [0, 1.02]},
        yaxis={"title": "Share that ordered", "tickformat": ".0%", "range": [0, 1.02]},
    )
