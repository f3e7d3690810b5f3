-- Each landed row is in the ledger once, under one reason.
with

loads as (

    select * from {{ ref('stg_loads__loads') }}

),

row_ledger as (

    select * from {{ ref('row_ledger') }}

    where entity <> 'refunds'

),

counted as (

    select
        load_id,
        sum(row_count) as row_count

    from row_ledger

    group by load_id

)

select
    loads.load_id,
    loads.row_count as landed_rows,
    counted.row_count as ledger_rows

from loads

left join counted
    on loads.load_id = counted.load_id

where loads.row_count <> coalesce(counted.row_count, 0)
