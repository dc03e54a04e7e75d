"""A worker that registers with its manager by itself: from its first start to its pay, and what can go wrong between."""
import contextlib
import json
import re
import socket
import subprocess
import threading
import unittest
import urllib.request

from worker import STIPEND, Worker, free_port, wait_for
from network import Devnet, Host

COMMON = "the common secret of these tests"
PAYOUT = "0x" + "a" * 40
TABLE = """      table: prompt
      tables:
        prompt:
          - { tier: excellent, above: 95, multiplier: 1.2 }
          - { tier: offline, at_least: 0, multiplier: 0 }"""


class MembershipTest(unittest.TestCase):
    def setUp(self):
        self.endpoint = f"https://127.0.0.1:{free_port()}"
        self.devnet = Devnet(1, "--orchestrator-listen", self.endpoint.removeprefix("https://"), "--bare-listeners",
                             *self.devnet_options())
        self.addCleanup(self.devnet.end)
        self.service = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=self.accept, daemon=True).start()
        self.api = f"127.0.0.1:{free_port()}"
        self.worker = Worker("unix:///nonexistent/docker.sock", self.endpoint, ["only"], every="1s", probe_every="1s",
                             orchestrator_id="orch-1")
        self.addCleanup(self.worker.end)
        self.edit_worker('{ name: "only", every: 1s }', '{ name: only, monitor: web, every: 1s, target: "tcp://127.0.0.1:%d" }'
                         % self.service.getsockname()[1])
        self.worker.environment.update(MANAGER_URL=f"http://{self.api}", ORCHESTRATOR_ID="orch-1",
                                       ORCHESTRATOR_ENDPOINT=self.endpoint, ORCHESTRATOR_PAYOUT_ADDRESS=PAYOUT,
                                       MANAGER_SECRET=COMMON)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.environment.update(ORCHESTRATOR_ADDRESSES="", DISPATCH_EVIDENCE="signed", API_LISTEN=self.api,
                                     ORCHESTRATOR_SECRET=COMMON, ALLOWED_ENDPOINT_NETWORKS="127.0.0.0/8",
                                     PROOF_INTERVAL="1", HEARTBEAT_TIMEOUT="3")
        self.host.edit("  # proofs: required ", "  proofs: required #")
        text = self.host.config.read_text()
        line = next(line for line in text.splitlines() if line.startswith("      table: default"))
        self.host.config.write_text(text.replace(line, TABLE))

    def devnet_options(self):
        return ()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.service.accept()[0].close()

    def edit_worker(self, old, new):
        text = self.worker.config.read_text()
        self.assertIn(old, text)
        self.worker.config.write_text(text.replace(old, new))

    def status(self, *options):
        done = subprocess.run([STIPEND, "status", *options, "-c", self.worker.config], env=self.worker.environment,
                              text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def manager(self):
        return json.loads(self.status("--json"))["manager"]

    def wait_state(self, state):
        wait_for(lambda: self.manager()["state"] == state, f"a worker that is {state}")
        return self.manager()

    def command(self, *words):
        code, out, err = self.host.run("orchestrator", *words, "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def paid(self):
        return [line for line in self.host.decisions() if line["orchestrator"] == "orch-1" and line["action"] == "pay"]

    def secret_file(self):
        return next((self.worker.folder / "state").glob("manager-secret-*.json"))

    def metric(self, name):
        line = next(line for line in reversed(self.worker.lines) if "metrics at http://" in line)
        with urllib.request.urlopen(re.search(r"http://\S+", line)[0], timeout=20) as answer:
            text = answer.read().decode()
        return [line.split()[-1] for line in text.splitlines() if line.startswith(name)]


class Joins(MembershipTest):
    def test_from_its_first_start_to_its_pay(self):
        self.worker.start()
        found = self.wait_state("unreachable")
        self.assertEqual((found["orchestrator_id"], found["url"]), ("orch-1", f"http://{self.api}"))
        self.assertTrue(found["problem"])
        # Its jobs are answered meanwhile.
        self.assertEqual(self.worker.get("/health"), {"status": "ok"})
        self.assertIn("only", self.worker.services())

        self.host.start()
        self.wait_state("unapproved")
        listed = self.command("list")["registrations"]
        self.assertEqual([(one["orchestrator_id"], one["state"], one["endpoint"], one["eth_address"], one["worker_key"])
                          for one in listed],
                         [("orch-1", "unapproved", self.endpoint, PAYOUT,
                           self.worker.get("/service-status")["worker_key"])])
        self.assertEqual(self.paid(), [])
        self.command("approve", "orch-1")
        found = self.wait_state("approved")
        self.assertIsNotNone(found["last_proof"])
        self.assertIsNone(found["problem"])
        wait_for(lambda: len(self.paid()) >= 3, "pay for what it signed")
        self.assertEqual(self.metric('stipend_manager_state{state="approved"}'), ["1"])
        self.assertGreater(float(self.metric("stipend_manager_last_proof_timestamp_seconds")[0]), 1e9)
        self.assertIn(f"manager http://{self.api}: approved as orch-1", self.status())

        own = json.loads(self.secret_file().read_text())
        self.assertEqual(self.secret_file().stat().st_mode & 0o777, 0o600)
        self.assertTrue(own["registered"])
        # Its next process needs the common secret no more, and neither does one after a loss of power.
        del self.worker.environment["MANAGER_SECRET"]
        key = self.worker.get("/service-status")["worker_key"]
        for kill in (False, True):
            self.worker.end_process(kill=kill)
            self.worker.start()
            self.wait_state("approved")
            count = len(self.paid())
            wait_for(lambda: len(self.paid()) >= count + 1, "pay after a restart")
            self.assertEqual(self.command("list")["registrations"][0]["worker_key"], key)
        self.assertEqual(self.worker.end_process(kill=False), 0)
        wait_for(lambda: "no proof for more than" in (self.host.decisions()[-1]["reason"] or ""),
                 "a failed check without proofs")
        for secret in (own["secret"], COMMON):
            self.assertFalse(self.worker.said(secret))
            self.assertFalse(self.host.said(secret))
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_a_reload_registers_what_changed(self):
        self.host.start()
        self.worker.start()
        self.wait_state("unapproved")
        self.edit_worker("manager:\n", "manager:\n  capabilities: other, names\n")
        done = subprocess.run([STIPEND, "reload", "-c", self.worker.config], env=self.worker.environment, text=True,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: self.command("list")["registrations"][0]["capabilities"] == ["other", "names"],
                 "the new capabilities")


class ConnectBack(MembershipTest):
    def test_an_endpoint_that_is_not_reached_is_a_failed_check_until_it_is(self):
        self.worker.environment["ORCHESTRATOR_ENDPOINT"] = f"https://127.0.0.1:{free_port()}"
        self.host.start()
        self.worker.start()
        self.wait_state("unapproved")
        wait_for(lambda: self.manager()["problem"], "a worker that knows that it is not reached")
        self.assertIn("the endpoint is not reached: the connection was refused", self.manager()["problem"])
        self.assertTrue(self.host.said("orch-1 is not reached at"))
        self.command("approve", "orch-1")
        wait_for(lambda: any("its endpoint is not reached" in (line["reason"] or "") for line in self.host.decisions()),
                 "a failed check")
        self.assertEqual(self.paid(), [])
        self.assertEqual(self.wait_state("approved")["state"], "approved")


class Several(MembershipTest):
    """A live runner's plugin beside that of BYOC, in one worker."""

    def devnet_options(self):
        return ("--live-runners", "--runner-ttl", "2s")

    def key_at_the_manager(self):
        return self.command("list")["registrations"][0]["worker_key"]

    def test_the_manager_knows_the_key_of_the_plugin_that_signs_for_the_registered_id(self):
        self.edit_worker("    orchestrator_id: orch-1\n", "    orchestrator_id: orch-9\n")
        options = {"orchestrator": self.endpoint, "secret": "orch-secret", "orchestrator_id": "orch-1", "tls": "none",
                   "prefix": "/live", "url": self.worker.url + "/live"}
        self.edit_worker("\nlisten:\n", "\nworkers:\n  - name: live\n    plugin: runner\n"
                         "    id: org.stipend.runner.worker\n    config: " + json.dumps(options) + "\nlisten:\n")
        self.host.start()
        self.worker.start()
        self.wait_state("unapproved")
        first, second = (self.worker.get(path)["worker_key"] for path in ("/service-status", "/live/service-status"))
        self.assertNotEqual(first, second)
        self.assertEqual(self.key_at_the_manager(), second)
        # Now both sign for it, with two keys: the first one's is registered, and the log says what is wrong.
        self.edit_worker("    orchestrator_id: orch-9\n", "    orchestrator_id: orch-1\n")
        done = subprocess.run([STIPEND, "reload", "-c", self.worker.config], env=self.worker.environment, text=True,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: self.key_at_the_manager() == first, "the other key at the manager")
        self.assertTrue(self.worker.said("worker and worker-live both sign evidence for orch-1, with two keys"))


class Refused(MembershipTest):
    def test_a_lost_secret_is_named_and_replaced_by_an_administrator(self):
        self.host.start()
        self.worker.start()
        self.wait_state("unapproved")
        self.command("approve", "orch-1")
        self.wait_state("approved")
        self.worker.end_process(kill=False)
        self.secret_file().unlink()
        self.worker.start()
        found = self.wait_state("refused")
        self.assertIn("stipend orchestrator rotate-secret orch-1", found["problem"])
        self.assertIn("ORCHESTRATOR_OWN_SECRET", found["problem"])
        self.assertEqual(self.metric('stipend_manager_state{state="refused"}'), ["1"])
        self.assertEqual(self.worker.get("/health"), {"status": "ok"})
        self.worker.end_process(kill=False)
        self.worker.environment["ORCHESTRATOR_OWN_SECRET"] = self.command("rotate-secret", "orch-1")["secret"]
        self.worker.start()
        self.wait_state("approved")
        self.command("rotate-secret", "orch-1", "--revoke")
        self.assertIn("replaced or revoked", self.wait_state("refused")["problem"])
        self.assertFalse(self.worker.said(self.worker.environment["ORCHESTRATOR_OWN_SECRET"]))

    def test_a_wrong_common_secret_is_named(self):
        self.worker.environment["MANAGER_SECRET"] = "another secret of these tests"
        self.host.start()
        self.worker.start()
        self.assertIn("MANAGER_SECRET", self.wait_state("refused")["problem"])
        self.assertEqual(self.command("list")["registrations"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
