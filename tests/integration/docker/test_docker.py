"""monitor.so watches the containers of a real Docker Engine, as the host would run it."""
import json
import os
import pathlib
import signal
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

    def __init__(self, address, targets, **config):
        self.folder = tempfile.TemporaryDirectory(prefix="stipend-watch-")
        self.seen = []
        self.changed = threading.Condition()
        self.errors = open(pathlib.Path(self.folder.name) / "stderr", "w+b")
        self.process = subprocess.Popen(
            [BUILD / "tests" / "watch-targets", BUILD / "lib" / "stipend" / "plugins", BUILD / "bin" / "stipend-probe",
             pathlib.Path(self.folder.name) / "staging", "monitor", "org.stipend.monitor.docker",
             json.dumps({"engine": address, **config}), *(f"{name}=docker:{name}" for name in targets)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            one = json.loads(line)
            one["evidence"] = json.loads(one["evidence"])
            with self.changed:
                self.seen.append(one)
                self.changed.notify_all()

    def wait(self, target, verdict, after=0, within=PROMPT, start=None, **evidence):
        """The first observation of that kind that was said from `after` on (nanoseconds); it begins at `start`."""
        def fits(one):
            return (one["target"] == target and one["verdict"] == verdict and one["said"] >= after and
                    (start is None or one["from"] == start) and
                    all(one["evidence"].get(key) == value for key, value in evidence.items()))
        end = time.monotonic() + within
        with self.changed:
            while True:
                for one in self.seen:
                    if fits(one):
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

    def watch(self, address, targets, **config):
        watch = Watch(address, targets, **config)
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
        seen = watch.wait(target, verdict, after=begin, **evidence)
        self.assertGreaterEqual(seen["to"], begin)
        return seen

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
        up = watch.wait("svc", "up", after=begin, state="running")
        self.assertLess(down["to"], up["to"])
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


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print(f"skipped: no Docker Engine can be started here: {reason}", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
