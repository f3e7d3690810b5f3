-- The as-of date is at most 31 days after the latest kept line.
select
    build_info.as_of_date,
    observed_period.last_sale_date

from {{ ref('build_info') }} as build_info

cross join {{ ref('int_observed_period') }} as observed_period

where build_info.as_of_date > observed_period.latest_as_of_date
