with

segment_actions as (

    select * from {{ ref('segment_actions') }}

    where level = 'segment_detail'

),

segments_summed as (

    select * from {{ ref('int_segments_summed') }}

    where level = 'segment_detail'

),

totals as (

    select
        sum(customers) as customers,
        sum(revenue_minor) as revenue_minor

    from segments_summed

),

described as (

    select
        segment_actions.segment as segment_detail,
        segment_actions.segment_order,
        segment_actions.colour,
        coalesce(segments_summed.customers, 0) as customers,
        coalesce(1.0 * segments_summed.customers / totals.customers, 0.0) as customer_share,
        {{ money('coalesce(segments_summed.revenue_minor, 0)') }} as revenue,
        coalesce(1.0 * segments_summed.revenue_minor / nullif(totals.revenue_minor, 0), 0.0) as revenue_share,
        {{ money_per('segments_summed.gross_minor', 'segments_summed.orders') }} as average_order_value,
        segments_summed.median_recency,
        segments_summed.expected_buyers,
        {{ money(round_half_away('segments_summed.revenue_at_risk_minor')) }} as revenue_at_risk,
        segment_actions.recommended_action

    from segment_actions

    cross join totals

    left join segments_summed
        on segment_actions.segment = segments_summed.segment

)

select * from described
