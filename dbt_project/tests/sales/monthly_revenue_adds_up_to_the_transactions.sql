-- Each kept amount is in exactly one month.
with

monthly as (

    select coalesce(sum({{ minor_units_from_money('revenue') }}), 0) as revenue_minor

    from {{ ref('monthly_sales') }}

),

transactions as (

    select coalesce(sum({{ minor_units_from_money('amount') }}), 0) as amount_minor

    from {{ ref('transactions') }}

)

select
    monthly.revenue_minor,
    transactions.amount_minor

from monthly

cross join transactions

where monthly.revenue_minor <> transactions.amount_minor
