{# Passes if the expression is true for every row of the model. #}
{% test true_for_every_row(model, expression) %}

select *

from {{ model }}

where not ({{ expression }})

{% endtest %}
