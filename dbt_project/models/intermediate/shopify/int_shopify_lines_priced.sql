{{ config(materialized='ephemeral') }}

with

order_lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

-- Only the first line of an order has the fields of the order.
filled as (

    select
        load_id,
        line_number,
        order_id,
        product_id,
        product_name,
        quantity,
        landed_text,
        {{ minor_units_from_micros('unit_price_micros') }} as unit_price_minor,
        case
            when is_discount_unreadable = 0
                then {{ line_amount_minor('quantity', 'unit_price_micros') }} - coalesce(line_discount_minor, 0)
        end as line_minor,
        row_number() over (partition by load_id, order_id order by line_number) as line_of_order,
        max(email) over whole_order as email,
        max(customer_name) over whole_order as customer_name,
        max(country) over whole_order as country,
        max(currency) over whole_order as currency,
        max(invoice_at) over whole_order as invoice_at,
        max(subtotal_minor) over whole_order as subtotal_minor,
        max(refunded_minor) over whole_order as refunded_minor,
        max(is_subtotal_unreadable) over whole_order as is_subtotal_unreadable,
        max(is_refund_unreadable) over whole_order as is_refund_unreadable,
        max(
            case when cancelled_at is not null or financial_status in ('voided', 'expired') then 1 else 0 end
        ) over whole_order as is_cancelled

    from order_lines

    window whole_order as (partition by load_id, order_id)

),

-- The format has no customer id, and an id must not reveal an e-mail address: a customer is named by the first order.
summed as (

    select
        *,
        sum(line_minor) over whole_order as order_minor,
        sum(line_minor) over (
            partition by load_id, order_id order by line_of_order rows unbounded preceding
        ) as order_minor_so_far,
        count(*) over whole_order - count(line_minor) over whole_order as unreadable_lines,
        first_value(order_id) over (
            partition by email order by invoice_at nulls first, load_id, line_number
        ) as first_order_id

    from filled

    window whole_order as (partition by load_id, order_id)

),

shared as (

    select
        *,
        case
            when unreadable_lines = 0 and order_minor > 0 and subtotal_minor is not null
                then cast(subtotal_minor - order_minor as {{ dbt.type_float() }}) / order_minor
            else 0.0
        end as adjustment_rate

    from summed

),

-- The discount of an order is spread over its lines by value, so that they add up to its subtotal. Without a readable
-- subtotal the amounts of the lines are unknown.
discounted as (

    select
        load_id,
        line_number,
        line_of_order,
        order_id || '-' || line_of_order as transaction_id,
        order_id,
        case when email is not null then 'customer-' || replace(first_order_id, '#', '') end as customer_id,
        product_id,
        product_name,
        customer_name,
        email as customer_email,
        country,
        currency,
        invoice_at,
        quantity,
        unit_price_minor,
        case
            when is_subtotal_unreadable = 0
                then
                    line_minor + cast(
                        {{ round_half_away('(adjustment_rate * order_minor_so_far)') }}
                        - {{ round_half_away('(adjustment_rate * (order_minor_so_far - line_minor))') }}
                        as {{ dbt.type_int() }}
                    )
        end as amount_minor,
        case when is_refund_unreadable = 0 then refunded_minor end as refunded_minor,
        is_refund_unreadable,
        is_cancelled,
        landed_text

    from shared

)

select * from discounted
