"""monitor.so watches the containers of a real Docker Engine, as the host would run it."""
import json
import os
import pathlib
import signal
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import engine as engines  # noqa: E402

BUILD = pathlib.Path(os.environ["STIPEND_BUILD"])
SECOND = 1_000_000_000
PROMPT = 2.0  # seconds within which a change is reported


class Watch:
    """A watch of targets, and what it has said so far."""

    def __init__(self, address, targets, environment=None, **config):
        self.folder = tempfile.TemporaryDirectory(prefix="stipend-watch-")
        self.seen = []
        self.changed = threading.Condition()
        self.errors = open(pathlib.Path(self.folder.name) / "stderr", "w+b")
        self.process = subprocess.Popen(
            [BUILD / "tests" / "watch-targets", BUILD / "lib" / "stipend" / "plugins", BUILD / "bin" / "stipend-probe",
             pathlib.Path(self.folder.name) / "staging", "monitor", "org.stipend.monitor.docker",
             json.dumps(({} if address is None else {"engine": address}) | config), *(name if "=docker:" in name else f"{name}=docker:{name}" for name in targets)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            one = json.loads(line)
            one["evidence"] = json.loads(one["evidence"])
            with self.changed:
                self.seen.append(one)
                self.changed.notify_all()

    def wait(self, target, verdict, after=0, within=PROMPT, start=None, fits=None, **evidence):
        """The first observation of that kind that was said from `after` on (nanoseconds); it begins at `start`."""
        def wanted(one):
            return (one["target"] == target and one["verdict"] == verdict and one["said"] >= after and
                    (fits is None or fits(one)) and (start is None or one["from"] == start) and
                    all(one["evidence"].get(key) == value for key, value in evidence.items()))
        end = time.monotonic() + within
        with self.changed:
            while True:
                for one in self.seen:
                    if wanted(one):
                        return one
                if not self.changed.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    last = [one for one in self.seen if one["target"] == target][-4:]
                    raise AssertionError(f"{target}: not {verdict} {evidence} within {within} s; last: {last}")

    def close(self):
        """Ends it, which no open stream may hold up; its log."""
        try:
            begin = time.monotonic()
            self.process.stdin.close()
            status = self.process.wait(timeout=30)
            took = time.monotonic() - begin
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stdout.close()
        self.errors.seek(0)
        log = self.errors.read().decode(errors="replace")
        self.errors.close()
        self.folder.cleanup()
        assert status == 0, log
        assert took < 3, f"it took {took} s to end"
        return log


def now():
    return time.time_ns()


class DockerTest(unittest.TestCase):
    def engine(self, **how):
        engine = engines.Engine(**how)
        self.addCleanup(engine.close)
        return engine

    def watch(self, address, targets, environment=None, **config):
        watch = Watch(address, targets, environment, **config)
        self.addCleanup(watch.close)
        return watch

    def assert_near(self, at, wanted, slack=0.4):
        self.assertLess(abs(at - wanted) / SECOND, slack)


class Events(DockerTest):
    """An interval so long that only the event stream can have reported it."""

    def setUp(self):
        self.docker = self.engine()

    def change(self, watch, verdict, action, target, **evidence):
        begin = now()
        action()
        # One about the time before may still come after `begin`.
        return watch.wait(target, verdict, after=begin, fits=lambda one: one["to"] >= begin, **evidence)

    def test_each_change_of_a_container_is_told_at_once(self):
        docker = self.docker
        docker.run("svc", health="test ! -f /ill")
        watch = self.watch(docker.address, ["svc"], every="60s")
        watch.wait("svc", "up", within=10, state="running")
        act = docker.act
        self.change(watch, "down", lambda: act("svc", "pause"), "svc", state="paused")
        self.change(watch, "up", lambda: act("svc", "unpause"), "svc", state="running")
        self.change(watch, "degraded", lambda: docker.exec("svc", "touch", "/ill"), "svc", health="unhealthy")
        self.change(watch, "up", lambda: docker.exec("svc", "rm", "/ill"), "svc", health="healthy")
        self.change(watch, "down", lambda: act("svc", "stop", t=0), "svc", state="exited", exit_code=137)
        self.change(watch, "up", lambda: act("svc", "start"), "svc", state="running")
        self.change(watch, "down", lambda: act("svc", "kill"), "svc", state="exited")
        self.change(watch, "up", lambda: act("svc", "start"), "svc", state="running")
        begin = now()
        act("svc", "restart", t=0)
        down = watch.wait("svc", "down", after=begin, state="exited")
        # As in `change`: one about the time before the restart may still come after `begin`.
        up = watch.wait("svc", "up", after=begin, state="running", fits=lambda one: one["to"] > down["to"])
        gap = watch.wait("svc", "down", after=begin, why="between two runs")
        self.assert_near(gap["to"], up["from"])
        self.change(watch, "down", lambda: act("svc", "rename", name="other"), "svc", state="renamed")
        self.change(watch, "up", lambda: act("other", "rename", name="svc"), "svc", state="running")
        self.change(watch, "down", lambda: docker.remove("svc"), "svc", state="removed")
        self.change(watch, "down", lambda: docker.create("svc"), "svc", state="created")
        self.change(watch, "up", lambda: act("svc", "start"), "svc", state="running")

    def test_a_container_out_of_memory_and_one_that_restarts_for_ever_are_down(self):
        docker = self.docker
        watch = self.watch(docker.address, ["greedy", "loop"], every="60s")
        watch.wait("greedy", "down", within=10, state="missing")
        docker.run("greedy", command=("sh", "-c", "sleep 1; x=a; while true; do x=$x$x; done"), memory=16 << 20)
        watch.wait("greedy", "up", within=5)
        watch.wait("greedy", "down", within=20, state="exited", oom_killed=True)
        docker.run("loop", command=("sh", "-c", "sleep 0.3; exit 3"), restart="always")
        # The engine waits longer after each run.
        pause = watch.wait("loop", "down", within=20, state="restarting", exit_code=3)
        self.assertGreater(pause["evidence"]["restarts"], 0)

    def test_a_pattern_counts_what_it_finds_and_keeps_what_vanished(self):
        docker = self.docker
        docker.run("s1_a")
        watch = self.watch(docker.address, ["s1_*", "svc"], every="60s")
        watch.wait("s1_a", "up", within=10)
        self.change(watch, "up", lambda: docker.run("s1_b"), "s1_b")
        self.change(watch, "down", lambda: docker.act("s1_b", "rename", name="s1_c"), "s1_b", state="renamed")
        renamed = watch.wait("s1_c", "up")
        self.change(watch, "down", lambda: docker.remove("s1_a"), "s1_a", state="removed")
        watch.wait("svc", "down", state="missing", why="no such container")
        # A name has no past before a container had it.
        begin = min(one["from"] for one in watch.seen if one["target"] == "s1_c")
        self.assertGreaterEqual(begin, renamed["from"])

    def test_services_that_nobody_named_are_proposed_once(self):
        docker = self.docker
        docker.run("my_autogen_2")
        watch = self.watch(docker.address, ["svc"], every="1s")
        found = watch.wait("my_autogen_2", "found", within=10)
        self.assertEqual(found["evidence"], {"image": engines.IMAGE, "why": "name looks like AutoGen"})
        self.change(watch, "found", lambda: docker.run("labelled", labels={"stipend.monitor": "true"}), "labelled",
                    why="label stipend.monitor=true")
        docker.run("other", labels={"stipend.monitor": "false"})
        time.sleep(2.5)  # two more looks, which say nothing new
        self.assertEqual([one["target"] for one in watch.seen if one["verdict"] == "found"],
                         ["my_autogen_2", "labelled"])


class Gaps(DockerTest):
    def test_the_first_look_says_what_the_engine_proves_of_the_past(self):
        docker = self.engine()
        docker.run("runs")
        docker.run("over")
        docker.act("over", "kill")
        over = docker.inspect("over")["State"]
        time.sleep(1)
        watch = self.watch(docker.address, ["runs", "over"], every="60s")
        up = watch.wait("runs", "up", within=10, restarts=0)
        self.assertGreater(up["to"] - up["from"], SECOND)
        before = watch.wait("over", "up", why="its last run")
        after = watch.wait("over", "down", restarts=0)
        self.assertEqual(before["to"], after["from"])
        self.assertGreater(after["to"] - after["from"], SECOND)
        self.assertTrue(over["FinishedAt"].startswith(before["evidence"]["started_at"][:11]))

    def test_a_daemon_that_was_killed_hides_nothing_when_it_is_back(self):
        docker = self.engine(live_restore=True)
        docker.run("lives")
        docker.run("dies")
        watch = self.watch(docker.address, ["lives", "dies"], every="1s", timeout="1s")
        watch.wait("lives", "up", within=10)
        watch.wait("dies", "up", within=10)
        pid = docker.inspect("dies")["State"]["Pid"]
        killed = now()
        docker.kill()
        lost = watch.wait("lives", "unknown", after=killed)
        self.assert_near(lost["from"], killed)
        time.sleep(1)
        died = now()
        os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        watch.wait("lives", "unknown", after=died, within=5)
        back = now()
        docker.start()
        proof = watch.wait("lives", "up", after=back, within=10, restarts=0)
        self.assertLess(proof["from"], killed)
        self.assertGreater(proof["to"], back)
        down = watch.wait("dies", "down", after=back, within=10, restarts=0)
        self.assertGreater(down["from"], killed)
        self.assertLess(down["from"], back + SECOND)

    def test_a_daemon_that_stops_takes_its_containers_with_it(self):
        docker = self.engine()
        docker.run("svc")
        watch = self.watch(docker.address, ["svc"], every="1s")
        watch.wait("svc", "up", within=10)
        begin = now()
        docker.stop()
        watch.wait("svc", "down", after=begin, within=10, state="exited")
        watch.wait("svc", "unknown", after=begin, within=10)
        back = now()
        docker.start()
        watch.wait("svc", "down", after=back, within=10, restarts=0)
        begin = now()
        docker.act("svc", "start")
        watch.wait("svc", "up", after=begin, state="running")

    def test_a_daemon_that_hangs_is_unknown_and_what_happened_meanwhile_is_told_later(self):
        docker = self.engine()
        docker.run("lives")
        docker.run("dies")
        watch = self.watch(docker.address, ["lives", "dies"], every="1s", timeout="500ms")
        watch.wait("lives", "up", within=10)
        pid = docker.inspect("dies")["State"]["Pid"]
        hung = now()
        docker.signal(signal.SIGSTOP)
        lost = watch.wait("lives", "unknown", after=hung, within=5)
        self.assertGreater(lost["from"], hung)
        died = now()
        os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        back = now()
        docker.signal(signal.SIGCONT)
        proof = watch.wait("lives", "up", after=back, within=10, restarts=0)
        self.assertLess(proof["from"], hung)
        # The event comes when the engine awakes, but it knows when the container ended.
        run = watch.wait("dies", "up", after=back, within=10, why="its last run")
        self.assert_near(run["to"], died)
        watch.wait("dies", "down", after=back, start=run["to"])

    def test_a_pause_in_a_gap_is_replayed(self):
        docker = self.engine()
        docker.run("svc")
        first = self.watch(docker.address, ["svc"], every="60s")
        first.wait("svc", "up", within=10)
        first.process.stdin.close()
        self.assertEqual(first.process.wait(timeout=30), 0)
        paused = now()
        docker.act("svc", "pause")
        time.sleep(1)
        docker.act("svc", "unpause")
        second = self.watch(docker.address, ["svc"], every="60s")
        down = second.wait("svc", "down", within=10, state="paused")
        self.assert_near(down["from"], paused)
        self.assertGreater((down["to"] - down["from"]) / SECOND, 0.9)
        up = second.wait("svc", "up", state="running", restarts=0)
        self.assertGreaterEqual(up["from"], down["to"])

    def test_no_engine_at_all_is_unknown_with_the_reason_until_there_is_one(self):
        docker = self.engine()
        docker.stop()
        watch = self.watch(docker.address, ["svc"], every="1s")
        lost = watch.wait("svc", "unknown", within=10)
        self.assertIn("docker.sock", lost["evidence"]["why"])
        docker.start()
        watch.wait("svc", "down", within=10, state="missing")
        self.assertIn("the engine answers again", watch.close())
        self._cleanups.pop()


class Tls(DockerTest):
    """An engine on TCP that wants a certificate of each client."""

    def setUp(self):
        self.docker = self.engine(tls=True)
        self.docker.run("svc")
        self.client = self.docker.certificates.issue("client")

    def test_the_variables_of_dockers_own_client_are_enough(self):
        watch = self.watch(None, ["svc"], every="60s", environment={
            "DOCKER_HOST": self.docker.tcp_address, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(self.client)})
        watch.wait("svc", "up", within=10, state="running")
        begin = now()
        self.docker.act("svc", "pause")
        watch.wait("svc", "down", after=begin, state="paused")

    def test_options_do_the_same(self):
        watch = self.watch(self.docker.tcp_address, ["svc"], every="60s", tls_verify=True, cert_path=str(self.client),
                           environment={"DOCKER_HOST": "tcp://192.0.2.1:1", "DOCKER_CERT_PATH": "/nowhere"})
        watch.wait("svc", "up", within=10, state="running")

    def test_what_does_not_fit_is_unknown_with_the_reason(self):
        stranger = engines.Certificates(self.docker.folder / "image")
        for given, why in (
                (stranger.issue("client"), "certificate"),  # another CA's: the engine's certificate is not trusted
                (None, "status 400")):  # plain text to a port with TLS
            config = {} if given is None else {"cert_path": str(given)}
            watch = self.watch(self.docker.tcp_address, ["svc"], every="1s", **config)
            lost = watch.wait("svc", "unknown", within=10)
            self.assertIn(why, lost["evidence"]["why"])
        # The engine is trusted, and does not trust the client: its alert, or the reset that follows it, comes first.
        shutil.copy(self.docker.certificates.ca, stranger.folder / "client" / "ca.pem")
        watch = self.watch(self.docker.tcp_address, ["svc"], every="1s", cert_path=str(stranger.folder / "client"))
        self.assertRegex(watch.wait("svc", "unknown", within=10)["evidence"]["why"], "certificate|reset by peer")
        self.assertEqual([one for one in watch.seen if one["verdict"] == "up"], [])


@unittest.skipIf(shutil.which("docker-compose") is None, "docker-compose is not installed")
class Services(DockerTest):
    """A service of a Compose project, as one: whatever docker-compose calls its containers, and how many there are."""

    def setUp(self):
        self.docker = self.engine()
        self.file = self.docker.folder / "docker-compose.yml"
        self.write("100000")

    def write(self, seconds):
        self.file.write_text(f"""
version: "2.4"
services:
  redis:
    image: {engines.IMAGE}
    command: ["sleep", "{seconds}"]
    network_mode: none
    stop_grace_period: 0s
    labels: {{ tier: paid }}
  other:
    image: {engines.IMAGE}
    command: ["sleep", "100000"]
    network_mode: none
    stop_grace_period: 0s
""")

    def compose(self, *arguments):
        done = subprocess.run(["docker-compose", "-p", "net", "-f", str(self.file), *arguments], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "DOCKER_HOST": self.docker.address})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_scaling_and_recreating_a_service_leaves_it_the_same(self):
        self.compose("up", "-d", "redis")
        watch = self.watch(self.docker.address,
                           ["redis=docker:compose:net/redis", "paid=docker:label:tier=paid",
                            "other=docker:compose:net/other"], every="1s")
        watch.wait("redis", "up", within=10, container="net_redis_1")
        watch.wait("paid", "up", within=10, container="net_redis_1")
        watch.wait("other", "down", within=10, state="missing")
        begin = now()
        self.compose("up", "-d", "--scale", "redis=3", "redis")
        watch.wait("redis", "up", after=begin, within=5, container="net_redis_3")
        self.compose("up", "-d", "--scale", "redis=1", "redis")
        scaled = now()
        watch.wait("redis", "up", after=scaled, within=5, container="net_redis_1")
        for target in ("redis", "paid"):
            self.assertEqual({one["verdict"] for one in watch.seen
                              if one["target"] == target and one["said"] >= begin}, {"up"})
        # A recreate is the time between the two containers, no more.
        self.write("99999")
        begin = now()
        self.compose("up", "-d", "redis")
        end = now()
        down = watch.wait("redis", "down", after=begin)
        up = watch.wait("redis", "up", after=down["said"], within=5)
        self.assertLess((up["from"] - down["from"]) / SECOND, (end - begin) / SECOND + PROMPT)
        begin = now()
        self.compose("stop", "redis")
        watch.wait("redis", "down", after=begin)
        watch.wait("paid", "down", after=begin)


class Foreign(DockerTest):
    """What containers that are not watched can put into the engine's answers."""

    LABELS = {"exitCode": "many", "oldName": "svc", "containerExitCode": "", "image": "x" * 5000, "execDuration": "{}"}

    def test_a_name_of_any_length_and_any_label_hide_no_other_container(self):
        docker = self.engine()
        docker.run("svc")
        for size in (255, 256, 400):
            docker.run("n" * size, labels=self.LABELS)
            docker.act("n" * size, "kill")
        docker.run("labels", labels={**self.LABELS, "": "", "com.docker.compose.project": "x" * 100_000})
        docker.act("labels", "kill")
        docker.act("labels", "rename", name="other")
        # The events stay in the engine's store, so that a new watch replays them.
        for _ in range(2):
            watch = self.watch(docker.address, ["svc"], every="1s")
            watch.wait("svc", "up", within=10)
            begin = now()
            docker.act("n" * 400, "start")
            docker.act("n" * 400, "kill")
            docker.act("svc", "pause")
            watch.wait("svc", "down", after=begin, state="paused")
            docker.act("svc", "unpause")
            watch.wait("svc", "up", after=begin, state="running")
            time.sleep(2.5)  # two more lists
            self.assertEqual([one for one in watch.seen if one["verdict"] == "unknown"], [])
            log = watch.close()
            self._cleanups.pop()
            self.assertEqual(log.count("the entry of container"), 2, log)

    def test_a_list_that_a_label_makes_too_large_is_asked_for_without_that_container(self):
        docker = self.engine()
        docker.run("svc.1")
        docker.run("s1_a")
        docker.create("huge", labels={"x": "y" * (33 << 20)})
        watch = self.watch(docker.address, ["svc.1", "s1_*"], every="1s")
        watch.wait("svc.1", "up", within=15)
        watch.wait("s1_a", "up", within=15)
        begin = now()
        docker.act("svc.1", "pause")
        watch.wait("svc.1", "down", after=begin, state="paused")
        self.assertEqual([one for one in watch.seen if one["verdict"] == "unknown"], [])


class Clocks(DockerTest):
    """The worker's clock is set by libfaketime; the engine's is that of the machine."""

    LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    HOUR = 3600

    def setUp(self):
        if os.environ.get("STIPEND_SANITIZE", ""):
            self.skipTest("a sanitizer's runtime wants to be loaded before anything else")
        if self.LIBRARY is None:
            self.skipTest("libfaketime is not installed (Debian: faketime)")
        self.docker = self.engine()
        folder = tempfile.TemporaryDirectory(prefix="stipend-clock-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "offset"

    def set_clock(self, offset):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset:+d}s\n")
        fresh.replace(self.file)

    def watch_at(self, offset):
        """A watch that reaches the engine only when its clock is set: libfaketime breaks the first timers of a process
        that starts in the future."""
        self.set_clock(0)
        late = self.docker.folder / f"late{offset}.sock"
        watch = self.watch(f"unix://{late}", ["svc"], every="1s", environment={
            "LD_PRELOAD": str(self.LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        watch.wait("svc", "unknown", within=10)
        self.set_clock(offset)
        late.symlink_to(self.docker.socket)
        return watch

    def test_an_engine_whose_clock_differs_is_watched_in_the_workers_time(self):
        docker = self.docker
        docker.run("svc")
        started = now()
        time.sleep(2)
        for offset in (-self.HOUR, -7, 7, self.HOUR):
            shift = offset * SECOND
            watch = self.watch_at(offset)
            watch.wait("svc", "up", within=15,
                       fits=lambda one: abs(one["from"] - shift - started) < 1.5 * SECOND)
            begin = now()
            docker.act("svc", "pause")
            down = watch.wait("svc", "down", after=begin + shift, state="paused")
            self.assert_near(down["from"] - shift, begin, slack=1.5)
            docker.act("svc", "unpause")
            watch.wait("svc", "up", after=begin + shift, state="running")
            verdicts = [one["verdict"] for one in watch.seen]
            self.assertNotIn("unknown", verdicts[verdicts.index("up"):])
            log = watch.close()
            self._cleanups.pop()
            side = "behind" if offset > 0 else "ahead of"
            self.assertRegex(log, rf"the engine's clock is \d+\.\d s {side} this machine's")
            docker.act("svc", "restart", t=0)
            started = now()
            time.sleep(1)

    def test_a_workers_clock_that_is_set_changes_no_verdict(self):
        docker = self.docker
        docker.run("svc")
        watch = self.watch_at(0)
        watch.wait("svc", "up", within=10, restarts=0)
        for offset in (self.HOUR, 0, -self.HOUR):
            shift = offset * SECOND
            self.set_clock(offset)
            time.sleep(3)
            begin = now()
            docker.act("svc", "pause")
            down = watch.wait("svc", "down", state="paused", fits=lambda one: abs(one["to"] - shift - begin) < SECOND)
            self.assertLess(down["from"], down["to"] + 1)
            docker.act("svc", "unpause")
            watch.wait("svc", "up", state="running", fits=lambda one: 0 < one["to"] - shift - begin < 3 * SECOND)
        verdicts = [one["verdict"] for one in watch.seen]
        first = verdicts.index("up")
        self.assertEqual(set(verdicts[first:]), {"up", "down"})


class Compose(DockerTest):
    def setUp(self):
        self.docker = self.engine()

    def check(self, watch, begin, end, recreates):
        """One service, which is up at the end, and was down in each recreate but not for longer than all of them."""
        names = {one["target"] for one in watch.seen}
        self.assertEqual(names, {"proj_svc_scb"})
        self.assertNotIn("found", {one["verdict"] for one in watch.seen})
        seen = [one for one in watch.seen if one["to"] >= begin]
        self.assertEqual(seen[-1]["verdict"], "up")
        last, down_ns, turns = None, 0, 0
        for one in sorted(seen, key=lambda one: one["to"]):
            at, verdict = one["to"], one["verdict"]
            if last is not None and last[1] != "up":
                down_ns += at - last[0]
            turns += last is not None and last[1] == "up" and verdict != "up"
            last = (at, verdict)
        self.assertGreaterEqual(turns, recreates)
        self.assertLess(down_ns, end - begin)

    def second_version(self, name):
        """What Compose v2 does: create under another name, stop and remove the old one, rename, start."""
        docker = self.docker
        old = docker.inspect(name)["Id"]
        ghost = f"{old[:12]}_{name}"
        docker.create(ghost)
        time.sleep(1.2)  # a list sees both
        docker.act(old, "stop", t=0)
        docker.remove(old)
        docker.act(ghost, "rename", name=name)
        docker.act(name, "start")

    def test_recreates_of_the_second_version_are_one_service(self):
        docker = self.docker
        docker.run("proj_svc_scb")
        watch = self.watch(docker.address, ["*_scb"], every="1s", discover={"kinds": {"SCB": ["*_scb"]}})
        watch.wait("proj_svc_scb", "up", within=10)
        begin = now()
        for _ in range(3):
            self.second_version("proj_svc_scb")
            time.sleep(1.5)
        self.check(watch, begin, now(), 3)
        watch.close()
        self._cleanups.pop()
        gap = now()
        self.second_version("proj_svc_scb")
        back = now()
        time.sleep(1)
        watch = self.watch(docker.address, ["*_scb"], every="1s")
        down = watch.wait("proj_svc_scb", "down", within=10, fits=lambda one: one["from"] > gap)
        self.assertLess(down["to"], back)
        watch.wait("proj_svc_scb", "up")
        time.sleep(1.5)
        self.check(watch, back, now() + SECOND, 0)

    @unittest.skipIf(shutil.which("docker-compose") is None, "docker-compose is not installed")
    def test_recreates_by_docker_compose_are_one_service(self):
        docker = self.docker
        file = docker.folder / "docker-compose.yml"
        file.write_text(json.dumps({"version": "2.4", "services": {"svc": {
            "image": engines.IMAGE, "command": ["sleep", "100000"], "network_mode": "none",
            "container_name": "proj_svc_scb", "stop_grace_period": "1s"}}}))

        def up(*more):
            done = subprocess.run(["docker-compose", "-H", docker.address, "-p", "proj", "-f", str(file), "up", "-d",
                                   *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace"))

        up()
        watch = self.watch(docker.address, ["*_scb"], every="1s")
        watch.wait("proj_svc_scb", "up", within=10)
        begin = now()
        for _ in range(3):
            up("--force-recreate")
            time.sleep(1.5)
        self.check(watch, begin, now(), 3)
        watch.close()
        self._cleanups.pop()
        gap = now()
        up("--force-recreate")
        back = now()
        watch = self.watch(docker.address, ["*_scb"], every="1s")
        down = watch.wait("proj_svc_scb", "down", within=10, fits=lambda one: one["from"] > gap)
        self.assertLess(down["to"], back)
        time.sleep(1.5)
        self.check(watch, back, now() + SECOND, 0)


class Proxy:
    """A socket proxy before an engine: it refuses some requests, or holds what they would answer."""

    def __init__(self, engine, refused=(), silent=()):
        self.engine, self.refused, self.silent = engine, refused, silent
        self.path = str(engine.folder / "proxy.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.open = []
        self.thread = threading.Thread(target=self._accept)
        self.thread.start()

    @property
    def address(self):
        return f"unix://{self.path}"

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            target = head.split(b" ", 2)[1].decode()
            if any(word in target for word in self.refused):
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            if any(word in target for word in self.silent):
                client.recv(1)  # until the other side gives up
                return
            with socket.socket(socket.AF_UNIX) as engine:
                engine.connect(str(self.engine.socket))
                engine.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                while part := engine.recv(65536):
                    client.sendall(part)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for client in self.open:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Proxies(DockerTest):
    def looks_alone(self, **how):
        docker = self.engine()
        docker.run("svc")
        proxy = Proxy(docker, **how)
        self.addCleanup(proxy.close)
        watch = self.watch(proxy.address, ["svc"], every="3s", timeout="1s")
        watch.wait("svc", "up", within=10, restarts=0)
        for _ in range(2):  # each time between two looks
            begin = now()
            docker.act("svc", "kill")
            time.sleep(0.5)
            docker.act("svc", "start")
            gap = watch.wait("svc", "down", after=begin, within=8, why="between two runs")
            self.assert_near(gap["from"], begin)
            self.assertGreater((gap["to"] - gap["from"]) / SECOND, 0.4)
            watch.wait("svc", "up", after=begin, within=8, start=gap["to"])
        self.assertEqual([one for one in watch.seen if one["verdict"] == "unknown"], [])
        log = watch.close()
        self._cleanups.pop()
        self.assertEqual(log.count("only looked at every 3s"), 1, log)

    def test_where_events_are_forbidden_looks_go_on_alone(self):
        self.looks_alone(refused=("/events",))

    def test_where_events_are_silent_looks_go_on_alone(self):
        self.looks_alone(silent=("/events",))


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print(f"skipped: no Docker Engine can be started here: {reason}", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
