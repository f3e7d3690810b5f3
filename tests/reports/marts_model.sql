-- A trained forecast: two runs of which the older is in use, its figures at three past windows,
-- its curves, and what became of two forecasts. The card and the message try to break the page.
insert into model_runs
select
    'run-1', 1, 1, 1, 'trained', 'Beats <b>BG/NBD</b> & all others.', 'use_with_care',
    'It beats every baseline, but <i>few</i> buyers were there to judge by.',
    json_array('Do not use: no better than <script>alert(5)</script>.', 'Use with care: a doubt.', 'Use it.'),
    '2024-06-30', 30, 'random_forest', 0.42, 'best_f1', 1800, 3, '2024-03-02', '2024-05-31',
    '2024-05-31', 300, 0.31,
    json_array(
        json_object('as_of_date', '2024-06-30', 'label_end_date', '2024-07-30', 'customers', 320,
            'buyers', null, 'roles', json_array('score')),
        json_object('as_of_date', '2024-05-31', 'label_end_date', '2024-06-30', 'customers', 300,
            'buyers', 93, 'roles', json_array('report', 'final')),
        json_object('as_of_date', '2024-05-01', 'label_end_date', '2024-05-31', 'customers', 250,
            'buyers', 75, 'roles', json_array('choose', 'refit', 'final', 'history')),
        json_object('as_of_date', '2024-04-01', 'label_end_date', '2024-05-01', 'customers', 200,
            'buyers', 50, 'roles', json_array('fit', 'refit', 'final', 'history')),
        json_object('as_of_date', '2024-03-02', 'label_end_date', '2024-04-01', 'customers', 100,
            'buyers', 20, 'roles', json_array('fit', 'refit')),
        json_object('as_of_date', '2024-02-01', 'label_end_date', '2024-03-02', 'customers', 40,
            'buyers', 8, 'roles', json_array())
    ),
    json_array('recency', 'frequency', 'tenure_days'),
    json_object('contact_cost', null, 'contact_benefit', null, 'seed', 1),
    json_object('scikit-learn', '1.9.1'), 'd',
    '# Purchase forecast' || char(10, 10) || 'Not for **prices**. <script>alert(4)</script>'
    || char(10) || '[here](javascript:alert) ![x](https://example.org/x.png) <eve@example.com>'
    || char(10, 10) || '### Figures' || char(10, 10)
    || '| | `log_loss` |' || char(10) || '| --- | ---: |' || char(10) || '| `base_rate` | 0.62 |' || char(10);

insert into model_runs (
    model_run_id, run_number, is_in_use, is_pinned, status, message, as_of_date, chosen_model,
    verdict, training_rows, windows, settings
) values (
    'run-2', 2, 0, 0, 'trained', 'Later, and not chosen.', '2024-06-30', 'logistic_regression',
    'use', 1900, '[]', '{}'
);

-- Log loss grows by 0.02 with each window back; intervals are made for the model in use alone.
insert into model_metrics
with judged (split, as_of_date, back) as (
    values ('report', '2024-05-31', 0), ('choose', '2024-05-01', 1), ('history', '2024-05-01', 1),
    ('history', '2024-04-01', 2)
),
qualities (model, figures) as (
    values
    ('random_forest', '{"roc_auc": 0.78, "average_precision": 0.61, "log_loss": 0.41, "brier": 0.13,
        "expected_calibration_error": 0.04, "lift_top_tenth": 2.6, "true_positive": 80,
        "false_positive": 30, "false_negative": 20, "true_negative": 170, "rows": 300, "positives": 93,
        "accuracy": 0.8333, "precision": 0.7273, "recall": 0.8, "f1": 0.7619}'),
    ('logistic_regression', '{"roc_auc": 0.76, "log_loss": 0.43, "rows": 300, "positives": 93}'),
    ('bg_nbd', '{"roc_auc": 0.75, "log_loss": 0.44, "rows": 300, "positives": 93}'),
    ('rfm_quartiles', '{"roc_auc": 0.72, "log_loss": 0.47, "rows": 300, "positives": 93}'),
    ('recency_rule', '{"roc_auc": 0.70, "log_loss": 0.50, "rows": 300, "positives": 93}'),
    ('base_rate', '{"roc_auc": 0.50, "log_loss": 0.62, "rows": 300, "positives": 93}')
)
select
    'run-1', j.split, j.as_of_date, q.model, 'all', f.key,
    f.value + case f.key when 'log_loss' then 0.02 * j.back else 0 end,
    case when q.model = 'random_forest' and f.key in ('roc_auc', 'log_loss') then f.value + 0.02 * j.back - 0.03 end,
    case when q.model = 'random_forest' and f.key in ('roc_auc', 'log_loss') then f.value + 0.02 * j.back + 0.03 end
