"""Handing messages over to a real mail server, with TLS and without, and what it may say to that."""

from __future__ import annotations

import re
import smtplib
import socket
import time as clock
from dataclasses import replace
from datetime import UTC, datetime, time
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from api.mail import Handed, Letter, MailServer, Outcome
from api.mail_settings import MailSettings
from indexer.errors import InvalidSetting, MailFailed
from tests.api.mailbox import Mailbox, serving_mail

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
LETTER = Letter("New: ünïcode", "Plain text.\n", "<p>HTML</p>", "https://papers.example.org/x")
ADA = "ada@example.net"


@pytest.mark.parametrize(("security", "auth"), [("none", False), ("none", True), ("starttls", True), ("tls", True)])
def test_a_message_arrives_as_it_was_written(tmp_path: Path, security: str, auth: bool) -> None:
    """Over TLS from the start, over TLS that is begun, with a password, and in the open on loopback."""
    mailbox = Mailbox()
    folder = tmp_path if security != "none" else None
    with serving_mail(mailbox, security, auth=auth, folder=folder) as settings, MailServer(settings) as server:
        written = LETTER.write(settings, ADA, NOW)
        for _ in range(2):  # over one connection
            assert server.hand_over(ADA, written) == Handed(Outcome.TAKEN)
    assert mailbox.raw == [(ADA, written)] * 2


def test_a_message_has_both_parts_and_the_headers_of_lists() -> None:
    """Text and HTML of the same; RFC 8058's headers; a message without an address to end it has none of them."""
    settings = MailSettings("localhost", 25, "none", "papers@example.org", "https://papers.example.org")
    message = message_from_bytes(LETTER.write(settings, ADA, NOW), policy=default)
    assert (message["Subject"], message["To"], message["From"]) == (
        "New: ünïcode", ADA, "Paperkin <papers@example.org>",
    )  # fmt: skip
    assert message["List-Unsubscribe"] == "<https://papers.example.org/x>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Date"] == "Tue, 24 Nov 2026 07:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [(part.get_content_type(), part.get_content().replace("\r", "")) for part in message.iter_parts()] == [
        ("text/plain", "Plain text.\n"),
        ("text/html", "<p>HTML</p>\n"),
    ]
    plain = message_from_bytes(replace(LETTER, unsubscribe=None).write(settings, ADA, NOW), policy=default)
    assert (plain["List-Unsubscribe"], plain["List-Id"]) == (None, None)


def test_long_addresses_stay_whole() -> None:
    """On one line and as they are: no mail program would take the end of a list out of an encoded word."""
    settings = MailSettings("localhost", 25, "none", "papers@example.org", "https://papers.example.org")
    address = "https://papers.example.org/digest/unsubscribe/" + "x" * 200
    written = replace(LETTER, unsubscribe=address).write(settings, "a" * 60 + "@" + "b" * 60 + ".example.net", NOW)
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in written
    assert max(map(len, written.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 80


def test_a_subject_of_any_letters_can_be_read() -> None:
    """No encoded word is longer than 75 characters (RFC 2047, 2); together they are what was meant."""
    settings = MailSettings("localhost", 25, "none", "papers@example.org", "https://papers.example.org")
    for subject in (
        "3 new papers: " + "深度学习的语音合成" * 7,
        "2 new papers: Zür Übersicht " * 3,
        "a" * 80,
        "é" * 80,
    ):
        written = replace(LETTER, subject=subject).write(settings, ADA, NOW)
        assert message_from_bytes(written, policy=default)["Subject"] == subject.strip()
        assert all(len(word) <= 75 for word in re.findall(rb"=\?\S*\?=", written.partition(b"\r\nFrom: ")[0]))


def test_nothing_in_a_title_becomes_a_header() -> None:
    """A paper may hold line breaks; a subject may not."""
    settings = MailSettings("localhost", 25, "none", "papers@example.org", "https://papers.example.org")
    written = replace(LETTER, subject="A title\r\nBcc: eve@example.com\n\nX").write(settings, ADA, NOW)
    message = message_from_bytes(written, policy=default)
    assert message["Subject"] == "A title Bcc: eve@example.com X"
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("451 greylisted, come again", Outcome.LATER),
        ("450 mailbox busy", Outcome.LATER),
        ("550 no such user", Outcome.NO_SUCH_ADDRESS),
        ("550 5.1.1 no such user", Outcome.NO_SUCH_ADDRESS),
        ("554 5.7.1 Relay access denied", Outcome.LATER),
        ("421 closing", Outcome.LATER),
    ],
)
def test_a_recipient_may_be_refused(answer: str, outcome: Outcome) -> None:
    """For now or for good, by the server's code; the next message goes over the same server."""
    mailbox = Mailbox(on_recipient=lambda address: answer if address == ADA else "250 OK")
    with serving_mail(mailbox) as settings, MailServer(settings) as server:
        handed = server.hand_over(ADA, b"Subject: x\r\n\r\nx")
        assert (handed.outcome, handed.reason) == (outcome, answer)
        assert server.hand_over("bo@example.net", b"Subject: x\r\n\r\nx").outcome is Outcome.TAKEN
    assert [address for address, _ in mailbox.raw] == ["bo@example.net"]


