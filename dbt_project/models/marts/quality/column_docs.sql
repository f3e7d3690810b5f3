with

column_docs as (

    {{ literal_rows(
        ['table_name', 'column_name', 'position', 'type', 'unit', 'description'], project_mart_columns()
    ) }}

)

select * from column_docs
