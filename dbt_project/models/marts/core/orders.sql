with

orders_summed as (

    select * from {{ ref('int_orders') }}

),

published as (

    select
        customer_id,
        order_id,
        order_date,
        {{ money('gross_minor') }} as gross_amount,
        {{ money('returned_minor') }} as return_amount,
        {{ money('gross_minor + returned_minor') }} as net_amount,
        line_count,
        product_count,
        quantity

    from orders_summed

)

select * from published
