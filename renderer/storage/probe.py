"""Whether a store can be written, read and swept: tried with one small, harmless object."""

from __future__ import annotations

from renderer.domain.object_key import object_key, sha256_hex
from renderer.errors import ConfigError, StorageError
from renderer.ports import StoreFacts, SweptStore
from renderer.storage.local import LocalStore
from renderer.storage.location import open_store
from renderer.storage.s3 import S3Store

# Always the same bytes, so always the same key: two doctors at once do no harm.
PROBE = b"barkline doctor was here; this object may be deleted\n"
SUFFIX, MEDIA_TYPE = ".txt", "text/plain"


def probe(url: str) -> StoreFacts:
    """Write an object, read it, and delete it again where that is allowed.

    Args:
        url: As for `open_store`.

    Raises:
        ConfigError: The address is none, or a web server's, which can be read only.
        StorageError: The store cannot be reached, written or read.
    """
    store = open_store(url)
    if isinstance(store, LocalStore) and not store.root.is_dir():
        raise StorageError(f"the folder {store.root} is not there. Make it, or mount it.")
    if not isinstance(store, SweptStore):
        raise ConfigError(
            "the store is a web server, which can be read only; name a folder or s3://bucket."
        )
    key = object_key(sha256_hex(PROBE), SUFFIX)
    store.put(PROBE, SUFFIX, MEDIA_TYPE)
    store.get(key)
    keeps_first = store.keeps_first(PROBE, SUFFIX) if isinstance(store, S3Store) else None
    return StoreFacts(key, _delete(store, key), keeps_first)


def _delete(store: SweptStore, key: str) -> bool:
    """Delete the object; a worker's rights need not allow it."""
    try:
        store.delete(key)
        return store.look_up(key) is None
    except StorageError:
        return False
