{# Holds where no two rows share the values of these columns: the key of a table that has no single one. #}
{% test unique_together(model, columns) %}

select {{ columns | join(', ') }}

from {{ model }}

group by {{ columns | join(', ') }}

having count(*) > 1

{% endtest %}
