"""Request and response models, with examples for the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

DAY = Field(examples=["2025-12-31"], json_schema_extra={"format": "date"})
Day = Annotated[str, DAY]
Share = Annotated[float, Field(ge=0, le=1)]


def _with_example(**example: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"example": example})


class ErrorResponse(BaseModel):
    """An error, as one sentence."""

    model_config = _with_example(error="Customer not found")
    error: str


class Health(BaseModel):
    """State of the marts, and the build that is served."""

    model_config = _with_example(
        status="healthy",
        timestamp="2025-12-31T09:30:00+00:00",
        as_of_date="2025-12-31",
        build="3f9a0c1d2e4b5a69",
    )
    status: str
    timestamp: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    as_of_date: Day | None = None
    build: Annotated[str | None, Field(description="Changes with every publish.")] = None


class Segments(BaseModel):
    """Number of customers by segment; customers without an order have no segment."""

    model_config = _with_example(
        segments={"Champions": 150, "Loyal": 320, "At-Risk": 180, "Lost": 250},
        total_customers=900,
        last_updated="2025-12-31",
    )
    segments: dict[str, int]
    total_customers: int
    last_updated: Annotated[Day | None, Field(description="Last observed day.")]


class ScoredCustomer(BaseModel):
    """A customer with an order."""

    model_config = ConfigDict(extra="forbid")
    customer_id: str
    name: str | None
    recency: Annotated[int, Field(description="Days since the last order.")]
    frequency: Annotated[int, Field(description="Orders.")]
    monetary: Annotated[float, Field(description="Amount spent, minus returns.")]
    segment: str
    rfm_score: Annotated[int, Field(description="The three scores side by side, each 1 to 4.")]
    overall_rfm_score: Annotated[int, Field(description="Their sum, 3 to 12.")]


class ScoredCustomers(BaseModel):
    """One page of customers; `total` is the number of customers on all pages."""

    model_config = _with_example(
        data=[
            {
                "customer_id": "C001",
                "name": "John Doe",
                "recency": 5,
                "frequency": 25,
                "monetary": 3500.5,
                "segment": "Champions",
                "rfm_score": 443,
                "overall_rfm_score": 11,
            }
        ],
        total=900,
        page=1,
    )
    data: list[ScoredCustomer]
    total: int
    page: int


class Scores(BaseModel):
    """Days since the last order, number of orders, amount spent, and the segment."""

    model_config = ConfigDict(extra="forbid")
    recency: int
    frequency: int
    monetary: float
    segment: str


class Prediction(BaseModel):
    """Probability of an order within the horizon, and reasons."""

    model_config = ConfigDict(extra="forbid")
    purchase_probability: Share
    predicted_next_month: bool
    confidence: Annotated[Share, Field(description="Probability that the label is correct.")]
    reasons: list[str]


class Invoice(BaseModel):
    """One order or return; a return has a negative amount."""

    model_config = ConfigDict(extra="forbid")
    date: Day
    amount: float
    products: list[str]


class Details(BaseModel):
    """A customer. `email` needs the scope `email`; `rfm` is null without an order."""

    model_config = _with_example(
        customer_id="C001",
        name="John Doe",
        email="john@example.com",
        country="USA",
        rfm={"recency": 5, "frequency": 25, "monetary": 3500.5, "segment": "Champions"},
        prediction={
            "purchase_probability": 0.92,
            "predicted_next_month": True,
            "confidence": 0.88,
            "reasons": ["5 days since the last order (raises)"],
        },
        transaction_history=[
            {"date": "2025-12-20", "amount": 250.0, "products": ["Product A", "Product B"]}
        ],
        transaction_count=26,
        page=1,
    )
    customer_id: str
    name: str | None
    email: str | None = None
    country: str | None
    rfm: Scores | None
    prediction: Prediction | None
    transaction_history: list[Invoice]
    transaction_count: Annotated[int, Field(description="Orders and returns of all pages.")]
    page: int


class Quality(BaseModel):
    """How good a method was on the window that nothing was tuned on; null is undefined there."""

    model_config = ConfigDict(extra="forbid")
    accuracy: Share | None
    f1_score: Share | None
    precision: Share | None
    recall: Share | None
    roc_auc: Share | None
    log_loss: float | None
    brier: float | None


class Confusion(BaseModel):
    """Customers by predicted label and by what came."""

    model_config = ConfigDict(extra="forbid")
    true_positive: int
    true_negative: int
    false_positive: int
    false_negative: int


class Metrics(Quality):
    """The model in use and simpler rules, all evaluated on the same customers."""

    model_config = _with_example(
        accuracy=0.77,
        f1_score=0.5,
        precision=0.4,
        recall=0.64,
        roc_auc=0.82,
        log_loss=0.37,
        brier=0.12,
        intervals={"accuracy": [0.74, 0.8]},
        confusion_matrix={
            "true_positive": 100,
            "true_negative": 568,
            "false_positive": 147,
            "false_negative": 56,
        },
        baselines={
            "recency_rule": {
                "accuracy": 0.7,
                "f1_score": 0.47,
                "precision": 0.34,
                "recall": 0.72,
                "roc_auc": 0.78,
                "log_loss": 0.39,
                "brier": 0.13,
            }
        },
        model="blend",
        model_run_id="e5c6dd658029",
        verdict="use",
        threshold=0.27,
        model_trained_date="2025-12-31",
        training_samples=4472,
        evaluated_as_of_date="2025-12-01",
        evaluated_customers=871,
    )
    intervals: Annotated[
        dict[str, list[float]], Field(description="95% bootstrap intervals, low and high.")
    ]
    confusion_matrix: Confusion
    baselines: dict[str, Quality]
    model: str
    model_run_id: str
    verdict: Annotated[str, Field(description="use, use_with_care or do_not_use.")]
    threshold: float | None
    model_trained_date: Annotated[Day | None, Field(description="As-of date of the training.")]
    training_samples: int | None
    evaluated_as_of_date: Day | None
    evaluated_customers: int | None


class DateRange(BaseModel):
    """First and last day, both included and both optional."""

    model_config = _with_example(start="2025-12-01", end="2025-12-31")
    start: Day | None = None
    end: Day | None = None


class ExportRequest(BaseModel):
    """Selection of customers for the CSV file."""

    model_config = _with_example(
        segment="Champions",
        include_predictions=True,
        date_range={"start": "2025-12-01", "end": "2025-12-31"},
    )
    segment: Annotated[str | None, Field(description="A segment or finer segment; null for all.")]
    include_predictions: StrictBool = True
    date_range: Annotated[
        DateRange | None, Field(description="Only customers with an order in it.")
    ] = None
