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
recent as (

    select
        customer_snapshots.customer_id,
        customer_snapshots.snapshot_number,
        sum(case when customer_snapshots.as_of_day - customer_days.day < 30 then customer_days.order_count else 0 end)
            as orders_last_30_days,
        sum(case when customer_snapshots.as_of_day - customer_days.day < 60 then customer_days.order_count else 0 end)
            as orders_last_60_days,
        sum(case when customer_snapshots.as_of_day - customer_days.day < 90 then customer_days.order_count else 0 end)
            as orders_last_90_days,
        sum(case when customer_snapshots.as_of_day - customer_days.day < 180 then customer_days.order_count else 0 end)
            as orders_last_180_days,
        sum(customer_days.order_count) as orders_last_365_days,
        sum(case when customer_snapshots.as_of_day - customer_days.day < 90 then customer_days.net_minor else 0 end)
            as spend_last_90_days_minor,
        sum(customer_days.net_minor) as spend_last_365_days_minor

    from customer_snapshots

    inner join customer_days
        on
            customer_snapshots.customer_id = customer_days.customer_id
            and customer_snapshots.as_of_day >= customer_days.day
            and customer_snapshots.as_of_day - 365 < customer_days.day

    group by customer_snapshots.customer_id, customer_snapshots.snapshot_number

),

spaced as (

    select
        *,
        case when order_days > 1 then 1.0 * gap_days_sum / (order_days - 1) end as mean_gap_days

    from customer_snapshots

),

described as (

    select
        spaced.customer_id,
        spaced.snapshot_number,
        spaced.as_of_date,
        {{ var('horizon_days') }} as horizon_days,

        -- the label; unknown where the horizon is not over
        case
            when spaced.as_of_day + {{ var('horizon_days') }} > latest.as_of_day then null
            when spaced.next_order_day <= spaced.as_of_day + {{ var('horizon_days') }} then 1
            else 0
        end as bought_within_horizon,

        -- recency, frequency, monetary
        spaced.recency,
        spaced.frequency,
        {{ money('spaced.monetary_minor') }} as monetary,
        spaced.as_of_day - spaced.first_order_day as tenure_days,
        spaced.order_days,

        -- orders
        coalesce(recent.orders_last_30_days, 0) as orders_last_30_days,
        coalesce(recent.orders_last_60_days, 0) as orders_last_60_days,
        coalesce(recent.orders_last_90_days, 0) as orders_last_90_days,
        coalesce(recent.orders_last_180_days, 0) as orders_last_180_days,
        coalesce(recent.orders_last_365_days, 0) as orders_last_365_days,
        spaced.decayed_orders_30 * power(2.0, (latest.as_of_day - spaced.as_of_day) / 30.0) as decayed_orders_30,
        spaced.decayed_orders_90 * power(2.0, (latest.as_of_day - spaced.as_of_day) / 90.0) as decayed_orders_90,

        -- rhythm
        spaced.mean_gap_days,
        case
            when spaced.order_days > 1
                then
                    sqrt({{ greatest(
                        '1.0 * spaced.gap_days_squared_sum / (spaced.order_days - 1)'
                        ~ ' - spaced.mean_gap_days * spaced.mean_gap_days',
                        '0.0'
                    ) }})
        end as stddev_gap_days,
        spaced.last_gap_days,
        spaced.longest_gap_days,
        spaced.recency / spaced.mean_gap_days as recency_over_mean_gap,

        -- money and baskets
        {{ money('coalesce(recent.spend_last_90_days_minor, 0)') }} as spend_last_90_days,
        {{ money('coalesce(recent.spend_last_365_days_minor, 0)') }} as spend_last_365_days,
        {{ money_per('spaced.gross_minor', 'spaced.frequency') }} as average_order_value,
        {{ money('spaced.last_order_minor') }} as last_order_value,
        case when spaced.gross_minor > 0 then 1.0 * abs(spaced.returned_minor) / spaced.gross_minor else 0.0 end
            as share_returned,
        1.0 * spaced.sold_lines / spaced.frequency as lines_per_order

    from spaced

    cross join latest

    left join recent
        on
            spaced.customer_id = recent.customer_id
            and spaced.snapshot_number = recent.snapshot_number

)

select * from described
