"""A client of live runners that is written from their wire format alone, against the devnet with stipend's worker behind it;
and what it sends beside what stipend's own dispatcher sends, member by member."""
import json
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration" / "network"), str(HERE.parent / "integration" / "runner")]

from live_runner import Payer, Refused, Registration, discover, send  # noqa: E402
from scene import Devnet, Service, Worker, free_port, wait_for  # noqa: E402
from test_runner import Scene  # noqa: E402

SECRET = "orch-secret"
CALL = {"price": 0.00001, "currency": "usd", "unit": "fixed"}
HOUR = {"price": 0.5, "currency": "usd", "unit": "hour"}
CALL_WEI, SECOND_WEI = 5_000_000_000, 69_444_444_444  # at 2,000 USD for an ETH
OF_LIBRARIES = {"user-agent", "accept", "accept-encoding", "content-length"}
# What each route is sent: its own headers, and its body: the members with their kinds, or the kind of the whole.
MAX_PRICE = {"price": int, "currency": str, "unit": str}
EXPECTED = {
    "GET /discovery": (set(), None),
    "POST /apps/ID/app/PATH": ({"content-type"}, dict),
    "POST /apps/ID/app/PATH payer": ({"content-type", "livepeer-payer-address"}, dict),
    "POST /apps/ID/app/PATH paid": ({"content-type", "livepeer-payer-address", "livepeer-payment", "livepeer-segment"}, dict),
    "POST /apps/ID/session": ({"content-type"}, {}),
    "POST /apps/ID/session payer": ({"content-type", "livepeer-payer-address"}, {}),
    "POST /apps/ID/session paid": ({"content-type", "livepeer-payer-address", "livepeer-payment", "livepeer-segment"}, {}),
    "POST /apps/ID/session/ID/app/PATH": ({"content-type"}, dict),
    "POST /apps/ID/session/ID/stop": (set(), None),
    "POST /runners/heartbeat": ({"authorization", "content-type"}, {
        "runner_id": str, "label": str, "runner_url": str, "app": str, "version": str, "metadata": str, "status": str,
        "mode": str, "capacity": int}),
    "POST /runners/ID/unregister": ({"authorization"}, None),
    "POST /sign-orchestrator-info": (set(), None),
    "POST /generate-live-payment": ({"content-type"}, {
        "orchestrator": str, "ManifestID": str, "type": str, "app": str, "maxPrice": MAX_PRICE}),
}


def own_headers(request):
    return {name.lower(): value for name, value in request["headers"] if name.lower() not in OF_LIBRARIES}


def route_of(request):
    """The key of `EXPECTED`."""
    path = re.sub(r"^/(apps|runners)/(?!heartbeat)[^/]+", r"/\1/ID", request["path"])
    path = re.sub(r"/session/[^/]+", "/session/ID", path)
    path = re.sub(r"/app/.*", "/app/PATH", path)
    headers = own_headers(request)
    state = " paid" if "livepeer-payment" in headers else " payer" if "livepeer-payer-address" in headers else ""
    return f"{request['method']} {path}{state}"


def shape_of(value):
    return {name: shape_of(member) for name, member in value.items()} if isinstance(value, dict) else type(value)


class Wire(unittest.TestCase):
    def network(self, *options):
        self.orchestrator = f"https://127.0.0.1:{free_port()}"
        signer = f"127.0.0.1:{free_port()}"
        self.signer = "http://" + signer
        self.devnet = Devnet(1, "--orchestrator-listen", self.orchestrator.removeprefix("https://"), "--live-runners",
                             "--runner-ttl", "2s", "--bare-listeners", "--usd-per-eth", "2000", "--signer", signer, *options)
        self.addCleanup(self.devnet.end)

    def worker(self):
        """stipend's worker, which registers nowhere."""
        service = Service()
        self.addCleanup(service.close)
        worker = Worker("https://127.0.0.1:9", service, register="false", secret="unused")
        self.addCleanup(worker.end)
        worker.start()
        url = f"http://127.0.0.1:{worker.port}"
        wait_for(lambda: self.answers(url + "/health"), "a worker that answers")
        return url

    def answers(self, url):
        try:
            return send("GET", url)[0] == 200
        except OSError:
            return False

    def static(self, url, **runner):
        """Registered as an operator does it, with the worker's health route."""
        runner = {"label": "agent", "routing": "label", "runner_url": url, "app": "agent-net", "mode": "single-shot",
                  "capacity": 1, **runner}
        status, body = send("POST", self.devnet.control + "/registerLiveRunners?orchestrator=0", {"runners": [runner]})
        self.assertEqual(status, 200, body)
        wait_for(lambda: discover(self.orchestrator, "agent-net"), "a healthy runner")
        return discover(self.orchestrator, "agent-net")[0]

    def state(self):
        return json.loads(send("GET", self.devnet.control + "/state")[1])

    def runners(self):
        return self.state()["orchestrators"][0]["live_runners"]

    def requests(self):
        return requests_of(self.devnet)

    def check_report(self, answer):
        status, body = answer
        self.assertEqual(status, 200, body)
        report = json.loads(body)
        self.assertEqual((report["agent_id"], report["window_seconds"]), ("orch-1", 5))
        self.assertEqual(report["services"]["total"], 1)

    def check_requests(self, *routes):
        """Each request that came is one that is expected, with exactly its members, and these routes were used."""
        seen = set()
        for request in self.requests():
            route = route_of(request)
            self.assertIn(route, EXPECTED, request)
            headers, body = EXPECTED[route]
            self.assertEqual(set(own_headers(request)), headers, request)
            if body is None:
                self.assertEqual(request["body"], "", request)
            elif body is dict:
                self.assertIsInstance(json.loads(request["body"]), dict, request)
            else:
                self.assertEqual(shape_of(json.loads(request["body"])), body, request)
            seen.add(route)
        self.assertEqual(set(routes) - seen, set())


