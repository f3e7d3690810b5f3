with

customer_values as (

    select * from {{ ref('int_customer_values') }}

),

members as (

    select
        'segment' as level,
        segment,
        customer_id,
        recency,
        frequency,
        monetary_minor,
        gross_minor,
        purchase_probability,
        usual_spend_minor

    from customer_values

    union all

    select
        'segment_detail' as level,
        segment_detail as segment,
        customer_id,
        recency,
        frequency,
        monetary_minor,
        gross_minor,
        purchase_probability,
        usual_spend_minor

    from customer_values

),

ranked as (

    select
        *,
        row_number() over (partition by level, segment order by recency, customer_id) as recency_rank,
        count(*) over (partition by level, segment) as segment_size

    from members

),

summed as (

    select
        level,
        segment,
        count(*) as customers,
        sum(monetary_minor) as revenue_minor,
        sum(gross_minor) as gross_minor,
        sum(frequency) as orders,
        -- the one in the middle, or the mean of the two
        avg(case when 2 * recency_rank between segment_size and segment_size + 2 then recency end) as median_recency,
        sum(purchase_probability) as expected_buyers,
        sum((1 - purchase_probability) * usual_spend_minor) as revenue_at_risk_minor

    from ranked

    group by level, segment

)

select * from summed
