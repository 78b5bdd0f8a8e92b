"""Every error as one JSON shape, or as a page where a person asked for one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from api.pages import error_page
from indexer import errors
from indexer.errors import PaperkinError, shorten

_log = logging.getLogger(__name__)

STATUS: Final[Mapping[type[PaperkinError], int]] = {
    errors.PaperNotFound: 404,
    errors.MapMissing: 404,
    errors.MapChanged: 409,
    errors.InvalidInput: 422,
    errors.CollectionBusy: 503,
    errors.PaperkinError: 503,
}
"""The first class in an error's line of descent that stands here gives the status."""

RETRY_AFTER: Final = "5"
"""Seconds after which a client that met another writer may come again."""

_HTTP: Final = {
    # FastAPI's own word for a body that is not UTF-8, nests too deeply or holds a number of thousands of digits.
    400: ("malformed_json", "The body is not JSON.", "Send a JSON object, encoded as UTF-8."),
    401: ("key_required", "This needs the API key.", "Send the header Authorization: Bearer KEY."),
    403: (
        "writing_disabled",
        "This server accepts no changes: it can be reached from other machines and has no API key.",
        "Set PAPERKIN_API_KEY and start it again, or serve on 127.0.0.1.",
    ),
    404: ("not_found", "There is nothing at this address.", "See /docs for the addresses."),
    405: ("method_not_allowed", "This address does not take this method.", "See /docs for the methods."),
    413: ("body_too_large", "The request's body is too large.", "Send fewer papers at a time."),
}

_LOST: Final = "Search for what you are looking for, or begin at one of these pages."
"""What a person does who has come to an address without anything."""

_PROBLEMS: Final = {
    "json_invalid": (400, "malformed_json", "The body is not JSON.", "Send a JSON object, encoded as UTF-8."),
    "extra_forbidden": (
        422,
        "unknown_field",
        "There is no field {field!r} here.",
        "See /docs for the fields and filters.",
    ),
    "missing": (422, "missing_field", "The field {field!r} is missing.", "See /docs for the fields that are needed."),
    "string_unicode": (
        422,
        "invalid_text",
        "The field {field!r} holds half a surrogate pair.",
        "Send text encoded as UTF-8.",
    ),
    "string_too_long": (
        422,
        "value_too_long",
        "The field {field!r} is longer than {max_length:,} characters.",
        "Shorten it.",
    ),
    **dict.fromkeys(
        ("too_long of id", "too_long of ids", "too_long of like", "too_long of dislike"),
        (422, "ids_out_of_range", "Too many ids are given.", "Give up to {max_length:,} ids of papers."),
    ),
    "too_long of at": (
        422,
        "positions_out_of_range",
        "Too many positions are given.",
        "Give up to {max_length} positions at a time.",
    ),
    "too_long of body": (
        422,
        "papers_out_of_range",
        "Too many papers are sent.",
        "Send 1 to {max_length:,} at a time.",
    ),
    "literal_error": (422, "invalid_value", "The field {field!r} has an unknown value.", "Use one of: {expected}."),
    # Also what a body is that was sent without saying that it is JSON: curl's -d alone calls it a form.
    "model_attributes_type": (
        422,
        "wrong_type",
        "What was sent as {field!r} is not a JSON object.",
        "Send JSON, with the header Content-Type: application/json.",
    ),
}
"""What pydantic finds wrong, by its own name: status, code, sentence and next step."""

_OTHER_PROBLEM: Final = (422, "wrong_type", "The field {field!r}: {msg}.", "See /docs for the types of the fields.")


def error_body(code: str, message: str, next_step: str) -> dict[str, Any]:
    """The JSON shape of an error."""
    return {"error": {"code": code, "message": message, "next_step": next_step}}


def install(app: FastAPI) -> None:
    """Have the application answer every error in our shape."""

    @app.exception_handler(PaperkinError)
    def known(request: Request, error: PaperkinError) -> Response:
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        headers = {"Retry-After": RETRY_AFTER} if isinstance(error, errors.CollectionBusy) else None
        return respond(request, status, (error.code, error.message, error.next_step), headers)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        status, *facts = _explain(error.errors()[0])
        return respond(request, status, (facts[0], facts[1], facts[2]))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        facts = _HTTP.get(error.status_code, ("http_error", str(error.detail), "See /docs for what can be asked."))
        return respond(request, error.status_code, facts, error.headers)

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        facts = "internal_error", "Something failed in the server.", "Please report it with the server's log."
        return respond(request, 500, facts)


def respond(
    request: Request, status: int, facts: tuple[str, str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """An error (code, sentence, next step) as JSON; outside `/v1` as a page, if the client prefers HTML.

    Under `/api` it has Hugging Face's shape, whose clients also read the header `X-Error-Message`, under `/graph` and
    `/recommendations` Semantic Scholar's.
    """
    if request.url.path.startswith("/api/"):
        return _for_hugging_face(status, facts, headers)
    if request.url.path.startswith(("/graph/", "/recommendations/")):
        return _for_semantic_scholar(status, facts, headers)
    wants_page = not request.url.path.startswith("/v1") and "text/html" in request.headers.get("accept", "")
    if wants_page:
        next_step = _LOST if facts[0] == "not_found" else facts[2]
        page = error_page(status, facts[1], next_step)
        page.headers.update(headers or {})
        return page
    return JSONResponse(error_body(*facts), status_code=status, headers=headers)


def _for_hugging_face(status: int, facts: tuple[str, str, str], headers: Mapping[str, str] | None) -> Response:
    message = f"{facts[1]} {facts[2]}"
    said = {"X-Error-Message": message.encode("ascii", "replace").decode()}
    return JSONResponse({"error": message}, 400 if status == 422 else status, {**(headers or {}), **said})


def _for_semantic_scholar(status: int, facts: tuple[str, str, str], headers: Mapping[str, str] | None) -> Response:
    """`error` where the asker can do something, `message` where not: their clients read one or the other by status."""
    message = " ".join(filter(None, facts[1:]))
    status = 400 if status in (405, 413, 422) else status
    body = {"error": message} if status in (400, 404) else {"message": message, "code": str(status)}
    return JSONResponse(body, 500 if status == 503 else status, headers)


def _explain(problem: Mapping[str, Any]) -> tuple[int, str, str, str]:
    """Status, code, sentence and next step for what pydantic says first."""
    field = ".".join(str(part) for part in problem["loc"][1:] if part not in ("one", "many")) or "body"
    facts = {"msg": problem["msg"], **problem.get("ctx", {})}
    facts["field"] = shorten(field.encode("utf-8", "replace").decode())
    kind = str(problem["type"])
    kind = f"{kind} of {field}" if kind == "too_long" else kind
    status, code, message, next_step = _PROBLEMS.get(kind, _OTHER_PROBLEM)
    return status, code, message.format_map(facts), next_step.format_map(facts)
