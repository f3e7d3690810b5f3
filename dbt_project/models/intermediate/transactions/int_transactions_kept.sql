{{ config(materialized='ephemeral') }}

with

judged as (

    select * from {{ ref('int_transactions_classified') }}

    where reason = 'kept'

),

-- The day on which a line counts: its own, or for returns dated by order that of the
-- customer's latest sale of the product up to then, if there was one.
dated as (

    select
        transaction_id,
        order_id,
        customer_id,
        product_id,
        product_name,
        customer_name,
        customer_email,
        country,
        load_id,
        line_number,
        invoice_at,
        invoice_date,
        invoice_day,
        {% if setting('return_dating') == 'order' %}
            case
                when amount_minor < 0
                    then
                        coalesce(
                            max(case when amount_minor > 0 then invoice_day end) over (
                                partition by customer_id, product_id
                                order by invoice_at, load_id, line_number
                                rows unbounded preceding
                            ),
                            invoice_day
                        )
                else invoice_day
            end as counted_day,
        {% else %}
            invoice_day as counted_day,
        {% endif %}
        quantity,
        amount_minor,
        unit_price_minor,
        currency

    from judged

)

select * from dated
