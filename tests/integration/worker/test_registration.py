"""A worker and an orchestrator of the devnet: registered, asked through the gateway, lost and found again."""
import base64
import json
import re
import socket
import subprocess
import unittest
import urllib.error
import urllib.request

from worker import STIPEND, Worker, free_port, wait_for
from network import Devnet


class Registration(unittest.TestCase):
    def setUp(self):
        self.orchestrator = f"https://127.0.0.1:{free_port()}"
        self.devnet = Devnet(1, "--orchestrator-listen", self.orchestrator.removeprefix("https://"), "--bare-listeners")
        self.addCleanup(self.devnet.end)
        self.service = socket.create_server(("127.0.0.1", 0))  # what the worker watches: a port that listens
        self.addCleanup(self.service.close)

    def worker(self, **config):
        worker = Worker("unix:///nowhere.sock", self.orchestrator, ["nothing"], every="1s",
                        **{"probe_every": "1s", "token": "wtok", "orchestrator_id": "orch-1", **config})
        self.addCleanup(worker.end)
        target = f"tcp://127.0.0.1:{self.service.getsockname()[1]}"
        text, found = re.subn(r"    - \{ name: \"nothing\", every: 1s \}",
                              f'    - {{ name: api, monitor: web, target: "{target}", every: 1s }}',
                              worker.config.read_text())
        assert found == 1
        worker.config.write_text(text)
        return worker

    def job(self, **body):
        """(status, body) of a job through the gateway, pinned to the orchestrator."""
        header = {"request": "{}", "parameters": json.dumps({"orchestrators": {"include": [self.orchestrator]}}),
                  "capability": "agent-net", "timeout_seconds": 5}
        request = urllib.request.Request(
            self.devnet.gateway + "/process/request/agent-net", json.dumps(body).encode(),
            {"Livepeer": base64.b64encode(json.dumps(header).encode()).decode(), "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def answered(self):
        status, body = self.job(agent_id="orch-1")
        return status == 200 and body != "" and json.loads(body)["status"] == "success"

    def test_the_whole_life_of_a_registration_under_a_pin(self):
        first = self.worker()
        store = first.folder / "pin"
        subprocess.run([STIPEND, "byoc", "pin", self.orchestrator, "--store", store], check=True, capture_output=True)
        worker = self.worker(tls="verify", pin_sha256=f"${{file:{store}}}")
        worker.start()
        wait_for(self.answered, "a job that is answered")
        self.assertTrue(worker.said("registered agent-net with " + self.orchestrator))

        # The figures are those of the worker's own route, and the evidence is bound to the job.
        wait_for(lambda: worker.get("/service-uptime?window_seconds=1")["services_up"] == 1, "the service seen")
        status, body = self.job(agent_id="orch-1", nonce="01ab", period_from="1", period_to="2", window_seconds=1)
        answer = json.loads(body)
        self.assertEqual((status, answer["agent_id"], answer["services"]["total"]), (200, "orch-1", 1))
        evidence = answer["evidence"]
        self.assertEqual((evidence["orchestrator_id"], evidence["nonce"], evidence["window_seconds"]),
                         ("orch-1", "01ab", 1))
        self.assertEqual(evidence["public_key"], worker.get("/service-status")["worker_key"])
        self.assertTrue(worker.said("agent_id orch-1, uptime"))

        # A request without the token is refused, and the capability stays.
        self.assertEqual(worker.post("/agent-net", {})[0], 403)
        self.assertTrue(self.answered())

        # Killed: the next job finds no worker, and the orchestrator drops the capability for good.
        key = evidence["public_key"]
        worker.end_process(kill=True)
        self.assertEqual(self.job(agent_id="orch-1"), (200, ""))
        self.assertIn("No orchestrators found", self.job(agent_id="orch-1")[1])
        worker.start()
        wait_for(self.answered, "registered again by its own start")
        self.assertEqual(worker.get("/service-status")["worker_key"], key)

        # Forgotten: seen by the probe, and registered again once 30 s have passed since the last time.
        self.devnet.fault(0, kind="capability_lost")
        self.assertIn("No orchestrators found", self.job(agent_id="orch-1")[1])
        wait_for(lambda: worker.said("it offers no slot for the capability"), "the loss reported")
        wait_for(self.answered, "registered again on evidence")

        self.assertEqual(worker.end_process(kill=False), 0)
        self.assertTrue(worker.said("unregistered agent-net"))
        self.assertIn("No orchestrators found", self.job(agent_id="orch-1")[1])

    def test_what_was_seen_is_known_after_a_restart(self):
        worker = self.worker()
        worker.start()

        def coverage():
            return float(worker.get("/service-uptime")["coverage_percentage"])
        wait_for(lambda: coverage() > 6, "four of sixty seconds seen")
        self.assertEqual(worker.end_process(kill=False), 0)
        worker.start()
        self.assertGreater(coverage(), 4)  # by itself it would need seconds to have seen as much
        self.assertFalse(worker.said("are not stored"))

    def test_what_keeps_a_worker_from_registering_is_told_and_it_serves_on(self):
        for change, told in (({"secret": "wrong"}, "wrong secret"), ({"tls": "verify"}, "TLS fails: "),
                             ({"tls": "verify", "pin_sha256": "ab" * 32}, "wrong certificate: got SHA-256")):
            with self.subTest(told):
                worker = self.worker(**{key: value for key, value in change.items() if key != "secret"})
                worker.environment["ORCH_SECRET"] = change.get("secret", "orch-secret")
                worker.start()
                wait_for(lambda: worker.said(told), told)
                self.assertEqual(worker.post("/agent-net", {}, Authorization="Bearer wtok")[0], 200)
                self.assertEqual(worker.end_process(kill=False), 0)
        self.assertIn("No orchestrators found", self.job()[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
