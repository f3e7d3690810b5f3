-- The customers and the revenue of the segments, and of the finer segments, are those of rfm_scores.
with

scored as (

    select
        count(*) as customers,
        coalesce(sum(monetary), 0) as revenue

    from {{ ref('rfm_scores') }}

),

summed as (

    select
        'segments' as mart,
        sum(customers) as customers,
        sum(revenue) as revenue

    from {{ ref('segments') }}

    union all

    select
        'segment_details' as mart,
        sum(customers) as customers,
        sum(revenue) as revenue

    from {{ ref('segment_details') }}

)

select summed.*

from summed

cross join scored

where
    summed.customers <> scored.customers
    or abs(summed.revenue - scored.revenue) >= 0.005
