with

segment_totals as (

    select * from {{ ref('int_segment_totals') }}

    where level = 'segment_detail'

),

published as (

    select
        segment_name as segment_detail,
        segment_order,
        colour,
        meaning,
        customers,
        customer_share,
        revenue,
        revenue_share,
        average_order_value,
        median_recency,
        expected_buyers,
        revenue_at_risk,
        recommended_action

    from segment_totals

)

select * from published
