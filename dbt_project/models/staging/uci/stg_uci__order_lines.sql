with

source as (

    select * from {{ source('uci', 'raw_uci_order_lines') }}

),

renamed as (

    select
        load_id,
        line_number,

        -- ids
        {{ read_id('invoice_no') }} as order_id,
        {{ read_id('customer_id') }} as customer_id,
        {{ read_id('stock_code') }} as product_id,
        case when {{ is_rounded_id('customer_id') }} then 'customer_id' end as rounded_id,

        -- strings
        {{ read_text('description') }} as product_name,
        {{ read_text('country') }} as country,

        -- numerics
        {{ read_whole_number('quantity') }} as quantity,
        {{ read_micros('unit_price') }} as unit_price_micros,

        -- timestamps; known copies of this file write month/day/year and day-month-year
        {{ read_timestamp('invoice_date', slashes='month_first', dashes='day_first') }} as invoice_at,

        -- landed row
        {{ row_as_text([
            'invoice_no', 'stock_code', 'description', 'quantity', 'invoice_date', 'unit_price', 'customer_id',
            'country'
        ]) }} as landed_text

    from source

    {{ computed_once() }}

),

-- The format has no line ids. Numbering the lines within their invoice gives a line the same id when its invoice is
-- loaded again, also from another file.
numbered as (

    select
        *,
        order_id || '-' || row_number() over (partition by load_id, order_id order by line_number) as transaction_id,
        {{ line_amount_minor('quantity', 'unit_price_micros') }} as amount_minor,
        {{ minor_units_from_micros('unit_price_micros') }} as unit_price_minor

    from renamed

)

select * from numbered
