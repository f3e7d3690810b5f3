-- If there is a model run, exactly one is in use and at most one is pinned.
with

counted as (

    select
        count(*) as runs,
        sum(is_in_use) as runs_in_use,
        sum(is_pinned) as pinned_runs

    from {{ ref('model_runs') }}

)

select *

from counted

where
    runs > 0
    and (runs_in_use <> 1 or pinned_runs > 1)