@pytest.mark.parametrize(("answer", "outcome"), [("554 spam", Outcome.REFUSED), ("452 full", Outcome.LATER)])
def test_a_message_may_be_refused(answer: str, outcome: Outcome) -> None:
    """That says nothing of the address."""
    mailbox = Mailbox(on_message=lambda _: answer)
    with serving_mail(mailbox) as settings, MailServer(settings) as server:
        assert server.hand_over(ADA, b"Subject: x\r\n\r\nx") == Handed(outcome, answer)


class Closed(Mailbox):
    """A server that talks with nobody."""

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, session, envelope, hostname, responses
        return ["550 go away"]

    async def handle_HELO(self, server: Any, session: Any, envelope: Any, hostname: str) -> str:  # noqa: N802
        del server, session, envelope, hostname
        return "550 go away"


def test_a_server_that_refuses_us_refuses_no_message() -> None:
    """It stops the run: no message is given up for it."""
    with serving_mail(Closed()) as settings, pytest.raises(MailFailed, match=r"cannot be used: .*go away"):
        MailServer(settings).hand_over(ADA, b"Subject: x\r\n\r\nx")


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    """Is given up after the time-out: at once where it never greets, for the message where it stops half-way."""
    assert tmp_path
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = MailSettings("127.0.0.1", silent.getsockname()[1], "none", "a@example.org", "https://x.org")
        start = clock.monotonic()
        with (
            MailServer(settings, timeout=0.3) as server,
            pytest.raises(MailFailed, match="timed out"),
        ):
            server.hand_over(ADA, b"x")
        assert clock.monotonic() - start < 5
    mailbox = Mailbox(on_recipient=lambda _: clock.sleep(1) or "250 OK")  # type: ignore[func-returns-value]
    with serving_mail(mailbox) as settings, MailServer(settings, timeout=0.3) as server:
        handed = server.hand_over(ADA, b"x")
        assert (handed.outcome, handed.reason) == (
            Outcome.LATER,
            "the connection was lost (Connection unexpectedly closed: timed out)",
        )


def test_what_stops_all_mail_is_told(tmp_path: Path) -> None:
    """A wrong password, no server, a certificate that nobody vouches for, no TLS where it is asked for."""
    mailbox = Mailbox()
    with serving_mail(mailbox, "starttls", auth=True, folder=tmp_path) as settings:
        for wrong, message in [
            (
                replace(settings, password="another"),  # noqa: S106  a wrong one
                "does not accept PAPERKIN_SMTP_USER and PAPERKIN_SMTP_PASSWORD",
            ),
            (replace(settings, ca=None), "certificate verify failed"),
            (replace(settings, host="127.0.0.1"), "certificate verify failed"),
        ]:
            with MailServer(wrong) as server, pytest.raises(MailFailed, match=message) as caught:
                server.hand_over(ADA, b"x")
            assert "another" not in str(caught.value)
    with MailServer(settings) as server, pytest.raises(MailFailed, match="Connection refused"):
        server.hand_over(ADA, b"x")
    with serving_mail(mailbox) as plain, pytest.raises(MailFailed, match="STARTTLS"):
        MailServer(replace(plain, security="starttls")).hand_over(ADA, b"x")
    assert mailbox.raw == []
    assert issubclass(smtplib.SMTPNotSupportedError, smtplib.SMTPException)


