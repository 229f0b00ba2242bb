"""Fetching one file over HTTPS: resumed, bounded, and never trusted before its hash is right."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from renderer.errors import ModelRefusedError, VoiceError

Progress = Callable[[int, int], None]
"""Called with (bytes so far, bytes in all)."""

_CHUNK = 1 << 18
_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
_WAIT_S = 0.2
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follows redirects to HTTPS alone."""

    def redirect_request(self, *args: Any) -> urllib.request.Request | None:  # noqa: ANN401
        """Refuse a redirect that leaves HTTPS."""
        target = str(args[5])
        if urllib.parse.urlsplit(target).scheme != "https":
            raise VoiceError(f"The server redirects to {target}, which is no HTTPS; not followed.")
        return super().redirect_request(*args)


class _InterruptedError(Exception):
    """The connection broke; what came so far is kept."""


def _opener(context: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    # Built by hand: the default opener would also read file:, ftp: and the machine's proxies.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPSHandler(context=context or ssl.create_default_context()),
        _OnlyHttps(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _append(answer: Any, file: IO[bytes], size: int, progress: Progress) -> None:  # noqa: ANN401
    while file.tell() < size:
        chunk = answer.read(min(_CHUNK, size - file.tell() + 1))
        if not chunk:
            raise _InterruptedError("the server closed the connection early")
        file.write(chunk)
        if file.tell() > size:
            raise ModelRefusedError(
                f"The server sends more than the {size} bytes of the catalogue."
            )
        progress(file.tell(), size)


class _Fetch:
    """One file on its way into `part`."""

    def __init__(self, url: str, part: Path, size: int, progress: Progress) -> None:
        self.url, self.part, self.size, self.progress = url, part, size, progress

    def attempt(self, opener: urllib.request.OpenerDirector, timeout_s: float) -> None:
        """Ask for what is missing; a server that cannot resume sends everything again."""
        have = self.part.stat().st_size if self.part.exists() else 0
        if have > self.size:
            self.part.unlink()
            have = 0
        if have == self.size:
            return
        request = urllib.request.Request(self.url, headers={"Accept-Encoding": "identity"})  # noqa: S310 - https is checked
        if have:
            request.add_header("Range", f"bytes={have}-")
        try:
            with opener.open(request, timeout=timeout_s) as answer:
                resumes = answer.status == _PARTIAL and self._starts_at(answer, have)
                if answer.status == _PARTIAL and not resumes:
                    self.part.unlink(missing_ok=True)
                    raise _InterruptedError("the server sent another range than was asked for")
                with self.part.open("ab" if resumes else "wb") as file:
                    _append(answer, file, self.size, self.progress)
        except urllib.error.HTTPError as error:
            self._judge(error)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
                raise VoiceError(f"The certificate of {self.url} cannot be trusted.") from error
            raise _InterruptedError(str(error) or type(error).__name__) from error

    def _starts_at(self, answer: Any, have: int) -> bool:  # noqa: ANN401
        return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")

    def _judge(self, error: urllib.error.HTTPError) -> None:
        if error.code == _RANGE_REFUSED:
            self.part.unlink(missing_ok=True)
            raise _InterruptedError("the server refused to resume") from error
        if error.code in _PASSING:
            raise _InterruptedError(f"the server answered {error.code}") from error
        raise VoiceError(f"{self.url} answered {error.code} {error.reason}.") from error


def fetch(
    url: str,
    part: Path,
    *,
    sha256: str,
    size: int,
    progress: Progress = lambda _have, _size: None,
    timeout_s: float = 30.0,
    attempts: int = 5,
    context: ssl.SSLContext | None = None,
) -> Path:
    """Fetch a file whose size and hash are known before.

    What came before an interruption is kept in `part` and asked for no more, also by the next
    call.

    Args:
        url: An https address.
        part: Where to write.
        sha256: What the file has to be, 64 hex digits.
        size: Its bytes.
        progress: Called after every block.
        timeout_s: Longest silence of the server.
        attempts: How often a broken connection is taken up again in a row without any gain.
        context: Trusted certificates, the system's by default.

    Raises:
        VoiceError: The address is no HTTPS or does not answer.
        ModelRefusedError: The file is not what was promised; `part` is removed.
    """
    if urllib.parse.urlsplit(url).scheme != "https":
        raise VoiceError(f"{url} is no https address; voices are fetched over HTTPS alone.")
    work, opener, left, best = _Fetch(url, part, size, progress), _opener(context), attempts, 0
    while True:
        try:
            work.attempt(opener, timeout_s)
            break
        except _InterruptedError as error:
            have = part.stat().st_size if part.exists() else 0
            left, best = (attempts, have) if have > best else (left - 1, best)
            if left <= 0:
                raise VoiceError(
                    f"{url} could not be fetched: {error}. {have} of {size} bytes are kept; run "
                    "the command again to go on."
                ) from error
            time.sleep(_WAIT_S)
    _check(part, url, sha256)
    return part


def _check(part: Path, url: str, sha256: str) -> None:
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        part.unlink()
        raise ModelRefusedError(
            f"{url} gave a file with the SHA-256 {digest}, not the {sha256} of the catalogue; it "
            "was thrown away."
        )
