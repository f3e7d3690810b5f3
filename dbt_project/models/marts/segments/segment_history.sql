with

scores as (

    select * from {{ ref('int_rfm_scores') }}

),

summed as (

    select
        as_of_date,
        segment,
        count(*) as customers,
        sum(monetary_minor) as revenue_minor

    from scores

    group by as_of_date, segment

),

shared as (

    select
        as_of_date,
        segment,
        customers,
        1.0 * customers / sum(customers) over (partition by as_of_date) as customer_share,
        {{ money('revenue_minor') }} as revenue

    from summed

)

select * from shared
