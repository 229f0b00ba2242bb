"""An S3 server that asks for real signatures: OpenStack Swift with its s3api, in one process.

with SwiftServer() as server:
    store = server.new_bucket()

It comes from PyPI into an environment of its own, which is kept. Wrong keys and wrong checksums are
refused; a conditional put is not atomic in a race. It needs user attributes on its file system, and
keeps its objects over a restart.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.process import MissingServerError, ServerProcess, free_port
from tests.servers.s3 import MotoServer

VERSION = "2.38.3"
KINDS = ("account", "container", "object", "proxy")
# Run by the Python of Swift's own environment: the four servers as green threads of one process.
MAIN = """\
import sys
import swift.common.utils as utils
utils.SWIFT_CONF_FILE = sys.argv[1] + "/swift.conf"
utils.eventlet_monkey_patch()
import eventlet
from eventlet import wsgi
from swift.common.http_protocol import SwiftHttpProtocol
from swift.common.storage_policy import reload_storage_policies
from swift.common.wsgi import loadapp
utils.validate_configuration()
reload_storage_policies()
threads = []
for pair in sys.argv[2:]:
    kind, port = pair.split(":")
    app = loadapp(f"{sys.argv[1]}/{kind}.conf", global_conf={"log_name": kind})
    listening = eventlet.listen(("127.0.0.1", int(port)), backlog=256)
    threads.append(eventlet.spawn(wsgi.server, listening, app, protocol=SwiftHttpProtocol,
                                  custom_pool=eventlet.GreenPool(256), log_output=False))
for thread in threads:
    thread.wait()
"""
STORAGE = """\
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
FILTERS = ("catch_errors", "gatekeeper", "listing_formats", "s3api", "tempauth", "copy", "slo")
PROXY = """\
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = {pipeline} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:s3api]
use = egg:swift#s3api
"""


def find_python() -> Path:
    """Return the Python of Swift's environment, which is made when it is not there.

    Raises:
        MissingServerError: It cannot be installed here.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "barkline-tests" / f"swift-{VERSION}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
            install = [folder / "bin" / "pip", "install", "--quiet", f"swift=={VERSION}"]
            subprocess.run(install, check=True, capture_output=True, timeout=240)
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingServerError(f"not installed: pip install swift=={VERSION}") from error
        (folder / "ready").touch()
    return folder / "bin" / "python"


class SwiftServer(MotoServer):
    """Swift on free loopback ports."""

    access_key = "test:tester"
    secret_key = "barkline-swift-secret"

    def __init__(self) -> None:
        super().__init__()
        python = find_python()
        ports = {kind: self.port if kind == "proxy" else free_port() for kind in KINDS}
        self._require_attributes()
        self._configure(python, ports)
        self._server = ServerProcess(
            [
                *(str(python), "-c", MAIN, str(self._folder)),
                *(f"{kind}:{port}" for kind, port in ports.items()),
            ],
            self._folder / "log",
            self._is_ready,
        )

    def _require_attributes(self) -> None:
        try:
            os.setxattr(self._folder, "user.barkline", b"1")
        except (OSError, AttributeError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise MissingServerError("swift needs user attributes on the file system") from error

    def _configure(self, python: Path, ports: dict[str, int]) -> None:
        (self._folder / "devices" / "d1").mkdir(parents=True)
        hashes = "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n"
        self._write("swift.conf", hashes)
        named = "".join(f"[filter:{n}]\nuse = egg:swift#{n}\n" for n in FILTERS if "3" not in n)
        named = named.replace("[filter:tempauth]\nuse = egg:swift#tempauth\n", "")
        proxy = PROXY.format(
            folder=self._folder, pipeline=" ".join(FILTERS), secret=self.secret_key
        )
        self._write("proxy.conf", proxy + named)
        for kind in KINDS[:3]:
            self._write(f"{kind}.conf", STORAGE.format(folder=self._folder, kind=kind))
            self._build_ring(python, kind, ports[kind])

    def _write(self, name: str, content: str) -> None:
        (self._folder / name).write_text(content, encoding="utf-8")

    def _build_ring(self, python: Path, kind: str, port: int) -> None:
        """Let one device hold all of two partitions, once."""
        builder = [python.with_name("swift-ring-builder"), self._folder / f"{kind}.builder"]
        for step in (
            ["create", "1", "1", "0"],
            ["add", f"r1z1-127.0.0.1:{port}/d1", "1"],
            ["rebalance"],
        ):
            subprocess.run([*builder, *step], check=True, capture_output=True, timeout=60)
