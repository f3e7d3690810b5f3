with

table_lineage as (

    {{ literal_rows(['from_table', 'to_table'], project_lineage()) }}

)

select * from table_lineage
