with

prediction_log as (

    select * from {{ ref('stg_ml__prediction_log') }}

),

customers as (

    select * from {{ ref('customers') }}

),

order_days as (

    select * from {{ ref('int_order_days') }}

),

observed_period as (

    select * from {{ ref('int_observed_period') }}

),

-- Of several predictions of a day the last counts; customers who are no longer in the data are left out.
ranked as (

    select
        prediction_log.prediction_date,
        {{ day_number('prediction_log.prediction_date') }} as prediction_day,
        prediction_log.customer_id,
        prediction_log.model_run_id,
        prediction_log.horizon_days,
        prediction_log.purchase_probability,
        prediction_log.predicted_label,
        row_number() over (
            partition by prediction_log.prediction_date, prediction_log.customer_id
            order by prediction_log.log_number desc, prediction_log.model_run_id asc
        ) as prediction_rank

    from prediction_log

    inner join customers
        on prediction_log.customer_id = customers.customer_id

),

-- An outcome is known when the last day of the horizon is observed.
finished as (

    select
        prediction_date,
        prediction_day,
        prediction_day + horizon_days as horizon_end_day,
        customer_id,
        model_run_id,
        horizon_days,
        purchase_probability,
        predicted_label

    from ranked

    where
        prediction_rank = 1
        and prediction_day + horizon_days <= (select observed_period.as_of_day from observed_period)

),

-- An order on the prediction date was known to the model and does not count.
compared as (

    select
        finished.prediction_date,
        finished.customer_id,
        finished.model_run_id,
        finished.horizon_days,
        {{ date_from_day_number('finished.horizon_end_day') }} as horizon_end_date,
        finished.purchase_probability,
        finished.predicted_label,
        case
            when
                exists (
                    select order_days.day

                    from order_days

                    where
                        finished.customer_id = order_days.customer_id
                        and finished.prediction_day < order_days.day
                        and finished.horizon_end_day >= order_days.day
                )
                then 1
            else 0
        end as ordered

    from finished

)

select * from compared
