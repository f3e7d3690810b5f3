with

customers as (

    select * from {{ ref('customers') }}

),

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

    where snapshot_number = 0

),

rfm_scores as (

    select * from {{ ref('rfm_scores') }}

),

snapshots_scored as (

    select * from {{ ref('int_snapshots_scored') }}

    where snapshot_number = 1

),

score_thresholds as (

    select * from {{ ref('score_thresholds') }}

),

segment_actions as (

    select * from {{ ref('segment_actions') }}

    where level = 'segment_detail'

),

predictions as (

    select * from {{ ref('predictions') }}

),

lines_summed as (

    select
        customer_id,
        sum(case when amount_minor > 0 then amount_minor else 0 end) as gross_minor,
        sum(case when amount_minor < 0 then amount_minor else 0 end) as returned_minor,
        sum(case when amount_minor < 0 then 1 else 0 end) as return_lines

    from transactions

    group by customer_id

),

joined as (

    select
        customers.customer_id,
        customers.name,
        customers.country,
        customers.signup_date,

        -- lifetime
        {{ date_from_day_number('customer_snapshots.first_order_day') }} as first_order_date,
        {{ date_from_day_number('customer_snapshots.last_order_day') }} as last_order_date,
        coalesce(rfm_scores.frequency, 0) as order_count,
        coalesce(lines_summed.return_lines, 0) as return_count,
        {{ money('coalesce(lines_summed.gross_minor, 0)') }} as gross_revenue,
        {{ money('coalesce(lines_summed.returned_minor, 0)') }} as returned_amount,
        {{ money('coalesce(lines_summed.gross_minor + lines_summed.returned_minor, 0)') }} as net_revenue,
        {{ money_per('lines_summed.gross_minor', 'rfm_scores.frequency') }} as average_order_value,
        case
            when customer_snapshots.order_days > 1
                then 1.0 * customer_snapshots.gap_days_sum / (customer_snapshots.order_days - 1)
        end as mean_gap_days,

        -- scores and the quartiles they stand for
        rfm_scores.recency,
        rfm_scores.frequency,
        rfm_scores.monetary,
        rfm_scores.recency_score,
        rfm_scores.frequency_score,
        rfm_scores.monetary_score,
        rfm_scores.overall_rfm_score,
        rfm_scores.rfm_cell,
        rfm_scores.segment,
        rfm_scores.segment_detail,
        snapshots_scored.segment as previous_segment,
        recency_range.lowest_value as recency_lowest,
        recency_range.highest_value as recency_highest,
        frequency_range.lowest_value as frequency_lowest,
        frequency_range.highest_value as frequency_highest,
        monetary_range.lowest_value as monetary_lowest,
        monetary_range.highest_value as monetary_highest,

        -- forecast
        predictions.purchase_probability,
        predictions.predicted_label,
        predictions.confidence,
        predictions.prediction_date,
        predictions.reasons,
        segment_actions.recommended_action

    from customers

    left join lines_summed
        on customers.customer_id = lines_summed.customer_id

    left join customer_snapshots
        on customers.customer_id = customer_snapshots.customer_id

    left join rfm_scores
        on customers.customer_id = rfm_scores.customer_id

    left join snapshots_scored
        on customers.customer_id = snapshots_scored.customer_id

    left join score_thresholds as recency_range
        on
            rfm_scores.recency_score = recency_range.score
            and recency_range.measure = 'recency'

    left join score_thresholds as frequency_range
        on
            rfm_scores.frequency_score = frequency_range.score
            and frequency_range.measure = 'frequency'

    left join score_thresholds as monetary_range
        on
            rfm_scores.monetary_score = monetary_range.score
            and monetary_range.measure = 'monetary'

    left join predictions
        on customers.customer_id = predictions.customer_id

    left join segment_actions
        on rfm_scores.segment_detail = segment_actions.segment

)

select * from joined
