"""Who may come in.

A page on another site can make a browser send requests here: so every request has to name this
server (DNS rebinding), everything but the way in needs a session cookie that browsers keep from
other sites (`SameSite=Strict`), and every change needs besides a word that only a page of this
server can have read.

References:
    OWASP Cross-Site Request Forgery Prevention Cheat Sheet: signed double submit, origin, fetch
    metadata. RFC 6265bis, section 8.8 (SameSite).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from renderer.errors import ConfigError

LEAST_TOKEN = 16
_BASE64 = re.compile("[A-Za-z0-9+/_-]{22,}={1,2}")
MOST_NAME = 80


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine alone.

    >>> [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "studio")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def host_name(header: str) -> str:
    """Return the name in a Host header, without the port.

    >>> [host_name(h) for h in ("127.0.0.1:80", "[::1]:80", "Localhost", "a:b:c")]
    ['127.0.0.1', '::1', 'localhost', '']
    """
    text = header.strip().casefold()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    name, _, port = text.partition(":")
    return name if not port or port.isdecimal() else ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A session.

    Attributes:
        who: The name decisions are recorded under.
        word: What the page must say with every change.
    """

    who: str
    word: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Door:
    """What lets a request in.

    Attributes:
        who: The reviewer's name where no token names one.
        tokens: Token to the name of who holds it ("" for `who`); empty where none is asked for.
        names: Host names this server answers to besides addresses, in lower case.
        is_local: Whether only this machine reaches it: then only loopback addresses are names.
        secret: Signs the sessions of this process.
    """

    who: str
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    names: frozenset[str] = frozenset({"localhost"})
    is_local: bool = True
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def cookie(self) -> str:
        """Name of the session cookie: cookies do not tell ports apart, this name does."""
        return f"barkline_{hashlib.sha256(self.secret).hexdigest()[:8]}"

    @property
    def asks_token(self) -> bool:
        """Whether nobody comes in without a token."""
        return bool(self.tokens)

    def is_named(self, header: str) -> bool:
        """Whether a Host header names this server; no name of a stranger's can be rebound to it."""
        host = host_name(header)
        if host in self.names:
            return True
        return is_loopback(host) if self.is_local else _address(host) is not None

    def holder(self, token: str) -> str | None:
        """Return the name of who holds a token, or None; takes as long for a wrong one."""
        found: str | None = None
        offered = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        for known, name in self.tokens.items():
            if hmac.compare_digest(hashlib.sha256(known.encode()).digest(), offered):
                found = name or self.who
        return found

    def open_session(self, who: str) -> str:
        """Return the cookie of a new session."""
        name = base64.urlsafe_b64encode(who[:MOST_NAME].encode("utf-8", "replace")).decode("ascii")
        body = f"{name}.{secrets.token_urlsafe(16)}"
        return f"{body}.{self._sign('session', body)}"

    def visitor(self, cookie: str) -> Visitor | None:
        """Return whose session a cookie is, or None."""
        body, _, signed = cookie.rpartition(".")
        right, offered = self._sign("session", body).encode(), signed.encode("utf-8", "replace")
        if not hmac.compare_digest(right, offered):
            return None
        try:
            who = base64.urlsafe_b64decode(body.partition(".")[0]).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return Visitor(who, self._sign("word", body))

    def _sign(self, purpose: str, text: str) -> str:
        told = f"{purpose}\n{text}".encode("utf-8", "replace")
        return hmac.new(self.secret, told, "sha256").hexdigest()


def read_tokens(text: str) -> dict[str, str]:
    r"""Return token to name: one a line, `token` or `name=token`.

    The last "=" separates the two, but for those that base64 fills a token up with.

    >>> read_tokens("Mira=0123456789abcdef\nfedcba9876543210")
    {'0123456789abcdef': 'Mira', 'fedcba9876543210': ''}

    Raises:
        ConfigError: One is too short to keep anybody out.
    """
    tokens: dict[str, str] = {}
    for line in filter(None, (part.strip() for part in text.splitlines())):
        name, separator, token = _parted(line)
        if len(token.rstrip("=")) < LEAST_TOKEN:
            raise ConfigError(
                f"a review token has fewer than {LEAST_TOKEN} characters; make one with "
                "`python -c 'import secrets; print(secrets.token_urlsafe(24))'`."
            )
        tokens[token] = name.strip() if separator else ""
    return tokens


def _parted(line: str) -> tuple[str, str, str]:
    """Return name, separator and token of a line.

    A line that ends in "=" is a name without a token, unless what stands before is base64.
    """
    body = line.rstrip("=")
    name, separator, token = body.rpartition("=")
    token = token.strip() + line[len(body) :]
    return (name, separator, token) if len(body) == len(line) or _is_base64(token) else ("", "", "")


def _is_base64(token: str) -> bool:
    """Whether a token is 16 bytes or more in base64, filled up."""
    return len(token) % 4 == 0 and _BASE64.fullmatch(token) is not None


def new_token() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(24)


def tokens_asked(given: str, host: str, names: Collection[str]) -> tuple[dict[str, str], str]:
    """Return who may come in by which token, and the token that was made up for it.

    A server that others can reach, by its address or by a name that stands for another machine
    (a proxy's, say), lets nobody in without one.

    Args:
        given: The tokens that were set, as `read_tokens` takes them.
        host: The address listened on.
        names: Further names the server answers to.

    Returns:
        Token to name; empty where none is asked for. And the new token, "" when there is none.

    >>> tokens_asked("", "127.0.0.1", ["localhost"]), tokens_asked("x" * 16, "0.0.0.0", [])[1]
    (({}, ''), '')

    Raises:
        ConfigError: One that was set is too short to keep anybody out.
    """
    known = read_tokens(given)
    if known or all(is_loopback(name) for name in (host, *names)):
        return known, ""
    made = new_token()
    return {made: ""}, made
