with

moves as (

    select * from {{ ref('int_segment_changes') }}

    where cause <> 'stayed'

),

counted as (

    select
        from_as_of_date,
        to_as_of_date,
        from_segment,
        to_segment,
        cause,
        count(*) as customers,
        {{ money('sum(monetary_minor)') }} as revenue

    from moves

    group by from_as_of_date, to_as_of_date, from_segment, to_segment, cause

)

select * from counted
