{#
    Holds where every column of the table has a declared type, which BI tools go by.
    Reads the table's own description, so that it fails if a contract was not carried out.
#}
{% test columns_declare_their_types(model) %}

{{ columns_without_type(model) }}

{% endtest %}
