"""One network with every fault that it has: what a single job is called, and what the host's tools say of each."""
import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("jobs", "host")]
import test_jobs  # noqa: E402
from network import PATIENCE, STIPEND, Devnet, Host, wait_for  # noqa: E402
from ports import free_port  # noqa: E402

FAULTS = test_jobs.Faults.ORCHESTRATOR
# A worker gets two seconds here: then the gateway gives up, before the job's own time-out.
GIVEN_UP = {"hang": {"empty_200"}}
# The gateway's words that it found none: it may be the gateway itself, so that the host neither pays nor punishes.
HELD = "no_orchestrators"
NOT_HELD = {"gateway_text"}  # they are the worker's


def may_be_held(fault, expected):
    return HELD in expected and fault["kind"] not in NOT_HELD


def address(at):
    return f"https://127.0.1.{at + 1}:9995"


class EveryFault(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="faults-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.devnet = Devnet(len(FAULTS))
        self.addCleanup(self.devnet.end)
        for at, (fault, _) in enumerate(FAULTS):
            self.devnet.fault(at, **fault)
        self.host = Host(self.devnet, interval=3600)
        self.addCleanup(self.host.end)
        self.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}", "    capability: ${CAPABILITY_NAME:-agent-net}\n    timeout: 2s")
        self.host.environment["API_LISTEN"] = f"127.0.0.1:{free_port()}"

    def sent(self, at):
        """The class of one job, as `jobs send` has it."""
        done = subprocess.run([STIPEND, "jobs", "send", "--gateway", self.devnet.gateway, "--orchestrator", address(at), "--timeout", "2",
                               "--check", "uptime", "--json"], text=True, capture_output=True, timeout=PATIENCE)
        one, = json.loads(done.stdout)["ways"]
        self.assertEqual(done.returncode, 0 if one["class"] == "succeeded" else 1, done.stderr)
        return one["class"]

    def decisions(self):
        """The first one of each orchestrator."""
        out = {}
        for line in self.host.decisions():
            out.setdefault(line["orchestrator"], line)
        return out

    def held(self):
        return sum(one["held"] for one in self.host.status()["orchestrators"])

    def lanes(self):
        code, out, err = self.host.run("api-key", "add", "flow", "--role", "viewer", "--json")
        self.assertEqual(code, 0, err)
        (self.folder / "key").write_text(json.loads(out)["key"] + "\n")
        done = subprocess.run([STIPEND, "flow", "--url", f"http://{self.host.environment['API_LISTEN']}", "--key", self.folder / "key",
                               "--json"], text=True, capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {one["orchestrator_id"]: one for one in json.loads(done.stdout)["orchestrators"]}

    def explained(self, orchestrator, epoch):
        code, out, err = self.host.run("explain", "--orchestrator", orchestrator, str(epoch), "--json")
        self.assertEqual(code, 0, out + err)
        return json.loads(out)

    def test_each_has_its_class_its_figures_and_its_explanation(self):
        with concurrent.futures.ThreadPoolExecutor(4) as several:
            classes = list(several.map(self.sent, range(len(FAULTS))))
        for at, (fault, expected) in enumerate(FAULTS):
            with self.subTest(fault=fault):
                self.assertIn(classes[at], expected | GIVEN_UP.get(fault["kind"], set()))

        self.host.start()
        wait_for(lambda: len(self.decisions()) + self.held() >= len(FAULTS), "each decided or held")
        decisions, lanes = self.decisions(), self.lanes()
        self.assertEqual(len(lanes), len(FAULTS))
        for at, (fault, expected) in enumerate(FAULTS):
            with self.subTest(fault=fault):
                orchestrator = address(at).removeprefix("https://")
                self.assertEqual(lanes[orchestrator]["standing"]["held"], orchestrator not in decisions)
                if orchestrator not in decisions:
                    self.assertTrue(may_be_held(fault, expected))
                    self.assertEqual((lanes[orchestrator]["decision"], lanes[orchestrator]["owed_wei"]), (None, "0"))
                    continue
                self.assertFalse(expected == {HELD} and may_be_held(fault, expected))
                line, shown = decisions[orchestrator], lanes[orchestrator]["decision"]
                job = line["job"]
                # Where both may be, the host's second try may meet what the first did not.
                self.assertIn({"ok": "succeeded"}.get(job, "failed"), {one if one == "succeeded" else "failed" for one in expected})
                want = {"ok": ("excellent", "1.2", "12"), "failed": ("offline", "0", "0")}[job]
                one = self.explained(orchestrator, line["epoch"])
                self.assertEqual((one["tier"]["tier"], one["multiplier"], one["amount_usd"]), want)
                self.assertEqual((shown["tier"], shown["multiplier"], shown["amount_usd"]), want)
                self.assertEqual((one["job"], shown["job"], one["recomputed"]["same"]), (job, job, True))
                self.assertEqual(one["uptime_ppm"], 1000000 if job == "ok" else None)
                self.assertEqual(one["penalty"]["failures"], 0 if job == "ok" else 1)
                self.assertEqual((one["reason"].startswith("check failed: "), one["reason"]), (job == "failed", shown["reason"]))
                self.assertEqual(lanes[orchestrator]["owed_wei"], one["conversion"]["amount_wei"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