from judged as j
cross join qualities as q
cross join json_each(q.figures) as f;

insert into model_metrics
select
    'run-1', 'report', '2024-05-31',
    json_extract(f.value, '$[0]'), json_extract(f.value, '$[1]'), json_extract(f.value, '$[2]'),
    json_extract(f.value, '$[3]'), json_extract(f.value, '$[4]'), json_extract(f.value, '$[5]')
from json_each('[
    ["random_forest", "one_time_buyers", "rows", 120], ["random_forest", "one_time_buyers", "positives", 18],
    ["random_forest", "one_time_buyers", "roc_auc", 0.66, 0.55, 0.77],
    ["random_forest", "one_time_buyers", "log_loss", 0.4, 0.3, 0.5],
    ["random_forest", "one_time_buyers", "expected_calibration_error", 0.05],
    ["base_rate", "one_time_buyers", "rows", 120], ["base_rate", "one_time_buyers", "positives", 18],
    ["base_rate", "one_time_buyers", "log_loss", 0.45],
    ["random_forest", "all", "log_loss_minus_base_rate", -0.21, -0.25, -0.17],
    ["random_forest", "all", "log_loss_minus_recency_rule", -0.09, -0.12, -0.06],
    ["random_forest", "all", "log_loss_minus_rfm_quartiles", -0.06, -0.09, -0.03],
    ["random_forest", "all", "log_loss_minus_bg_nbd", -0.03, -0.07, 0.01],
    ["random_forest", "feature:recency", "permutation_importance", 0.08],
    ["random_forest", "feature:frequency", "permutation_importance", 0.05],
    ["random_forest", "feature:tenure_days", "permutation_importance", -0.001]
]') as f;

insert into model_curves
with recursive points (point, x) as (
    select 0, 0.0 union all select point + 1, (point + 1) / 10.0 from points where point < 10
),
bends (model, bend) as (
    values ('random_forest', 1.0), ('bg_nbd', 0.8), ('rfm_quartiles', 0.6), ('recency_rule', 0.5), ('base_rate', 0.0)
),
kinds (curve) as (values ('roc'), ('precision_recall'), ('gains'), ('calibration'))
select 'run-1', model, curve, point, x,
    case curve
        when 'precision_recall' then 0.8 - 0.5 * x + 0.1 * bend
        when 'calibration' then 0.9 * x + 0.04 * bend
        else round(x + bend * x * (1 - x), 4)
    end,
    300
from points
cross join bends
cross join kinds;

insert into prediction_track_record values
('2024-04-30', '2024-05-30', 'run-1', 0, 80, 4.0, 2, 0, 0, 3.5),
('2024-04-30', '2024-05-30', 'run-1', 4, 20, 9.0, 10, 20, 10, 5.0),
('2024-05-31', '2024-06-30', 'run-2', 0, 60, 3.0, 4, 0, 0, 3.9),
('2024-05-31', '2024-06-30', 'run-2', 9, 10, 9.5, 9, 10, 9, 0.8);
