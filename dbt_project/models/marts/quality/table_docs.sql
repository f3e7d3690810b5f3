with

table_docs as (

    {{ literal_rows(['table_name', 'layer', 'description', 'sql_code'], project_tables()) }}

)

select * from table_docs
