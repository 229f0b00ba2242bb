"""The composition root: the only place where settings become adapters and parts meet.

    workspace   what people commit, read and keyed; imports no database and no engine
    house       the same with database, store and voices: plan, import, freeze, publish
    stages      the stages of a render, composed for either mode
    review      decisions about a project's takes
    walk        a house with engines, judges and queue: render in one process
    service     the parts of workers and relays, which serve all projects and have none at hand
    watch       logs, metrics, health and traces of their processes
    garbage     a database and its store, with or without a project: sweeping
    upkeep      the same database alone: forgetting, accounts
    carry       a build folder on one side, the service on the other
    doctor      the checks of everything that is set

Heavy libraries are imported inside functions, so that light commands stay light.
"""

from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.house import House, Named, open_house, voice_book
from renderer.bootstrap.review import open_review, reopen
from renderer.bootstrap.service import (
    Service,
    migrate_service,
    open_relay,
    open_service,
    open_worker,
    warm_worker,
)
from renderer.bootstrap.walk import Walk, open_render, open_walk
from renderer.bootstrap.watch import (
    open_child_meter,
    open_family,
    open_relay_meter,
    open_tracer,
    serve_watch,
    start_logs,
)
from renderer.bootstrap.workspace import Workspace, open_workspace

__all__ = [
    "House",
    "Named",
    "Service",
    "SystemClock",
    "Walk",
    "Workspace",
    "migrate_service",
    "open_child_meter",
    "open_family",
    "open_house",
    "open_relay",
    "open_relay_meter",
    "open_render",
    "open_review",
    "open_service",
    "open_tracer",
    "open_walk",
    "open_worker",
    "open_workspace",
    "reopen",
    "serve_watch",
    "start_logs",
    "voice_book",
    "warm_worker",
]
