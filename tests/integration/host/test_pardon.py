"""Take back the waits and counts of checks that failed through the payer's own fault, on a running host."""
import json
import unittest
from datetime import datetime, timedelta, timezone

from network import Devnet, Host, wait_for

REASON = "our own network was down"


def utc(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Pardon(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(3)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}\n",
                       "    capability: ${CAPABILITY_NAME:-agent-net}\n    retry_after: 100ms\n")
        self.began = datetime.now(timezone.utc)

    def pardon(self, *more, whose=("--all",), to=None):
        return self.host.run("pardon", *whose, "--from", utc(self.began - timedelta(minutes=1)), "--to",
                             to or utc(datetime.now(timezone.utc)), "--reason", REASON, *more)

    def fail_all(self):
        """Each orchestrator fails once; its next check is due ten minutes later."""
        for number in range(3):
            self.devnet.fault(number, kind="empty200")
        wait_for(lambda: len(self.failures()) == 3 and set(self.failures().values()) == {1}, "a failure of each")

    def failures(self):
        return {one["orchestrator"]: one["consecutive_failures"] for one in self.host.decisions()}

    def decided(self):
        counts = {}
        for one in self.host.decisions():
            counts[one["orchestrator"]] = max(one["epoch"], counts.get(one["orchestrator"], 0))
        return counts

    def test_all_are_due_at_once_and_count_anew(self):
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 3, "decisions")
        self.fail_all()
        for number in range(3):
            self.devnet.fault(number, kind="none")
        before = self.decided()
        code, out, err = self.pardon("--json")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("--yes", err)
        code, out, err = self.pardon("--dry-run", "--json")
        self.assertEqual(code, 0, err)
        planned = json.loads(out)
        self.assertEqual(len(planned["pardoned"]), 3)
        self.assertEqual({one["failures_after"] for one in planned["pardoned"]}, {0})
        self.assertEqual({one["orchestrator"]: one["failures_before"] for one in planned["pardoned"]}, self.failures())
        code, out, err = self.pardon("--yes", "--json")
        self.assertEqual(code, 0, err)
        now = datetime.now(timezone.utc)
        for one in json.loads(out)["pardoned"]:
            self.assertEqual(one["checks"], 1)
            self.assertLessEqual(time_of(one["due_after"]), now)
            self.assertGreater(time_of(one["due_before"]), now)
        wait_for(lambda: all(self.decided()[who] > epoch for who, epoch in before.items()), "a check of each")
        self.assertLess(datetime.now(timezone.utc), min(time_of(one["due_before"]) for one in planned["pardoned"]))
        self.assertEqual(set(self.failures().values()), {0})
        code, out, _ = self.pardon("--yes")
        self.assertEqual((code, out), (0, "nothing to pardon\n"))
        self.host.stop()
        self.host.verified()

    def test_one_is_pardoned_and_a_restart_keeps_it(self):
        self.host.start()
        self.fail_all()
        payee = self.host.decisions()[0]["orchestrator"]
        epoch = self.decided()[payee]
        code, out, err = self.pardon(whose=("--orchestrator", payee))
        self.assertEqual(code, 0, err)
        self.assertRegex(out, f"^{payee}: 1 check pardoned; 1 failure -> 0 failures; next check ")
        self.host.kill()
        self.host.start()
        wait_for(lambda: self.decided()[payee] > epoch, "a check after the restart")
        self.assertEqual(self.failures()[payee], 1)
        self.host.stop()
        self.host.verified()

    def test_what_cannot_be_pardoned_is_refused(self):
        code, _, err = self.pardon("--yes")
        self.assertEqual(code, 1)
        self.assertIn("a pardon asks the policy of a running host", err)
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 3, "decisions")
        who = self.host.decisions()[0]["orchestrator"]
        code, _, err = self.pardon(whose=("--orchestrator", who))
        self.assertEqual(code, 1)
        self.assertIn("nothing to pardon", err)
        code, _, err = self.pardon(whose=("--orchestrator", "unknown"))
        self.assertEqual(code, 1)
        self.assertIn("no such orchestrator: unknown", err)
        code, _, err = self.pardon("--yes", to=utc(datetime.now(timezone.utc) + timedelta(hours=1)))
        self.assertEqual(code, 1)
        self.assertIn("want a time that has been", err)
        self.assertEqual(self.pardon(whose=("--orchestrator", who, "--all"))[0], 2)
        self.assertEqual(self.pardon(whose=())[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
