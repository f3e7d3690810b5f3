-- For each customer monetary is the sum of the customer's transactions.
with

transactions as (

    select
        customer_id,
        sum({{ minor_units_from_money('amount') }}) as amount_minor

    from {{ ref('transactions') }}

    group by customer_id

)

select
    rfm_scores.customer_id,
    rfm_scores.monetary,
    transactions.amount_minor

from {{ ref('rfm_scores') }} as rfm_scores

left join transactions
    on rfm_scores.customer_id = transactions.customer_id

where {{ minor_units_from_money('rfm_scores.monetary') }} <> coalesce(transactions.amount_minor, 0)
