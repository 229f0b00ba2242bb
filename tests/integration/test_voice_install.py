"""`voices install` against a local HTTPS server that behaves, and several that do not."""

from __future__ import annotations

import hashlib
import http.server
import ssl
import threading
import time

import pytest

from renderer.errors import InputError, ModelRefusedError, UnknownVoiceError, VoiceError
from renderer.speech.download import fetch
from renderer.speech.install import install_voice, read_catalogues

trustme = pytest.importorskip("trustme")
CONTENT = bytes(range(256)) * 4000


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        site = self.server.site
        asked = self.headers.get("Range")
        site["asked"].append((self.path, asked))
        data = site["files"].get(self.path)
        if self.path in site["redirects"]:
            self.send_response(302)
            self.send_header("Location", site["redirects"][self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if data is None:
            self.send_error(404)
            return
        start = 0
        if asked and site["ranges"]:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            told = start + site["lie"]
            self.send_header("Content-Range", f"bytes {told}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        breaks = site["breaks"].pop(0) if site["breaks"] else None
        self.wfile.write(data[start : start + breaks] if breaks is not None else data[start:])
        self.wfile.flush()
        if breaks is not None:
            if site["stall_s"]:
                time.sleep(site["stall_s"])
            self.close_connection = True
            self.connection.close()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def site(authority):
    """A server; the test fills `files` and says how it misbehaves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    server.daemon_threads = True
    state = {
        "files": {"/v.bin": CONTENT},
        "asked": [],
        "redirects": {},
        "breaks": [],
        "ranges": True,
        "lie": 0,
        "stall_s": 0,
        "url": f"https://127.0.0.1:{server.server_port}",
    }
    server.site = state
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def get(site, authority, tmp_path):
    """Fetch a path with the right promises, or others."""
    client = ssl.create_default_context()
    authority.configure_trust(client)

    def run(path="/v.bin", **options):
        content = options.pop("content", CONTENT)
        return fetch(
            options.pop("url", site["url"] + path),
            options.pop("part", tmp_path / "file.part"),
            **{
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
                "timeout_s": 5.0,
                "attempts": 3,
                "context": client,
                **options,
            },
        )

    return run


def test_a_file_comes_with_progress(get):
    """Whole, checked and reported."""
    seen = []
    path = get(progress=lambda have, size: seen.append((have, size)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)


def test_an_interrupted_download_goes_on_where_it_broke(get, site):
    """Twice broken: three requests, the later ones by Range."""
    site["breaks"] = [100_000, 200_000]
    assert get().read_bytes() == CONTENT
    ranges = [asked for _, asked in site["asked"]]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert all(asked.startswith("bytes=") for asked in ranges[1:])


def test_a_later_call_resumes_what_an_earlier_left(get, site, tmp_path):
    """As after Ctrl-C or a reboot."""
    (tmp_path / "file.part").write_bytes(CONTENT[:500_000])
    assert get().read_bytes() == CONTENT
    assert site["asked"] == [("/v.bin", "bytes=500000-")]


def test_a_server_without_ranges_starts_again(get, site):
    """It answers 200 with everything; nothing is put together wrongly."""
    site.update(ranges=False, breaks=[100_000])
    assert get().read_bytes() == CONTENT


def test_a_server_that_sends_another_range_is_not_believed(get, site, tmp_path):
    """The part is thrown away and fetched from the start."""
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    site["lie"] = 7
    assert get().read_bytes() == CONTENT
    assert site["asked"][-1] == ("/v.bin", None)


def test_a_wrong_hash_is_thrown_away(get, tmp_path):
    """And said with both hashes."""
    with pytest.raises(ModelRefusedError, match="thrown away"):
        get(sha256="0" * 64)
    assert not (tmp_path / "file.part").exists()


def test_a_file_longer_than_promised_is_refused(get, site, tmp_path):
    """A server cannot fill the disk."""
    with pytest.raises(ModelRefusedError, match="more than"):
        get(size=1000)
    assert (tmp_path / "file.part").stat().st_size <= 1001


def test_a_truncated_file_is_an_error_that_can_be_resumed(get, tmp_path):
    """The server has less than the catalogue says; what came is kept."""
    with pytest.raises(VoiceError, match="run the command again"):
        get(size=len(CONTENT) + 5)


def test_a_stalled_server_times_out_and_is_resumed(get, site):
    """Silence is an interruption."""
    site.update(breaks=[50_000], stall_s=3)
    assert get(timeout_s=0.3).read_bytes() == CONTENT


def test_a_server_that_only_stalls_gives_up(get, site, tmp_path):
    """After some attempts without a gain, with what to do."""
    site.update(breaks=[0] * 9, stall_s=1)
    with pytest.raises(VoiceError, match="could not be fetched"):
        get(timeout_s=0.2, attempts=2)


def test_an_unknown_certificate_is_not_trusted(get):
    """No fallback, no retry."""
    with pytest.raises(VoiceError, match="certificate"):
        get(context=ssl.create_default_context())


def test_http_is_refused_also_by_redirect(get, site):
    """And so is file:."""
    site["redirects"] = {"/a": "http://127.0.0.1:1/v.bin", "/b": "file:///etc/passwd"}
    for path in ("/a", "/b"):
        with pytest.raises(VoiceError, match=r"no HTTPS|not allowed"):
            get(path)
    for url in ("http://127.0.0.1/v.bin", "file:///etc/passwd"):
        with pytest.raises(VoiceError, match="https"):
            get(url=url)


def test_an_https_redirect_is_followed(get, site):
    """As release pages do."""
    site["redirects"] = {"/a": site["url"] + "/v.bin"}
    assert get("/a").read_bytes() == CONTENT


def test_a_missing_file_is_said_at_once(get, site):
    """404 is no interruption."""
    with pytest.raises(VoiceError, match="404"):
        get("/nothing")
    assert len(site["asked"]) == 1


def test_proxies_of_the_machine_are_not_used(get, monkeypatch):
    """Where a voice comes from is what the catalogue says."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert get().read_bytes() == CONTENT


def _vits():
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[1] / "unit" / "speech" / "build_vits.py"
    spec = importlib.util.spec_from_file_location("build_vits_for_install", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def catalogue(site, tmp_path):
    """A catalogue of one voice on the server."""
    pytest.importorskip("onnx")
    model = _vits().write(tmp_path)
    lines = ["voices:", "  - name: tiny", "    licence: CC0-1.0", "    may_publish: true"]
    for key, path in (("model", model), ("config", model.with_name("voice.onnx.json"))):
        data = path.read_bytes()
        site["files"][f"/{path.name}"] = data
        digest = hashlib.sha256(data).hexdigest()
        url = f"{site['url']}/{path.name}"
        lines.append(f'    {key}: {{url: "{url}", sha256: "{digest}", size: {len(data)}}}')
    path = tmp_path / "catalogue.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_catalogue_voice_is_installed_and_speaks(catalogue, authority, tmp_path, site):
    """Broken in the middle, resumed, checked, probed, and nothing left behind."""
    client = ssl.create_default_context()
    authority.configure_trust(client)
    site["breaks"] = [300, 500]
    card = install_voice("tiny", read_catalogues([catalogue]), tmp_path / "voices", context=client)
    assert (card.licence, card.may_publish, card.batchable) == ("CC0-1.0", True, True)
    from renderer.speech.voice_book import Voices

    assert Voices([tmp_path / "voices"]).open("tiny").card.name == "tiny"
    assert list((tmp_path / "voices" / ".downloads").iterdir()) == []


def test_an_unknown_name_lists_what_there_is(catalogue, tmp_path):
    """With near names."""
    with pytest.raises(UnknownVoiceError, match="tiny"):
        install_voice("tinny", read_catalogues([catalogue]), tmp_path)


def test_all_faults_of_a_catalogue_at_once(tmp_path):
    """Wrong hash, http, size, name, rights, unknown field."""
    path = tmp_path / "c.yaml"
    path.write_text(
        "voices:\n"
        "  - name: ../x\n    colour: red\n    may_publish: true\n"
        '    model: {url: "http://a/b", sha256: "12", size: -1}\n'
        "  - 7\n"
    )
    with pytest.raises(InputError) as caught:
        read_catalogues([path, tmp_path / "missing.yaml"])
    fields = {fault.field for fault in caught.value.faults}
    assert {
        "voices[0].name",
        "voices[0].colour",
        "voices[0].may_publish",
        "voices[0].model.url",
        "voices[0].model.sha256",
        "voices[0].model.size",
        "voices[0].config",
        "voices[1]",
        "",
    } <= fields


def test_the_shipped_catalogue_is_valid(repository):
    """It ships empty: nothing is pinned that nobody checked."""
    assert read_catalogues([repository / "assets" / "voices" / "catalogue.yaml"]) == {}
