-- Customers and revenue of segments and of segment_details add up to rfm_scores.
with

scored as (

    select
        count(*) as customers,
        coalesce(sum({{ minor_units_from_money('monetary') }}), 0) as revenue_minor

    from {{ ref('rfm_scores') }}

),

summed as (

    select
        'segments' as mart,
        sum(customers) as customers,
        coalesce(sum({{ minor_units_from_money('revenue') }}), 0) as revenue_minor

    from {{ ref('segments') }}

    union all

    select
        'segment_details' as mart,
        sum(customers) as customers,
        coalesce(sum({{ minor_units_from_money('revenue') }}), 0) as revenue_minor

    from {{ ref('segment_details') }}

)

select summed.*

from summed

cross join scored

where
    summed.customers <> scored.customers
    or summed.revenue_minor <> scored.revenue_minor
