{{ config(
    post_hook="create unique index work.customer_features_key on customer_features (snapshot_number, customer_id)"
) }}

with

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

customer_days as (

    select * from {{ ref('int_customer_days') }}

),

latest as (

    select max(as_of_day) as as_of_day from {{ ref('int_snapshots') }}

),

-- The last 365 days up to the as-of date, that day included.
aged as (

    select
        customer_snapshots.customer_id,
        customer_snapshots.snapshot_number,
        customer_snapshots.as_of_day - customer_days.day as age_days,
        customer_days.order_count,
        customer_days.net_minor

    from customer_snapshots

    inner join customer_days
        on
            customer_snapshots.customer_id = customer_days.customer_id
            and customer_snapshots.as_of_day >= customer_days.day
            and customer_snapshots.as_of_day - 365 < customer_days.day

),

recent as (

    select
        customer_id,
        snapshot_number,
        sum(case when age_days < 30 then order_count else 0 end) as orders_last_30_days,
        sum(case when age_days < 60 then order_count else 0 end) as orders_last_60_days,
        sum(case when age_days < 90 then order_count else 0 end) as orders_last_90_days,
        sum(case when age_days < 180 then order_count else 0 end) as orders_last_180_days,
        sum(order_count) as orders_last_365_days,
        sum(case when age_days < 90 then net_minor else 0 end) as spend_last_90_days_minor,
        sum(net_minor) as spend_last_365_days_minor

    from aged

    group by customer_id, snapshot_number

),

described as (

    select
        seen.customer_id,
        seen.snapshot_number,
        seen.as_of_date,
        {{ var('horizon_days') }} as horizon_days,

        -- the label; unknown where the horizon is not over
        case
            when seen.as_of_day + {{ var('horizon_days') }} > latest.as_of_day then null
            when seen.next_order_day <= seen.as_of_day + {{ var('horizon_days') }} then 1
            else 0
        end as bought_within_horizon,

        seen.recency,
        seen.frequency,
        {{ money('seen.monetary_minor') }} as monetary,
        seen.as_of_day - seen.first_order_day as tenure_days,
        seen.order_days,

        coalesce(recent.orders_last_30_days, 0) as orders_last_30_days,
        coalesce(recent.orders_last_60_days, 0) as orders_last_60_days,
        coalesce(recent.orders_last_90_days, 0) as orders_last_90_days,
        coalesce(recent.orders_last_180_days, 0) as orders_last_180_days,
        coalesce(recent.orders_last_365_days, 0) as orders_last_365_days,
        seen.decayed_orders_30 * power(2.0, (latest.as_of_day - seen.as_of_day) / 30.0) as decayed_orders_30,
        seen.decayed_orders_90 * power(2.0, (latest.as_of_day - seen.as_of_day) / 90.0) as decayed_orders_90,

        seen.mean_gap_days,
        seen.stddev_gap_days,
        seen.last_gap_days,
        seen.longest_gap_days,
        seen.recency / seen.mean_gap_days as recency_over_mean_gap,

        {{ money('coalesce(recent.spend_last_90_days_minor, 0)') }} as spend_last_90_days,
        {{ money('coalesce(recent.spend_last_365_days_minor, 0)') }} as spend_last_365_days,
        {{ money_per('seen.gross_minor', 'seen.frequency') }} as average_order_value,
        {{ money('seen.last_order_minor') }} as last_order_value,
        case when seen.gross_minor > 0 then 1.0 * abs(seen.returned_minor) / seen.gross_minor else 0.0 end
            as share_returned,
        1.0 * seen.sold_lines / seen.frequency as lines_per_order

    from customer_snapshots as seen

    cross join latest

    left join recent
        on
            seen.customer_id = recent.customer_id
            and seen.snapshot_number = recent.snapshot_number

)

select * from described
