"""A devnet and a host for tests: started, asked, steered and ended. Everything listens on loopback."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request

PROJECT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ["STIPEND_BUILD"])
STIPEND = BUILD / "bin" / "stipend"
DEVNET = BUILD / "bin" / "stipend-devnet"
PATIENCE = int(os.environ.get("X_PATIENCE", 60))  # seconds until a condition that does not come is a failure


def wait_for(condition, what):
    """Waits until `condition()` is true; what it waits for has no event of its own outside the process."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


class Devnet:
    def __init__(self, orchestrators, *options):
        self.orchestrators = orchestrators
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            [DEVNET, "-n", str(orchestrators), "--gateway", "127.0.0.1:0", "--control", "127.0.0.1:0", "--ready-fd",
             str(write_end), *options], stdout=subprocess.DEVNULL, pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            fields = dict(field.split("=", 1) for field in ready.readline().split() if "=" in field)
        self.gateway = fields["gateway"]
        self.control = fields["control"] if fields["control"].startswith("http") else "http://" + fields["control"]
        self.addresses = subprocess.run([DEVNET, "-n", str(orchestrators), "--print-addresses"], check=True,
                                        capture_output=True, text=True).stdout.strip()

    def fault(self, orchestrator, /, **fault):
        self._post("/fault", {"orchestrator": orchestrator, "fault": fault})

    def gateway_fault(self, kind):
        self._post("/gateway", {"fault": kind})

    def jobs(self):
        """The last jobs that reached the gateway, sentinels left out."""
        with urllib.request.urlopen(self.control + "/jobs", timeout=10) as answer:
            return json.loads(answer.read())["jobs"]

    def _post(self, path, body):
        request = urllib.request.Request(self.control + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Host:
    """A folder with a configuration, a state and plugins of its own, and the host that runs in it."""

    def __init__(self, devnet, interval=1):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-host-"))
        self.plugins = self.folder / "plugins"
        shutil.copytree(BUILD / "lib" / "stipend" / "plugins", self.plugins)
        for file in self.plugins.iterdir():
            file.chmod(0o644)
        self.config = self.folder / "config.yaml"
        text = (PROJECT / "config.yaml").read_text()
        self.config.write_text(text.replace('folder: ""', f"folder: {self.plugins}"))
        self.environment = dict(os.environ, GATEWAY_URL=devnet.gateway, ORCHESTRATOR_ADDRESSES=devnet.addresses,
                                PAYMENT_INTERVAL_SECONDS=str(interval), METRICS_LISTEN="127.0.0.1:0", API_LISTEN="127.0.0.1:0",
                                PRICE_UNSEEN="allow",  # the devnet's orchestrators are names without listeners
                                STATE_DIRECTORY=str(self.folder / "state"))
        self.options = []  # of `stipend run`
        self.process = None
        self.lines = []  # of all runs
        self.echo = False  # prints them as they come
        self.news = threading.Condition()  # a line came, or a run ended

    def spawn(self):
        """Starts the host without waiting for it."""
        self.process = subprocess.Popen([STIPEND, "run", *self.options, "-c", self.config], env=self.environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self.reader.start()

    def start(self):
        since = len(self.lines)
        self.spawn()
        self.wait_line("orchestrators, every", since)
        wait_for(lambda: self.process.poll() is not None or self.run("status")[0] == 0, "a host that answers")

    def _read(self, stream):
        with open(self.folder / "host.log", "a", encoding="utf-8") as log:
            for line in stream:
                log.write(line)
                if self.echo:
                    print(line, end="", flush=True)
                with self.news:
                    self.lines.append(line)
                    self.news.notify_all()
        with self.news:
            self.news.notify_all()  # of its end

    def said(self, text):
        return any(text in line for line in list(self.lines))

    def wait_line(self, text, since=0, patience=PATIENCE):
        """The first line behind the first `since` ones that holds `text`, waited for while the host lives."""
        end = time.monotonic() + patience
        with self.news:
            while True:
                for line in self.lines[since:]:
                    if text in line:
                        return line
                since = len(self.lines)
                if self.process.poll() is not None and not self.reader.is_alive():
                    raise AssertionError(f"the host ended before it said: {text}\n" + "".join(self.lines[-30:]))
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not within {patience} s: a line with: {text}")
                self.news.wait(min(left, 1))

    def kill(self):
        self.process.kill()
        self._join()

    def stop(self):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        self._join()
        return self.process.returncode

    def _join(self):
        self.process.wait(timeout=60)
        self.reader.join(timeout=20)
        self.process.stdout.close()

    def run(self, *arguments, environment=None):
        """One subcommand: (exit status, standard output, standard error)."""
        done = subprocess.run([STIPEND, *arguments, "-c", self.config], env=environment or self.environment, text=True,
                              capture_output=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def status(self):
        code, out, err = self.run("status", "--json")
        assert code == 0, err
        return json.loads(out)

    def decisions(self):
        code, out, err = self.run("ledger", "export", "--kind", "decisions")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def verified(self):
        code, out, err = self.run("ledger", "verify", "--json")
        assert code == 0, out + err
        return json.loads(out)

    def edit(self, old, new):
        text = self.config.read_text()
        assert old in text, old
        self.config.write_text(text.replace(old, new))

    def end(self, keep=False):
        self.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
