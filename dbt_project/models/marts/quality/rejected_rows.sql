with

loads as (

    select * from {{ ref('stg_loads__loads') }}

),

rows_judged as (

    select * from {{ ref('int_rows_classified') }}

    where reason <> 'kept'

),

named as (

    select
        rows_judged.load_id,
        loads.source,
        rows_judged.entity,
        rows_judged.line_number,
        rows_judged.reason,
        {{ row_without_email('rows_judged.landed_text') }} as landed_text,
        {{ money('rows_judged.amount_minor') }} as amount

    from rows_judged

    inner join loads
        on rows_judged.load_id = loads.load_id

)

select * from named
