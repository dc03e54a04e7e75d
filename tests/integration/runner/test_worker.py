"""The worker of live runners: registered by its own heartbeats or listed by the orchestrator's operator, and beside a
worker of BYOC in one process."""
import base64
import contextlib
import json
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "network"), str(HERE.parent / "host"), str(HERE.parent)]
from network import STIPEND, Devnet, wait_for  # noqa: E402
from scene import Service, Worker, free_port, indented  # noqa: E402
from test_runner import PRICE, Scene, get, post  # noqa: E402

INTERVAL = 0.5  # seconds between heartbeats, a quarter of the time that a runner lives without one


class LiveWorker(Worker):
    """`stipend run` with the live runner's plugin in the place of BYOC's."""

    def __init__(self, test, orchestrator, service, **config):
        super().__init__(orchestrator, service, **config)
        test.addCleanup(self.end)
        text = self.config.read_text()
        text = text.replace("  plugin: byoc\n  id: org.stipend.byoc.worker\n",
                            "  plugin: runner\n  id: org.stipend.runner.worker\n").replace("    probe_every: 1s\n", "")
        assert "org.stipend.runner.worker" in text
        self.config.write_text(text)

    def get(self, path):
        return get(f"http://127.0.0.1:{self.port}{path}")

    def answers(self):
        with contextlib.suppress(OSError):
            return self.get("/health") == {"status": "ok"}
        return False

    def run_command(self, *words):
        done = subprocess.run([STIPEND, *words, "-c", self.config], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self):
        return json.loads(self.run_command("status", "--json"))

    def active_alerts(self):
        return [one["id"] for one in json.loads(self.run_command("alert", "list", "--json"))["active"]]

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)
        self.reader.join(timeout=20)
        self.process.stdout.close()

    def edit(self, old, new):
        text = self.config.read_text()
        assert old in text, text
        self.config.write_text(text.replace(old, new))


def runners_of(orchestrator):
    """What discovery lists; nothing while it is away."""
    with contextlib.suppress(OSError):
        return get(orchestrator + "/discovery")[0].get("runners", [])
    return []


