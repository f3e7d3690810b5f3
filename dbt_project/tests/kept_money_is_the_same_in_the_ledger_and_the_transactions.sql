-- What the ledger keeps, in rows and money, is what transactions holds.
with

ledger as (

    select
        coalesce(sum(row_count), 0) as row_count,
        coalesce(sum(amount), 0) as amount

    from {{ ref('row_ledger') }}

    where is_kept = 1 and entity in ('transactions', 'refunds')

),

transactions as (

    select
        count(*) as row_count,
        coalesce(sum(amount), 0) as amount

    from {{ ref('transactions') }}

)

select
    ledger.row_count as ledger_rows,
    transactions.row_count as transaction_rows,
    ledger.amount as ledger_amount,
    transactions.amount as transaction_amount

from ledger

cross join transactions

where
    ledger.row_count <> transactions.row_count
    or abs(ledger.amount - transactions.amount) >= 0.005
