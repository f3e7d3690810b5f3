{{ config(materialized='ephemeral') }}

with

kept as (

    select * from {{ ref('int_transactions_classified') }}

    where reason = 'kept'

),

-- Kept amounts are never 0, so that a line is either a sale or a return.
signed as (

    select
        *,
        case when amount_minor < 0 then 1 else 0 end as is_return,
        case when amount_minor > 0 then amount_minor else 0 end as gross_minor,
        case when amount_minor < 0 then amount_minor else 0 end as returned_minor

    from kept

),

-- With return_dating 'order' a return counts on the day of the customer's latest sale of the product before it.
dated as (

    select
        *,
        {% if setting('return_dating') == 'order' %}
            case
                when is_return = 1
                    then
                        coalesce(
                            max(case when is_return = 0 then invoice_day end) over (
                                partition by customer_id, product_id
                                order by invoice_at, load_id, line_number
                                rows unbounded preceding
                            ),
                            invoice_day
                        )
                else invoice_day
            end as counted_day
        {% else %}
            invoice_day as counted_day
        {% endif %}

    from signed

)

select * from dated
