-- For each date the tenths of the probability add up to the outcomes: customers, buyers, labels and probabilities.
with

outcomes as (

    select
        prediction_date,
        count(*) as customers,
        sum(purchase_probability) as expected_buyers,
        sum(ordered) as buyers,
        sum(predicted_label) as marked,
        sum(case when predicted_label = 1 and ordered = 1 then 1 else 0 end) as marked_buyers

    from {{ ref('prediction_outcomes') }}

    group by prediction_date

),

track_record as (

    select
        prediction_date,
        sum(customers) as customers,
        sum(expected_buyers) as expected_buyers,
        sum(buyers) as buyers,
        sum(marked) as marked,
        sum(marked_buyers) as marked_buyers

    from {{ ref('prediction_track_record') }}

    group by prediction_date

)

select
    outcomes.prediction_date,
    outcomes.customers,
    track_record.customers as customers_in_track_record

from outcomes

full join track_record
    on outcomes.prediction_date = track_record.prediction_date

where
    outcomes.prediction_date is null
    or track_record.prediction_date is null
    or outcomes.customers <> track_record.customers
    or outcomes.buyers <> track_record.buyers
    or outcomes.marked <> track_record.marked
    or outcomes.marked_buyers <> track_record.marked_buyers
    or abs(outcomes.expected_buyers - track_record.expected_buyers) >= 0.005
