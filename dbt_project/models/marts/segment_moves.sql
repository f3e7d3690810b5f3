with

snapshots_scored as (

    select * from {{ ref('int_snapshots_scored') }}

),

today as (

    select * from snapshots_scored

    where snapshot_number = 0

),

before as (

    select * from snapshots_scored

    where snapshot_number = 1

),

snapshot_before as (

    select distinct as_of_date from before

),

-- Without an earlier snapshot nobody has moved.
moved as (

    select
        snapshot_before.as_of_date as from_as_of_date,
        today.as_of_date as to_as_of_date,
        coalesce(before.segment, 'New customers') as from_segment,
        today.segment as to_segment,
        count(*) as customers,
        {{ money('sum(today.monetary_minor)') }} as revenue

    from today

    cross join snapshot_before

    left join before
        on today.customer_id = before.customer_id

    group by
        snapshot_before.as_of_date,
        today.as_of_date,
        coalesce(before.segment, 'New customers'),
        today.segment

)

select * from moved
