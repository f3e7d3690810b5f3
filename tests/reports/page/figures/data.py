"""The data section."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reports.page.figures.compare.checks import Check, Sentence, Shown, facts, table
from tests.reports.page.figures.compare.marts import Marts

REASONS = {
    "kept": "Kept",
    "superseded": "A later load has the same id",
    "duplicate": "Equal in every field to another row of the invoice",
    "no_customer": "No customer id (guest)",
    "not_a_product": "Not a product: postage, fees, adjustments",
    "zero_amount": "Amount is 0",
    "other_currency": "Not in the reporting currency",
    "after_as_of_date": "Dated after the as-of date",
}
WHY = (
    "case "
    + " ".join(f"when reason = '{reason}' then '{told}'" for reason, told in REASONS.items())
    + " when reason like 'unreadable\\_%' escape '\\' then 'The '"
    " || replace(substr(reason, 12), '_', ' ') || ' is missing or cannot be read'"
    " else capital(replace(reason, '_', ' ')) end"
)
LEDGER = """
select {source} capital(entity) as "Entity: text", {why} as "Reason: text",
    case is_kept when 1 then 'yes' else 'no' end as "Kept: text", sum(row_count) as "Rows: whole",
    case when entity in ('transactions', 'refunds') then total(amount) end as "Amount: money2"
from row_ledger group by {by} entity, reason order by {order}
"""
ENTITIES = (
    "case entity when 'transactions' then 1 when 'refunds' then 2 when 'customers' then 3"
    " else 4 end"
)


def ledger(*, by_source: bool) -> Check:
    """Compare kept and left out rows, in total or by source."""
    return table(
        LEDGER.format(
            source='source as "Source: text",' if by_source else "",
            why=WHY,
            by="source," if by_source else "",
            order="min(load_id), source, entity, is_kept desc, reason"
            if by_source
            else f"{ENTITIES}, is_kept desc, sum(row_count) desc, reason",
        )
    )


def thresholds(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare days and orders as whole numbers, money with two decimals, in this order."""
    place = 0
    for measure, label, kind in (
        ("recency", "Recency, days", "whole"),
        ("frequency", "Frequency, orders", "whole"),
        ("monetary", "Monetary", "money2"),
    ):
        sql = f"""
            select '{label}' as "Measure: text", score as "Score: whole",
                lowest_value as "From: {kind}", highest_value as "To: {kind}",
                customers as "Customers: whole", tied_customers as "Tied: whole"
            from score_thresholds where measure = '{measure}' order by score desc
        """
        count = len(marts.ask(sql).rows)
        own = shown and {**shown, "rows": shown["rows"][place : place + count]}
        yield from table(sql)(own, marts)
        place += count
    if shown and len(shown["rows"]) != place:
        yield f"has {len(shown['rows'])} rows, SQL has {place}"


TABLES: dict[str, Check] = {
    "Score thresholds": thresholds,
    "Landed rows and their amounts": ledger(by_source=False),
    "Landed rows by source": ledger(by_source=True),
    "Data tests": table(
        """
        select nullif(model, '') as "Table: text", test_name as "Test: text",
            nullif(description, '') as "Condition: text", kind as "Kind: text",
            status as "Result: text"
        from data_tests
        order by case status when 'warn' then 1 when 'not run' then 2 else 3 end, model, test_name
        """
    ),
    "Data dictionary": table(
        """
        select table_name as "Table: text", column_name as "Column: text",
            nullif(unit, '') as "Unit: text", nullif(description, '') as "Meaning: text"
        from column_docs order by table_name, position
        """
    ),
}


FACTS: dict[str, Check] = {
    "This build": facts(
        """
        select as_of_date as "As of: day", first_order_date as "First order: day",
            (select sum(row_count) from row_ledger where entity <> 'refunds')
                as "Rows landed: whole",
            (select count(*) from transactions) as "Transactions kept: whole",
            (select count(*) from customers) as "Customers: whole",
            (select count(*) from rfm_scores) as "Customers with an order: whole",
            (select count(*) from orders) as "Orders: whole",
            (select count(*) from products) as "Products: whole",
            case scoring_method when 'ntile' then 'Quartiles of equal size (ntile)' end
                as "Scores: text",
            case return_dating when 'return' then 'their own day' end as "Returns count on: text",
            coalesce(reporting_currency, 'as in the files') as "Currency: text",
            code_version as "Version: text", input_fingerprint as "Input fingerprint: text",
            build_fingerprint as "Build fingerprint: text"
        from build_info
        """
    )
}
KEPT = """
select (select count(*) from transactions) as whole, sum(row_count) as count
from row_ledger where entity = 'transactions'
"""
RETURNS = """
select month as month, returned_amount as money from monthly_sales
order by returned_amount, month limit 1
"""
LEFT_OUT = (
    "Each landed row is kept, or left out for the first reason it matches. Rows and amounts add up "
    "to the files."
)
TIED = """
select count(*) as count from rfm_scores as r where exists (
    select 1 from rfm_scores as o
    where o.frequency = r.frequency and o.frequency_score <> r.frequency_score
)
"""
SENTENCES = (
    Sentence("{} of {} in the files were kept", KEPT),
    Sentence(
        f"{LEFT_OUT} Returns count on their own day and are never an order. "
        "Most were in {}: {}.",
        RETURNS,
    ),
    Sentence("{} have as many orders as a customer with another score", TIED),
    Sentence("Customers with equal numbers of orders have equal scores", TIED),
    Sentence("This build"),
)
