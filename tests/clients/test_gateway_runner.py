"""The public Python client of the network against the devnet's live runners, in front of stipend's worker, free and paid:
what it sends is what the devnet expects.

Skipped where the client's environment is not made: `python3 tests/clients/environment.py BUILD` makes it."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from test_live_runner import CALL, CALL_WEI, HERE, HOUR, REPORT, SECOND_WEI, SECRET, Wire, own_headers, route_of, shape_of

from environment import Environment  # noqa: E402
from scene import BUILD, wait_for  # noqa: E402

SKIP = 77
ENVIRONMENT = Environment(BUILD)
# Beyond what the client of the standard library sends, which is written from the wire format alone.
MEMBERS = {
    "POST /runners/heartbeat": {"runner_id": str, "label": str, "runner_url": str, "app": str, "status": str, "mode": str,
                                "capacity": int, "session_ids": list, "price_info": {"price": float, "currency": str, "unit": str}},
    "POST /generate-live-payment": {"orchestrator": str, "ManifestID": str, "type": str, "app": str,
                                    "maxPrice": {"price": float, "currency": str, "unit": str}},
    "POST /sign-orchestrator-info": {},
    "POST /apps/ID/session": {},
    "POST /apps/ID/session payer": {},
    "POST /apps/ID/session paid": {},
}


class PublicClient(Wire):
    def client(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-client-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        process = subprocess.Popen(ENVIRONMENT.command(HERE / "gateway_runner.py", folder), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.wait, timeout=30)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertIn("ready", json.loads(process.stdout.readline()))
        return process

    def ask(self, client, **order):
        print(json.dumps(order), file=client.stdin, flush=True)
        return json.loads(client.stdout.readline())

    def call(self, client, do="call", **more):
        return self.ask(client, do=do, orchestrator=self.orchestrator, app="agent-net", path="agent-net", payload=REPORT, **more)

    def check_data(self, answer):
        self.assertIn("data", answer)
        self.check_report((200, json.dumps(answer["data"])))

    def check_members(self, *routes):
        """The requests to these routes came, each with the members that are written down above, and the payment's headers."""
        seen = {}
        for one in self.requests():
            seen.setdefault(route_of(one), []).append(one)
        for route in routes:
            self.assertIn(route, seen)
        for route, requests in seen.items():
            for request in requests if route in MEMBERS else ():
                body = shape_of(json.loads(request["body"]))
                number = body.get("price_info", body.get("maxPrice"))
                if number and number["price"] is int:
                    number["price"] = float
                self.assertEqual(body, MEMBERS[route] if "runner_id" in body or "heartbeat" not in route else
                                 {name: kind for name, kind in MEMBERS[route].items() if name != "runner_id"}, request)
            if route.endswith(" paid"):
                self.assertLessEqual({"livepeer-payer-address", "livepeer-payment", "livepeer-segment"},
                                     set(own_headers(requests[0])))
        return seen

    def test_a_runner_that_registers_itself_is_called_and_leaves(self):
        self.network()
        client = self.client()
        made = self.ask(client, do="register", orchestrator=self.orchestrator, secret=SECRET, runner_url=self.worker(),
                        app="agent-net", mode="single-shot", label="a")
        self.assertIn("runner_id", made)
        self.check_data(self.call(client))
        wait_for(lambda: self.runners()["heartbeats"] >= 3, "a few heartbeats")
        self.assertEqual(self.ask(client, do="leave"), {})
        self.assertEqual(self.runners()["list"], [])
        self.check_members("POST /runners/heartbeat", "POST /runners/ID/unregister", "POST /apps/ID/app/PATH")

    def test_a_runner_begins_anew_after_a_restart(self):
        self.network()
        client = self.client()
        self.ask(client, do="register", orchestrator=self.orchestrator, secret=SECRET, runner_url=self.worker(),
                 app="agent-net", mode="single-shot")
        self.devnet.fault(0, kind="crash", **{"for": "300ms"})
        wait_for(lambda: [one for one in self.runners()["list"] if one["app"] == "agent-net"], "a new registration")
        self.check_data(self.call(client))
        self.ask(client, do="leave")

    def test_each_call_is_paid(self):
        self.network("--runner-price", "1")
        self.static(self.worker(), price_info=CALL)
        client = self.client()
        for _ in range(2):
            self.check_data(self.call(client, signer=self.signer))
        signer = self.state()["signer"]
        self.assertEqual((signer["paid"], signer["spent"], signer["replayed"]), (2, 2, 0))
        self.check_members("POST /apps/ID/app/PATH payer", "POST /apps/ID/app/PATH paid", "POST /generate-live-payment",
                           "POST /sign-orchestrator-info")
        payment = next(json.loads(one["body"]) for one in self.requests() if one["path"] == "/generate-live-payment")
        self.assertEqual(payment["type"], "fixed")
        # Its limit is the price and a little more.
        self.assertEqual(payment["maxPrice"]["unit"], "fixed")
        self.assertTrue(CALL_WEI <= payment["maxPrice"]["price"] < CALL_WEI * 1.02, payment)

    def test_a_session_is_reserved_called_and_stopped(self):
        self.network()
        self.static(self.worker(), mode="persistent")
        answer = self.call(self.client(), do="session")
        self.check_data(answer)
        runners = self.runners()
        self.assertEqual((runners["reserved"], runners["stopped"], runners["list"][0]["used"]), (1, 1, 0))
        self.check_members("POST /apps/ID/session", "POST /apps/ID/session/ID/app/PATH", "POST /apps/ID/session/ID/stop")

    def test_a_session_by_the_hour_is_paid(self):
        self.network("--runner-price", "1")
        self.static(self.worker(), mode="persistent", price_info=HOUR)
        self.check_data(self.call(self.client(), do="session", signer=self.signer))
        self.assertEqual(self.state()["signer"]["spent"], 1)
        self.check_members("POST /apps/ID/session payer", "POST /apps/ID/session paid", "POST /apps/ID/session/ID/stop")
        payment = next(json.loads(one["body"]) for one in self.requests() if one["path"] == "/generate-live-payment")
        self.assertEqual((payment["type"], payment["maxPrice"]["unit"]), ("live", "seconds"))
        self.assertTrue(SECOND_WEI <= payment["maxPrice"]["price"] < SECOND_WEI * 1.02, payment)


if __name__ == "__main__":
    if not ENVIRONMENT.is_made():
        print("skipped: no environment for the client is made")
        sys.exit(SKIP)
    unittest.main(verbosity=2)
