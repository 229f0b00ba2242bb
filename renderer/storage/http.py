"""A web server or CDN as read-only object store: what a game build pulls from."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from typing import IO, NoReturn
from urllib.parse import urlsplit, urlunsplit

from renderer.domain.object_key import content_hash, is_key, pointer_key, sha256_hex
from renderer.errors import ConfigError, ObjectCorruptError, ObjectMissingError, StorageError

_TRIES = 4
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
MAX_BYTES = 1 << 30


class HttpStore:
    """Objects below one URL, laid out as a folder store is.

    What comes back is held against the hash in its name, so the server need not be trusted.
    """

    def __init__(self, url: str, *, timeout_s: float = 60, pause_s: float = 0.5) -> None:
        """Prepare a connection; nothing is sent.

        Args:
            url: `https://host/path` (or `http://`) of the folder that holds `objects/`.
            timeout_s: Seconds to wait for an answer.
            pause_s: Seconds before the second try; doubled each time.

        Raises:
            ConfigError: The URL is none of that kind, or holds a password.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ConfigError("an http store's address is https://host/path.")
        if parts.username or parts.password:
            raise ConfigError(
                f"the address of {parts.hostname} holds a password, which ends up in logs. Remove "
                "it; the objects are named by hashes nobody can guess."
            )
        self._root = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _CarefulRedirects(),
        ):
            self._opener.add_handler(handler)

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissingError: No such object.
            ObjectCorruptError: The bytes are, twice, not what the key says.
            StorageError: The server refused or could not be reached.
        """
        promised = content_hash(key)
        data = self._fetch(key)
        if promised and sha256_hex(data) != promised:
            data = self._fetch(key)  # a transfer may go wrong; a stored object stays wrong
            if sha256_hex(data) != promised:
                raise ObjectCorruptError(
                    f"{self._root}/{key} is damaged: its bytes do not match its name. "
                    "Tell whoever keeps the store."
                )
        return data

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key."""
        try:
            self._fetch(key, method="HEAD")
        except ObjectMissingError:
            return False
        return True

    def put(self, data: bytes, suffix: str, media_type: str) -> NoReturn:
        """Refuse: the store is read-only."""
        raise StorageError(f"{self._root} is read-only; render into a folder or s3:// store.")

    def point(self, render_key: str, document: bytes) -> NoReturn:
        """Refuse: the store is read-only."""
        raise StorageError(f"{self._root} is read-only; render into a folder or s3:// store.")

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        try:
            return self._fetch(pointer_key(render_key))
        except ObjectMissingError:
            return None

    def _fetch(self, key: str, method: str = "GET") -> bytes:
        if not is_key(key):
            raise StorageError(f"{key!r} is no object key.")
        url = f"{self._root}/{key}"
        for attempt in range(1, _TRIES + 1):
            try:
                return self._once(url, method)
            except (OSError, http.client.HTTPException) as error:
                if attempt == _TRIES or not _is_transient(error):
                    raise _explain(url, error) from error
                time.sleep(self._pause_s * 2 ** (attempt - 1))
        raise AssertionError("unreachable")

    def _once(self, url: str, method: str) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            url, method=method, headers={"User-Agent": "barkline", "Accept-Encoding": "identity"}
        )
        with self._opener.open(request, timeout=self._timeout_s) as answer:
            data: bytes = answer.read(MAX_BYTES + 1)
            promised = answer.headers.get("Content-Length", "")
        if method == "GET" and promised.isdecimal() and len(data) < min(int(promised), MAX_BYTES):
            raise http.client.IncompleteRead(data, int(promised) - len(data))
        if len(data) > MAX_BYTES:
            raise StorageError(f"{url} is larger than {MAX_BYTES} bytes.")
        return data


class _CarefulRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to http, nor to anything else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        wanted = {"https"} if urlsplit(req.full_url).scheme == "https" else {"https", "http"}
        if urlsplit(newurl).scheme not in wanted:
            raise StorageError(f"{req.host} redirects to an open or odd connection; refused.")
        follow = super().redirect_request(req, fp, code, msg, headers, newurl)
        if follow is not None:
            follow.method = req.get_method()
        return follow


def _is_transient(error: Exception) -> bool:
    return not isinstance(error, urllib.error.HTTPError) or error.code in _TRANSIENT


def _explain(url: str, error: Exception) -> StorageError:
    if isinstance(error, urllib.error.HTTPError):
        if error.code in _GONE:
            return ObjectMissingError(f"there is no {url}.")
        if error.code in (401, 403):
            return StorageError(f"{url}: access refused ({error.code}); ask whoever keeps it.")
        return StorageError(f"{url}: the server answered {error.code}. Try again later.")
    reason = getattr(error, "reason", None) or str(error) or type(error).__name__
    return StorageError(f"{url} cannot be fetched: {reason}. Check the address and the network.")