class Heartbeats(unittest.TestCase):
    def setUp(self):
        self.service = Service()
        self.addCleanup(lambda: self.service and self.service.close())

    def test_the_uptime_is_paid_and_a_killed_worker_is_found_again(self):
        seed = "7" * 64
        scene = Scene(self, "--bare-listeners", evidence="signed")
        worker = LiveWorker(self, scene.orchestrator, self.service, key_seed=f'"{seed}"', capacity=3, label="beside",
                            version="v1")
        worker.start()
        worker.wait_count("registered agent-net with " + scene.orchestrator, 1)
        (found,) = runners_of(scene.orchestrator)
        self.assertEqual((found["app"], found["version"], found["mode"], found["capacity"]),
                         ("agent-net", "v1", "single-shot", 3))
        key = worker.get("/service-status")["worker_key"]
        scene.host.edit("id: orch-1", f'id: orch-1, worker_key: "{key}"')
        wait_for(lambda: worker.uptime(2) == 100, "a whole interval that was watched")
        scene.host.start()
        scene.more_decisions(2, tier="excellent", job="ok")
        # Its services go away: the report says so, and the tier follows.
        self.service.close()
        self.service = None
        scene.more_decisions(1, tier="offline", job="ok")
        # It is killed and takes nothing back: a call of it fails until its time is over.
        worker.kill()
        scene.more_decisions(1, tier="offline", job="failed")
        wait_for(lambda: not runners_of(scene.orchestrator), "the end of its time")
        worker.start()
        worker.wait_count("registered agent-net with " + scene.orchestrator, 2)
        scene.more_decisions(1, job="ok")
        # It is stopped: it takes its runner back at once.
        worker.process.terminate()
        worker.process.wait(timeout=60)
        self.assertEqual(worker.process.returncode, 0)
        self.assertEqual(worker.count("unregistered agent-net, runner_"), 1)
        self.assertEqual(runners_of(scene.orchestrator), [])
        scene.end()

    def test_an_orchestrator_that_restarts_has_the_runner_again_within_an_interval(self):
        scene = Scene(self, "--bare-listeners")
        worker = LiveWorker(self, scene.orchestrator, self.service)
        worker.start()
        worker.wait_count("registered agent-net with", 1)
        first = worker.status()["worker"]["registration"]
        self.assertEqual((first["state"], first["heartbeat_every"], first["registrations"]), ("registered", "500ms", 1))
        for crash in ("50ms", "1500ms"):
            with self.subTest(crash):
                registrations = worker.count("registered agent-net with")
                scene.fault(kind="crash", **{"for": crash})
                wait_for(lambda: self.is_back(scene), "an orchestrator that answers")
                back = time.monotonic()
                worker.wait_count("registered agent-net with", registrations + 1)
                self.assertLess(time.monotonic() - back, INTERVAL + 1.5)  # the rest is this machine's
                self.assertEqual(len(runners_of(scene.orchestrator)), 1)
        self.assertGreaterEqual(worker.count("it does not know the runner any more (401: "), 1)
        again = worker.status()["worker"]["registration"]
        self.assertEqual((again["state"], again["registrations"]), ("registered", 3))
        self.assertEqual(worker.active_alerts(), [])

    def is_back(self, scene):
        with contextlib.suppress(OSError):
            return get(scene.orchestrator + "/discovery") is not None
        return False

    def test_what_keeps_a_runner_from_registering_is_an_alert_and_it_serves_on(self):
        without = Devnet(1, "--orchestrator-listen", f"127.0.0.1:{(port := free_port())}", "--bare-listeners")
        self.addCleanup(without.end)
        scene = Scene(self, "--bare-listeners")
        for orchestrator, more, told in (
                (scene.orchestrator, {"secret": "wrong"}, "wrong secret: it is to be the orchestrator's -orchSecret"),
                (f"https://127.0.0.1:{port}", {}, "it takes no runners: it wants -useLiveRunners and -orchSecret"),
                (scene.orchestrator, {"tls": "verify"}, "TLS fails: ")):
            with self.subTest(told):
                worker = LiveWorker(self, orchestrator, self.service, **more)
                worker.start()
                worker.wait_count(told, 1)
                wait_for(lambda: worker.active_alerts() == ["worker:registration"], "the alert")
                self.assertEqual(post(f"http://127.0.0.1:{worker.port}/agent-net", {})[0], 200)
                self.assertEqual(worker.count("orch-secret"), 0)
                worker.end()
        self.assertEqual(runners_of(scene.orchestrator), [])


class Priced(unittest.TestCase):
    def test_an_orchestrator_on_chain_wants_a_price_and_its_calls_are_paid(self):
        service = Service()
        self.addCleanup(service.close)
        scene = Scene(self, "--bare-listeners", "--runner-price", "1", "--usd-per-eth", "2000",
                      signer="{signer}", max_price=PRICE)
        scene.host.edit("{signer}", scene.signer)
        worker = LiveWorker(self, scene.orchestrator, service, price='""')
        worker.start()
        worker.wait_count('it refuses the registration as it is configured: "price_info must be', 1)
        self.assertEqual(runners_of(scene.orchestrator), [])
        worker.edit('    price: ""\n', '    price: "0.00001"\n')
        worker.run_command("reload")
        worker.wait_count("registered agent-net with", 1)
        (found,) = runners_of(scene.orchestrator)
        self.assertEqual(found["price_info"], {"price": PRICE, "currency": "wei", "unit": "fixed"})
        self.assertEqual(worker.active_alerts(), [])
        wait_for(lambda: worker.uptime(2) == 100, "a whole interval that was watched")
        scene.host.start()
        scene.more_decisions(2, tier="excellent", job="ok")
        scene.end()
        self.assertGreaterEqual(scene.state()["signer"]["spent"], 2)


