-- The build says how many rows were landed: those that the ledger holds, a refund being no row of its own.
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
