"""The composition root: the only place where settings become adapters and parts meet.

    workspace   what people commit, read and keyed; imports no database and no engine
    house       the same with database, store and voices: plan, import, freeze, publish
    walk        the same with engines, judges and queue: render

Heavy libraries are imported inside functions, so that light commands stay light.
"""

from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.house import House, open_house, voice_book
from renderer.bootstrap.walk import Walk, open_render, open_walk
from renderer.bootstrap.workspace import Workspace, open_workspace

__all__ = [
    "House",
    "SystemClock",
    "Walk",
    "Workspace",
    "open_house",
    "open_render",
    "open_walk",
    "open_workspace",
    "voice_book",
]
