with recursive

observed_period as (

    select * from {{ ref('int_observed_period') }}

),

month_numbers as (

    select
        {{ month_number(date_from_day_number('first_day')) }} as month_number,
        {{ month_number('as_of_date') }} as last_month

    from observed_period

    where first_day is not null

    union all

    select
        month_number + 1 as month_number,
        last_month

    from month_numbers

    where month_number < last_month

),

dated as (

    select
        month_number,
        {{ date_from_month_number('month_number') }} as month

    from month_numbers

)

select * from dated