BASE = {
    "PAPERKIN_SMTP_HOST": "mail.example.org",
    "PAPERKIN_MAIL_FROM": "papers@example.org",
    "PAPERKIN_PUBLIC_URL": "https://papers.example.org/",
}


def test_settings_are_read_from_the_environment() -> None:
    """Nothing without a host; TLS unless told otherwise; ports follow from it."""
    assert MailSettings.from_environment({}) is None
    found = MailSettings.from_environment(BASE | {"PAPERKIN_DIGEST_AT": "07:30"})
    assert found == MailSettings(
        "mail.example.org", 587, "starttls", "papers@example.org", "https://papers.example.org", send_at=time(7, 30)
    )
    tls = MailSettings.from_environment(BASE | {"PAPERKIN_SMTP_SECURITY": "tls"})
    assert tls is not None
    assert tls.port == 465


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SMTP_SECURITY", "ssl", "PAPERKIN_SMTP_SECURITY is 'ssl'."),
        ("SMTP_PORT", "99999", "PAPERKIN_SMTP_PORT is '99999'."),
        ("SMTP_CA", "/nowhere/ca.pem", "PAPERKIN_SMTP_CA is '/nowhere/ca.pem'."),
        ("MAIL_FROM", "", "PAPERKIN_MAIL_FROM is not set."),
        ("MAIL_FROM", "Ada <ada@example.org>", "PAPERKIN_MAIL_FROM is 'Ada <ada@example.org>'."),
        ("PUBLIC_URL", "papers.example.org", "PAPERKIN_PUBLIC_URL is 'papers.example.org'."),
        ("DIGEST_AT", "seven", "PAPERKIN_DIGEST_AT is 'seven'."),
        ("DIGEST_AT", "07:00+02:00", "PAPERKIN_DIGEST_AT is '07:00+02:00'."),
    ],
)
def test_settings_that_cannot_be_meant(name: str, value: str, message: str) -> None:
    """Each with what to set instead."""
    with pytest.raises(InvalidSetting) as caught:
        MailSettings.from_environment(BASE | {f"PAPERKIN_{name}": value})
    assert caught.value.message == message
    assert caught.value.next_step.startswith("Set it to ")


def test_a_password_never_goes_in_the_open() -> None:
    """But to this machine itself."""
    given = {"PAPERKIN_SMTP_SECURITY": "none", "PAPERKIN_SMTP_USER": "ada"}
    with pytest.raises(InvalidSetting, match="the password would go to mail"):
        MailSettings.from_environment(BASE | given)
    assert MailSettings.from_environment(BASE | given | {"PAPERKIN_SMTP_HOST": "127.0.0.1"})


def test_a_password_is_shown_nowhere() -> None:
    """Not in the settings as a program would print them, nor in what is said of one that cannot be used."""
    found = MailSettings.from_environment(BASE | {"PAPERKIN_SMTP_PASSWORD": "swordfish"})
    assert found is not None
    assert (found.password, "swordfish" in repr(found)) == ("swordfish", False)
    with pytest.raises(InvalidSetting, match="PAPERKIN_SMTP_PASSWORD holds letters beyond ASCII") as caught:
        MailSettings.from_environment(BASE | {"PAPERKIN_SMTP_PASSWORD": "schwertfïsch"})
    assert "fïsch" not in str(caught.value)
