with

loads as (

    select * from {{ ref('stg_loads__loads') }}

),

classified_rows as (

    select * from {{ ref('int_rows_classified') }}

),

counted as (

    select
        load_id,
        entity,
        reason,
        count(*) as row_count,
        coalesce(sum(amount_minor), 0) as amount_minor

    from classified_rows

    group by load_id, entity, reason

),

published as (

    select
        counted.load_id,
        loads.source,
        counted.entity,
        counted.reason,
        case when counted.reason = 'kept' then 1 else 0 end as is_kept,
        counted.row_count,
        {{ money('counted.amount_minor') }} as amount

    from counted

    inner join loads
        on counted.load_id = loads.load_id

)

select * from published
