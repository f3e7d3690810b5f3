with

source as (

    select * from {{ source('standard', 'raw_standard_transactions') }}

),

renamed as (

    select
        load_id,
        line_number,

        -- ids
        {{ read_id('transaction_id') }} as transaction_id,
        coalesce({{ read_id('invoice_id') }}, {{ read_id('transaction_id') }}) as order_id,
        {{ read_id('customer_id') }} as customer_id,
        {{ read_id('product_id') }} as product_id,
        case
            when {{ is_rounded_id('customer_id') }} then 'customer_id'
            when {{ is_rounded_id('invoice_id') }} then 'invoice_id'
        end as rounded_id,

        -- numerics
        {{ read_whole_number('quantity') }} as quantity,
        {{ minor_units_from_micros(read_micros('amount')) }} as amount_minor,

        -- timestamps
        {{ read_timestamp('invoice_date', slashes=standard_date_order(), dashes=standard_date_order()) }} as invoice_at,

        -- landed row
        {{ row_as_text([
            'transaction_id', 'invoice_id', 'customer_id', 'product_id', 'invoice_date', 'quantity', 'amount'
        ]) }} as landed_text

    from source

    {{ computed_once() }}

)

select * from renamed
