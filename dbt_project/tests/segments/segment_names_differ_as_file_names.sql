-- A segment and a finer segment never share a file name: names differ in their letters and digits, whatever their case.
with

normalised as (

    select {{ lower_case("replace(replace(segment, ' ', ''), '-', '')") }} as slug

    from {{ ref('segment_actions') }}

)

select slug

from normalised

group by slug

having count(*) > 1
