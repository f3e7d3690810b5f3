{# Passes if every column of the table has a declared type. Reads the catalog of the engine, so that it also tests the contract. #}
{% test columns_declare_their_types(model) %}

{{ columns_without_type(model) }}

{% endtest %}
