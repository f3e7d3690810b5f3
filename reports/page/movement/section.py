"""The movement section: who changed segment and why, segments over time, cohorts."""

from __future__ import annotations

from dataclasses import dataclass

from reports.formatting import Money
from reports.marts.shop import Shop
from reports.marts.suppressed import known
from reports.page.components import Chart, HeatMap
from reports.page.movement.causes import causes_chart
from reports.page.movement.cohorts import Cohorts, make_cohorts
from reports.page.movement.moves import flows_chart, moves_caption, moves_heat_map, people_moved
from reports.page.movement.sizes import sizes_chart


@dataclass(frozen=True)
class Movement:
    """What the movement section prints; `moves` is None where there is one snapshot only."""

    has_scores: bool
    moves_finding: str
    moves_caption: str
    moves: HeatMap | None
    charts: tuple[Chart, ...]
    cohorts: Cohorts


def make_movement(shop: Shop, money: Money) -> Movement:
    """Return the movement section."""
    has_scores = shop.build.scored_customers != 0
    return Movement(
        has_scores=has_scores,
        moves_finding=people_moved(shop.move_totals),
        moves_caption=moves_caption(shop.moves),
        moves=moves_heat_map(shop.moves, shop.segments, money) if shop.moves else None,
        charts=_movement_charts(shop, money) if has_scores else (),
        cohorts=make_cohorts(shop),
    )


def _movement_charts(shop: Shop, money: Money) -> tuple[Chart, ...]:
    sizes = sizes_chart(shop, money)
    if not shop.moves:
        return (sizes,)
    causes = causes_chart(shop, money)
    if any(known(move.customers) is None for move in shop.moves):
        # Without the suppressed flows the others would look complete.
        return (causes, sizes)
    return (causes, flows_chart(shop, money), sizes)
