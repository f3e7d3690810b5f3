-- rejected_rows has as many rows of each reason as the ledger.
with

ledger as (

    select
        load_id,
        entity,
        reason,
        row_count

    from {{ ref('row_ledger') }}

    where is_kept = 0

),

rejected as (

    select
        load_id,
        entity,
        reason,
        count(*) as row_count

    from {{ ref('rejected_rows') }}

    group by load_id, entity, reason

)

select
    ledger.load_id,
    ledger.entity,
    ledger.reason,
    ledger.row_count as ledger_rows,
    rejected.row_count as rejected_rows

from ledger

left join rejected
    on
        ledger.load_id = rejected.load_id
        and ledger.entity = rejected.entity
        and ledger.reason = rejected.reason

where ledger.row_count <> coalesce(rejected.row_count, 0)
