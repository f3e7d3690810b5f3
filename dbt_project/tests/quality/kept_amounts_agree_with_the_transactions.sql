-- Number and amount of kept rows are the same in row_ledger and transactions.
with

ledger as (

    select
        coalesce(sum(row_count), 0) as row_count,
        coalesce(sum({{ minor_units_from_money('amount') }}), 0) as amount_minor

    from {{ ref('row_ledger') }}

    where is_kept = 1 and entity in ('transactions', 'refunds')

),

transactions as (

    select
        count(*) as row_count,
        coalesce(sum({{ minor_units_from_money('amount') }}), 0) as amount_minor

    from {{ ref('transactions') }}

)

select
    ledger.row_count as ledger_rows,
    transactions.row_count as transaction_rows,
    ledger.amount_minor as ledger_minor,
    transactions.amount_minor as transaction_minor

from ledger

cross join transactions

where
    ledger.row_count <> transactions.row_count
    or ledger.amount_minor <> transactions.amount_minor
