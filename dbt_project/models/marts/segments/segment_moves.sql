with

snapshots_scored as (

    select * from {{ ref('int_rfm_scores') }}

),

today as (

    select * from snapshots_scored

    where snapshot_number = 0

),

last_time as (

    select * from snapshots_scored

    where snapshot_number = 1

),

snapshot_last_time as (

    select distinct as_of_date from last_time

),

-- Without an earlier snapshot nobody has moved.
moved as (

    select
        snapshot_last_time.as_of_date as from_as_of_date,
        today.as_of_date as to_as_of_date,
        coalesce(last_time.segment, 'New customers') as from_segment,
        today.segment as to_segment,
        count(*) as customers,
        {{ money('sum(today.monetary_minor)') }} as revenue

    from today

    cross join snapshot_last_time

    left join last_time
        on today.customer_id = last_time.customer_id

    group by
        snapshot_last_time.as_of_date,
        today.as_of_date,
        coalesce(last_time.segment, 'New customers'),
        today.segment

)

select * from moved
