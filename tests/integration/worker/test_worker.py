"""The worker beside a real Docker Engine: its routes report the true state of the containers, whatever happens to them."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from worker import SEVEN, STIPEND, Truth, Worker, wait_for
import engine as engines

PROMPT = 2.0  # seconds within which a change is reported
AGREE = 0.2   # percent


def within(seconds, condition, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class EngineTest(unittest.TestCase):
    services = SEVEN + ["s1_*"]
    containers = SEVEN + ["s1_avatar", "s1_voice"]

    live_restore = False

    def setUp(self):
        self.engine = engines.Engine(live_restore=self.live_restore)
        self.addCleanup(self.engine.close)
        self.truth = Truth()
        for name in self.containers:
            self.up(name, lambda name=name: self.engine.run(name))
        self.worker = Worker(self.engine.address, services=self.services)
        self.addCleanup(self.worker.end)
        self.worker.environment.update(self.environment())
        self.worker.start()
        within(PROMPT * 3, lambda: len(self.worker.services()) == len(self.containers) and
               all(one["running"] for one in self.worker.services().values()), "all of them running")

    def environment(self):
        return {}

    def up(self, name, act):
        self.truth.change(name, True, act)

    def down(self, name, act):
        self.truth.change(name, False, act)

    def told(self, name, running, **more):
        def fits():
            one = self.worker.services().get(name, {})
            return one.get("running") == running and all(one.get(key) == value for key, value in more.items())
        within(PROMPT, fits, f"{name} running={running} {more}: {self.worker.services().get(name)}")

    def agree(self, window, unsure_s=0):
        """`unsure_s`: by how much an edge may be off in what the worker can know."""
        agree = AGREE + 100 * unsure_s / window
        before = time.time()
        told = float(self.worker.get(f"/service-uptime?window_seconds={window}")["overall_uptime_percentage"])
        least, most = self.truth.overall_percent(window, before, time.time())
        self.assertGreater(told, least - agree)
        self.assertLess(told, most + agree)
        print(f"told {told} %, by the test's own clock {least:.4f} to {most:.4f} %", file=sys.stderr)
        before = time.time()
        services = self.worker.get(f"/service-status?window_seconds={window}")["services"]
        for name in self.truth.changes:
            least, most = self.truth.percent(name, window, before, time.time())
            self.assertGreater(services[name]["uptime_percentage"], least - agree, name)
            self.assertLess(services[name]["uptime_percentage"], most + agree, name)


class Containers(EngineTest):
    def test_whatever_happens_to_a_container_is_told_within_two_seconds_and_counted_exactly(self):
        engine = self.engine
        begun = time.time()
        self.down("redis_scb", lambda: engine.act("redis_scb", "kill"))
        self.told("redis_scb", False, status="exited")
        self.up("redis_scb", lambda: engine.act("redis_scb", "start"))
        self.told("redis_scb", True, status="running")
        self.down("autogen_agent", lambda: engine.act("autogen_agent", "pause"))
        self.told("autogen_agent", False, status="paused")
        self.up("autogen_agent", lambda: engine.act("autogen_agent", "unpause"))
        self.told("autogen_agent", True)
        self.down("autogen_neo4j", lambda: engine.act("autogen_neo4j", "stop", t=0))
        self.told("autogen_neo4j", False)
        self.up("autogen_neo4j", lambda: engine.act("autogen_neo4j", "restart", t=0))
        self.told("autogen_neo4j", True)
        self.down("scb_gateway", lambda: engine.act("scb_gateway", "rename", name="another"))
        self.told("scb_gateway", False)
        self.up("scb_gateway", lambda: engine.act("another", "rename", name="scb_gateway"))
        self.told("scb_gateway", True)
        self.down("s1_voice", lambda: engine.remove("s1_voice"))
        self.told("s1_voice", False)  # what a pattern found and lost stays on the list
        time_of_all = max(30, int(time.time() - begun) + 1)
        self.agree(time_of_all)
        self.agree(604800)

    def test_health_decides_where_a_container_has_a_check(self):
        self.engine.remove("vtuber-ollama")
        self.engine.run("vtuber-ollama", health="test -e /well")
        self.engine.exec("vtuber-ollama", "touch", "/well")
        wait_for(lambda: self.engine.inspect("vtuber-ollama")["State"]["Health"]["Status"] == "healthy", "health")
        self.told("vtuber-ollama", True, health="healthy")
        self.engine.exec("vtuber-ollama", "rm", "/well")
        wait_for(lambda: self.engine.inspect("vtuber-ollama")["State"]["Health"]["Status"] == "unhealthy", "illness")
        self.told("vtuber-ollama", False, health="unhealthy")

    def test_a_container_that_runs_out_of_memory_is_down(self):
        self.engine.remove("redis_scb")
        self.engine.run("redis_scb", memory=8 << 20, command=("sh", "-c", "test -e /go || sleep 1; x=a; while true; do x=$x$x; done"))
        self.told("redis_scb", True)
        wait_for(lambda: not self.engine.inspect("redis_scb")["State"]["Running"], "the end of its memory")
        self.told("redis_scb", False, status="exited")

    def test_polling_changes_no_figure(self):
        self.down("redis_scb", lambda: self.engine.act("redis_scb", "kill"))
        self.told("redis_scb", False)
        looks = self.worker.services()["redis_scb"]["checks_count"]
        clients = [self.worker.connect() for _ in range(4)]
        begun = time.monotonic()

        def poll(client, count=1000, each=0.004):
            for number in range(count):
                time.sleep(max(0.0, begun + number * each - time.monotonic()))
                client.request("GET", "/service-uptime")
                answer = client.getresponse()
                answered.append((answer.status, len(answer.read()) > 0))
        answered = []
        threads = [threading.Thread(target=poll, args=(client,)) for client in clients]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        print(f"polled {len(answered) / (time.monotonic() - begun):.0f} times a second", file=sys.stderr)
        for client in clients:
            client.close()
        self.assertEqual(answered, [(200, True)] * 4000)
        self.agree(30)
        # One look every ten seconds, and those that the kill's two events bring: none for being asked 4,000 times.
        took = time.monotonic() - begun
        self.assertLessEqual(self.worker.services()["redis_scb"]["checks_count"], looks + 3 + took // 10)


class Daemon(EngineTest):
    live_restore = True

    def test_the_daemon_killed_and_brought_back_hides_nothing_and_forgets_nothing(self):
        dies = self.engine.inspect("redis_scb")["State"]["Pid"]
        self.engine.kill()
        within(PROMPT, lambda: "error" in self.worker.get("/service-status"), "the reason that nothing can be seen")
        for route in ("/service-status", "/service-uptime"):
            error = self.worker.get(route)["error"]
            self.assertIn("docker.sock", error)
            self.assertNotIn("{", error)
        self.assertEqual(self.worker.get("/service-status")["summary"]["services_up"], 0)
        unseen = float(self.worker.get("/service-uptime?window_seconds=2")["overall_uptime_percentage"])
        self.assertLess(unseen, 100)  # time without an observation is not uptime, as long as nothing proves it
        self.down("redis_scb", lambda: os.kill(dies, signal.SIGKILL))
        self.engine.start()
        within(10, lambda: sum(one["running"] for one in self.worker.services().values()) == len(self.containers) - 1,
               "all of them but one running")
        # The others ran through it, and the engine knows since when.
        before = time.time()
        seen = self.worker.services()
        moments = before, time.time()
        for name in set(self.containers) - {"redis_scb"}:
            least, most = self.truth.percent(name, 60, *moments)
            self.assertGreater(seen[name]["uptime_percentage"], least - AGREE, name)
            self.assertLess(seen[name]["uptime_percentage"], most + AGREE, name)
        # That one was up until it was killed at least, and not until now.
        self.assertGreater(seen["redis_scb"]["uptime_percentage"], self.truth.percent("redis_scb", 60, *moments)[0] - AGREE)
        self.assertLess(seen["redis_scb"]["uptime_percentage"], seen["autogen_agent"]["uptime_percentage"])


class Restart(EngineTest):
    def test_a_restart_of_the_worker_neither_adds_nor_hides_downtime(self):
        self.down("redis_scb", lambda: self.engine.act("redis_scb", "kill"))
        self.told("redis_scb", False)
        self.worker.end_process(kill=True)
        self.up("redis_scb", lambda: self.engine.act("redis_scb", "start"))  # while nothing watches
        self.down("autogen_agent", lambda: self.engine.act("autogen_agent", "kill"))
        self.worker.start()
        self.told("redis_scb", True)
        self.told("autogen_agent", False)
        self.agree(30)
        self.up("autogen_agent", lambda: self.engine.act("autogen_agent", "start"))
        self.told("autogen_agent", True)
        code = self.worker.end_process(kill=False)
        self.assertEqual(code, 0, "".join(self.worker.lines[-80:]))
        self.worker.start()
        self.told("autogen_agent", True)
        self.agree(40)


class Clock(EngineTest):
    LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)

    def environment(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-clock-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "offset"
        self.set_clock(0)
        return {"LD_PRELOAD": str(self.LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set_clock(self, offset):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset:+d}s\n")
        fresh.replace(self.file)

    @unittest.skipIf(os.environ.get("STIPEND_SANITIZE", ""), "a sanitizer's runtime wants to be loaded before anything else")
    @unittest.skipIf(LIBRARY is None, "libfaketime is not installed (Debian: faketime)")
    def test_a_clock_of_the_worker_that_is_set_changes_no_percentage(self):
        # After a step the engine's clock is known anew by the Date of its answers, which has whole seconds.
        for offset in (3600, -3600, 0):
            self.down("redis_scb", lambda: self.engine.act("redis_scb", "kill"))
            self.told("redis_scb", False)
            self.set_clock(offset)
            time.sleep(4)
            self.up("redis_scb", lambda: self.engine.act("redis_scb", "start"))
            self.told("redis_scb", True)
            self.agree(30, unsure_s=1)
            self.down("s1_voice", lambda: self.engine.act("s1_voice", "pause"))
            self.told("s1_voice", False)
            time.sleep(8)  # a list in between, by the interval
            self.up("s1_voice", lambda: self.engine.act("s1_voice", "unpause"))
            self.told("s1_voice", True)
            self.agree(30, unsure_s=1)
            self.agree(int(time.time() - self.truth.changes["s1_voice"][0][2]), unsure_s=1)
        within(PROMPT, lambda: any(self.worker.said(f"clock is {s}.") for s in (3599, 3600, 3601)),
               "the difference of the clocks in the log")


class Lists(unittest.TestCase):
    """A list of services from the environment, over TLS, and maintenance that is shown and counts as down."""

    def test_the_environment_alone_is_enough(self):
        with engines.Engine(tls=True) as engine:
            engine.run("net_redis_1", labels={"com.docker.compose.project": "net",
                                              "com.docker.compose.service": "redis"})
            engine.run("paid", labels={"tier": "paid"})
            worker = Worker(engine.tcp_address)
            self.addCleanup(worker.end)
            text = re.sub(r"  watch:\n(?:    - name: .*\n)+", "", worker.config.read_text())
            worker.config.write_text(text + """
