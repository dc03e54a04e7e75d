"""The way of a payment by live runners: real manager and worker, orchestrators and signer of the devnet."""
import datetime
import json
import pathlib
import shutil
import ssl
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "network"), str(HERE.parent / "host")]
from network import Devnet, Host, wait_for  # noqa: E402
from scene import TABLE, Service, Worker, free_port  # noqa: E402

PRICE = 5_000_000_000  # wei of a call


def post(url, body, **headers):
    """Status and body; certificates are those that orchestrators make for themselves."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    context = ssl._create_unverified_context() if url.startswith("https") else None
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def get(url):
    context = ssl._create_unverified_context() if url.startswith("https") else None
    with urllib.request.urlopen(url, timeout=20, context=context) as answer:
        return json.load(answer)


def seconds_of(text):
    """Of the ledger's times, since the epoch."""
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp() + float("0" + text[19:].rstrip("Z"))


class Scene:
    def __init__(self, test, *devnet, interval=2, entry="", limits=None, **dispatch):
        self.interval = interval
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-runner-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.orchestrator = f"https://127.0.0.1:{free_port()}"
        self.signer = f"http://127.0.0.1:{free_port()}"
        self.devnet = Devnet(1, "--orchestrator-listen", self.orchestrator.removeprefix("https://"), "--live-runners",
                             "--runner-ttl", "2s", "--signer", self.signer.removeprefix("http://"), *devnet)
        test.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, interval=interval)
        test.addCleanup(self.host.end)
        lines = self.host.config.read_text().splitlines()
        begin = lines.index("dispatch:")
        end = next(at for at in range(begin + 1, len(lines)) if lines[at].startswith("  max_in_flight"))
        options = {"retry_after": "200ms", "timeout": "5s", **dispatch}
        lines[begin + 1:end] = ["  plugin: runner", "  config: " + json.dumps(options)]
        text = "\n".join(lines) + "\n"
        line = next(line for line in lines if line.startswith("      table: default"))
        text = text.replace(line, TABLE)
        text = text.replace("orchestrators: []",
                            f"orchestrators:\n  - {{ address: {self.orchestrator}, id: orch-1{entry} }}")
        self.host.config.write_text(text)
        self.host.environment.update(ORCHESTRATOR_ADDRESSES="")

    def fault(self, **fault):
        self.devnet.fault(0, **fault)

    def signer_fault(self, fault):
        self.devnet._post("/signer", {"fault": fault})

    def state(self):
        return get(self.devnet.control + "/state")

    def register(self, **runner):
        """As an operator does it at the orchestrator's own command line port."""
        runner = {"label": "agent", "routing": "label", "app": "agent-net", "mode": "single-shot", "capacity": 4,
                  **runner}
        status, body = post(self.devnet.control + "/registerLiveRunners?orchestrator=0", {"runners": [runner]})
        assert status == 200, body

    def healthy(self):
        return [one for one in self.state()["orchestrators"][0]["live_runners"]["list"] if one["healthy"]]

    def more_decisions(self, count, **wanted):
        before = len(self.host.decisions())

        def enough():
            fresh = self.host.decisions()[before:]
            return sum(all(line[key] == value for key, value in wanted.items()) for line in fresh) >= count
        wait_for(enough, f"{count} decisions with {wanted}")
        return self.host.decisions()[before:]

    def check_recovery(self, test, since):
        """From `since` (time.time()), when what had failed was well again, to the next good decision: the rest of a pay
        period, with what the last failure put it off by, and what this machine takes; a health check or a heartbeat comes
        within it."""
        def until_good():
            lines = self.host.decisions()
            for at, line in enumerate(lines):
                if line["job"] == "ok" and seconds_of(line["decided_at"]) >= since:
                    return lines[:at + 1]
            return None
        wait_for(until_good, "a good decision")
        lines = until_good()
        put_off = float(lines[-2]["penalty_seconds"]) if len(lines) > 1 else 0
        test.assertLess(seconds_of(lines[-1]["decided_at"]) - since, self.interval + put_off + 1.5)

    def fees(self):
        code, out, err = self.host.run("ledger", "export", "--kind", "fees")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def end(self):
        assert self.host.stop() == 0
        self.host.verified()
        return self.host.decisions()


