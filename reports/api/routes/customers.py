"""The endpoints of customers: segments, scores, one customer, and lists as CSV."""

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
from reports.api.responses import build_of, refusals, reply, rights_of, to_json
from reports.exports.selection import Selection, check_segment
from reports.formatting import public_id

router = APIRouter(prefix="/api", tags=["customers"])
LARGEST_PAGE = 100
LAST_PAGE = 2**31
"""Pages are counted up to here; what lies behind the last customer is an empty page."""

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Rows on a page.")]
Page = Annotated[int, Query(ge=1, le=LAST_PAGE, description="Number of the page, from 1 on.")]
Segment = Annotated[
    str | None, Query(description="Only this segment; all if left out.", examples=["Champions"])
]
SortBy = Annotated[
    Literal["recency", "frequency", "monetary"],
    Query(description="Best first: latest order, most orders, or most spent."),
]


@router.get("/customers/segments", response_model=schemas.Segments, responses=refusals(401, 500))
async def segments(request: Request) -> Response:
    """Count the customers of each segment."""
    build = await build_of(request)
    return reply(request, build, build.keep("segments", lambda: _segments(build)))


def _segments(build: Build) -> str:
    return to_json(
        {
            "segments": build.segments,
            "total_customers": sum(build.segments.values()),
            "last_updated": build.source.facts.as_of_date,
        }
    )


@router.get(
    "/customers/rfm", response_model=schemas.ScoredCustomers, responses=refusals(400, 401, 500)
)
async def rfm(
    request: Request,
    segment: Segment = None,
    limit: Limit = LARGEST_PAGE,
    sort_by: SortBy = "monetary",
    page: Page = 1,
) -> Response:
    """List the customers with an order and their scores, page by page, the best one first."""
    build = await build_of(request)
    check_segment(segment or None, list(build.segments))
    row_ids = build.sorted_rows(sort_by, segment or None)
    chosen = list(row_ids[(page - 1) * limit : page * limit])
    rows = build.ask(queries.CustomerJson, queries.CUSTOMERS, row_ids=str(chosen))
    found = ",".join(row.customer_json for row in rows)
    data = _without_email(build, f"[{found}]") if _hides(request, found) else f"[{found}]"
    return reply(request, build, f'{{"data":{data},"total":{len(row_ids)},"page":{page}}}')


def _hides(request: Request, text: str) -> bool:
    """Return whether there is anything that the caller may not see; that is seldom so."""
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
    """Return whose id was asked for; who may not see an e-mail cannot ask whether it is known."""
    if rights.sees_email:
        return asked
    real = build.hidden_ids.get(asked, asked)
    if _shown_id(build, rights, real) != asked:
        raise HTTPException(404, "Customer not found")
    return real


@router.get(
    "/customers/{customer_id:path}/details",
    response_model=schemas.Details,
    responses=refusals(400, 401, 404, 500),
)
async def details(
    request: Request,
    customer_id: Annotated[
        str, Path(description="As the lists show it; slashes as %2F.", examples=["C001"])
    ],
    limit: Limit = LARGEST_PAGE,
    page: Page = 1,
) -> Response:
    """Show one customer: scores, forecast with reasons, orders and returns, newest first."""
    build, rights = await build_of(request), rights_of(request)
    key = _real_id(build, rights, customer_id)
    found = build.ask(queries.CustomerDetails, queries.CUSTOMER, customer_id=key)
    if not found:
        raise HTTPException(404, "Customer not found")
    (customer,) = found
    (length,) = build.ask(queries.HistoryLength, queries.HISTORY_LENGTH, customer_id=key)
    answer = {
        "customer_id": customer_id,
        "name": rights.text(customer.name),
        **({"email": customer.email} if rights.sees_email else {}),
        "country": rights.text(customer.country),
        **_figures(rights, customer),
        "transaction_history": _history(build, rights, key, limit, page),
        "transaction_count": length.invoices,
        "page": page,
    }
    return reply(request, build, to_json(answer))


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
    lines = build.ask(
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
    response_class=csv_response.CsvAnswer,
    responses=refusals(400, 401, 413, 500),
)
async def export(request: Request, wanted: schemas.ExportRequest) -> Response:
    """Download customers as CSV, by id, with the bytes of 'tillsight export' for that choice."""
    days = wanted.date_range or schemas.DateRange()
    choice = Selection(
        segment=wanted.segment,
        start=days.start,
        end=days.end,
        include_predictions=wanted.include_predictions,
        include_email=rights_of(request).sees_email,
    )
    return await csv_response.answer(request, lambda _: choice)
