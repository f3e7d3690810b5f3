-- No kept money falls outside the months, or into two of them.
with

monthly as (

    select coalesce(sum(revenue), 0) as revenue

    from {{ ref('monthly_sales') }}

),

transactions as (

    select coalesce(sum(amount), 0) as amount

    from {{ ref('transactions') }}

)

select
    monthly.revenue,
    transactions.amount

from monthly

cross join transactions

where abs(monthly.revenue - transactions.amount) >= 0.005
