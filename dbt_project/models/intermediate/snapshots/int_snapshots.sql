with recursive

observed_period as (

    select * from {{ ref('int_observed_period') }}

),

-- Latest first, one horizon apart, down to the day of the first order.
snapshot_days as (

    select
        0 as snapshot_number,
        as_of_day,
        first_order_day

    from observed_period

    where as_of_day >= first_order_day

    union all

    select
        snapshot_number + 1 as snapshot_number,
        as_of_day - {{ setting('horizon_days') }} as as_of_day,
        first_order_day

    from snapshot_days

    where
        snapshot_number + 1 < {{ setting('snapshot_count') }}
        and as_of_day - {{ setting('horizon_days') }} >= first_order_day

),

dated as (

    select
        snapshot_number,
        {{ date_from_day_number('as_of_day') }} as as_of_date,
        as_of_day

    from snapshot_days

)

select * from dated
