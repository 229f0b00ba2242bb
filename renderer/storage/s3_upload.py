"""How bytes get into a bucket: in one piece or in parts, on condition or over what is there.

A request whose answer is lost is sent again by boto3. That is harmless: a conditional one then
finds its own bytes (412), and an unconditional one writes the same bytes over themselves.
"""

from __future__ import annotations

import hashlib
import math
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from renderer.errors import StorageError
from renderer.storage.s3_bucket import S3Bucket
from renderer.storage.s3_error import ALREADY_THERE, NO_CONDITIONS, RACED, code_of

TRIES = 4
MULTIPART_BYTES = 64 << 20
PART_BYTES = 16 << 20
LEAST_PART_BYTES = 5 << 20  # S3 refuses smaller ones, the last excepted
MOST_PARTS = 10_000


class S3Upload:
    """Uploads into one bucket; safe to use from many threads.

    Args:
        bucket: Where to.
        multipart_bytes: Objects larger than this go in parts.
        part_bytes: Size of a part, from 5 MiB; grows with objects of more than 10,000 parts.
        checksums: Whether to send `x-amz-checksum-sha256` as well, and to look afterwards at what
            the server says it has. The signature covers the SHA-256 in any case.
    """

    def __init__(
        self,
        bucket: S3Bucket,
        *,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
        checksums: bool = False,
    ) -> None:
        self._bucket = bucket
        self._multipart_bytes = multipart_bytes
        self._part_bytes = part_bytes
        self._checksums = checksums
        self._has_conditions = True

    def send(self, key: str, data: bytes, media_type: str, *, replace: bool) -> bool:
        """Store an object.

        Args:
            key: Its key.
            data: Its bytes.
            media_type: As HTTP has it.
            replace: Whether to write over what is there.

        Returns:
            False when another writer was first, so that these bytes were not stored.

        Raises:
            StorageError: The store refused, could not be reached, or has other bytes than sent.
        """
        one = self._in_parts if len(data) > self._multipart_bytes else self._whole
        for attempt in range(TRIES):
            condition = {} if replace or not self._has_conditions else {"IfNoneMatch": "*"}
            code = self._bucket.ask(lambda c=condition: one(key, data, media_type, c))  # type: ignore[misc]
            if code in ALREADY_THERE:
                return False
            if code in NO_CONDITIONS:
                self._has_conditions = False  # the server's, not this object's
            elif code in RACED:
                time.sleep(0.05 * 2**attempt)
            else:
                return True
        raise StorageError(
            f"{self._bucket.where}: another writer kept {key} busy; run the command again."
        )

    def _whole(self, key: str, data: bytes, media_type: str, condition: dict[str, str]) -> str:
        """Return "" when the bytes are stored, else the code that says why not."""
        request = {**self._bucket.name(key), "Body": data, "ContentType": media_type}
        checksum = self._checksum(data)
        code, answer = _unless_taken(
            lambda: self._bucket.client.put_object(**request, **checksum, **condition), condition
        )
        if not code and self._checksums:
            self._prove(key, len(data), {**checksum, **_said(answer)}, checksum)
        return code

    def _in_parts(self, key: str, data: bytes, media_type: str, condition: dict[str, str]) -> str:
        """As `_whole`, in parts; nothing is left behind when it fails."""
        name, s3 = self._bucket.name(key), self._bucket.client
        how = {"ChecksumAlgorithm": "SHA256"} if self._checksums else {}
        begun = s3.create_multipart_upload(**name, ContentType=media_type, **how)
        upload = {**name, "UploadId": begun["UploadId"]}
        code = "aborted"
        try:
            parts = [self._part(upload, i, part) for i, part in self._cut(data)]
            code = self._complete(upload, parts, condition)
        finally:
            if code:
                self._abort(upload)
        if not code:
            self._prove(key, len(data))
        return code

    def _cut(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        size = max(self._part_bytes, math.ceil(len(data) / MOST_PARTS))
        for number, start in enumerate(range(0, len(data), size), start=1):
            yield number, data[start : start + size]

    def _part(self, upload: dict[str, str], number: int, data: bytes) -> dict[str, Any]:
        checksum = self._checksum(data)
        answer = self._bucket.client.upload_part(**upload, PartNumber=number, Body=data, **checksum)
        return {"PartNumber": number, "ETag": answer["ETag"], **checksum}

    def _complete(
        self, upload: dict[str, str], parts: list[dict[str, Any]], condition: dict[str, str]
    ) -> str:
        code, _ = _unless_taken(
            lambda: self._bucket.client.complete_multipart_upload(
                **upload, MultipartUpload={"Parts": parts}, **condition
            ),
            {**condition, "NoSuchUpload": ""},
        )
        # Its first answer was lost and it was sent again; `_prove` sees whether it is there.
        return "" if code == "NoSuchUpload" else code

    def _abort(self, upload: dict[str, str]) -> None:
        """Give the parts back; where that fails, the bucket's lifecycle rule does it."""
        with suppress(StorageError):
            self._bucket.ask(lambda: self._bucket.client.abort_multipart_upload(**upload))

    def _checksum(self, data: bytes) -> dict[str, str]:
        if not self._checksums:
            return {}
        return {"ChecksumSHA256": b64encode(hashlib.sha256(data).digest()).decode()}

    def _prove(
        self,
        key: str,
        size: int,
        said: dict[str, str] | None = None,
        sent: dict[str, str] | None = None,
    ) -> None:
        """Hold what the server has against what was sent."""
        there = self._bucket.client.head_object(**self._bucket.name(key))
        if int(there["ContentLength"]) != size or said != sent:
            raise StorageError(
                f"{self._bucket.where}: the store took {key} and has other bytes than were sent. "
                "Run the command again; when it stays, tell whoever keeps the store."
            )


def _said(answer: dict[str, Any]) -> dict[str, str]:
    """Return the checksum a server answers with; many do not."""
    return {k: str(v) for k, v in answer.items() if k == "ChecksumSHA256"}


def _unless_taken(call: Any, condition: dict[str, str]) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - a boto3 call
    """Run a write; return why its condition kept it from being done, and its answer."""
    from botocore.exceptions import ClientError

    try:
        return "", call()
    except ClientError as error:
        code = code_of(error)
        may_be = RACED | ({code} & condition.keys())
        if "IfNoneMatch" in condition:
            may_be |= ALREADY_THERE | NO_CONDITIONS
        if code in may_be:
            return code, {}
        raise
