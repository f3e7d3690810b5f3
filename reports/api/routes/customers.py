"""Endpoints of customers: segments, scores, details, CSV lists."""

from __future__ import annotations

import json
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reports.api import csv_response, queries, schemas
from reports.api.auth import Rights
from reports.api.build_cache import Build
from reports.api.responses import current_build, error_responses, json_response, rights_of, to_json
from reports.exports.selection import Selection, check_segment
from reports.formatting import public_id

router = APIRouter(prefix="/api", tags=["customers"])
MAX_LIMIT = 100
MAX_PAGE = 2**31
"""A page after the last customer is empty; this bound only avoids overflow in SQLite."""

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on a page.")]
Page = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Page number, from 1.")]
Segment = Annotated[
    str | None, Query(description="Only this segment; all if left out.", examples=["Champions"])
]
SortBy = Annotated[
    Literal["recency", "frequency", "monetary"],
    Query(description="Best first: latest order, most orders, or most spent."),
]


@router.get(
    "/customers/segments", response_model=schemas.Segments, responses=error_responses(401, 500, 503)
)
async def segments(request: Request) -> Response:
    """Return the number of customers in each segment."""
    build = await current_build(request)
    return json_response(request, build, build.cached("segments", lambda: _segments(build)))


def _segments(build: Build) -> str:
    return to_json(
        {
            "segments": build.segments,
            "total_customers": sum(build.segments.values()),
            "last_updated": build.source.facts.as_of_date,
        }
    )


@router.get(
    "/customers/rfm",
    response_model=schemas.ScoredCustomers,
    responses=error_responses(400, 401, 500, 503),
)
async def rfm(
    request: Request,
    segment: Segment = None,
    limit: Limit = MAX_LIMIT,
    sort_by: SortBy = "monetary",
    page: Page = 1,
) -> Response:
    """List customers with an order and their scores, page by page, best first."""
    build = await current_build(request)
    check_segment(segment or None, list(build.segments))
    row_ids = build.sorted_row_ids(sort_by, segment or None)
    chosen = list(row_ids[(page - 1) * limit : page * limit])
    rows = build.query(queries.CustomerJson, queries.CUSTOMERS, row_ids=str(chosen))
    found = ",".join(row.customer_json for row in rows)
    data = _without_email(build, f"[{found}]") if _hides(request, found) else f"[{found}]"
    return json_response(request, build, f'{{"data":{data},"total":{len(row_ids)},"page":{page}}}')


def _hides(request: Request, text: str) -> bool:
    """Return whether a text may hold an e-mail address that the caller may not see."""
    return "@" in text and not rights_of(request).sees_email


def _without_email(build: Build, data: str) -> str:
    rows = json.loads(data)
    for row in rows:
        row["customer_id"] = _shown_id(build, Rights(), row["customer_id"])
        row["name"] = Rights().text(row["name"])
    return to_json(rows)


def _shown_id(build: Build, rights: Rights, customer_id: str) -> str:
    if rights.sees_email:
        return customer_id
    return public_id(customer_id, build.email_numbers)


def _real_id(build: Build, rights: Rights, asked: str) -> str:
    """Return the customer id; an e-mail address is unknown to callers who may not see it."""
    if rights.sees_email:
        return asked
    real = build.hidden_ids.get(asked, asked)
    if _shown_id(build, rights, real) != asked:
        raise HTTPException(404, "Customer not found")
    return real


@router.get(
    "/customers/{customer_id:path}/details",
    response_model=schemas.Details,
    responses=error_responses(400, 401, 404, 500, 503),
)
async def details(
    request: Request,
    customer_id: Annotated[
        str, Path(description="Id as in the lists, URL-encoded.", examples=["C001"])
    ],
    limit: Limit = MAX_LIMIT,
    page: Page = 1,
) -> Response:
    """Return one customer: scores, forecast with reasons, orders and returns, newest first."""
    build, rights = await current_build(request), rights_of(request)
    key = _real_id(build, rights, customer_id)
    found = build.query(queries.CustomerDetails, queries.CUSTOMER, customer_id=key)
    if not found:
        raise HTTPException(404, "Customer not found")
    (customer,) = found
    (length,) = build.query(queries.HistoryLength, queries.HISTORY_LENGTH, customer_id=key)
    details = {
        "customer_id": customer_id,
        "name": rights.text(customer.name),
        **({"email": customer.email} if rights.sees_email else {}),
        "country": rights.text(customer.country),
        **_figures(rights, customer),
        "transaction_history": _history(build, rights, key, limit, page),
        "transaction_count": length.invoices,
        "page": page,
    }
    return json_response(request, build, to_json(details))


def _figures(rights: Rights, customer: queries.CustomerDetails) -> dict[str, Any]:
    scores = {
        "recency": customer.recency,
        "frequency": customer.frequency,
        "monetary": customer.monetary,
        "segment": customer.segment,
    }
    prediction = {
        "purchase_probability": customer.purchase_probability,
        "predicted_next_month": bool(customer.predicted_label),
        "confidence": customer.confidence,
        "reasons": [rights.text(reason) for reason in json.loads(customer.reasons or "[]")],
    }
    return {
        "rfm": None if customer.segment is None else scores,
        "prediction": None if customer.purchase_probability is None else prediction,
    }


def _history(
    build: Build, rights: Rights, customer_id: str, limit: int, page: int
) -> list[dict[str, Any]]:
    lines = build.query(
        queries.InvoiceProduct,
        queries.HISTORY,
        customer_id=customer_id,
        limit=limit,
        offset=(page - 1) * limit,
    )
    return [
        {
            "date": day,
            "amount": amount,
            "products": [rights.text(line.product_name) for line in products],
        }
        for (_, day, amount), products in groupby(
            lines, key=attrgetter("invoice_id", "day", "amount")
        )
    ]


@router.post(
    "/export/customers",
    response_class=csv_response.CsvResponse,
    responses=error_responses(400, 401, 413, 500, 503),
)
async def export(request: Request, wanted: schemas.ExportRequest) -> Response:
    """Return customers as CSV, ordered by id, as 'tillsight export' writes them."""
    days = wanted.date_range or schemas.DateRange()
    choice = Selection(
        segment=wanted.segment,
        start=days.start,
        end=days.end,
        include_predictions=wanted.include_predictions,
        include_email=rights_of(request).sees_email,
    )
    return await csv_response.stream_list(request, lambda _: choice)
