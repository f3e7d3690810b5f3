{{ config(materialized="ephemeral") }}

with

snapshots_scored as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number in (0, 1)

),

-- Last time's customers carry their scores, which mark the cut points; today's are placed among them.
placed as (

    select
        *,
        case when snapshot_number = 1 then recency_score end as recency_cut,
        case when snapshot_number = 1 then frequency_score end as frequency_cut,
        case when snapshot_number = 1 then monetary_score end as monetary_cut

    from snapshots_scored

),

reached as (

    select
        *,
        {{ quartile_reached('recency_cut', 'recency desc', 'frequency asc, customer_id asc') }}
            as recency_reached,
        {{ quartile_reached('frequency_cut', 'frequency asc', 'recency desc, customer_id asc') }}
            as frequency_reached,
        {{ quartile_reached('monetary_cut', 'monetary_minor asc', 'recency desc, customer_id asc') }}
            as monetary_reached

    from placed

),

-- Joined from the table, not from the rows above: SQLite finds no index for what it has computed twice.
last_time as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 1

),

compared as (

    select
        today.customer_id,
        last_time.as_of_date as from_as_of_date,
        today.as_of_date as to_as_of_date,
        last_time.segment as from_segment,
        {{ segment_of('today.recency_reached + today.frequency_reached + today.monetary_reached') }}
            as segment_at_last_cut_points,
        today.segment as to_segment,
        today.monetary_minor,
        today.frequency - last_time.frequency as orders_since,
        today.monetary_minor - last_time.monetary_minor as amount_since_minor

    from reached as today

    inner join last_time
        on
            today.customer_id = last_time.customer_id
            and today.snapshot_number = 0

),

explained as (

    select
        *,
        case
            when from_segment = to_segment then 'stayed'
            when segment_at_last_cut_points = from_segment then 'cut_points'
            when orders_since > 0 or amount_since_minor > 0 then 'ordered'
            when amount_since_minor < 0 then 'returned'
            else 'silent'
        end as cause

    from compared

)

select * from explained