class Static(unittest.TestCase):
    def test_a_listed_runner_is_paid_hidden_while_its_worker_is_away_and_paid_again(self):
        service = Service()
        self.addCleanup(service.close)
        scene = Scene(self, "--bare-listeners", evidence="signed")
        worker = LiveWorker(self, scene.orchestrator, service, register="false", prefix="/live")
        worker.start()
        wait_for(lambda: self.polled(worker), "a worker that answers")
        key = worker.get("/live/service-status")["worker_key"]
        self.assertEqual(worker.status()["worker"]["registration"]["health_asked"], None)
        scene.register(runner_url=f"http://127.0.0.1:{worker.port}/live", health_url="/health", healthy_status_code=200)
        wait_for(scene.healthy, "a healthy runner")
        self.assertEqual(worker.status()["worker"]["registration"]["state"], "static")
        self.assertIsNotNone(worker.status()["worker"]["registration"]["health_asked"])
        scene.host.edit("id: orch-1", f'id: orch-1, worker_key: "{key}"')
        wait_for(lambda: self.uptime(worker) == 100, "a whole interval that was watched")
        scene.host.start()
        scene.more_decisions(1, tier="excellent", job="ok")
        worker.kill()
        wait_for(lambda: not scene.healthy(), "a hidden runner")
        line = scene.more_decisions(1, job="failed")[-1]
        self.assertIn("it answers and has no runner of agent-net", line["reason"])
        worker.start()
        wait_for(lambda: self.polled(worker), "a worker that answers")
        scene.check_recovery(self, time.time())
        self.assertTrue(scene.healthy())
        scene.end()

    def polled(self, worker):
        with contextlib.suppress(OSError):
            return worker.get("/live/service-status")
        return None

    def uptime(self, worker):
        return worker.get("/live/service-uptime?window_seconds=2")["overall_uptime_percentage"]


