"""The game build's client: from a voice lock and a store to files, with the standard library alone.

client    what is wanted, fetched in parallel and verified
folder    the files below one folder: written atomically, remembered, removed on request
"""

from renderer.pull.client import Asset, ObjectReader, PullReport, pull, read_lock
from renderer.pull.folder import VoiceFolder, hash_file, is_link

__all__ = [
    "Asset",
    "ObjectReader",
    "PullReport",
    "VoiceFolder",
    "hash_file",
    "is_link",
    "pull",
    "read_lock",
]
