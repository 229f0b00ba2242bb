"""A Prometheus server of our own, which asks what a test runs.

with PrometheusServer({"barkline-relay": [9464]}, rules) as server:
    server.query("up")
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.servers.process import MissingServerError, ServerProcess, Standing, free_port, new_folder


class PrometheusServer(Standing):
    """A server on a free loopback port, with storage that is gone with it.

    Args:
        targets: Name of a job to the ports it is asked on, all of this machine.
        rules: Files of rules and alerts.
        interval_s: Seconds between two looks.
    """

    def __init__(
        self,
        targets: Mapping[str, Sequence[int]],
        rules: Sequence[Path] = (),
        interval_s: int = 1,
    ) -> None:
        program = shutil.which("prometheus")
        if program is None:
            raise MissingServerError("not installed: apt install prometheus")
        self.port = free_port()
        self._folder = new_folder("prometheus")
        jobs = [
            {
                "job_name": job,
                "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
            }
            for job, ports in targets.items()
        ]
        every = f"{interval_s}s"
        config = {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": [str(rule) for rule in rules],
            "scrape_configs": jobs,
        }
        file = self._folder / "prometheus.yml"
        file.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        self._server = ServerProcess(
            [
                program,
                f"--config.file={file}",
                f"--storage.tsdb.path={self._folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--log.level=warn",
            ],
            self._folder / "log",
            self._is_ready,
        )

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series an expression has now."""
        found: list[dict[str, Any]] = self._ask("query", query=expression)["result"]
        return found

    def metadata(self) -> dict[str, Any]:
        """Return the metrics its targets declare."""
        return dict(self._ask("metadata"))

    def _ask(self, what: str, **options: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urlencode(options)}"
        with urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def start(self) -> None:
        """Start."""
        self._server.start()

    def close(self) -> None:
        """Stop and remove everything."""
        self._server.stop(signal.SIGTERM)
        shutil.rmtree(self._folder, ignore_errors=True)
