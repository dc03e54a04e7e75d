"""A worker in a folder of its own, as it runs beside an orchestrator; and what its containers truly did."""
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "host")]
from network import BUILD, PROJECT, STIPEND, wait_for  # noqa: E402
from ports import free_port  # noqa: E402

SEVEN = ["vtuber_orchestrator", "redis_scb", "autogen_agent", "autogen_postgres", "autogen_neo4j", "scb_gateway",
         "vtuber-ollama"]


class Worker:
    """Runs packaging/worker.yaml, with what a test has to change."""

    def __init__(self, engine, orchestrator=None, services=None, every="10s", **config):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-worker-"))
        self.plugins = self.folder / "plugins"
        shutil.copytree(BUILD / "lib" / "stipend" / "plugins", self.plugins)
        for file in self.plugins.iterdir():
            file.chmod(0o644)
        text = (PROJECT / "packaging" / "worker.yaml").read_text()
        text = text.replace("role: worker\n", f"role: worker\nplugins: {{ folder: {self.plugins} }}\n", 1)
        if services is not None:
            listed = "".join(f'    - {{ name: "{name}", every: {every} }}\n' for name in services)
            text, found = re.subn(r"  watch:\n(?:    - name: .*\n)+", "  watch:\n" + listed, text)
            assert found == 1
        text = text.replace("every: ${CHECK_INTERVAL:-10}s", f"every: {every}")
        more = {"tls": "none", **config} if orchestrator else {"register": "false", **config}
        for key in more:  # in the place of what the file says
            text = re.sub(rf"(?m)^    {key}: .*\n", "", text)
        text = text.replace("    min_uptime:", "".join(f"    {key}: {value}\n" for key, value in more.items()) +
                            "    min_uptime:", 1)
        self.config = self.folder / "worker.yaml"
        self.config.write_text(text)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {"PATH": "/usr/bin:/bin", "DOCKER_HOST": engine, "STATE_DIRECTORY": str(self.folder / "state"),
                            "WORKER_LISTEN": f"127.0.0.1:{self.port}", "METRICS_LISTEN": "127.0.0.1:0",
                            "CAPABILITY_URL": self.url, "ORCH_URL": orchestrator or "http://127.0.0.1:1",
                            "ORCH_SECRET": "orch-secret"}
        self.environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        self.process = None
        self.lines = []

    def start(self):
        self.process = subprocess.Popen([STIPEND, "run", "-c", self.config], env=self.environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self.reader.start()
        wait_for(lambda: self.process.poll() is not None or self._healthy(), "a worker that answers")
        assert self.process.poll() is None, "".join(self.lines)

    def _read(self, stream):
        for line in stream:
            self.lines.append(line)

    def _healthy(self):
        try:
            return self.get("/health") == {"status": "ok"}
        except OSError:
            return False

    def said(self, text):
        return any(text in line for line in list(self.lines))

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.loads(answer.read())

    def post(self, path, body, **headers):
        """(status, answer, headers)"""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, raw, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null"), error.headers

    def connect(self):
        """A connection that is kept."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def services(self):
        return self.get("/service-status")["services"]

    def end_process(self, kill):
        self.process.kill() if kill else self.process.terminate()
        self.process.wait(timeout=60)
        self.reader.join(timeout=20)
        self.process.stdout.close()
        return self.process.returncode

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.end_process(kill=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Truth:
    """What each service did, by this test's own clock: a change came between what was asked and what was answered, so
    that a share of time is known as (at least, at most)."""

    def __init__(self):
        self.changes = {}  # of each: [(up, earliest, latest)], from its first moment on

    def change(self, name, up, act):
        earliest = time.time()
        act()
        self.changes.setdefault(name, []).append((up, earliest, time.time()))

    def percent(self, name, window, *moments):
        """The time that a service was up within the window before one of the moments; before its first it was not."""
        least = [(up, latest if up else earliest) for up, earliest, latest in self.changes[name]]
        most = [(up, earliest if up else latest) for up, earliest, latest in self.changes[name]]
        return (min(self._share(least, at, window) for at in moments),
                max(self._share(most, at, window) for at in moments))

    def overall_percent(self, window, *moments):
        each = [self.percent(name, window, *moments) for name in self.changes]
        return tuple(sum(one[end] for one in each) / len(each) for end in (0, 1))

    @staticmethod
    def _share(changes, at, window):
        ends = [when for _, when in changes[1:]] + [at]
        return 100.0 / window * sum(max(0.0, min(end, at) - max(begin, at - window))
                                    for (up, begin), end in zip(changes, ends) if up)
