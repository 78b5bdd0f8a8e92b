"""Subscriptions: asked for over REST or on a page, confirmed and ended by links in messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qs

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Body, Request
from fastapi.responses import HTMLResponse

from api.digest import Digest, describe
from api.pages import error_page, render
from api.requests import FollowedBody, SubscriptionBody
from api.routes.access import Served
from api.schemas import AcceptedAnswer
from api.service import Service
from api.turns import Taken
from indexer.errors import InvalidInput, InvalidQuery

router = APIRouter(tags=["digest"])
pages_router = APIRouter(include_in_schema=False)


@router.post("/subscriptions", status_code=202, summary="Have new papers sent")
async def subscribe(asked: Annotated[SubscriptionBody, Body()], service: Served, turns: Taken) -> AcceptedAnswer:
    """Asks the address to confirm; what is new goes to it after that. Tells nobody which addresses are known."""

    def ask() -> AcceptedAnswer:
        _subscribe(service, asked)
        return AcceptedAnswer()

    return await turns.ask(ask)


@pages_router.get("/digest")
async def form(request: Request, service: Served) -> HTMLResponse:
    """The form to subscribe with, for the question that is asked for if there is one."""
    return render("subscribe.html", question=request.query_params.get("q", ""), possible=service.mail is not None)


@pages_router.post("/digest")
async def submit(request: Request, service: Served, turns: Taken) -> HTMLResponse:
    """What the form sends."""
    fields = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}

    def ask() -> HTMLResponse:
        try:
            question = fields.get("q", "").strip()
            body = SubscriptionBody(
                address=fields.get("address", ""),
                period="weekly" if fields.get("period") == "weekly" else "daily",
                question=FollowedBody(q=question) if question else None,
            )
            _subscribe(service, body)
        except InvalidInput as error:
            return error_page(422, error.message, error.next_step)
        except ValueError:  # of the shape: nothing else of the form has a limit there
            return error_page(422, "This is no e-mail address: it is too long.", "Correct it.")
        text = "If the address can be written to, a message is on its way. New papers come once you follow its link."
        return render("notice.html", title="Please look into your mailbox", text=text, button=None)

    return await turns.ask(ask)


@pages_router.get("/digest/confirm/{token}")
def ask_to_confirm(token: str, service: Served) -> HTMLResponse:
    """A button: programs that look into mail follow links, and must not confirm for anybody."""
    return _button(service, token, confirming=True)


@pages_router.post("/digest/confirm/{token}")
async def confirm(token: str, service: Served, turns: Taken) -> HTMLResponse:
    """From now on new papers are sent."""

    def make() -> HTMLResponse:
        try:
            digest = service.digest
            found = digest.mailing.confirm(digest.links.read_confirm(token), datetime.now(UTC))
        except InvalidInput as error:
            return error_page(410, error.message, error.next_step)
        if found is None:
            return error_page(410, "This subscription was ended.", "Subscribe again to begin another.")
        text = f"You will get {describe(found.question)}, {found.period}, whenever there is something new."
        return render("notice.html", title="You are subscribed", text=text, button=None)

    return await turns.ask(make)


@pages_router.get("/digest/unsubscribe/{token}")
def ask_to_unsubscribe(token: str, service: Served) -> HTMLResponse:
    """A button, for the same reason."""
    return _button(service, token, confirming=False)


@pages_router.post("/digest/unsubscribe/{token}")
async def unsubscribe(token: str, service: Served, turns: Taken) -> HTMLResponse:
    """End a subscription, at once and for whoever holds the link, as RFC 8058 has mail programs do."""

    def make() -> HTMLResponse:
        try:
            digest = service.digest
            digest.mailing.unsubscribe(digest.links.read_unsubscribe(token))
        except InvalidInput as error:
            return error_page(410, error.message, error.next_step)
        text = "Nothing more will be sent for this subscription."
        return render("notice.html", title="You are unsubscribed", text=text, button=None)

    return await turns.ask(make)


def _subscribe(service: Service, asked: SubscriptionBody) -> None:
    digest: Digest = service.digest
    try:
        # A host of a name is looked up nowhere: that would tell others who subscribes.
        found = validate_email(asked.address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidQuery("invalid_address", f"This is no e-mail address: {error}", "Correct it.") from error
    # In ASCII, as every mail server takes it: a domain of other letters has such a form.
    digest.subscribe((found.ascii_email or found.normalized).lower(), asked.question, asked.period, datetime.now(UTC))


def _button(service: Service, token: str, *, confirming: bool) -> HTMLResponse:
    try:
        links, mailing = service.digest.links, service.digest.mailing
        number = links.read_confirm(token) if confirming else links.read_unsubscribe(token)
    except InvalidInput as error:
        return error_page(410, error.message, error.next_step)
    found = mailing.subscription(number)
    if found is None:
        text = "There is no such subscription any more: nothing is sent for it."
        return render("notice.html", title="Nothing to do", text=text, button=None)
    what = f"{describe(found.question)}, {found.period}"
    if confirming:
        return render("notice.html", title="Subscribe?", text=f"You asked for {what}.", button="Send me new papers")
    return render("notice.html", title="Unsubscribe?", text=f"You get {what}.", button="Send me no more")