maintenance:
  - { name: always, schedule: "* * * * *", duration: 2m }
""")
            worker.environment.update({
                "MONITORED_SERVICES": "gone, net/redis,tier=paid", "DOCKER_TLS_VERIFY": "1",
                "DOCKER_CERT_PATH": str(engine.certificates.issue("client"))})
            worker.start()
            within(PROMPT * 3, lambda: {name: one["running"] for name, one in worker.services().items()} ==
                   {"gone": False, "net/redis": True, "tier=paid": True}, "the three services")
            status = json.loads(subprocess.run(
                [STIPEND, "status", "--json", "-c", worker.config], env=worker.environment, capture_output=True,
                timeout=30, check=True).stdout)
            self.assertTrue(status["maintenance"][0]["active"])
            within(PROMPT * 3, lambda: worker.get("/service-uptime?window_seconds=1")["coverage_percentage"] == 100,
                   "a second that was seen whole")
            gone, = (one for one in status["services"] if one["name"] == "gone")
            self.assertEqual((gone["verdict"], gone["up_ppm"]), ("down", 0))


class Discovery(unittest.TestCase):
    def test_a_service_of_a_known_kind_is_found_and_told(self):
        with engines.Engine() as engine:
            engine.run("redis_scb")
            engine.run("neurosync_main")
            engine.run("anything", labels={"stipend.monitor": "true"})
            worker = Worker(engine.address, services=["redis_scb"])
            self.addCleanup(worker.end)
            worker.start()
            within(PROMPT * 3, lambda: worker.said("found neurosync_main") and worker.said("found anything"), "both found")
            self.assertEqual(list(worker.services()), ["redis_scb"])  # proposed, not watched


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(verbosity=2)
