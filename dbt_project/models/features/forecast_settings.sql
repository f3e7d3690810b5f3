with

settings as (

    select
        cast({{ number_literal(setting('contact_cost')) }} as {{ dbt.type_float() }}) as contact_cost,
        cast({{ number_literal(setting('contact_benefit')) }} as {{ dbt.type_float() }}) as contact_benefit

)

select * from settings
