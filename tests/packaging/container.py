"""A systemd of its own in a container: /usr is this machine's, read-only, or all is a Debian from an archive; what else
there is is new and goes with it.

Needs root and systemd-nspawn. The container has no network but its own loopback.
"""
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

BOOT_SECONDS = 45
LOCK = "/run/lock/stipend-container.lock"
TARGET = """[Unit]
Description=What a service needs, and nothing else
Requires=basic.target
After=basic.target
AllowIsolate=yes
"""


class Unavailable(Exception):
    """Why no container can be booted here."""


class Container:
    def __init__(self, prepare, binds=None, rights=(), system=None):
        """`prepare(root)` fills the root before the boot; what it puts into root/usr/local covers this machine's.
        `binds`: files of this machine that are to be seen inside, by their path there. `rights`: capabilities that a
        container does not have by itself, and a machine does. `system`: an archive of a whole root, with a systemd."""
        self.binds = binds or {}
        self.system = system
        self.rights = rights
        if os.geteuid() != 0:
            raise Unavailable("booting a container needs root")
        if shutil.which("systemd-nspawn") is None:
            raise Unavailable("systemd-nspawn is not installed (package systemd-container)")
        self.lock = open(LOCK, "w", encoding="ascii")  # two containers beside each other would share their control groups
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-container-"))
        self.nspawn = None
        try:
            self._unpack(self.folder / "root") if system else self._lay_out(self.folder / "root")
            (self.folder / "root/etc/systemd/system/container.target").write_text(TARGET)
            prepare(self.folder / "root")
            self._boot()
        except BaseException:
            self.end()
            raise

    def _unpack(self, root):
        root.mkdir()
        subprocess.run(["tar", "-xf", self.system, "-C", root, "--exclude=./dev/*"], check=True, timeout=120)

    def _lay_out(self, root):
        for name in ("usr/lib", "etc/systemd/system", "var", "tmp", "run", "proc", "sys", "dev", "root"):
            (root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if pathlib.Path("/", name).is_symlink():
                (root / name).symlink_to(os.readlink(pathlib.Path("/", name)))
        shutil.copy("/usr/lib/os-release", root / "usr/lib")
        etc = root / "etc"
        (root / "var/run").symlink_to("../run")
        (etc / "machine-id").write_text("5" * 32 + "\n")
        (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n")
        (etc / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
        (etc / "nsswitch.conf").write_text("passwd: files systemd\ngroup: files systemd\nhosts: files\n")
        (etc / "hosts").write_text("127.0.0.1 localhost\n")

    def _boot(self):
        root = self.folder / "root"
        self.said = open(self.folder / "nspawn.log", "w+", encoding="utf-8", errors="replace")
        binds = [*([] if self.system else ["--bind-ro=/usr"]), *(f"--bind={path}:{inside}" for inside, path in self.binds.items())]
        if not self.system and (root / "usr/local").exists():  # moved, since this machine's /usr covers its place
            (root / "usr/local").rename(self.folder / "local")
            binds.append(f"--bind-ro={self.folder}/local:/usr/local")
        binds += [f"--capability={right}" for right in self.rights]
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--boot", f"--directory={root}", *binds, "--private-network", "--register=no",
             "--keep-unit", "--console=pipe", "--resolv-conf=off", "--timezone=off", "systemd.unit=container.target"],
            stdin=subprocess.DEVNULL, stdout=self.said, stderr=subprocess.STDOUT, start_new_session=True)
        end = time.monotonic() + BOOT_SECONDS
        state = ""
        while state not in ("running", "degraded"):
            if self.nspawn.poll() is not None or time.monotonic() > end:
                self.said.seek(0)
                lines = self.said.read().split("\n")
                why = next((line.strip() for line in reversed(lines) if line.strip()), "it says nothing")
                raise Unavailable(f"no container can be booted here: {why}")
            time.sleep(0.1)
            state = self._state()

    def _state(self):
        if not self._leader():
            return ""
        done = self.run("systemctl", "is-system-running")
        return done.stdout.strip()

    def _leader(self):
        """The container's first process, as this machine numbers it; empty until it is there."""
        try:
            task = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
            return task[0] if task and pathlib.Path(f"/proc/{task[0]}/comm").read_text().strip() == "systemd" else ""
        except OSError:
            return ""

    def run(self, *command, timeout=60):
        """A command inside, as root."""
        return subprocess.run(["nsenter", "-t", self._leader(), "-m", "-u", "-i", "-n", "-p", "--", *map(str, command)],
                              text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                              env={"PATH": "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin", "LANG": "C.UTF-8"})

    def output(self, *command):
        done = self.run(*command)
        assert done.returncode == 0, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def end(self):
        if self.nspawn is not None and self.nspawn.poll() is None:
            self.nspawn.terminate()  # an orderly shutdown
            try:
                self.nspawn.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.nspawn.pid, signal.SIGKILL)
                self.nspawn.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()