class Workers(unittest.TestCase):
    def worker(self, service):
        """One that signs and registers nowhere, and its key."""
        seed = "7" * 64
        worker = Worker("https://127.0.0.1:9", service, register="false", secret="unused", key_seed=f'"{seed}"')
        self.addCleanup(worker.end)
        worker.start()
        wait_for(lambda: self.answers(worker), "a worker that answers")
        return worker, get(f"http://127.0.0.1:{worker.port}/service-status")["worker_key"]

    def test_a_worker_behind_a_persistent_runner_by_the_hour_is_paid_by_its_signed_uptime(self):
        service = Service()
        self.addCleanup(service.close)
        worker, key = self.worker(service)
        second = 69_444_444_444  # wei at 0.5 USD an hour and 2,000 USD for an ETH: 87 tickets for ten of them
        scene = Scene(self, "--bare-listeners", "--runner-price", "1", "--usd-per-eth", "2000",
                      entry=f', worker_key: "{key}"', evidence="signed", signer="{signer}", max_price_per_second=second,
                      ticket_value=8_000_000_000)
        scene.host.edit("{signer}", scene.signer)
        scene.register(runner_url=f"http://127.0.0.1:{worker.port}", mode="persistent", capacity=1,
                       price_info={"price": 0.5, "currency": "usd", "unit": "hour"})
        wait_for(scene.healthy, "a healthy runner")
        wait_for(lambda: worker.uptime(2) == 100, "a whole interval that was watched")
        scene.host.start()
        scene.more_decisions(2, tier="excellent")
        scene.end()
        self.assertIn(str(87 * 8_000_000_000), json.dumps(scene.fees()))
        runners = scene.state()["orchestrators"][0]["live_runners"]
        self.assertEqual((runners["reserved"], runners["unpaid"]), (runners["stopped"], 0))

    def test_a_worker_behind_a_static_runner_is_paid_by_its_signed_uptime(self):
        services = [Service()]
        self.addCleanup(lambda: [one.close() for one in services])
        service = services[0]
        worker, key = self.worker(service)
        scene = Scene(self, "--bare-listeners", entry=f', worker_key: "{key}"', evidence="signed")
        scene.register(runner_url=f"http://127.0.0.1:{worker.port}")
        wait_for(scene.healthy, "a healthy runner")
        wait_for(lambda: worker.uptime(2) == 100, "a whole interval that was watched")
        scene.host.start()
        line = scene.more_decisions(2, tier="excellent")[-1]
        self.assertEqual((line["job"], line["orchestrator"]), ("ok", "orch-1"), line)
        # What it watches goes away: its own report says so, and the tier follows.
        services.pop().close()
        scene.more_decisions(1, tier="offline", job="ok")
        # The worker itself goes away: its runner is hidden within a health interval.
        worker.process.kill()
        worker.process.wait(timeout=20)
        wait_for(lambda: not scene.healthy(), "a hidden runner")
        line = scene.more_decisions(1, job="failed")[-1]
        self.assertEqual(line["tier"], "offline")
        self.assertIn("it answers and has no runner of agent-net", line["reason"])
        scene.end()

    def answers(self, worker):
        try:
            return get(f"http://127.0.0.1:{worker.port}/service-status")
        except OSError:
            return None


class Restarts(unittest.TestCase):
    def test_a_restart_costs_nothing_and_an_unhealthy_runner_is_offline_until_it_is_healthy(self):
        scene = Scene(self, interval=4)
        scene.host.start()
        scene.more_decisions(1, tier="excellent")
        scene.fault(kind="crash", **{"for": "1200ms"})
        for line in scene.more_decisions(2, tier="excellent"):
            self.assertEqual((line["tier"], line["job"]), ("excellent", "ok"), line)
        scene.fault(kind="runner_unhealthy")
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("it answers and has no runner of agent-net", line["reason"])
        scene.fault(kind="none")
        scene.check_recovery(self, time.time())
        scene.more_decisions(2, tier="excellent")
        scene.fault(kind="crash", **{"for": "6s"})
        scene.more_decisions(1, job="failed")
        wait_for(lambda: self.discovers(scene), "an orchestrator that is back")
        scene.check_recovery(self, time.time())
        scene.end()

    def discovers(self, scene):
        try:
            return get(scene.orchestrator + "/discovery")
        except OSError:
            return None


