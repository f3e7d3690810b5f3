{# The on-run-end hook record_test_results fills in the status. #}
with

data_tests as (

    {{ literal_rows(['test_name', 'kind', 'model', 'description', 'status'], project_data_tests()) }}

)

select * from data_tests