def requests_of(devnet):
    return json.loads(send("GET", devnet.control + "/requests")[1])["requests"]


REPORT = {"action": "service-monitoring", "agent_id": "orch-1", "window_seconds": 5}


class Runners(Wire):
    def test_a_runner_that_beats_is_called_and_leaves(self):
        self.network()
        url = self.worker()
        mine = Registration(self.orchestrator, SECRET, runner_id="runner-a", label="a", runner_url=url, app="agent-net", version="1",
                            metadata="{}", status="ready", mode="single-shot", capacity=2)
        try:
            runner = discover(self.orchestrator, "agent-net")[0]
            self.assertEqual((runner["capacity"], runner["capacity_available"], runner["mode"]), (2, 2, "single-shot"))
            self.check_report(Payer().call(runner, "agent-net", REPORT))
            mine.wait(lambda one: one.beats >= 3)
            self.assertEqual(mine.begun, 1)
            # A restart forgets it: the old secret is refused, and it begins anew.
            self.devnet.fault(0, kind="crash", **{"for": "300ms"})
            mine.wait(lambda one: one.begun == 2)
            self.check_report(Payer().call(discover(self.orchestrator, "agent-net")[0], "agent-net", REPORT))
        finally:
            mine.leave()
        self.assertEqual(discover(self.orchestrator, "agent-net"), [])
        self.check_requests("POST /runners/heartbeat", "POST /runners/ID/unregister", "GET /discovery",
                            "POST /apps/ID/app/PATH")

    def test_a_wrong_secret_is_refused(self):
        self.network()
        with self.assertRaises(Refused) as refused:
            Registration(self.orchestrator, "wrong", runner_url="http://127.0.0.1:9", app="agent-net")
        self.assertEqual((refused.exception.status, refused.exception.message()), (401, "invalid registration authorization"))


class Calls(Wire):
    def test_a_free_call_reaches_the_worker(self):
        self.network()
        runner = self.static(self.worker())
        self.assertNotIn("price_info", runner)
        self.check_report(Payer().call(runner, "agent-net", REPORT))
        self.check_requests("POST /apps/ID/app/PATH")

    def test_each_call_is_paid_once(self):
        self.network("--runner-price", "1")
        runner = self.static(self.worker(), price_info=CALL)
        self.assertEqual(runner["price_info"], {"price": CALL_WEI, "currency": "wei", "unit": "fixed"})
        payer = Payer(self.signer)
        for _ in range(3):
            self.check_report(payer.call(runner, "agent-net", REPORT, limit=CALL_WEI))
        signer = self.state()["signer"]
        self.assertEqual((signer["paid"], signer["spent"], signer["replayed"]), (3, 3, 0))
        self.check_requests("POST /apps/ID/app/PATH payer", "POST /apps/ID/app/PATH paid", "POST /sign-orchestrator-info",
                            "POST /generate-live-payment")

    def test_a_price_above_the_limit_is_not_paid(self):
        self.network("--runner-price", "1")
        runner = self.static(self.worker(), price_info=CALL)
        with self.assertRaises(Refused) as refused:
            Payer(self.signer).call(runner, "agent-net", REPORT, limit=CALL_WEI - 1)
        self.assertEqual(refused.exception.status, 481)
        self.assertEqual(self.state()["signer"]["paid"], 0)


