"""Where objects are kept: a folder, an S3 bucket, a web server; one port, chosen by address."""

from renderer.storage.location import open_store

__all__ = ["open_store"]
