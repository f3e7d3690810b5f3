-- Each customer is counted once in segment_moves, in the current segment.
with

moved as (

    select
        to_segment as segment,
        sum(customers) as customers

    from {{ ref('segment_moves') }}

    group by to_segment

)

select
    segments.segment,
    segments.customers,
    moved.customers as moved_customers

from {{ ref('segments') }} as segments

left join moved
    on segments.segment = moved.segment

where
    segments.customers <> coalesce(moved.customers, 0)
    and (select max(snapshots.snapshot_number) from {{ ref('int_snapshots') }} as snapshots) > 0
