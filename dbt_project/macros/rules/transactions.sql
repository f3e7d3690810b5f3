{#
    The columns that a transaction line has in every format. `absent` lists the columns that a format lacks; they are
    NULL. Formats are unioned by position, so the order matters.
#}
{% macro transaction_columns(absent=[]) -%}
    {%- for column in [
        'load_id', 'line_number', 'transaction_id', 'order_id', 'customer_id', 'product_id', 'product_name',
        'customer_name', 'customer_email', 'country', 'invoice_at', 'quantity', 'amount_minor', 'unit_price_minor',
        'currency',
    ] %}
        {{ 'null as ' if column in absent }}{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
