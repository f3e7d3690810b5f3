-- Every prediction whose horizon is over has an outcome.
with

finished as (

    select
        prediction_log.prediction_date,
        prediction_log.customer_id

    from {{ ref('stg_ml__prediction_log') }} as prediction_log

    inner join {{ ref('customers') }} as customers
        on prediction_log.customer_id = customers.customer_id

    cross join {{ ref('int_observed_period') }} as observed_period

    group by
        prediction_log.prediction_date,
        prediction_log.customer_id

    having
        max({{ day_number('prediction_log.prediction_date') }} + prediction_log.horizon_days)
        <= max(observed_period.as_of_day)

)

select finished.*

from finished

left join {{ ref('prediction_outcomes') }} as outcomes
    on
        finished.prediction_date = outcomes.prediction_date
        and finished.customer_id = outcomes.customer_id

where outcomes.customer_id is null
