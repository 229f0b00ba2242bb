"""What an S3 server or the way to it refuses, as one sentence that says what to do.

Nothing of a server's own text is passed on: it may hold URLs, key ids or signatures.
"""

from __future__ import annotations

from typing import Any

from renderer.errors import ObjectMissingError, StorageError

NO_SUCH_OBJECT = frozenset({"NoSuchKey", "404", "NotFound"})
ALREADY_THERE = frozenset({"PreconditionFailed", "412"})
RACED = frozenset({"ConditionalRequestConflict", "409", "OperationAborted"})
NO_CONDITIONS = frozenset({"NotImplemented", "501"})
_REFUSED = frozenset({"403", "AccessDenied", "Forbidden", "AllAccessDisabled"})
_WRONG_KEYS = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "401"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_ELSEWHERE = frozenset({"PermanentRedirect", "301", "AuthorizationHeaderMalformed"})
_BUSY = frozenset({"SlowDown", "503", "ServiceUnavailable", "Throttling", "TooManyRequests", "429"})
_DAMAGED_ON_THE_WAY = frozenset({"BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"})
_CAUSES = (
    (
        _REFUSED,
        "access refused. The credentials need what assets/policies lists for this command: "
        "s3:GetObject and s3:ListBucket to read, s3:PutObject to render.",
    ),
    (
        _WRONG_KEYS,
        "the credentials are not accepted ({code}). Check the profile or the AWS_* variables, and "
        "the clock of this machine.",
    ),
    (
        _EXPIRED,
        "the credentials have expired. Log in again or renew the role, then run the command "
        "again; nothing is lost.",
    ),
    (_ELSEWHERE, "the bucket lives in another region; add ?region=… to the address."),
    (
        frozenset({"400"}),
        "the store refused the request (400). Expired credentials and a bucket in another region "
        "are answered so; renew them, or add ?region=… to the address.",
    ),
    (_BUSY, "the store is overloaded ({code}) and stays so. Try again later, with fewer workers."),
    (
        _DAMAGED_ON_THE_WAY,
        "what arrived there is not what was sent ({code}). Run the command again; when it stays, "
        "look at the network between.",
    ),
)
_UNSENT = {
    "NoCredentialsError": "no credentials found. Set a profile or the AWS_* variables.",
    "PartialCredentialsError": "the credentials are incomplete. Set both key and secret.",
    "CredentialRetrievalError": "the credentials cannot be fetched. Log in again or set a profile.",
    "UnauthorizedSSOTokenError": "the login has expired. Log in again (aws sso login).",
    "TokenRetrievalError": "the login has expired. Log in again (aws sso login).",
    "ProfileNotFound": "the AWS profile does not exist. Check AWS_PROFILE.",
    "NoRegionError": "no region is set. Add ?region=… to the address.",
    "EndpointConnectionError": "the server cannot be reached. Check the endpoint's address.",
    "ConnectTimeoutError": "the server does not answer. Check the endpoint and the network.",
    "ReadTimeoutError": "the server stopped answering. Try again later.",
    "ConnectionClosedError": "the server closes the connection. Try again later.",
    "SSLError": "the server's certificate is not trusted. Check the endpoint's address.",
    "ParamValidationError": "the bucket's name is none S3 allows. Correct the address.",
}


def code_of(error: Any) -> str:  # noqa: ANN401 - botocore has no types
    """Return the code of a refusal (`NoSuchKey`, or the HTTP status where it has no body)."""
    return str(error.response.get("Error", {}).get("Code", "") or "unknown")


def explain(error: Any, where: str, bucket: str) -> StorageError:  # noqa: ANN401 - botocore has no types
    """Return what to raise for a refusal.

    Args:
        error: A ClientError.
        where: The store, as messages name it.
        bucket: Name of its bucket.
    """
    code = code_of(error)
    if code in NO_SUCH_OBJECT:
        return ObjectMissingError(f"{where} holds no such object.")
    if code == "NoSuchBucket":
        return StorageError(
            f"{where}: the bucket {bucket!r} does not exist. Create it, or correct the store's "
            "address."
        )
    for codes, text in _CAUSES:
        if code in codes:
            return StorageError(f"{where}: {text.format(code=code)}")
    return StorageError(f"{where}: the store answered {code}. Try again later.")


def why_unsent(error: Exception) -> str:
    """Say why a request got no answer, by the error's kind."""
    kind = type(error).__name__
    return _UNSENT.get(kind, f"the connection failed ({kind}). Try again.")
