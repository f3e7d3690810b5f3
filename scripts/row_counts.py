"""How many rows a step left behind, for people and the log."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from scripts import warehouse
from scripts.engines.engine import Engine


def feature_rows(engine: Engine) -> int:
    """Return the number of rows, customer and snapshot, that the model learns from."""
    row = engine.row("select count(*) from customer_features")
    return int(row[0]) if row else 0


def judged_lines(marts_db: Path) -> dict[str, int]:
    """Return the number of transaction lines of these marts by reason, largest first."""
    with closing(warehouse.connect_read_only(marts_db)) as connection:
        rows: list[tuple[str, int]] = connection.execute(
            "select reason, sum(row_count) from row_ledger where entity = 'transactions' "
            "group by reason order by sum(row_count) desc, reason"
        ).fetchall()
    return dict(rows)