class Sessions(Wire):
    def test_a_free_session_holds_a_slot_until_it_is_stopped(self):
        self.network()
        runner = self.static(self.worker(), mode="persistent")
        session = Payer().reserve(runner)
        self.check_report(session.call("agent-net", REPORT))
        with self.assertRaises(Refused) as refused:
            Payer().reserve(runner)
        self.assertEqual((refused.exception.status, refused.exception.message()), (503, "no capacity available for runner"))
        session.stop()
        session.stop()
        self.assertEqual(session.call("agent-net", REPORT), (404, "runner session not found\n"))
        runners = self.runners()
        self.assertEqual((runners["reserved"], runners["stopped"], runners["list"][0]["used"]), (1, 1, 0))
        self.check_requests("POST /apps/ID/session", "POST /apps/ID/session/ID/app/PATH", "POST /apps/ID/session/ID/stop")

    def test_a_session_is_paid_for_ten_seconds_at_its_beginning(self):
        self.network("--runner-price", "1")
        runner = self.static(self.worker(), mode="persistent", price_info=HOUR)
        self.assertEqual(runner["price_info"], {"price": SECOND_WEI, "currency": "wei", "unit": "seconds"})
        session = Payer(self.signer).reserve(runner, limit=SECOND_WEI)
        self.check_report(session.call("agent-net", REPORT))
        session.stop()
        self.assertEqual(self.state()["signer"]["spent"], 1)
        self.check_requests("POST /apps/ID/session payer", "POST /apps/ID/session paid", "POST /generate-live-payment",
                            "POST /apps/ID/session/ID/stop")
        payment = next(json.loads(one["body"]) for one in self.requests() if one["path"] == "/generate-live-payment")
        self.assertEqual((payment["type"], payment["maxPrice"]),
                         ("live", {"price": SECOND_WEI, "currency": "wei", "unit": "seconds"}))

    def test_a_session_that_is_paid_no_more_ends_after_ten_seconds(self):
        self.network("--runner-price", "1")
        session = Payer(self.signer).reserve(self.static(self.worker(), mode="persistent", price_info=HOUR), limit=SECOND_WEI)
        wait_for(lambda: self.runners()["unpaid"] == 1, "the end of what was paid")
        self.assertEqual(session.call("agent-net", REPORT), (404, "runner session not found\n"))
        self.assertEqual(self.runners()["list"][0]["used"], 0)

    def test_more_than_a_hundred_tickets_are_refused(self):
        self.network("--runner-price", "1", "--ticket-ev", "6900000000")
        runner = self.static(self.worker(), mode="persistent", price_info=HOUR)
        with self.assertRaises(Refused) as refused:
            Payer(self.signer).reserve(runner, limit=SECOND_WEI)
        self.assertEqual((refused.exception.status, refused.exception.message()), (400, "too many tickets"))


class Beside(unittest.TestCase):
    """stipend's dispatcher and this client at the same orchestrator."""

    def network(self, *options, **dispatch):
        scene = Scene(self, *options, **dispatch)
        if "signer" in dispatch:
            scene.host.edit("{signer}", scene.signer)
        return scene

    def same(self, scene, routes, call):
        """What the dispatcher sent, and then what `call` sends, by route."""
        scene.host.start()
        scene.more_decisions(2, tier="excellent")
        scene.end()
        before = requests_of(scene.devnet)
        call()
        after = requests_of(scene.devnet)[len(before):]
        ours, theirs = ({route_of(one): one for one in requests} for requests in (before, after))
        self.assertEqual(set(ours), set(theirs))
        self.assertEqual(set(ours), set(routes))
        for route in routes:
            self.assertEqual(set(own_headers(ours[route])), EXPECTED[route][0], route)
            mine, other = (own_headers(one[route]) for one in (ours, theirs))
            for name in ("content-type", "livepeer-payer-address"):
                self.assertEqual(mine.get(name), other.get(name), route)
            self.assertEqual(set(mine), set(other), route)
            if EXPECTED[route][1] is not dict:  # the body of a call is the payer's own
                self.assertEqual(ours[route]["body"] and json.loads(ours[route]["body"]),
                                 theirs[route]["body"] and json.loads(theirs[route]["body"]), route)
            else:
                self.assertEqual(json.loads(ours[route]["body"])["action"], "service-monitoring")
            self.assertEqual(re.sub("/session/[^/]+", "", ours[route]["path"]),
                             re.sub("/session/[^/]+", "", theirs[route]["path"]), route)

    def test_a_free_call(self):
        scene = self.network()
        self.same(scene, ["GET /discovery", "POST /apps/ID/app/PATH"],
                  lambda: Payer().call(discover(scene.orchestrator, "agent-net")[0], "agent-net", REPORT))

    def test_a_paid_call(self):
        scene = self.network("--runner-price", str(CALL_WEI), signer="{signer}", max_price=CALL_WEI)
        self.same(scene, ["GET /discovery", "POST /apps/ID/app/PATH payer", "POST /apps/ID/app/PATH paid",
                          "POST /sign-orchestrator-info", "POST /generate-live-payment"],
                  lambda: Payer(scene.signer).call(discover(scene.orchestrator, "agent-net")[0], "agent-net", REPORT,
                                                   limit=CALL_WEI))

    def test_a_session_by_the_second(self):
        price = 7_000_000
        scene = self.network("--runner-sessions", "--runner-price", str(price), "--runner-unit", "seconds", signer="{signer}",
                             max_price_per_second=price)

        def call():
            session = Payer(scene.signer).reserve(discover(scene.orchestrator, "agent-net")[0], limit=price)
            self.assertEqual(session.call("agent-net", REPORT)[0], 200)
            session.stop()
        self.same(scene, ["GET /discovery", "POST /apps/ID/session payer", "POST /apps/ID/session paid",
                          "POST /apps/ID/session/ID/app/PATH", "POST /apps/ID/session/ID/stop", "POST /sign-orchestrator-info",
                          "POST /generate-live-payment"], call)


if __name__ == "__main__":
    unittest.main()
