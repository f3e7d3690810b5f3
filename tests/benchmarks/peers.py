"""What else makes an RFM table of a CSV file: pandas the usual way, DuckDB, Polars.

Each is a program of its own, `python -m tests.benchmarks.peers NAME TRANSACTIONS OUT`, so that its
memory is its own. All read lines as our rules do: what cannot be read, has no customer or no
amount is left out.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

COLUMNS = ("customer_id", "recency", "frequency", "monetary", "r", "f", "m", "segment")
SEGMENTS = ((10, "Champions"), (8, "Loyal"), (5, "At-Risk"), (0, "Lost"))
# What orders customers from worst to best, by score; True where a large value is a bad one.
ORDERS = {
    "r": (("recency", True), ("frequency", False), ("customer_id", False)),
    "f": (("frequency", False), ("recency", True), ("customer_id", False)),
    "m": (("monetary", False), ("recency", True), ("customer_id", False)),
}

DUCKDB = """
copy (
    with lines as (
        select
            customer_id,
            invoice_id,
            try_cast(invoice_date as date) as day,
            cast(round(try_cast(amount as double) * 100) as bigint) as pence
        from read_csv($transactions, all_varchar = true)
        where customer_id <> '' and product_id <> '' and try_cast(quantity as integer) is not null
    ),
    customers as (
        select
            customer_id,
            count(distinct invoice_id) filter (where pence > 0) as frequency,
            max(day) filter (where pence > 0) as last_order,
            max(day) as last_line,
            cast(sum(pence) as bigint) as monetary
        from lines
        where day is not null and pence <> 0
        group by customer_id
    ),
    measured as (
        select
            customer_id,
            (select max(last_line) from customers) - last_order as recency,
            frequency,
            monetary
        from customers
        where frequency > 0
    ),
    scored as (
        select
            *,
            ntile(4) over (order by recency desc, frequency, customer_id) as r,
            ntile(4) over (order by frequency, recency desc, customer_id) as f,
            ntile(4) over (order by monetary, recency desc, customer_id) as m
        from measured
    )
    select
        *,
        case
            when r + f + m >= 10 then 'Champions' when r + f + m >= 8 then 'Loyal'
            when r + f + m >= 5 then 'At-Risk' else 'Lost'
        end as segment
    from scored
) to '{out}' (format csv, header)
"""


def duckdb(transactions: Path, out: Path) -> None:
    """Let DuckDB read the file and write the table, in one statement."""
    import duckdb as engine  # noqa: PLC0415  each peer is there or not

    engine.execute(DUCKDB.format(out=out), {"transactions": str(transactions)})


def polars(transactions: Path, out: Path) -> None:
    """Let Polars do the same, lazily as far as the scores."""
    import polars as pl  # noqa: PLC0415  each peer is there or not

    pence = (pl.col("amount").cast(pl.Float64, strict=False) * 100).round().cast(pl.Int64)
    day = pl.col("invoice_date").str.to_date("%Y-%m-%d", strict=False)
    is_sale = pl.col("pence") > 0
    customers = (
        pl.scan_csv(transactions, infer_schema=False)
        .filter(
            pl.col("customer_id").fill_null("") != "",
            pl.col("product_id").fill_null("") != "",
            pl.col("quantity").cast(pl.Int64, strict=False).is_not_null(),
        )
        .select("customer_id", "invoice_id", day=day, pence=pence)
        .filter(pl.col("day").is_not_null(), pl.col("pence") != 0)
        .group_by("customer_id")
        .agg(
            frequency=pl.col("invoice_id").filter(is_sale).n_unique(),
            last_order=pl.col("day").filter(is_sale).max(),
            last_line=pl.col("day").max(),
            monetary=pl.col("pence").sum(),
        )
        .collect()
    )
    recency = (pl.lit(customers["last_line"].max()) - pl.col("last_order")).dt.total_days()
    scored = customers.filter(pl.col("frequency") > 0).with_columns(recency=recency)
    for score, order in ORDERS.items():
        names, is_descending = zip(*order, strict=True)
        scored = scored.sort(names, descending=is_descending).with_columns(
            _ntile(pl, scored.height).alias(score)
        )
    total = pl.col("r") + pl.col("f") + pl.col("m")
    segment = pl.lit(SEGMENTS[-1][1])
    for least, name in reversed(SEGMENTS[:-1]):
        segment = pl.when(total >= least).then(pl.lit(name)).otherwise(segment)
    scored.with_columns(segment=segment).select(COLUMNS).write_csv(out)


def _ntile(pl: Any, rows: int) -> Any:
    """Return `ntile(4)` of rows in their order: of an odd number the first quarters take more."""
    size, larger = divmod(rows, 4)
    at = pl.int_range(rows)
    in_larger = at < larger * (size + 1)
    return pl.when(in_larger).then(at // (size + 1)).otherwise((at - larger) // size) + 1


def pandas(transactions: Path, out: Path) -> None:
    """Do it as most notebooks do: read_csv, to_sql, group by, qcut, to_sql."""
    import pandas as pd  # noqa: PLC0415  as the others

    lines = pd.read_csv(transactions, low_memory=False)
    with closing(sqlite3.connect(out)) as connection:
        lines.to_sql("lines", connection, index=False)
        lines["day"] = pd.to_datetime(lines["invoice_date"], format="%Y-%m-%d", errors="coerce")
        lines["quantity"] = pd.to_numeric(lines["quantity"], errors="coerce")
        lines["pence"] = (lines["amount"] * 100).round().astype("int64")
        read = lines.dropna(subset=["customer_id", "product_id", "day", "quantity"])
        kept = read[read["pence"] != 0]
        sales = kept[kept["pence"] > 0].groupby("customer_id")
        rfm = pd.DataFrame(
            {
                "recency": (kept["day"].max() - sales["day"].max()).dt.days,
                "frequency": sales["invoice_id"].nunique(),
            }
        )
        rfm["monetary"] = kept.groupby("customer_id")["pence"].sum()
        rfm = rfm.reset_index()
        for score, order in ORDERS.items():
            names, is_descending = zip(*order, strict=True)
            rfm = rfm.sort_values(list(names), ascending=[not bad for bad in is_descending])
            rfm[score] = pd.qcut(range(len(rfm)), 4, labels=[1, 2, 3, 4]).astype(int)
        total = rfm["r"] + rfm["f"] + rfm["m"]
        rfm["segment"] = pd.cut(
            total,
            [0, *(least - 1 for least, _ in SEGMENTS[-2::-1]), 12],
            labels=[name for _, name in reversed(SEGMENTS)],
        ).astype(str)
        rfm[list(COLUMNS)].to_sql("rfm", connection, index=False)


PEERS: dict[str, Callable[[Path, Path], None]] = {
    "pandas": pandas,
    "duckdb": duckdb,
    "polars": polars,
}

if __name__ == "__main__":
    NAME, TRANSACTIONS, OUT = sys.argv[1:]
    PEERS[NAME](Path(TRANSACTIONS), Path(OUT))
