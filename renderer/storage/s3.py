"""An S3 bucket as object store: AWS, Ceph, Swift and what else speaks the protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

from renderer.domain.object_key import (
    content_hash,
    is_key,
    object_key,
    pointer_key,
    sha256_hex,
)
from renderer.errors import ConfigError, ObjectCorruptError, ObjectMissingError, StorageError

_TRIES = 4
_NO_SUCH_OBJECT = {"NoSuchKey", "404", "NotFound"}
_ALREADY_THERE = {"PreconditionFailed", "412"}
_RACED = {"ConditionalRequestConflict", "409", "OperationAborted"}
_NO_CONDITIONS = {"NotImplemented", "501"}
_REFUSED = {"403", "AccessDenied", "Forbidden", "AllAccessDisabled"}
_WRONG_KEYS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "401",
}
_Answer = TypeVar("_Answer")


class S3Store:
    """Objects in one bucket, below one prefix.

    Credentials come from where boto3 looks for them (environment, profile, instance role); none
    are taken here, so none can end up in a message. Safe to use from many threads.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        addressing_style: str = "auto",
        connect_timeout_s: float = 10,
        read_timeout_s: float = 60,
    ) -> None:
        """Prepare a connection; nothing is sent.

        Args:
            bucket: Name of the bucket; it has to exist.
            prefix: Put before every key, without slashes at its ends; "" for none.
            endpoint_url: Server other than AWS.
            region: Region of the bucket, or None for the profile's.
            addressing_style: `auto`, `path` or `virtual`.
            connect_timeout_s: Seconds to wait for a connection.
            read_timeout_s: Seconds to wait for an answer.

        Raises:
            ConfigError: boto3 is not installed, or the settings are none.
        """
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._where = f"s3://{bucket}/{self._prefix}"
        if endpoint_url:
            self._where += f" at {urlsplit(endpoint_url).hostname}"
        timeouts = connect_timeout_s, read_timeout_s
        self._s3 = _client(endpoint_url, region, addressing_style, timeouts)

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        """Store bytes under their own hash; what is there already is not sent again.

        Returns:
            The key: `objects/<first two hex digits>/<sha256><suffix>`.

        Raises:
            StorageError: The store refused or could not be reached; the message says what to do.
        """
        key = object_key(sha256_hex(data), suffix)
        there = self._size(key)
        if there == len(data):
            return key
        self._upload(key, data, media_type, replace=there is not None)
        return key

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissingError: No such object.
            ObjectCorruptError: The bytes are, twice, not what the key says.
            StorageError: The store refused or could not be reached.
        """
        data = self._download(key)
        promised = content_hash(key)
        if promised and sha256_hex(data) != promised:
            data = self._download(key)  # a transfer may go wrong; a stored object stays wrong
            if sha256_hex(data) != promised:
                raise ObjectCorruptError(
                    f"{self._where}: {key} is damaged, its bytes do not match its name. "
                    "Delete it there and render again."
                )
        return data

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key."""
        return self._size(key) is not None

    def point(self, render_key: str, document: bytes) -> None:
        """Record under a render key what came out of it; the last writer wins."""
        self._upload(pointer_key(render_key), document, "application/json", replace=True)

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        try:
            return self._download(pointer_key(render_key))
        except ObjectMissingError:
            return None

    def keys(self, prefix: str = "objects/") -> Iterator[str]:
        """Yield the keys that begin with a prefix, in order."""
        pages = self._s3.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix)
        for page in self._guard(lambda: list(found)):
            for item in page.get("Contents", ()):
                key = str(item["Key"]).removeprefix(self._prefix)
                if is_key(key):
                    yield key

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        self._guard(lambda: self._s3.delete_object(**self._name(key)))

    def _name(self, key: str) -> dict[str, str]:
        if not is_key(key):
            raise StorageError(f"{key!r} is no object key.")
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _size(self, key: str) -> int | None:
        name = self._name(key)
        try:
            return int(self._guard(lambda: self._s3.head_object(**name))["ContentLength"])
        except ObjectMissingError:
            return None

    def _download(self, key: str) -> bytes:
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        name = self._name(key)

        def read() -> bytes | None:
            body = self._s3.get_object(**name)["Body"]
            try:
                return bytes(body.read())
            except (IncompleteReadError, HTTPClientError):  # boto3 retries no broken body
                return None

        for attempt in range(_TRIES):
            data = self._guard(read)
            if data is not None:
                return data
            time.sleep(0.1 * 2**attempt)
        raise StorageError(
            f"{self._where}: the connection broke {_TRIES} times while reading {key}. Try again."
        )

    def _upload(self, key: str, data: bytes, media_type: str, *, replace: bool) -> None:
        request: dict[str, Any] = {**self._name(key), "Body": data, "ContentType": media_type}
        if not replace:
            request["IfNoneMatch"] = "*"
        for attempt in range(_TRIES):
            code = self._try_upload(request)
            if code in _NO_CONDITIONS:
                request.pop("IfNoneMatch", None)
            elif code in _RACED:
                time.sleep(0.05 * 2**attempt)
            else:  # stored, or another writer stored the same bytes first
                return
        raise StorageError(f"{self._where}: another writer kept {key} busy; run the command again.")

    def _try_upload(self, request: dict[str, Any]) -> str:
        """Return "" when the bytes are stored, else why a conditional put did not store them."""
        from botocore.exceptions import ClientError

        def put() -> str:
            try:
                self._s3.put_object(**request)
            except ClientError as error:
                code = _code(error)
                conditional = "IfNoneMatch" in request
                if code in _RACED or (conditional and code in _ALREADY_THERE | _NO_CONDITIONS):
                    return code
                raise
            return ""

        return self._guard(put)

    def _guard(self, call: Callable[[], _Answer]) -> _Answer:
        """Run a call; whatever boto3 raises becomes one sentence that says what to do."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except ClientError as error:
            raise self._explain(error) from error
        except BotoCoreError as error:
            raise StorageError(f"{self._where}: {_why_unsent(error)}") from error

    def _explain(self, error: Any) -> StorageError:  # noqa: ANN401 - botocore has no types
        code = _code(error)
        if code in _NO_SUCH_OBJECT:
            return ObjectMissingError(f"{self._where} holds no such object.")
        if code == "NoSuchBucket":
            return StorageError(
                f"{self._where}: the bucket {self._bucket!r} does not exist. Create it, or correct "
                "the store's address."
            )
        if code in _REFUSED:
            return StorageError(
                f"{self._where}: access refused. The credentials need s3:GetObject and "
                "s3:ListBucket, and s3:PutObject to render."
            )
        if code in _WRONG_KEYS:
            return StorageError(
                f"{self._where}: the credentials are not accepted ({code}). Check the profile or "
                "the AWS_* variables, and the clock of this machine."
            )
        if code in {"PermanentRedirect", "301", "AuthorizationHeaderMalformed"}:
            return StorageError(
                f"{self._where}: the bucket lives in another region; add ?region=… to the address."
            )
        return StorageError(f"{self._where}: the store answered {code}. Try again later.")


def _client(
    endpoint_url: str | None,
    region: str | None,
    addressing_style: str,
    timeouts: tuple[float, float],
) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ConfigError("an s3:// store needs boto3: pip install 'barkline[s3]'") from error
    config = Config(
        connect_timeout=timeouts[0],
        read_timeout=timeouts[1],
        retries={"max_attempts": 5, "mode": "standard"},
        max_pool_connections=32,
        # Servers other than AWS refuse the CRC headers boto3 sends by default since 1.36. The
        # signed payload makes every server that checks signatures check the SHA-256 as well.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": addressing_style, "payload_signing_enabled": True},
    )
    try:
        # A session of its own: the default one is shared and not safe to build in threads.
        return boto3.session.Session().client(
            "s3", endpoint_url=endpoint_url, region_name=region or None, config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"the s3:// store cannot be used: {_why_unsent(error)}") from error


def _code(error: Any) -> str:  # noqa: ANN401 - botocore has no types
    return str(error.response.get("Error", {}).get("Code", "") or "unknown")


def _why_unsent(error: Exception) -> str:
    """Name the failure by its kind: botocore's own text may hold whole URLs."""
    kind = type(error).__name__
    known = {
        "NoCredentialsError": "no credentials found. Set a profile or the AWS_* variables.",
        "PartialCredentialsError": "the credentials are incomplete. Set both key and secret.",
        "ProfileNotFound": "the AWS profile does not exist. Check AWS_PROFILE.",
        "NoRegionError": "no region is set. Add ?region=… to the address.",
        "EndpointConnectionError": "the server cannot be reached. Check the endpoint's address.",
        "ConnectTimeoutError": "the server does not answer. Check the endpoint and the network.",
        "ReadTimeoutError": "the server stopped answering. Try again later.",
        "SSLError": "the server's certificate is not trusted. Check the endpoint's address.",
        "ParamValidationError": "the bucket's name is none S3 allows. Correct the address.",
    }
    return known.get(kind, f"the connection failed ({kind}). Try again.")
