-- The same measure in two marts is the same: customer by customer, monetary is what the transactions sum to.
with

transactions as (

    select
        customer_id,
        sum(amount) as amount

    from {{ ref('transactions') }}

    group by customer_id

)

select
    rfm_scores.customer_id,
    rfm_scores.monetary,
    transactions.amount

from {{ ref('rfm_scores') }} as rfm_scores

left join transactions
    on rfm_scores.customer_id = transactions.customer_id

where abs(rfm_scores.monetary - coalesce(transactions.amount, 0)) >= 0.005
