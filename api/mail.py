"""Writes messages and hands them to a mail server. The only import of smtplib and of email's messages."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, make_msgid
from enum import Enum
from typing import Any, Final, Self

from api.mail_settings import MailSettings
from indexer.errors import MailFailed

TIMEOUT: Final = 20.0
"""Seconds that a mail server may say nothing."""
_POLICY: Final = re.compile(r"5\.7\.\d")
"""How a refusal for reasons of security or policy begins (RFC 3463, 3.8)."""
_TOO_LARGE: Final = 552
"""What is said of a message that is too large (RFC 1870, 6.1), also before it is sent."""


class Outcome(Enum):
    """What a mail server does with a message."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no such address"


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of handing a message over, and what the server said."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says, as text and as HTML; `unsubscribe` is the address that ends it, where one does."""

    subject: str
    text: str
    html: str
    unsubscribe: str | None = None

    def write(self, settings: MailSettings, recipient: str, now: datetime) -> bytes:
        """The message as it goes to the server. Nothing in it can become a header of its own."""
        domain = settings.sender.rpartition("@")[2]
        message = EmailMessage(policy=_Folding(linesep="\r\n"))
        message["Subject"] = " ".join(self.subject.split())
        message["From"] = f"Paperkin <{settings.sender}>"
        message["To"] = recipient
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid("paperkin", domain)
        message["Auto-Submitted"] = "auto-generated"
        if self.unsubscribe:
            message["List-Id"] = f"Paperkin <paperkin.{domain}>"
            message["List-Unsubscribe"] = f"<{self.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


class _Folding(EmailPolicy):
    """Folds a subject, whose encoded words may have 75 characters (RFC 2047, 2), and no other header.

    The library would encode a long address to fold it, and no mail program decode it.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        """A header as it goes."""
        policy = self.clone(max_line_length=76 if name == "Subject" else 998)
        return super(_Folding, policy).fold_binary(name, value)


class MailServer:
    """A connection to the mail server, opened when it is needed and used for many messages."""

    def __init__(self, settings: MailSettings, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
            self._smtp = None

    def hand_over(self, recipient: str, message: bytes) -> Handed:
        """Hand a message over. Raises `MailFailed` where none could be."""
        if self._smtp is None:
            self._smtp = self._connect()
        try:
            self._smtp.sendmail(self._settings.sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as error:
            (code, said), *_ = error.recipients.values()
            if _POLICY.match(_said(said)):
                # Such as "Relay access denied": it is not the address that is wrong, and it may be so for all.
                return Handed(Outcome.LATER, f"{code} {_said(said)}")
            return self._refused(code, said, Outcome.NO_SUCH_ADDRESS)
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code >= 500 and error.smtp_code != _TOO_LARGE:
                raise self._failed(
                    f"does not take mail from {self._settings.sender}: {_said(error.smtp_error)}"
                ) from error
            return self._refused(error.smtp_code, error.smtp_error, Outcome.REFUSED)
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error, Outcome.REFUSED)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Handed(Outcome.LATER, f"the connection was lost ({_said(error)})")
        return Handed(Outcome.TAKEN)

    def _refused(self, code: int, said: bytes | str, for_good: Outcome) -> Handed:
        """By its first digit (RFC 5321, 4.2.1); greylisting is 450 or 451."""
        if code == 421 or self._smtp is None or self._smtp.sock is None:  # the server has closed the connection
            self._drop()
        return Handed(Outcome.LATER if code < 500 else for_good, f"{code} {_said(said)}")

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        try:
            trusted = ssl.create_default_context(cafile=settings.ca)
            if settings.security == "tls":
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host, settings.port, timeout=self._timeout, context=trusted
                )
            else:
                smtp = smtplib.SMTP(settings.host, settings.port, timeout=self._timeout)
            try:
                if settings.security == "starttls":
                    smtp.starttls(context=trusted)  # or an error: never in the open after all
                smtp.ehlo_or_helo_if_needed()  # here: a server that refuses us refuses no message
                if settings.user:
                    smtp.login(settings.user, settings.password or "")
            except BaseException:
                smtp.close()
                raise
        except smtplib.SMTPAuthenticationError as error:
            raise self._failed("does not accept PAPERKIN_SMTP_USER and PAPERKIN_SMTP_PASSWORD") from error
        except smtplib.SMTPNotSupportedError as error:
            raise self._failed(f"cannot do what is set: {_said(error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._failed(f"cannot be used: {_said(error)}") from error
        return smtp

    def _failed(self, what: str) -> MailFailed:
        return MailFailed(
            f"The mail server {self._settings.host}, port {self._settings.port}, {what}.",
            "Check the PAPERKIN_SMTP settings, or try again later: what was to be sent is kept.",
        )


def _said(said: object) -> str:
    """What a server or the system says, on one line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said) or type(said).__name__
    return " ".join(text.split())[:300]
