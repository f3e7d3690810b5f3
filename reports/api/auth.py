"""Authentication and permissions: JSON Web Tokens signed with one secret."""

from __future__ import annotations

import base64
import binascii
import datetime
from dataclasses import dataclass

import jwt

from reports.api import build_cache
from reports.errors import ReportError
from reports.formatting import without_email

ALGORITHM = "HS256"
LEEWAY = datetime.timedelta(seconds=10)
MIN_SECRET_BYTES = 32
"""RFC 7518, 3.2: at least as many bytes as the hash."""
EMAIL_SCOPE = "email"


class AccessError(Exception):
    """A request without a valid token; the message says why."""


@dataclass(frozen=True)
class Rights:
    """Permissions of a caller.

    Attributes
    ----------
    sees_email : bool
        Whether e-mail addresses are shown, in their own column and in texts.
    """

    sees_email: bool = False

    def text(self, text: str | None) -> str | None:
        """Return a text, with e-mail addresses masked unless the caller may see them."""
        return text if self.sees_email or text is None else without_email(text)


def check_secret(secret: str) -> None:
    """Raise a `ReportError` if a secret is too short."""
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise ReportError(
            f"TILLSIGHT_API_SECRET is shorter than {MIN_SECRET_BYTES} bytes. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )


def make_token(secret: str, *, days: int, sees_email: bool = False) -> str:
    """Sign a token.

    Parameters
    ----------
    secret : str
        The key, at least `MIN_SECRET_BYTES` bytes.
    days : int
        Validity from now.
    sees_email : bool
        Whether the token has the scope `email`.

    Returns
    -------
    str
        For the header `Authorization: Bearer`, or as the password of Basic authentication.

    Raises
    ------
    ReportError
        If the secret is too short.
    """
    check_secret(secret)
    issued = build_cache.utc_now()
    claims = {"iat": issued, "exp": issued + datetime.timedelta(days=days)}
    return jwt.encode(
        {**claims, "scope": EMAIL_SCOPE if sees_email else ""}, secret, algorithm=ALGORITHM
    )


def read_rights(secret: str, authorization: str | None) -> Rights:
    """Return the permissions of the token in a header.

    Parameters
    ----------
    secret : str
        The key of the tokens.
    authorization : str or None
        The header `Authorization`: `Bearer` with a token, or `Basic` with a token as password.

    Raises
    ------
    AccessError
        If there is no token, or it is invalid, expired or without an expiry.
    """
    token = _token(authorization)
    if token is None:
        raise AccessError("A token is needed: 'Authorization: Bearer <token>'")
    try:
        claims = jwt.decode(
            token, secret, algorithms=[ALGORITHM], leeway=LEEWAY, options={"require": ["exp"]}
        )
    except jwt.ExpiredSignatureError:
        raise AccessError("The token has expired; ask for a new one") from None
    except jwt.InvalidTokenError:
        raise AccessError("The token is not valid") from None
    scope = claims.get("scope")
    return Rights(sees_email=isinstance(scope, str) and EMAIL_SCOPE in scope.split())


def _token(authorization: str | None) -> str | None:
    """Return the token of a header, or None."""
    kind, _, value = (authorization or "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return None
    try:
        user_and_password = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user_and_password.partition(":")[2] or None
