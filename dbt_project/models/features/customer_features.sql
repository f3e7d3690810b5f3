{{ config(
    post_hook="{{ create_index('customer_features_label', ['snapshot_number', 'customer_id', 'bought_within_horizon']) }}"
) }}

with

customer_snapshots as (

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
        seen.customer_id,
        seen.snapshot_number,
        seen.as_of_date,
        {{ setting('horizon_days') }} as horizon_days,

        -- the label; unknown where the horizon is not over
        case
            when seen.as_of_day + {{ setting('horizon_days') }} > latest.as_of_day then null
            when seen.next_order_day <= seen.as_of_day + {{ setting('horizon_days') }} then 1
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
        seen.decayed_orders_30 * power(2.0, (latest.as_of_day - seen.as_of_day) / {{ real(30) }}) as decayed_orders_30,
        seen.decayed_orders_90 * power(2.0, (latest.as_of_day - seen.as_of_day) / {{ real(90) }}) as decayed_orders_90,

        seen.mean_gap_days,
        seen.stddev_gap_days,
        seen.last_gap_days,
        seen.longest_gap_days,
        seen.recency / seen.mean_gap_days as recency_over_mean_gap,
        1.0 * (gaps.gaps - gaps.longer_gaps) / gaps.gaps as share_gaps_shorter,
        -- one imagined gap, which ended soon with 0.3, keeps the share of few gaps from 0 and 1
        (coalesce(gaps.longer_gaps_ended_soon, 0) + 0.3) / (coalesce(gaps.longer_gaps, 0) + 1.0)
            as share_gaps_ended_soon,

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

    left join gaps
        on
            seen.customer_id = gaps.customer_id
            and seen.snapshot_number = gaps.snapshot_number

)

select * from described
