with

segment_totals as (

    select * from {{ ref('int_segment_totals') }}

    where level = 'segment'

),

published as (

    select
        segment_name as segment,
        segment_order,
        colour,
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