class Beside(unittest.TestCase):
    """One worker, two plugins, two orchestrators."""

    def setUp(self):
        self.service = Service()
        self.addCleanup(self.service.close)
        self.byoc = f"https://127.0.0.1:{free_port()}"
        self.devnet = Devnet(1, "--orchestrator-listen", self.byoc.removeprefix("https://"), "--bare-listeners")
        self.addCleanup(self.devnet.end)
        self.scene = Scene(self, "--bare-listeners", evidence="signed")
        self.worker = Worker(self.byoc, self.service, orchestrator_id="orch-byoc")
        self.addCleanup(self.worker.end)
        options = {"orchestrator": self.scene.orchestrator, "secret": "orch-secret", "orchestrator_id": "orch-1",
                   "url": f"http://127.0.0.1:{self.worker.port}/live", "prefix": "/live", "tls": "none"}
        self.block = ("workers:\n  - name: live\n    plugin: runner\n    id: org.stipend.runner.worker\n    config:\n" +
                      indented(options, 6))
        text = self.worker.config.read_text()
        self.worker.config.write_text(text.replace("\nlisten: {", "\n" + self.block + "listen: {"))
        self.worker.start()

    def get(self, path):
        return get(f"http://127.0.0.1:{self.worker.port}{path}")

    def by_byoc(self):
        """The answer to a job through the gateway."""
        header = {"request": "{}", "parameters": json.dumps({"orchestrators": {"include": [self.byoc]}}),
                  "capability": "agent-net", "timeout_seconds": 5}
        request = urllib.request.Request(
            self.devnet.gateway + "/process/request/agent-net", json.dumps({"agent_id": "a", "nonce": "01ab"}).encode(),
            {"Livepeer": base64.b64encode(json.dumps(header).encode()).decode(), "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def by_runner(self):
        (found,) = runners_of(self.scene.orchestrator)
        status, body = post(found["url"] + "/agent-net", {"agent_id": "b", "nonce": "02cd"})
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def reload(self):
        done = subprocess.run([STIPEND, "reload", "-c", self.worker.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_answers_for_its_own_orchestrator_and_may_come_and_go(self):
        worker = self.worker
        worker.wait_count("registered agent-net with " + self.byoc, 1)
        worker.wait_count("registered agent-net with " + self.scene.orchestrator, 1)
        first, second = self.by_byoc()["evidence"], self.by_runner()["evidence"]
        self.assertEqual((first["orchestrator_id"], second["orchestrator_id"]), ("orch-byoc", "orch-1"))
        self.assertNotEqual(first["public_key"], second["public_key"])
        self.assertEqual(first["public_key"], self.get("/service-status")["worker_key"])
        self.assertEqual(second["public_key"], self.get("/live/service-status")["worker_key"])
        status = json.loads(subprocess.run([STIPEND, "status", "--json", "-c", worker.config], check=True,
                                           capture_output=True, text=True, timeout=60).stdout)
        self.assertEqual(status["worker"]["registration"]["state"], "registered")
        (live,) = status["workers"]
        self.assertEqual((live["name"], live["report"]["registration"]["state"], live["report"]["jobs"]),
                         ("worker-live", "registered", 1))
        shown = subprocess.run([STIPEND, "status", "-c", worker.config], check=True, capture_output=True, text=True,
                               timeout=60).stdout
        self.assertIn("\nworker-live: {", shown)

        # The manager pays the second one by live runners, while the first one answers by BYOC.
        self.scene.host.edit("id: orch-1", f'id: orch-1, worker_key: "{second["public_key"]}"')
        self.scene.host.start()
        self.scene.more_decisions(1, job="ok")

        # The second one goes away by a reload: its runner is taken back, and the first one does not notice.
        with_both = worker.config.read_text()
        worker.config.write_text(with_both.replace(self.block, ""))
        self.reload()
        worker.wait_count("unregistered agent-net, runner_", 1)
        self.assertEqual(runners_of(self.scene.orchestrator), [])
        with self.assertRaises(urllib.error.HTTPError) as gone:
            self.get("/live/health")
        gone.exception.close()
        self.assertEqual(gone.exception.code, 404)
        self.assertEqual(self.by_byoc()["evidence"]["public_key"], first["public_key"])
        self.assertEqual(worker.count("registered agent-net with " + self.byoc), 1)

        # It comes back with the key that it had.
        worker.config.write_text(with_both)
        self.reload()
        worker.wait_count("registered agent-net with " + self.scene.orchestrator, 2)
        self.assertEqual(self.by_runner()["evidence"]["public_key"], second["public_key"])
        self.scene.more_decisions(1, job="ok")
        self.scene.end()

    def test_a_worker_that_moves_to_the_other_plugin_keeps_its_key(self):
        worker = self.worker
        worker.wait_count("registered agent-net with " + self.byoc, 1)
        key = self.get("/service-status")["worker_key"]
        text = worker.config.read_text().replace(self.block, "")
        begin, end = text.index("worker:\n"), text.index("listen: {")
        options = {"orchestrator": self.scene.orchestrator, "secret": "orch-secret", "orchestrator_id": "orch-1",
                   "url": f"http://127.0.0.1:{worker.port}", "tls": "none"}
        worker.config.write_text(text[:begin] + "worker:\n  plugin: runner\n  id: org.stipend.runner.worker\n  config:\n" +
                                 indented(options, 4) + text[end:])
        self.reload()
        # That of `workers` ended with the same reload, so its own runner leaves.
        wait_for(lambda: [one["capacity"] for one in runners_of(self.scene.orchestrator)] == [16] and
                 worker.count("unregistered agent-net, runner_") == 1, "one runner, the new one")
        evidence = self.by_runner()["evidence"]
        self.assertEqual((evidence["public_key"], evidence["orchestrator_id"]), (key, "orch-1"))
        worker.wait_count("unregistered agent-net", 2)  # and BYOC's capability with it

    def test_two_plugins_on_one_route_are_refused_by_name(self):
        worker = self.worker
        worker.wait_count("registered agent-net with " + self.scene.orchestrator, 1)
        text = worker.config.read_text()
        worker.config.write_text(text.replace("      prefix: /live\n", ""))
        done = subprocess.run([STIPEND, "reload", "-c", worker.config], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("route refused: GET /health on worker: another instance has it", done.stdout + done.stderr)
        self.assertEqual(self.by_runner()["evidence"]["orchestrator_id"], "orch-1")
        self.assertEqual(self.by_byoc()["evidence"]["orchestrator_id"], "orch-byoc")


if __name__ == "__main__":
    unittest.main(verbosity=2)
