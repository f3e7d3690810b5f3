{{ config(materialized="ephemeral") }}

with

both_snapshots as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number in (0, 1)

),

-- Read from the table again: SQLite has no index on a CTE that it materializes.
previous as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 1

),

-- The scores of the previous snapshot mark the cut points; customers of the latest snapshot are ranked among them.
with_cut_points as (

    select
        *,
        case when snapshot_number = 1 then recency_score end as recency_cut,
        case when snapshot_number = 1 then frequency_score end as frequency_cut,
        case when snapshot_number = 1 then monetary_score end as monetary_cut

    from both_snapshots

),

rescored as (

    select
        *,
        {{ rfm_score_by_cut_points('recency', 'recency_cut') }} as recency_rescored,
        {{ rfm_score_by_cut_points('frequency', 'frequency_cut') }} as frequency_rescored,
        {{ rfm_score_by_cut_points('monetary', 'monetary_cut') }} as monetary_rescored

    from with_cut_points

),

compared as (

    select
        latest.customer_id,
        previous.as_of_date as from_as_of_date,
        latest.as_of_date as to_as_of_date,
        previous.segment as from_segment,
        {{ segment_of('latest.recency_rescored + latest.frequency_rescored + latest.monetary_rescored') }}
            as segment_at_previous_cut_points,
        latest.segment as to_segment,
        latest.monetary_minor,
        latest.frequency - previous.frequency as orders_since,
        latest.monetary_minor - previous.monetary_minor as amount_since_minor

    from rescored as latest

    inner join previous
        on
            latest.customer_id = previous.customer_id
            and latest.snapshot_number = 0

),

classified as (

    select
        *,
        case
            when from_segment = to_segment then 'stayed'
            when segment_at_previous_cut_points = from_segment then 'cut_points'
            when orders_since > 0 or amount_since_minor > 0 then 'ordered'
            when amount_since_minor < 0 then 'returned'
            else 'silent'
        end as cause

    from compared

)

select * from classified
