with

outcomes as (

    select * from {{ ref('prediction_outcomes') }}

),

banded as (

    select
        prediction_date,
        horizon_end_date,
        model_run_id,
        {{ least('9', 'cast(floor(purchase_probability * 10) as ' ~ dbt.type_int() ~ ')') }} as band,
        purchase_probability,
        predicted_label,
        ordered

    from outcomes

),

summed as (

    select
        prediction_date,
        band,
        max(horizon_end_date) as horizon_end_date,
        max(model_run_id) as model_run_id,
        count(*) as customers,
        sum(purchase_probability) as expected_buyers,
        sum(ordered) as buyers,
        sum(predicted_label) as marked,
        sum(predicted_label * ordered) as marked_buyers,
        sum(power(purchase_probability - ordered, 2)) as squared_error_sum

    from banded

    group by prediction_date, band

),

-- All bands of a date have the same run, also if two runs scored customers of the date.
named as (

    select
        prediction_date,
        band,
        max(horizon_end_date) over (partition by prediction_date) as horizon_end_date,
        max(model_run_id) over (partition by prediction_date) as model_run_id,
        customers,
        expected_buyers,
        buyers,
        marked,
        marked_buyers,
        squared_error_sum

    from summed

)

select * from named
