"""Settings: the only reader of the environment.

BARKLINE_BUILD          folder for database, store and reports   build/<project>
BARKLINE_DATABASE_URL   SQLAlchemy URL                           sqlite in the build folder
BARKLINE_STORE          object store: a folder or s3://…         store/ in the build folder
BARKLINE_VOICES         folder of installed voices               ~/.local/share/barkline/voices
BARKLINE_THREADS        threads of the engines                   number of cores
BARKLINE_WORKERS        batches rendered at once                 2
BARKLINE_BATCH          lines per batch at most                  16
BARKLINE_CUDA           auto, on or off                          auto
BARKLINE_MODEL_CACHE_MB memory for models, MB                    2048
BARKLINE_ASR_MODEL      folder of a Whisper model that listens   none: pocketsphinx, English
BARKLINE_REVIEW_TOKEN   who may review from other machines       none: made up when needed

Of the service (docs/service.md); BARKLINE_REDIS_URL turns it on:

BARKLINE_REDIS_URL      the queue: redis://host:6379/0           none: everything in one process
BARKLINE_LEASE_S        seconds a silent worker keeps a take     15
BARKLINE_QUEUES         what a worker renders: gpu, cpu          gpu,cpu
BARKLINE_QUEUE_BOUND    batches queued per lane at most          64
BARKLINE_LINGER_S       seconds a batch waits for company        0.2
BARKLINE_GRACE_S        seconds a worker has to end its batches  30
BARKLINE_METRICS_PORT   port for Prometheus, 0 for none          0
BARKLINE_METRICS_HOST   address that port is bound to            127.0.0.1
BARKLINE_LOG            text or json                             text
BARKLINE_MEMORY_MB      memory a worker process may take, 0: any 0
OTEL_EXPORTER_OTLP_ENDPOINT  where spans are sent (extra trace)  none

DATABASE_URL, REDIS_URL, STORE and REVIEW_TOKEN may stand in files instead, for secrets:
BARKLINE_REDIS_URL_FILE names a file that holds the value.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from renderer.domain.route import Queue
from renderer.environment import Environment
from renderer.errors import ConfigError

_IN_FILES = (
    *("BARKLINE_DATABASE_URL", "BARKLINE_REDIS_URL", "BARKLINE_STORE"),
    "BARKLINE_REVIEW_TOKEN",
)
_KNOWN = {
    *("BARKLINE_BUILD", "BARKLINE_DATABASE_URL", "BARKLINE_STORE", "BARKLINE_VOICES"),
    *("BARKLINE_THREADS", "BARKLINE_WORKERS", "BARKLINE_BATCH", "BARKLINE_CUDA"),
    *("BARKLINE_MODEL_CACHE_MB", "BARKLINE_REDIS_URL", "BARKLINE_LEASE_S", "BARKLINE_QUEUES"),
    *("BARKLINE_QUEUE_BOUND", "BARKLINE_LINGER_S", "BARKLINE_GRACE_S", "BARKLINE_LOG"),
    *("BARKLINE_METRICS_PORT", "BARKLINE_METRICS_HOST", "BARKLINE_MEMORY_MB"),
    *("BARKLINE_METRICS_SLOT", "BARKLINE_REVIEW_TOKEN", "BARKLINE_ASR_MODEL"),
    *("BARKLINE_USER", "BARKLINE_REVISION", "BARKLINE_FAILPOINT", "BARKLINE_REFERENCE_DATA"),
    *(f"{name}_FILE" for name in _IN_FILES),
}
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What only the service asks for.

    Attributes:
        redis_url: The queue, or "" when everything is done in one process.
        lease_s: Seconds a silent worker keeps a take.
        queues: What a worker renders.
        queue_bound: Batches queued per lane at most.
        linger_s: Seconds a batch that is not full waits for company.
        grace_s: Seconds a worker has to end its batches when it is told to stop.
        metrics_port: Port for Prometheus, or 0.
        metrics_host: Address that port is bound to.
        logs_json: Whether logs are JSON, one object a line.
        memory_mb: Memory a worker process may take, MB, or 0 for any.
        metrics_folder: Where a worker process leaves its measures for its parent, or "".
        metrics_slot: Its number among its siblings; its parent sets both.
        traces: OTLP collector for spans, or "".
    """

    redis_url: str = field(default="", repr=False)
    lease_s: float = 15.0
    queues: tuple[Queue, ...] = (Queue.GPU, Queue.CPU)
    queue_bound: int = 64
    linger_s: float = 0.2
    grace_s: float = 30.0
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"
    logs_json: bool = False
    memory_mb: int = 0
    metrics_folder: str = ""
    metrics_slot: int = 0
    traces: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked.

    Attributes:
        build: Folder for everything generated, or None for `build/<project>`.
        database_url: SQLAlchemy URL, or "" for SQLite in the build folder.
        store: Object store location, or "" for a folder in the build folder.
        voices: Folder of installed voices.
        threads: Threads of the engines.
        workers: Batches rendered at once.
        batch: Lines per batch at most.
        cuda: True, False, or None to use it where it is found.
        model_cache_mb: Memory for models, MB.
        asr_model: Folder of a Whisper model that hears the text with `metrics: full`, or None:
            pocketsphinx, which needs none.
        review_token: Lines of `token` or `name=token` that open the review page, or "".
        failpoint: Where fault tests kill the process, or "".
        service: What only the service asks for.
    """

    build: Path | None = None
    database_url: str = field(default="", repr=False)
    store: str = field(default="", repr=False)
    voices: Path = Path()
    threads: int = 1
    workers: int = 2
    batch: int = 16
    cuda: bool | None = None
    model_cache_mb: int = 2048
    asr_model: Path | None = None
    review_token: str = field(default="", repr=False)
    failpoint: str = ""
    service: ServiceSettings = ServiceSettings()

    @property
    def is_service(self) -> bool:
        """Whether other processes render what this one imports."""
        return bool(self.service.redis_url)

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment.

        Raises:
            ConfigError: Lists every variable that is wrong.
        """
        problems: list[str] = []
        env = Environment(os.environ if environment is None else environment, problems)
        settings = cls(
            build=Path(env.text("BARKLINE_BUILD")) if env.text("BARKLINE_BUILD") else None,
            database_url=env.secret("BARKLINE_DATABASE_URL"),
            store=env.secret("BARKLINE_STORE"),
            voices=Path(env.text("BARKLINE_VOICES") or default_voices_dir()),
            threads=env.count("BARKLINE_THREADS", os.cpu_count() or 1),
            workers=env.count("BARKLINE_WORKERS", 2),
            batch=env.count("BARKLINE_BATCH", 16),
            cuda=env.choice("BARKLINE_CUDA", {"auto": None, "on": True, "off": False}, "auto"),
            model_cache_mb=env.count("BARKLINE_MODEL_CACHE_MB", 2048, most=1_000_000),
            asr_model=env.folder("BARKLINE_ASR_MODEL"),
            review_token=env.secret("BARKLINE_REVIEW_TOKEN"),
            failpoint=env.text("BARKLINE_FAILPOINT"),
            service=_service(env),
        )
        if settings.is_service:
            _check_service(settings, problems)
        if problems:
            raise ConfigError("\n".join(problems))
        return settings


