"""The public Python client of BYOC against the devnet's orchestrators, in front of stipend's workers; both eras.

Skipped where the client's environment is not made: `python3 tests/clients/environment.py BUILD` makes it."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration" / "network")]

from environment import Environment  # noqa: E402
from scene import BUILD, Devnet, Service, Worker, free_port  # noqa: E402

SKIP = 77
HOST = "127.0.0.9"  # of the orchestrators, and of the gRPC service at the fixed port 8935
ENVIRONMENT = Environment(BUILD)


class Jobs(unittest.TestCase):
    """A free orchestrator and one that charges."""

    era = "head"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-client-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.free, cls.priced = (f"https://{HOST}:{free_port()}" for _ in range(2))
        listen = [option for one in (cls.free, cls.priced)
                  for option in ("--orchestrator-listen", one.removeprefix("https://"))]
        cls.devnet = Devnet(2, *listen, "--bare-listeners", "--certificate-dir", cls.folder, "--era", cls.era)
        cls.addClassCleanup(cls.devnet.end)
        service = Service()
        cls.addClassCleanup(service.close)
        for address, price in ((cls.free, 0), (cls.priced, 1000)):
            worker = Worker(address, service, price_per_unit=price)
            cls.addClassCleanup(worker.end)
            worker.start()
            worker.wait_count("registered agent-net", 1)
        command = ENVIRONMENT.command(HERE / "gateway_jobs.py", cls.folder / "0")
        cls.client = subprocess.Popen([*command, "--host", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.client.wait, timeout=30)
        cls.addClassCleanup(cls.client.stdout.close)
        cls.addClassCleanup(cls.client.stdin.close)
        assert "ready" in json.loads(cls.client.stdout.readline())

    def ask(self, *orchestrators, capability="agent-net", **order):
        order = {"orchestrators": orchestrators, "capability": capability,
                 "payload": {"agent_id": "orch-1", "window_seconds": 5}, **order}
        print(json.dumps(order), file=self.client.stdin, flush=True)
        return json.loads(self.client.stdout.readline())

    def test_a_signed_job_is_answered_by_the_worker(self):
        answer = self.ask(self.free)
        self.assertEqual((answer.get("status"), answer.get("orchestrator")), (200, self.free), answer)
        self.assertEqual((answer["data"]["agent_id"], answer["data"]["window_seconds"]), ("orch-1", 5))
        self.assertEqual(answer["data"]["services"]["total"], 1)

    def test_a_token_is_given_for_a_signed_address(self):
        token = self.ask(self.free, token=True)["token"]
        self.assertEqual(token["service_addr"], self.free)
        if self.era == "head":
            self.assertEqual(token["available_capacity"], 10_000)

    def test_a_job_without_a_signature_is_refused(self):
        self.assertIn("Could not verify job creds" if self.era == "head" else "ErrSegSig",
                      self.ask(self.free, signed=False)["error"])

    def test_a_capability_that_is_not_registered_is_found_nowhere(self):
        self.assertIn("NoOrchestratorAvailableError", self.ask(self.free, capability="other")["error"])

    def test_an_orchestrator_that_is_down_is_passed_over(self):
        answer = self.ask(f"https://{HOST}:1", self.free)
        self.assertEqual(answer.get("orchestrator"), self.free, answer)

    def test_an_orchestrator_that_charges_refuses_a_sender_without_a_reserve(self):
        self.assertIn("Could not get job price" if self.era == "head" else "insufficient sender reserve",
                      self.ask(self.priced)["error"])
        self.assertIn("503", self.ask(self.priced, token=True)["error"])


class OldJobs(Jobs):
    era = "v0.8.7"


if __name__ == "__main__":
    if not ENVIRONMENT.is_made():
        print("skipped: no environment for the client is made")
        sys.exit(SKIP)
    unittest.main(verbosity=2)
