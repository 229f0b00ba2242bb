"""An S3 bucket as object store: AWS, Ceph, Swift and what else speaks the protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from renderer.domain.object_key import content_hash, object_key, pointer_key, sha256_hex
from renderer.domain.stored_object import FRESH_S, StoredObject
from renderer.errors import ObjectCorruptError, ObjectMissingError, StorageError
from renderer.storage.s3_bucket import S3Bucket, S3Server
from renderer.storage.s3_upload import MULTIPART_BYTES, PART_BYTES, S3Upload

MAX_BYTES = 1 << 30
_TRIES = 4
_OLD = timedelta(days=36_500)


class S3Store:
    """Objects in one bucket, below one prefix.

    Credentials come from where boto3 looks for them (environment, profile, instance role); none
    are taken here, so none can end up in a message. Safe to use from many threads.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        server: S3Server | None = None,
        *,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
        checksums: bool = False,
    ) -> None:
        """Prepare a connection; nothing is sent.

        Args:
            bucket: Name of the bucket; it has to exist.
            prefix: Put before every key; "" for none.
            server: Where it is; None for AWS.
            multipart_bytes: Objects larger than this go up in parts.
            part_bytes: Size of a part, from 5 MiB.
            checksums: Whether uploads also carry `x-amz-checksum-sha256` and are looked at
                afterwards: one more request for each, for servers that check no signatures.

        Raises:
            ConfigError: boto3 is not installed, or the settings are none.
        """
        self._bucket = S3Bucket(bucket, prefix, server or S3Server())
        self._s3 = self._bucket.client
        self._upload = S3Upload(
            self._bucket,
            multipart_bytes=multipart_bytes,
            part_bytes=part_bytes,
            checksums=checksums,
        )

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        """Store bytes under their own hash.

        What is there already is not sent again, unless it has another size or is so old that a
        sweep might be about to take it.

        Returns:
            The key: `objects/<first two hex digits>/<sha256><suffix>`.

        Raises:
            StorageError: The store refused or could not be reached; the message says what to do.
        """
        key = object_key(sha256_hex(data), suffix)
        there, age = self._head(key)
        if there is not None and there.size == len(data) and age.total_seconds() < FRESH_S:
            return key
        if self._upload.send(key, data, media_type, replace=there is not None):
            return key
        there, _ = self._head(
            key
        )  # another writer was first: of the same bytes, or of damaged ones
        if there is None or there.size != len(data):
            self._upload.send(key, data, media_type, replace=True)
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
                    f"{self._bucket.where}: {key} is damaged, its bytes do not match its name. "
                    "Delete it there and render again."
                )
        return data

    def keeps_first(self, data: bytes, suffix: str) -> bool:
        """Whether the server refuses to replace an object when it is told to.

        Args:
            data: The bytes of an object that is there.
            suffix: Its suffix.

        Raises:
            StorageError: The store refused or could not be reached.
        """
        key = object_key(sha256_hex(data), suffix)
        return not self._upload.send(key, data, "text/plain", replace=False)

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key."""
        return self._head(key)[0] is not None

    def point(self, render_key: str, document: bytes) -> None:
        """Record under a render key what came out of it; the last writer wins."""
        self._upload.send(pointer_key(render_key), document, "application/json", replace=True)

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        try:
            return self._download(pointer_key(render_key))
        except ObjectMissingError:
            return None

    def stored(self, prefix: str = "objects/") -> Iterator[StoredObject]:
        """Yield what lies below a prefix, in order of the keys; one page of 1,000 at a time."""
        lister = self._s3.get_paginator("list_objects_v2")
        pages = iter(lister.paginate(**self._bucket.below(prefix)))
        while (page := self._bucket.ask(lambda: next(pages, None))) is not None:
            for item in page.get("Contents", ()):
                key = self._bucket.key_of(str(item["Key"]))
                if key:
                    yield StoredObject(key, int(item["Size"]), item["LastModified"])

    def look_up(self, key: str) -> StoredObject | None:
        """Return one object as a listing would show it now, or None."""
        return self._head(key)[0]

    def keys(self, prefix: str = "objects/") -> Iterator[str]:
        """Yield the keys that begin with a prefix, in order."""
        for item in self.stored(prefix):
            yield item.key

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        self._bucket.ask(lambda: self._s3.delete_object(**self._bucket.name(key)))

    def _head(self, key: str) -> tuple[StoredObject | None, timedelta]:
        """Return an object and how long it lies there, both by the server's own clock."""
        name = self._bucket.name(key)
        try:
            answer = self._bucket.ask(lambda: self._s3.head_object(**name))
        except ObjectMissingError:
            return None, _OLD
        found = StoredObject(key, int(answer["ContentLength"]), answer["LastModified"])
        said_at = _date_of(answer)
        return found, said_at - found.modified_at if said_at else _OLD

    def _download(self, key: str) -> bytes:
        name = self._bucket.name(key)
        for attempt in range(_TRIES):
            data = self._bucket.ask(lambda: self._read(name))
            if data is not None:
                return data
            time.sleep(0.1 * 2**attempt)
        raise StorageError(
            f"{self._bucket.where}: the connection broke {_TRIES} times while reading {key}. "
            "Try again."
        )

    def _read(self, name: dict[str, str]) -> bytes | None:
        """Return the bytes, or None when the connection broke: boto3 retries no broken body."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        answer = self._s3.get_object(**name)
        if int(answer.get("ContentLength", 0)) > MAX_BYTES:
            answer["Body"].close()
            raise StorageError(f"{self._bucket.where}: an object is larger than {MAX_BYTES} bytes.")
        try:
            return bytes(answer["Body"].read())
        except (IncompleteReadError, HTTPClientError):
            return None


def _date_of(answer: Mapping[str, Any]) -> datetime | None:
    """Return when a server answered, by its own clock."""
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
