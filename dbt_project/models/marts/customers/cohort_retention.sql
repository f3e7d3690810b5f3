with

months as (

    select * from {{ ref('int_months') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

first_orders as (

    select
        customer_id,
        min({{ month_number('order_date') }}) as cohort_number

    from orders

    group by customer_id

),

cohorts as (

    select
        cohort_number,
        count(*) as cohort_customers

    from first_orders

    group by cohort_number

),

returned as (

    select
        first_orders.cohort_number,
        {{ month_number('orders.order_date') }} as month_number,
        count(distinct orders.customer_id) as retained_customers,
        sum(orders.gross_minor + orders.returned_minor) as revenue_minor

    from orders

    inner join first_orders
        on orders.customer_id = first_orders.customer_id

    group by first_orders.cohort_number, {{ month_number('orders.order_date') }}

),

-- Every month since the first order, also months without orders of the cohort.
filled as (

    select
        {{ date_from_month_number('cohorts.cohort_number') }} as cohort_month,
        months.month_number - cohorts.cohort_number as months_since,
        cohorts.cohort_customers,
        coalesce(returned.retained_customers, 0) as retained_customers,
        1.0 * coalesce(returned.retained_customers, 0) / cohorts.cohort_customers as retention_rate,
        {{ money('coalesce(returned.revenue_minor, 0)') }} as revenue

    from cohorts

    inner join months
        on cohorts.cohort_number <= months.month_number

    left join returned
        on
            cohorts.cohort_number = returned.cohort_number
            and months.month_number = returned.month_number

)

select * from filled
