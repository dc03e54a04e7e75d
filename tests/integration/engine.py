"""A Docker Engine for tests: a dockerd of their own, with its socket, data and containers in a folder that goes away.

    with Engine() as engine:
        engine.run("redis_scb")            # a container that sleeps
        engine.call("POST", "/containers/redis_scb/kill")

Only what was started here is ended, each process by its id. `why_not()` says why there can be none here.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.parse

BUSYBOX = next((p for p in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(p)), None)
IMAGE = "stipend-test:1"
APPLETS = ("sh", "sleep", "test", "touch", "rm", "true", "kill")
PATIENCE = 30  # seconds until something that does not come is a failure


def why_not():
    """Why no engine can be started here; None where it can."""
    for program in ("dockerd", "containerd", "runc"):
        if shutil.which(program, path=_path()) is None:
            return f"{program} is not installed (Debian: docker.io)"
    if BUSYBOX is None:
        return "busybox is not installed (Debian: busybox-static)"
    if os.geteuid() != 0:
        return "dockerd has to be started by root"
    if not os.path.isdir("/sys/fs/cgroup") or not os.access("/sys/fs/cgroup", os.W_OK):
        return "there are no control groups that may be written to"
    return None


def _path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def wait_for(condition, what, patience=PATIENCE):
    """Waits until `condition()` gives something true, and returns that."""
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.02)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Certificates:
    """A CA in a folder, and what it issues: a folder with ca.pem, cert.pem and key.pem for each name."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "certificates"
        self.folder.mkdir()
        self.ca = self.folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=stipend test CA", "-keyout", self.folder / "ca-key.pem", "-out", self.ca)

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr

    def issue(self, name, extensions="basicConstraints=CA:FALSE"):
        folder = self.folder / name
        if folder.exists():
            return folder
        folder.mkdir()
        (folder / "extensions").write_text(extensions + "\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", folder / "key.pem", "-out", folder / "request.pem")
        self._openssl("x509", "-req", "-in", folder / "request.pem", "-CA", self.ca, "-CAkey",
                      self.folder / "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", folder / "extensions",
                      "-out", folder / "cert.pem")
        shutil.copy(self.ca, folder / "ca.pem")
        return folder


