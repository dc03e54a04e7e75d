"""The process of the payer, and what it says."""
import json
import pathlib
import queue
import signal
import subprocess
import threading
import time

DAY_NS = 86_400 * 10**9
START_NS = 1_800_000_000 * 10**9 + 30 * DAY_NS  # behind all decisions of a run
SPEED = 20
ETHER = 10**18
LIMITS = {"min_payout": 5 * 10**15, "max_cap": 40 * 10**9, "per_payment": 4 * 10**17, "per_payee_day": 4 * 10**17,
          "per_day": 3 * ETHER}
PATIENCE = 30


class Clock:
    """The payer's: it runs faster, and jumps."""

    def __init__(self):
        self.real_ns = time.time_ns()
        self.from_ns = START_NS

    def jump(self, ns):
        self.from_ns += ns


class Payer:
    def __init__(self, build, folder, config, payees, clock, **options):
        settings = {"plugins": build / "lib" / "stipend" / "plugins", "probe": build / "bin" / "stipend-probe",
                    "staging": folder / "staging", "ledger": folder / "ledger.db", "payees": payees, "speed": SPEED,
                    "from_ns": clock.from_ns, "real_ns": clock.real_ns, "crash": "", "crash_n": 1, "wrong": "", "disk": "",
                    "disk_after": 0, "mode": "single", "batch_most": 6} | LIMITS | options
        text = {key: str(value) for key, value in settings.items()} | {"config": config}
        self.events = queue.Queue()
        self.last = None  # event
        self.errors = open(folder / "payer.log", "ab")
        self.process = subprocess.Popen([build / "tests" / "soak-payer", json.dumps(text)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            try:
                self.last = json.loads(line)
                self.events.put(self.last)
            except ValueError:
                pass  # killed within a line
        self.events.put(None)

    def order(self, text):
        try:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it is dead: its end is seen elsewhere

    def wait_for(self, event):
        """That event, or None where the process ends before it."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                got = self.events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the payer does not say \"{event}\" within {PATIENCE} s") from None
            if got is None or got["event"] == event:
                return got

    def status(self):
        self.order("status")
        return self.wait_for("status")

    def ended(self, seconds):
        """Whether it ends by itself within that time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def stop(self):
        self.order("stop")
        if not self.ended(PATIENCE):
            self.kill()
            raise AssertionError("the payer does not stop")
        self.close()

    def close(self):
        status = self.process.wait(PATIENCE)
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.errors.close()
        return status


def verify(build, ledger):
    """What the ledger's own check finds, as text."""
    done = subprocess.run([build / "tests" / "soak-payer", json.dumps({"verify": str(ledger)})], capture_output=True, text=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done
    return done.stdout.strip()


def copy_of(source, target):
    """A ledger as it is at this moment, with its log, as a backup of files would have it."""
    for name in ("ledger.db", "ledger.db-wal"):
        if (source / name).exists():
            pathlib.Path(target / name).write_bytes((source / name).read_bytes())