class Payments(unittest.TestCase):
    def scene(self, **more):
        options = {"signer": "{signer}", "max_price": PRICE, **more}
        scene = Scene(self, "--runner-price", str(PRICE), **options)
        scene.host.edit("{signer}", scene.signer)
        return scene

    def test_each_check_is_paid_once_and_counts_as_a_fee(self):
        scene = self.scene()
        scene.host.start()
        scene.more_decisions(3, tier="excellent")
        decisions = scene.end()
        signer = scene.state()["signer"]
        # The host may have been stopped between the two.
        self.assertIn(signer["paid"] - signer["spent"], (0, 1))
        self.assertEqual(signer["replayed"], 0)
        self.assertGreaterEqual(signer["paid"], len(decisions))
        fees = scene.fees()
        self.assertGreaterEqual(len(fees), len(decisions))
        text = json.dumps(fees)
        self.assertIn(str(PRICE), text)

    def test_a_price_above_the_cap_is_never_paid(self):
        scene = self.scene(max_price=PRICE - 1)
        scene.host.start()
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn(f"it asks {PRICE} wei for a call, want at most {PRICE - 1} (max_price)", line["reason"])
        self.assertEqual(scene.state()["signer"]["paid"], 0)
        scene.end()

    def test_a_signer_that_is_down_holds_checks_and_one_that_refuses_fails_them(self):
        scene = self.scene()
        scene.host.start()
        scene.more_decisions(1, tier="excellent")
        scene.signer_fault("down")
        since = len(scene.host.lines)
        scene.host.wait_line("the signer fails: ", since)
        self.assertEqual([line for line in scene.host.decisions() if line["tier"] == "offline"], [])
        scene.signer_fault("none")
        scene.more_decisions(1, tier="excellent")
        scene.signer_fault("ceiling")
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("the signer refuses what it asks a payment for: status 481", line["reason"])
        scene.signer_fault({"kind": "refresh", "times": 1})
        scene.more_decisions(2, tier="excellent")
        scene.end()

    def test_a_payment_that_is_refused_is_made_once_in_each_period(self):
        scene = self.scene()
        scene.fault(kind="payment_refused")
        scene.host.start()
        line = scene.more_decisions(3, tier="offline")[-1]
        self.assertIn("after its payment: status 403: \"ErrSegSig\"", line["reason"])
        decisions = scene.end()
        signer = scene.state()["signer"]
        self.assertLessEqual(signer["paid"], len(decisions) + 1)
        self.assertEqual(signer["spent"], 0)