def _service(env: Environment) -> ServiceSettings:
    return ServiceSettings(
        redis_url=env.url("BARKLINE_REDIS_URL", ("redis", "rediss", "unix")),
        lease_s=env.seconds("BARKLINE_LEASE_S", 15.0, 2.0, 3600.0),
        queues=env.queues("BARKLINE_QUEUES"),
        queue_bound=env.count("BARKLINE_QUEUE_BOUND", 64, most=100_000),
        linger_s=env.seconds("BARKLINE_LINGER_S", 0.2, 0.0, 60.0),
        grace_s=env.seconds("BARKLINE_GRACE_S", 30.0, 0.0, 3600.0),
        metrics_port=env.count("BARKLINE_METRICS_PORT", 0, least=0, most=65_535),
        metrics_host=env.text("BARKLINE_METRICS_HOST") or "127.0.0.1",
        logs_json=env.choice("BARKLINE_LOG", {"text": False, "json": True}, "text") or False,
        memory_mb=env.count("BARKLINE_MEMORY_MB", 0, least=0, most=10_000_000),
        metrics_folder=env.text("PROMETHEUS_MULTIPROC_DIR"),
        metrics_slot=env.count("BARKLINE_METRICS_SLOT", 0, least=0),
        traces=env.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
    )


def _check_service(settings: Settings, problems: list[str]) -> None:
    """Hold that several machines can share what is configured."""
    if settings.database_url.partition("://")[0].split("+")[0] != "postgresql":
        problems.append(
            "BARKLINE_REDIS_URL is set, so workers share a database: set BARKLINE_DATABASE_URL to "
            "postgresql+psycopg://user@host/name."
        )
    if not settings.store:
        problems.append(
            "BARKLINE_REDIS_URL is set, so workers share a store: set BARKLINE_STORE to "
            "s3://bucket/prefix or to a folder that all of them mount."
        )


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the BARKLINE_ variables that nothing reads: probably misspelt."""
    env = os.environ if environment is None else environment
    return sorted(n for n in env if n.startswith("BARKLINE_") and n not in _KNOWN)


def default_voices_dir() -> Path:
    """Return where `barkline voices add` puts voices for this user."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "barkline" / "voices"


def _shipped(name: str) -> Path:
    """Return a shipped folder: inside the package, or beside it in a checkout."""
    packaged = _HERE / f"_{name}"
    return packaged if packaged.is_dir() else _HERE.parent / name


def assets_dir() -> Path:
    """Return the folder of shipped voices, lexicons, profiles and limits."""
    return _shipped("assets")


def migrations_dir() -> Path:
    """Return the folder of the database migrations."""
    return _shipped("migrations")


def environment_with(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with some variables on top, for a process of our own."""
    return {**os.environ, **more}


def revision() -> str:
    """Return the commit that a CI job builds, or ""."""
    names = ("BARKLINE_REVISION", "GITHUB_SHA", "CI_COMMIT_SHA")
    return next((os.environ[n] for n in names if os.environ.get(n)), "")[:64]


def is_github_actions() -> bool:
    """Whether this runs inside a GitHub workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def user() -> str:
    """Return the name that is set for decisions and imports, or ""."""
    return os.environ.get("BARKLINE_USER", "")


def who() -> str:
    """Return the name decisions are recorded under."""
    return user() or os.environ.get("USER") or "unknown"
