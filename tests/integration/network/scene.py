"""A manager, a worker without containers, and a devnet whose orchestrators have listeners of their own."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "host")]
from network import BUILD, STIPEND, Devnet, Host, wait_for  # noqa: E402
from ports import free_port  # noqa: E402

# The default tiers, without the delays that would keep a test waiting.
TABLE = """      table: prompt
      tables:
        prompt:
          - { tier: excellent, above: 95, multiplier: 1.2 }
          - { tier: warning, above: 0, multiplier: 0.7 }
          - { tier: offline, at_least: 0, multiplier: 0 }"""


def indented(options, blanks):
    return "".join(f"{' ' * blanks}{key}: {value}\n" for key, value in options.items())


class Service:
    """Something to watch: a port that takes connections."""

    def __init__(self, host="127.0.0.1", port=0):
        self.socket = socket.create_server((host, port))
        self.port = self.socket.getsockname()[1]
        self.target = f"tcp://{host}:{self.port}"
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return

    def close(self):
        if self.socket.fileno() < 0:
            return
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(timeout=20)


class Worker:
    """`stipend run` beside an orchestrator; `config` is that of the plugin."""

    def __init__(self, orchestrator, service, host="127.0.0.1", **config):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-worker-"))
        plugins = self.folder / "plugins"
        shutil.copytree(BUILD / "lib" / "stipend" / "plugins", plugins)
        for file in plugins.iterdir():
            file.chmod(0o644)
        self.port = free_port(host)
        options = {"orchestrator": orchestrator, "secret": "orch-secret", "orchestrator_id": "orch-1",
                   "url": f"http://{host}:{self.port}", "probe_every": "1s", "tls": "none", **config}
        if any(key in options for key in ("pin_sha256", "orchestrator_cert", "orchestrator_ca")):
            del options["tls"]
        self.config = self.folder / "worker.yaml"
        self.config.write_text(f"""role: worker
plugins: {{ folder: {plugins} }}
state: {self.folder}/state
monitors:
  - {{ name: web, plugin: monitor, id: org.stipend.monitor }}
services:
  watch:
    - {{ name: api, monitor: web, target: "{service.target}", every: 1s }}
worker:
  plugin: byoc
  id: org.stipend.byoc.worker
  config:
{indented(options, 4)}listen: {{ worker: "{host}:{self.port}", metrics: "127.0.0.1:0" }}
""")
        self.process = None
        self.lines = []
        self.news = threading.Condition()

    def start(self):
        environment = {"PATH": "/usr/bin:/bin",
                       **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}
        self.process = subprocess.Popen([STIPEND, "run", "-c", self.config], env=environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self.reader.start()

    def _read(self, stream):
        for line in stream:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()

    def count(self, text):
        return sum(text in line for line in list(self.lines))

    def wait_count(self, text, count, patience=60):
        with self.news:
            if not self.news.wait_for(lambda: self.count(text) >= count, patience):
                raise AssertionError(f"not {count} lines with: {text}\n" + "".join(self.lines[-30:]))

    def uptime(self, window):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/service-uptime?window_seconds={window}",
                                    timeout=20) as answer:
            return json.loads(answer.read())["overall_uptime_percentage"]

    def state(self):
        done = subprocess.run([STIPEND, "status", "--json", "-c", self.config], capture_output=True, text=True,
                              timeout=60)
        found = re.search(r'"state":"(registered|registering|unconfirmed)"', done.stdout)
        return found.group(1) if found else done.stdout + done.stderr

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)
        if self.process is not None:
            self.reader.join(timeout=20)
            self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Scene:
    """`manager` and `worker` are options of their plugins' configurations; `devnet` more of its command line."""

    def __init__(self, test, interval=4, devnet=(), worker=None, **manager):
        self.interval = interval
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-network-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.orchestrator = f"https://127.0.0.1:{free_port()}"
        cli = f"127.0.0.1:{free_port()}"
        self.cli = "http://" + cli
        self.devnet = Devnet(1, "--orchestrator-listen", self.orchestrator.removeprefix("https://"), "--bare-listeners",
                             "--cli", cli, "--certificate-dir", self.folder, *devnet)
        test.addCleanup(self.devnet.end)
        self.certificate = self.folder / "0" / "cert.pem"
        self.service = Service()
        test.addCleanup(self.service.close)
        options = {key: str(value).format(scene=self) for key, value in (worker or {}).items()}
        self.worker = Worker(self.orchestrator, self.service, **options)
        test.addCleanup(self.worker.end)
        self.worker.start()
        self.host = Host(self.devnet, interval=interval)
        test.addCleanup(self.host.end)
        text = self.host.config.read_text()
        line = next(line for line in text.splitlines() if line.startswith("      table: default"))
        text = text.replace(line, TABLE)
        text = text.replace("orchestrators: []", f"orchestrators:\n  - {{ address: {self.orchestrator}, id: orch-1 }}")
        options = {key: str(value).format(scene=self) for key, value in manager.items()}
        text = text.replace("    price_unseen:", indented(options, 4) + "    price_unseen:")
        self.host.config.write_text(text)
        self.host.environment.update(ORCHESTRATOR_ADDRESSES="", PRICE_UNSEEN="refuse")

    def fault(self, **fault):
        self.devnet.fault(0, **fault)

    def start(self):
        """From the first registration on, when a whole interval was watched."""
        self.worker.wait_count("registered agent-net", 1)
        wait_for(lambda: self.worker.uptime(self.interval) == 100, "a whole interval that was watched")
        self.host.start()

    def reload(self, old, new):
        """Changes the manager's configuration, and has it taken."""
        self.host.edit(old, new)
        code, out, err = self.host.run("reload")
        assert code == 0, out + err

    def more_decisions(self, count, **wanted):
        """Waits for that many more decisions with those fields, and returns all that were made meanwhile."""
        before = len(self.host.decisions())

        def enough():
            fresh = self.host.decisions()[before:]
            return sum(all(line[key] == value for key, value in wanted.items()) for line in fresh) >= count
        wait_for(enough, f"{count} decisions with {wanted}")
        return self.host.decisions()[before:]

    def end(self):
        """Ends the manager; everything that it decided."""
        assert self.host.stop() == 0
        self.host.verified()
        return self.host.decisions()
