{{ config(
    post_hook="{{ create_index('customer_features_label', ['snapshot_number', 'customer_id', 'bought_within_horizon']) }}"
) }}

with

snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

recent as (

    select * from {{ ref('int_trailing_totals') }}

),

gaps as (

    select * from {{ ref('int_purchase_gaps') }}

),

latest as (

    select max(as_of_day) as as_of_day from {{ ref('int_snapshots') }}

),

described as (

    select
        snapshots.customer_id,
        snapshots.snapshot_number,
        snapshots.as_of_date,
        {{ setting('horizon_days') }} as horizon_days,

        -- label; NULL if the horizon is not over
        case
            when snapshots.as_of_day + {{ setting('horizon_days') }} > latest.as_of_day then null
            when snapshots.next_order_day <= snapshots.as_of_day + {{ setting('horizon_days') }} then 1
            else 0
        end as bought_within_horizon,

        snapshots.recency,
        snapshots.frequency,
        {{ money('snapshots.monetary_minor') }} as monetary,
        snapshots.as_of_day - snapshots.first_order_day as tenure_days,
        snapshots.order_days,

        coalesce(recent.orders_last_30_days, 0) as orders_last_30_days,
        coalesce(recent.orders_last_60_days, 0) as orders_last_60_days,
        coalesce(recent.orders_last_90_days, 0) as orders_last_90_days,
        coalesce(recent.orders_last_180_days, 0) as orders_last_180_days,
        coalesce(recent.orders_last_365_days, 0) as orders_last_365_days,
        snapshots.decayed_orders_30 * power(2.0, (latest.as_of_day - snapshots.as_of_day) / {{ real(30) }})
            as decayed_orders_30,
        snapshots.decayed_orders_90 * power(2.0, (latest.as_of_day - snapshots.as_of_day) / {{ real(90) }})
            as decayed_orders_90,

        snapshots.mean_gap_days,
        snapshots.stddev_gap_days,
        snapshots.last_gap_days,
        snapshots.longest_gap_days,
        snapshots.recency / snapshots.mean_gap_days as recency_over_mean_gap,
        1.0 * (gaps.gaps - gaps.longer_gaps) / gaps.gaps as share_gaps_shorter,
        -- smoothed with one gap of weight 0.3, so that the share of few gaps is not 0 or 1
        (coalesce(gaps.longer_gaps_ended_soon, 0) + 0.3) / (coalesce(gaps.longer_gaps, 0) + 1.0)
            as share_gaps_ended_soon,

        {{ money('coalesce(recent.spend_last_90_days_minor, 0)') }} as spend_last_90_days,
        {{ money('coalesce(recent.spend_last_365_days_minor, 0)') }} as spend_last_365_days,
        {{ money_per('snapshots.gross_minor', 'snapshots.frequency') }} as average_order_value,
        {{ money('snapshots.last_order_minor') }} as last_order_value,
        case
            when snapshots.gross_minor > 0 then 1.0 * abs(snapshots.returned_minor) / snapshots.gross_minor
            else 0.0
        end as share_returned,
        1.0 * snapshots.sold_lines / snapshots.frequency as lines_per_order

    from snapshots

    cross join latest

    left join recent
        on
            snapshots.customer_id = recent.customer_id
            and snapshots.snapshot_number = recent.snapshot_number

    left join gaps
        on
            snapshots.customer_id = gaps.customer_id
            and snapshots.snapshot_number = gaps.snapshot_number

)

select * from described