class Sessions(unittest.TestCase):
    """Persistent runners: reserved, called and stopped by each check; none of their sessions is left."""

    def scene(self, *devnet, **options):
        scene = Scene(self, "--runner-sessions", *devnet, **options)
        if "signer" in options:
            scene.host.edit("{signer}", scene.signer)
        return scene

    def runners(self, scene):
        return scene.state()["orchestrators"][0]["live_runners"]

    def check_none_left(self, scene):
        """Once all is over: what was reserved was stopped, and the orchestrator had to end nothing itself."""
        wait_for(lambda: self.runners(scene)["reserved"] == self.runners(scene)["stopped"], "the end of each session")
        runners = self.runners(scene)
        self.assertEqual([(one["used"], one["sessions"]) for one in runners["list"]], [(0, 0)] * len(runners["list"]))
        self.assertEqual(runners["unpaid"], 0)
        return runners["reserved"]

    def test_each_check_is_one_session(self):
        scene = self.scene()
        scene.host.start()
        scene.more_decisions(3, tier="excellent")
        decisions = scene.end()
        self.assertIn(self.check_none_left(scene) - len(decisions), (0, 1))

    def test_a_price_by_the_second_pays_ten_of_them_for_a_check(self):
        scene = self.scene("--runner-price", "7000000", "--runner-unit", "seconds", signer="{signer}",
                           max_price_per_second=7000000)
        scene.host.start()
        scene.more_decisions(3, tier="excellent")
        decisions = scene.end()
        sessions = self.check_none_left(scene)
        signer = scene.state()["signer"]
        self.assertEqual((signer["spent"], signer["replayed"]), (sessions, 0))
        fees = scene.fees()
        self.assertGreaterEqual(len(fees), len(decisions))
        self.assertIn("70000000", json.dumps(fees))

    def test_a_second_that_costs_more_is_never_paid(self):
        scene = self.scene("--runner-price", "7000001", "--runner-unit", "seconds", signer="{signer}",
                           max_price_per_second=7000000, max_price=10**12)
        scene.host.start()
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("it asks 7000001 wei for a second, want at most 7000000 (max_price_per_second)", line["reason"])
        self.assertEqual(scene.state()["signer"]["paid"], 0)
        scene.end()
        self.assertEqual(self.check_none_left(scene), 0)

    def test_faults_are_the_orchestrators_and_leave_no_session(self):
        scene = self.scene(timeout="1s")
        scene.host.start()
        scene.more_decisions(1, tier="excellent")
        for fault, reason in (("hang", "no answer"), ("reset", "no answer"), ("runner_full", "status 503"),
                              ("runner_unhealthy", "it answers and has no runner of agent-net")):
            scene.fault(kind=fault)
            line = scene.more_decisions(1, job="failed")[-1]
            self.assertIn(reason, line["reason"], fault)
            scene.fault(kind="none")
            scene.more_decisions(1, tier="excellent")
        scene.end()
        self.check_none_left(scene)

    def test_a_host_that_ends_during_a_call_ends_its_session(self):
        scene = self.scene(timeout="30s")
        scene.host.start()
        scene.more_decisions(1, tier="excellent")
        scene.fault(kind="hang")
        wait_for(lambda: self.runners(scene)["list"][0]["sessions"] == 1, "a session in a call without an answer")
        scene.host.stop()
        self.assertGreaterEqual(self.check_none_left(scene), 2)


