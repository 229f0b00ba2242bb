"""From the address of a store to the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit
from urllib.request import url2pathname

from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.ports import ObjectStore

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")  # two letters and more: C:\ is a folder
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_]{1,254}")
_FORMS = "Use a folder, file:///folder, s3://bucket/prefix or https://host/path."


def open_store(url: str) -> ObjectStore:
    """Return the store at an address; nothing is read or sent yet.

    Args:
        url: A folder, `file:///folder`, `s3://bucket/prefix?endpoint=…&region=…&style=path&checksum=sha256`
            or `https://host/path` (read-only).

    Raises:
        ConfigError: The address is none of these, or what it needs is not installed.
    """
    match = _SCHEME.match(url)
    scheme = match.group(1).lower() if match else ""
    if not url.strip():
        raise ConfigError(f"the store's address is empty. {_FORMS}")
    _require_readable(url)
    if scheme in ("", "file"):
        from renderer.storage.local import LocalStore

        return LocalStore(Path(url) if not scheme else _folder(url))
    if scheme == "s3":
        return _s3(url)
    if scheme in ("https", "http"):
        from renderer.storage.http import HttpStore

        return HttpStore(url)
    raise ConfigError(f"{scheme}:// is no store Barkline knows. {_FORMS}")


def _require_readable(url: str) -> None:
    """Hold that an address can be taken apart.

    Raises:
        ConfigError: It cannot. The parser's own words are dropped: they may quote a password.
    """
    try:
        _ = urlsplit(url).port if _SCHEME.match(url) else None
    except ValueError:
        raise ConfigError(f"the store's address cannot be read. {_FORMS}") from None


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ConfigError(f"{url} names a host; write file:///folder with three slashes.")
    return Path(url2pathname(parts.path))


def _s3(url: str) -> ObjectStore:
    from renderer.storage.s3 import S3Store
    from renderer.storage.s3_bucket import S3Server

    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ConfigError(
            "an s3:// address holds no credentials: they end up in logs. Set a profile or the "
            "AWS_* variables."
        )
    if not _BUCKET.fullmatch(parts.netloc):
        raise ConfigError(f"{parts.netloc!r} is no bucket. {_FORMS}")
    options = dict(parse_qsl(parts.query))
    unknown = sorted(options.keys() - {"endpoint", "region", "style", "checksum"})
    if unknown:
        raise ConfigError(
            f"the store's address has unknown options: {', '.join(unknown)}. "
            "Known are endpoint, region, style (auto, path, virtual) and checksum (sha256)."
        )
    server = S3Server(
        endpoint_url=_endpoint(options.get("endpoint")),
        region=options.get("region"),
        addressing_style=_choice(options, "style", "auto", "path", "virtual"),
    )
    checksum = _choice(options, "checksum", "none", "sha256")
    return S3Store(parts.netloc, parts.path, server, checksums=checksum == "sha256")


def _choice(options: dict[str, str], name: str, *allowed: str) -> str:
    """Return an option, the first of the allowed ones when it is not given."""
    value = options.get(name, allowed[0])
    if value not in allowed:
        raise ConfigError(f"{name} is {', '.join(allowed[:-1])} or {allowed[-1]}.")
    return value


def _endpoint(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigError("endpoint is https://host, with a port when it needs one.")
    if parts.username or parts.password:
        raise ConfigError(
            "the endpoint holds a password, which ends up in logs. Set a profile or the AWS_* "
            "variables."
        )
    return url
