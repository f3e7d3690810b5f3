-- build_info counts the landed rows of the ledger; a refund is not a landed row of its own.
with

ledger as (

    select coalesce(sum(row_count), 0) as row_count

    from {{ ref('row_ledger') }}

    where entity <> 'refunds'

)

select
    build_info.landed_rows,
    ledger.row_count

from {{ ref('build_info') }} as build_info

cross join ledger

where build_info.landed_rows <> ledger.row_count
