with

customer_values as (

    select * from {{ ref('int_customer_values') }}

),

segment_actions as (

    select * from {{ ref('segment_actions') }}

),

-- A customer belongs to one segment and to one finer segment.
members as (

    select
        'segment' as level,
        segment as segment_name,
        *

    from customer_values

    union all

    select
        'segment_detail' as level,
        segment_detail as segment_name,
        *

    from customer_values

),

ranked as (

    select
        *,
        row_number() over (partition by level, segment_name order by recency, customer_id) as recency_rank,
        count(*) over (partition by level, segment_name) as segment_size

    from members

),

summed as (

    select
        level,
        segment_name,
        count(*) as customers,
        sum(monetary_minor) as revenue_minor,
        sum(gross_minor) as gross_minor,
        sum(frequency) as orders,
        -- the middle value, or the mean of the two middle values
        avg(case when 2 * recency_rank between segment_size and segment_size + 2 then recency end) as median_recency,
        sum(purchase_probability) as expected_buyers,
        sum((1 - purchase_probability) * usual_spend_minor) as revenue_at_risk_minor

    from ranked

    group by level, segment_name

),

totals as (

    select
        sum(customers) as customers,
        sum(revenue_minor) as revenue_minor

    from summed

    where level = 'segment'

),

-- A segment without a customer has a row, too.
described as (

    select
        segment_actions.level,
        segment_actions.segment as segment_name,
        segment_actions.segment_order,
        segment_actions.colour,
        segment_actions.meaning,
        coalesce(summed.customers, 0) as customers,
        coalesce(1.0 * summed.customers / totals.customers, 0.0) as customer_share,
        {{ money('coalesce(summed.revenue_minor, 0)') }} as revenue,
        coalesce(1.0 * summed.revenue_minor / nullif(totals.revenue_minor, 0), 0.0) as revenue_share,
        {{ money_per('summed.gross_minor', 'summed.orders') }} as average_order_value,
        summed.median_recency,
        summed.expected_buyers,
        {{ money(round_half_away('summed.revenue_at_risk_minor')) }} as revenue_at_risk,
        segment_actions.recommended_action

    from segment_actions

    cross join totals

    left join summed
        on
            segment_actions.level = summed.level
            and segment_actions.segment = summed.segment_name

)

select * from described