class Engine:
    def __init__(self, live_restore=False, networks=False, tls=False):
        """`networks`: in a network namespace of its own, where containers may have bridges, names and published ports
        that this machine does not see. `tls`: it also listens on TCP, for clients with a certificate of its own CA."""
        # The path of a socket is short, and an overlay cannot lie on another one: a folder of the disk.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-engine-", dir="/var/tmp"))
        self.socket = self.folder / "docker.sock"
        self.log = self.folder / "dockerd.log"
        self.live_restore = live_restore
        self.networks = networks
        self.process = None
        self.certificates = Certificates(self.folder) if tls else None
        self.port = free_port() if tls else None
        try:
            self.start()
            self._make_image()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def tcp_address(self):
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def address(self):
        return f"unix://{self.socket}"

    # --- the daemon

    def start(self):
        command = ["dockerd", "--host", self.address, "--data-root", str(self.folder / "data"),
                   "--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "dockerd.pid"),
                   "--iptables=false", "--ip6tables=false", "--bridge=none", "--raw-logs"]
        if self.live_restore:
            command.append("--live-restore")
        if self.certificates is not None:
            server = self.certificates.issue("server", "subjectAltName=IP:127.0.0.1")
            command += ["--tlsverify", "--tlscacert", str(self.certificates.ca), "--tlscert", str(server / "cert.pem"),
                        "--tlskey", str(server / "key.pem"), "--host", f"tcp://127.0.0.1:{self.port}"]
        if self.networks:
            command[:0] = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        # A daemon that was killed leaves its own id behind.
        (self.folder / "dockerd.pid").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, "PATH": _path()}, start_new_session=True)
        wait_for(self._answers, "an engine that answers")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError("dockerd ended: " + self.log.read_text(errors="replace")[-2000:])
        try:
            return self.call("GET", "/_ping") == "OK"
        except OSError:
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Kills the daemon; containers and their shims live on."""
        pid_file = self.folder / "exec" / "containerd" / "containerd.pid"
        containerd = pathlib.Path("/proc", pid_file.read_text().strip())
        self.process.kill()
        self.process.wait()
        # It dies with its daemon, but not at once; and a process that is not yet reaped looks alive to the next daemon.
        wait_for(lambda: not (containerd / "exe").exists(), "the end of containerd")
        pid_file.unlink(missing_ok=True)

    def stop(self):
        """Ends the daemon, and without live restore its containers."""
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)

    def close(self):
        try:
            if self.process is not None:
                if self.process.poll() is None:
                    self.signal(signal.SIGCONT)
                self._remove_all()
                if self.process.poll() is None:
                    self.stop()
        finally:
            self._end_leftovers()
            self._unmount_leftovers()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _remove_all(self):
        try:
            for container in self.call("GET", "/containers/json?all=1"):
                self.call("DELETE", f"/containers/{container['Id']}?force=1")
        except (OSError, AssertionError, http.client.HTTPException):
            pass

    def _end_leftovers(self):
        """containerd, shims and containers that outlived a killed daemon: those that name this folder, and theirs."""
        ours = str(self.folder).encode()
        parents, roots = {}, set()
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
                if ours in (entry / "cmdline").read_bytes():
                    roots.add(int(entry.name))
            except (OSError, ValueError, IndexError):
                continue
        roots.discard(os.getpid())
        family = set(roots)
        while True:
            more = {pid for pid, parent in parents.items() if parent in family} - family
            if not more:
                break
            family |= more
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def _unmount_leftovers(self):
        """What a killed daemon leaves mounted, the innermost first."""
        mounts = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
        for point in reversed(mounts):
            if point.startswith(str(self.folder) + "/"):
                subprocess.run(["umount", "-l", point], stderr=subprocess.DEVNULL, check=False)

    # --- its API

    def call(self, method, path, body=None, want=None):
        """Asks the engine; the answer's JSON, or its text. A status of 400 and more is an AssertionError."""
        connection = _UnixConnection(str(self.socket))
        try:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
            kind = "application/x-tar" if isinstance(body, bytes) else "application/json"
            connection.request(method, path, raw, {"Content-Type": kind} if raw is not None else {})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            if answer.status >= 400 if want is None else answer.status != want:
                raise AssertionError(f"{method} {path}: status {answer.status}: {text[:300]}")
            if "json" in (answer.getheader("Content-Type") or "") and text.strip():
                try:
                    return json.loads(text)
                except ValueError:
                    return text  # a stream of objects
            return text
        finally:
            connection.close()

    def _make_image(self):
        tree = self.folder / "image"
        (tree / "bin").mkdir(parents=True)
        shutil.copy(BUSYBOX, tree / "bin" / "busybox")
        for applet in APPLETS:
            (tree / "bin" / applet).symlink_to("busybox")
        archive = self.folder / "image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(tree, arcname=".")
        repo, tag = IMAGE.split(":")
        self.call("POST", f"/images/create?fromSrc=-&repo={repo}&tag={tag}", archive.read_bytes())

    def create(self, name, command=("sleep", "100000"), health=None, labels=None, memory=None, restart=None):
        config = {"Image": IMAGE, "Cmd": list(command), "Labels": labels or {}, "StopTimeout": 1,
                  "HostConfig": {"NetworkMode": "none"}}
        if health is not None:
            config["Healthcheck"] = {"Test": ["CMD-SHELL", health], "Interval": 500_000_000, "Timeout": 5_000_000_000,
                                     "Retries": 1}
        if memory is not None:
            config["HostConfig"].update({"Memory": memory, "MemorySwap": memory})
        if restart is not None:
            config["HostConfig"]["RestartPolicy"] = {"Name": restart}
        return self.call("POST", "/containers/create?name=" + urllib.parse.quote(name), config)["Id"]

    def run(self, name, **how):
        container = self.create(name, **how)
        self.act(name, "start")
        return container

    def act(self, container, what, **query):
        """start, stop, kill, pause, unpause, restart, rename."""
        self.call("POST", f"/containers/{container}/{what}" + ("?" + urllib.parse.urlencode(query) if query else ""))

    def remove(self, name):
        self.call("DELETE", f"/containers/{name}?force=1")

    def inspect(self, name):
        return self.call("GET", f"/containers/{name}/json")

    def exec(self, name, *command):
        made = self.call("POST", f"/containers/{name}/exec", {"Cmd": list(command)})
        self.call("POST", f"/exec/{made['Id']}/start", {"Detach": True})