class Fixture(unittest.TestCase):
    """What the devnet itself answers, as recorded from nodes."""

    def test_heartbeats_secrets_and_their_end(self):
        scene = Scene(self, "--bare-listeners")
        beat = scene.orchestrator + "/runners/heartbeat"
        runner = {"runner_url": "http://127.0.0.1:9", "app": " a/b ", "mode": "single-shot"}
        self.assertEqual(post(beat, runner, Authorization="wrong"), (401, "invalid registration authorization\n"))
        status, body = post(beat, runner, Authorization="orch-secret")
        self.assertEqual(status, 200, body)
        first = json.loads(body)
        self.assertEqual((first["heartbeat_ttl"], first["session_ids"]), ("2s", []))
        self.assertTrue(first["o2r"]["url"])
        known = {**runner, "runner_id": first["runner_id"]}
        self.assertEqual(post(beat, known, Authorization="orch-secret"), (401, "invalid heartbeat authorization\n"))
        status, body = post(beat, known, Authorization=first["heartbeat_secret"])
        self.assertEqual(status, 200, body)
        self.assertNotIn("heartbeat_secret", json.loads(body))
        self.assertNotIn("o2r", json.loads(body))
        found = get(scene.orchestrator + "/discovery")[0]["runners"][0]
        self.assertEqual((found["app"], found["capacity"], found["mode"]), ("a/b", 1, "single-shot"))
        self.assertNotIn("price_info", found)
        # Nothing listens at the runner's URL: it stays registered.
        status, body = post(found["url"], {})
        self.assertEqual(status, 502, body)
        self.assertIn("connection refused", body)
        wait_for(lambda: "runners" not in get(scene.orchestrator + "/discovery")[0], "the end of its time")
        wait_for(lambda: post(beat, known, Authorization=first["heartbeat_secret"])
                 == (401, "invalid registration authorization\n"), "the sweep")
        status, body = post(beat, known, Authorization="orch-secret")
        self.assertEqual(status, 200, body)
        scene.fault(kind="crash", **{"for": "100ms"})
        wait_for(lambda: self.stale(beat, known, json.loads(body)["heartbeat_secret"]), "a restart that forgot it")

    def stale(self, beat, known, secret):
        try:
            return post(beat, known, Authorization=secret) == (401, "invalid registration authorization\n")
        except OSError:
            return False

    def test_unregister_sessions_and_their_refusals(self):
        scene = Scene(self, "--bare-listeners")
        beat = scene.orchestrator + "/runners/heartbeat"
        status, body = post(beat, {"runner_url": "http://127.0.0.1:9", "app": "a"}, Authorization="orch-secret")
        made = json.loads(body)
        url = get(scene.orchestrator + "/discovery")[0]["runners"][0]["url"]
        self.assertTrue(url.endswith("/session"))
        self.assertEqual(post(url.removesuffix("/session") + "/app", {}), (400, "runner is not single-shot\n"))
        status, body = post(url, {})
        self.assertEqual(status, 200, body)
        session = json.loads(body)
        self.assertEqual(post(url, {}), (503, "no capacity available for runner\n"))
        self.assertEqual(post(session["control_url"] + "/stop", {})[0], 204)
        self.assertEqual(post(session["control_url"] + "/stop", {})[0], 204)
        self.assertEqual(post(session["app_url"] + "/x", {}), (404, "runner session not found\n"))
        leave = f"{scene.orchestrator}/runners/{made['runner_id']}/unregister"
        self.assertEqual(post(leave, {}, Authorization="wrong")[0], 401)
        self.assertEqual(post(leave, {}, Authorization=made["heartbeat_secret"])[0], 204)
        self.assertEqual(post(leave, {}, Authorization=made["heartbeat_secret"])[0], 404)
        self.assertEqual(post(url, {}), (404, "runner not found\n"))

    def test_a_payment_is_good_for_one_call(self):
        scene = Scene(self, "--runner-price", str(PRICE))
        runner = get(scene.orchestrator + "/discovery")[0]["runners"][0]
        self.assertEqual(runner["price_info"], {"price": PRICE, "currency": "wei", "unit": "fixed"})
        self.assertEqual(post(runner["url"], {}),
                         (402, '{"error":{"message":"invalid live runner payment signer address"}}\n'))
        status, body = post(runner["url"], {}, **{"Livepeer-Payer-Address": "0x" + "1" * 40})
        self.assertEqual((status, json.loads(body)["error"]["message"]), (500, "insufficient sender reserve"))
        payer = json.loads(post(scene.signer + "/sign-orchestrator-info", {})[1])["address"]
        headers = {"Livepeer-Payer-Address": payer}
        status, body = post(runner["url"], {}, **headers)
        self.assertEqual(status, 402, body)
        demand = json.loads(body)
        question = {"orchestrator": demand["payment_params"], "ManifestID": demand["manifest_id"], "type": "fixed",
                    "app": "agent-net", "maxPrice": {"price": PRICE, "currency": "wei", "unit": "fixed"}}
        cheap = {**question, "maxPrice": {**question["maxPrice"], "price": PRICE - 1}}
        self.assertEqual(post(scene.signer + "/generate-live-payment", cheap)[0], 481)
        self.assertEqual(post(scene.signer + "/generate-live-payment", {**question, "type": "x"})[0], 400)
        status, body = post(scene.signer + "/generate-live-payment", question)
        self.assertEqual(status, 200, body)
        paid = json.loads(body)
        headers.update({"Livepeer-Payment": paid["payment"], "Livepeer-Segment": paid["segCreds"]})
        status, body = post(runner["url"], {"agent_id": "orch-1"}, **headers)
        self.assertEqual(status, 200, body)
        status, body = post(runner["url"], {}, **headers)
        self.assertEqual((status, json.loads(body)["error"]["message"]),
                         (400, "invalid ticket senderNonce: already seen"))
        nameless = json.loads(post(scene.signer + "/generate-live-payment", {**question, "ManifestID": ""})[1])
        headers.update({"Livepeer-Payment": nameless["payment"], "Livepeer-Segment": nameless["segCreds"]})
        status, body = post(runner["url"], {}, **headers)
        self.assertEqual((status, json.loads(body)["error"]["message"]),
                         (403, "mismatched manifest and auth token"))


if __name__ == "__main__":
    unittest.main()
