with

loads as (

    select * from {{ ref('stg_loads__loads') }}

),

classified_rows as (

    select * from {{ ref('int_rows_classified') }}

    where reason <> 'kept'

),

published as (

    select
        classified_rows.load_id,
        loads.source,
        classified_rows.entity,
        classified_rows.line_number,
        classified_rows.reason,
        {{ row_without_email('classified_rows.landed_text') }} as landed_text,
        {{ money('classified_rows.amount_minor') }} as amount

    from classified_rows

    inner join loads
        on classified_rows.load_id = loads.load_id

)

select * from published
