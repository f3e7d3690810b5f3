with

months as (

    select * from {{ ref('int_months') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

customer_days as (

    select * from {{ ref('int_customer_days') }}

),

observed_period as (

    select * from {{ ref('int_observed_period') }}

),

first_orders as (

    select
        customer_id,
        min(order_date) as first_order_date

    from orders

    group by customer_id

),

orders_summed as (

    select
        {{ month_number('orders.order_date') }} as month_number,
        count(*) as orders,
        count(distinct orders.customer_id) as customers,
        count(
            distinct case
                when {{ month_number('first_orders.first_order_date') }} = {{ month_number('orders.order_date') }}
                    then orders.customer_id
            end
        ) as new_customers

    from orders

    inner join first_orders
        on orders.customer_id = first_orders.customer_id

    group by {{ month_number('orders.order_date') }}

),

-- Sum to days first, so that the month is computed once a day and not once a customer.
days_summed as (

    select
        day,
        sum(net_minor) as net_minor,
        sum(gross_minor) as gross_minor

    from customer_days

    group by day

),

revenue_summed as (

    select
        {{ month_number(date_from_day_number('day')) }} as month_number,
        sum(net_minor) as net_minor,
        sum(net_minor - gross_minor) as returned_minor

    from days_summed

    group by {{ month_number(date_from_day_number('day')) }}

),

joined as (

    select
        months.month,
        coalesce(orders_summed.orders, 0) as orders,
        coalesce(orders_summed.customers, 0) as customers,
        coalesce(orders_summed.new_customers, 0) as new_customers,
        {{ money('coalesce(revenue_summed.net_minor, 0)') }} as revenue,
        {{ money('coalesce(revenue_summed.returned_minor, 0)') }} as returned_amount,
        case
            when {{ day_number(date_from_month_number('months.month_number + 1')) }} <= observed_period.as_of_day + 1
                then 1
            else 0
        end as is_complete

    from months

    cross join observed_period

    left join orders_summed
        on months.month_number = orders_summed.month_number

    left join revenue_summed
        on months.month_number = revenue_summed.month_number

)

select * from joined
