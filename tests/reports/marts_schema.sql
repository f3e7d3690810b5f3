-- The published tables as the marts promise them.
create table customers (
    customer_id text primary key, name text, email text, signup_date date, country text, created_at datetime
);
create table products (
    product_id text primary key, product_name text, category text, price real, created_at datetime
);
create table transactions (
    transaction_id text primary key, customer_id text, product_id text, invoice_date date,
    quantity integer, amount real, created_at datetime, invoice_id text, is_return integer
);
create table orders (
    customer_id text, order_id text, order_date date, gross_amount real, return_amount real,
    net_amount real, line_count integer, product_count integer, quantity integer,
    primary key (customer_id, order_id)
);
create table rfm_scores (
    customer_id text primary key, recency integer, frequency integer, monetary real,
    recency_score integer, frequency_score integer, monetary_score integer,
    overall_rfm_score integer, segment text, calculated_date date, rfm_cell text, segment_detail text
);
create table predictions (
    customer_id text primary key, purchase_probability real, predicted_label integer,
    confidence real, prediction_date date, model_run_id text, reasons text
);
create table customer_360 (
    customer_id text primary key, name text, country text, signup_date date, first_order_date date,
    last_order_date date, order_count integer, return_count integer, gross_revenue real,
    returned_amount real, net_revenue real, average_order_value real, mean_gap_days real,
    recency integer, frequency integer, monetary real, recency_score integer,
    frequency_score integer, monetary_score integer, overall_rfm_score integer, rfm_cell text,
    segment text, segment_detail text, previous_segment text, recency_lowest integer,
    recency_highest integer, frequency_lowest integer, frequency_highest integer,
    monetary_lowest real, monetary_highest real, purchase_probability real,
    predicted_label integer, confidence real, prediction_date date, reasons text,
    recommended_action text
);
create table segments (
    segment text primary key, segment_order integer, colour text, customers integer,
    customer_share real, revenue real, revenue_share real, average_order_value real,
    median_recency real, expected_buyers real, revenue_at_risk real, recommended_action text
);
create table segment_details (
    segment_detail text primary key, segment_order integer, colour text, customers integer,
    customer_share real, revenue real, revenue_share real, average_order_value real,
    median_recency real, expected_buyers real, revenue_at_risk real, recommended_action text
);
create table segment_history (
    as_of_date date, segment text, customers integer, customer_share real, revenue real,
    primary key (as_of_date, segment)
);
create table segment_moves (
    from_as_of_date date, to_as_of_date date, from_segment text, to_segment text,
    customers integer, revenue real, primary key (from_segment, to_segment)
);
create table cohort_retention (
    cohort_month date, months_since integer, cohort_customers integer, retained_customers integer,
    retention_rate real, revenue real, primary key (cohort_month, months_since)
);
create table monthly_sales (
    month date primary key, orders integer, customers integer, new_customers integer,
    revenue real, returned_amount real, is_complete integer
);
create table score_thresholds (
    measure text, score integer, lowest_value real, highest_value real, customers integer,
    tied_customers integer, primary key (measure, score)
);
create table row_ledger (
    load_id integer, source text, entity text, reason text, is_kept integer, row_count integer,
    amount real, primary key (load_id, entity, reason)
);
create table rejected_rows (
    load_id integer, source text, entity text, line_number integer, reason text,
    landed_text text, amount real
);
create table snapshot_kpis (
    as_of_date date primary key, snapshot_number integer, revenue_last_30_days real,
    orders_last_30_days integer, active_customers integer, new_customers integer,
    average_order_value real, customers_with_orders integer, expected_buyers real,
    expected_buyers_low real, expected_buyers_high real, revenue_at_risk real
);
create table model_runs (
    model_run_id text primary key, run_number integer, is_in_use integer, is_pinned integer,
    status text, message text, verdict text, verdict_reason text, verdict_rules text,
    as_of_date date, horizon_days integer, chosen_model text, threshold real, threshold_rule text,
    training_rows integer, training_windows integer, first_training_date date,
    last_training_date date, evaluated_as_of_date date, evaluation_rows integer, base_rate real,
    windows text, feature_names text, settings text, library_versions text, data_fingerprint text,
    card text
);
create table model_metrics (
    model_run_id text, split text, as_of_date date, model text, slice text, metric text,
    value real, low real, high real,
    primary key (model_run_id, split, as_of_date, model, slice, metric)
);
create table prediction_outcomes (
    prediction_date date, customer_id text, model_run_id text, horizon_days integer,
    horizon_end_date date, purchase_probability real, predicted_label integer, ordered integer,
    primary key (prediction_date, customer_id)
);
create table prediction_track_record (
    prediction_date date, horizon_end_date date, model_run_id text, band integer,
    customers integer, expected_buyers real, buyers integer, marked integer,
    marked_buyers integer, squared_error_sum real, primary key (prediction_date, band)
);
create table model_curves (
    model_run_id text, model text, curve text, point integer, x real, y real, row_count integer,
    primary key (model_run_id, model, curve, point)
);
create table build_info (
    build_id integer primary key, shop_name text, as_of_date date, first_order_date date,
    horizon_days integer, scoring_method text, return_dating text, reporting_currency text,
    input_fingerprint text, code_version text, landed_rows integer, kept_transactions integer,
    customers integer, scored_customers integer, orders integer, products integer,
    data_tests integer, data_tests_passed integer, build_fingerprint text
);
create table data_tests (
    test_name text primary key, kind text, model text, description text, status text
);
create table column_docs (
    table_name text, column_name text, position integer, type text, unit text, description text,
    primary key (table_name, column_name)
);
create table segment_move_causes (
    from_as_of_date date, to_as_of_date date, from_segment text, to_segment text, cause text,
    customers integer, revenue real, primary key (from_segment, to_segment, cause)
);
create table table_docs (
    table_name text primary key, layer text, description text, sql_code text
);
create table table_lineage (
    from_table text, to_table text, primary key (from_table, to_table)
);
