with

source as (

    select * from {{ source('shopify', 'raw_shopify_order_lines') }}

),

renamed as (

    select
        load_id,
        line_number,

        -- ids
        {{ read_id('name') }} as order_id,
        coalesce({{ read_id('lineitem_sku') }}, {{ read_text('lineitem_name') }}) as product_id,

        -- strings
        {{ lower_case(read_text('email')) }} as email,
        {{ lower_case(read_text('financial_status')) }} as financial_status,
        {{ upper_case(read_text('currency')) }} as currency,
        {{ read_text('billing_name') }} as customer_name,
        coalesce({{ read_text('shipping_country') }}, {{ read_text('billing_country') }}) as country,
        {{ read_text('lineitem_name') }} as product_name,

        -- numerics
        {{ read_whole_number('lineitem_quantity') }} as quantity,
        {{ read_micros('lineitem_price') }} as unit_price_micros,
        {{ minor_units_from_micros(read_micros('lineitem_discount')) }} as line_discount_minor,
        {{ minor_units_from_micros(read_micros('subtotal')) }} as subtotal_minor,
        {{ minor_units_from_micros(read_micros('refunded_amount')) }} as refunded_minor,

        -- booleans; an amount is unparseable if present but not a number
        {{ is_unreadable_number('lineitem_discount') }} as is_discount_unreadable,
        {{ is_unreadable_number('subtotal') }} as is_subtotal_unreadable,
        {{ is_unreadable_number('refunded_amount') }} as is_refund_unreadable,

        -- timestamps in the shop's local time
        {{ read_timestamp('created_at') }} as invoice_at,
        {{ read_text('cancelled_at') }} as cancelled_at,

        -- landed row
        {{ row_as_text([
            'name', 'email', 'financial_status', 'created_at', 'cancelled_at', 'currency', 'subtotal',
            'discount_amount', 'refunded_amount', 'lineitem_quantity', 'lineitem_name', 'lineitem_price',
            'lineitem_sku', 'lineitem_discount', 'billing_name', 'billing_country', 'shipping_country'
        ]) }} as landed_text

    from source

    {{ computed_once() }}

)

select * from renamed
