with

scores as (

    select * from {{ ref('int_rfm_scores') }}

),

latest as (

    select * from scores

    where snapshot_number = 0

),

previous as (

    select * from scores

    where snapshot_number = 1

),

previous_snapshot as (

    select distinct as_of_date from previous

),

-- Without a previous snapshot there are no moves.
moved as (

    select
        previous_snapshot.as_of_date as from_as_of_date,
        latest.as_of_date as to_as_of_date,
        coalesce(previous.segment, 'New customers') as from_segment,
        latest.segment as to_segment,
        count(*) as customers,
        {{ money('sum(latest.monetary_minor)') }} as revenue

    from latest

    cross join previous_snapshot

    left join previous
        on latest.customer_id = previous.customer_id

    group by
        previous_snapshot.as_of_date,
        latest.as_of_date,
        coalesce(previous.segment, 'New customers'),
        latest.segment

)

select * from moved
