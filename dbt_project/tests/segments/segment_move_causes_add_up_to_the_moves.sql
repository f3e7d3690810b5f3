-- Every customer who changed segment has exactly one cause.
with

moved as (

    select
        from_segment,
        to_segment,
        sum(customers) as customers

    from {{ ref('segment_moves') }}

    where
        from_segment <> to_segment
        and from_segment <> 'New customers'

    group by from_segment, to_segment

),

explained as (

    select
        from_segment,
        to_segment,
        sum(customers) as customers

    from {{ ref('segment_move_causes') }}

    group by from_segment, to_segment

)

select
    moved.from_segment,
    moved.to_segment,
    moved.customers,
    explained.customers as explained_customers

from moved

left join explained
    on
        moved.from_segment = explained.from_segment
        and moved.to_segment = explained.to_segment

where moved.customers <> coalesce(explained.customers, 0)
