"""What another table or another plugin would have paid for what the host recorded."""
import fractions
import json
import shutil
import sqlite3
import unittest

import test_registry
from network import BUILD, wait_for

SECOND = 10**9
DEFECTS = BUILD / "tests" / "defects"
THRESHOLD = BUILD / "tests" / "plugins" / "threshold.so"


def usd(text):
    return fractions.Fraction(text)


class Replay(test_registry.RegistryTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.wait_for_decisions(4)
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(line["job"] == "failed" for line in self.host.decisions()), "a failure")
        known = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) >= known + 5, "five decisions on the other")
        self.host.stop()
        self.lines = self.host.decisions()
        self.good = [line for line in self.lines if line["uptime_percent"] == 100]
        self.assertEqual(len(self.good), len(self.lines) - 1)
        self.recorded = sum(usd(line["amount_usd"]) for line in self.lines)

    def replay(self, *arguments, status=0):
        code, out, err = self.host.run("policy", "replay", *map(str, arguments))
        self.assertEqual(code, status, out + err)
        return out if status != 1 else err

    def replayed(self, *arguments):
        return json.loads(self.replay(*arguments, "--json"))

    def table(self, text):
        file = self.host.folder / "new.yaml"
        file.write_text(text)
        return file

    def assert_as_recorded(self, one):
        self.assertEqual((one["decisions"], one["not_reproduced"]), (len(self.lines), 0))
        for name in ("recorded_usd", "usd_at_these_checks", "simulated_usd_low", "simulated_usd_high"):
            self.assertEqual(usd(one["total"][name]), self.recorded, name)
        for name in ("other_tier", "other_wait", "held", "unobserved_seconds"):
            self.assertEqual(one["total"][name], 0, name)
        self.assertEqual(one["total"]["simulated_checks_most"], len(self.lines))

    def checks_in_the_wait(self):
        """The whole seconds behind the failed check in which no policy that waits one interval would have waited."""
        with sqlite3.connect(self.host.folder / "state" / "ledger.db") as ledger:
            (due, until), = ledger.execute("SELECT due_at, next_at - 1000000000 FROM decision WHERE job = 2")
            (last,), = ledger.execute("SELECT max(decided_at) FROM decision")
        return (min(last, until) - due) // SECOND

    def test_the_policy_in_force_comes_to_what_is_recorded(self):
        self.assert_as_recorded(self.replayed("--from", "-1h"))
        self.assertIn(f"{len(self.lines)} decisions, each reproduced", self.replay())
        self.assertEqual(self.replayed("--to", "-1h")["decisions"], 0)
        self.replay("--from", "yesterday", status=2)
        # Another file with the same policy has its configuration.
        other = self.host.folder / "other.so"
        other.write_bytes((self.host.plugins / "payment.so").read_bytes() + b"\0")
        one = self.replayed("--plugin", other)
        self.assert_as_recorded(one)
        self.assertEqual((one["policy"]["id"], one["policy"]["file"], one["policy"]["configured"]),
                         ("org.stipend.payment", str(other), True))

    def test_a_table_is_tried_on_what_was(self):
        table = self.table("table: mine\ntables:\n  mine:\n    - {tier: all, at_least: 99, multiplier: 2.5}\n"
                           "    - {tier: nothing, at_least: 0, multiplier: 0}\n")
        for arguments in (("--table", table), ("--table", table, "--plugin", self.host.plugins / "payment.so")):
            one = self.replayed("--from", "-1h", *arguments)
            self.assertEqual(usd(one["total"]["usd_at_these_checks"]), 25 * len(self.good))
            self.assertEqual(one["total"]["other_tier"], len(self.lines))
            self.assertEqual(sum(row["decisions"] for row in one["orchestrators"]), len(self.lines))
            self.assertEqual(one["total"]["other_wait"], 1)
        only = self.replayed("--orchestrator", self.lines[0]["orchestrator"], "--table", table)
        self.assertEqual(only["orchestrators"], [row for row in one["orchestrators"]
                                                 if row["orchestrator"] == self.lines[0]["orchestrator"]])
        table = self.table("tables: {mine: [{tier: all, at_least: 50, multiplier: 1}]}\ntable: mine\n")
        self.assertIn("gap", self.replay("--table", table, status=1))
        self.replay("--table", self.host.folder / "missing", status=1)

    def test_a_wait_that_would_not_have_been_is_time_that_was_not_observed(self):
        # It pays the base for each check that is answered, and never waits.
        one = self.replayed("--plugin", DEFECTS / "sound_paying.so")
        self.assertEqual((one["policy"]["id"], one["policy"]["configured"]), ("org.example.paying", False))
        more = self.checks_in_the_wait()
        self.assertGreater(more, 0)
        total = one["total"]
        self.assertEqual((usd(total["usd_at_these_checks"]), usd(total["simulated_usd_low"]), usd(total["simulated_usd_high"])),
                         (10 * len(self.good), 10 * len(self.good), 10 * (len(self.good) + more)))
        self.assertEqual((total["other_wait"], total["unobserved_seconds"], total["simulated_checks_most"]),
                         (1, more, len(self.lines) + more))
        for row in one["orchestrators"]:
            failed = any(line["job"] == "failed" for line in self.lines if line["orchestrator"] == row["orchestrator"])
            self.assertEqual(row["unobserved_seconds"], more if failed else 0)
        out = self.replay("--plugin", DEFECTS / "sound_paying.so")
        self.assertIn("decided again by org.example.paying", out)
        self.assertIn("it begins with an empty memory", out)
        self.assertIn(f"{total['simulated_usd_low']} .. {total['simulated_usd_high']}", out)
        self.assertIn(f"that was not observed, as down .. as up: {more}s", out)

    def test_a_plugin_of_another_id_has_the_table_alone_as_its_configuration(self):
        one = self.replayed("--plugin", THRESHOLD, "--table", self.table("{at_least: 100, pay_usd: 3.5}\n"))
        self.assertEqual(one["policy"]["id"], "org.example.threshold")
        self.assertEqual(usd(one["total"]["usd_at_these_checks"]), usd("3.5") * len(self.good))
        self.assertIn("at_least", self.replay("--plugin", THRESHOLD, status=1))
        self.assertIn("new.yaml:1:12: --plugin.at_least: got 101",
                      self.replay("--plugin", THRESHOLD, "--table", self.table("{at_least: 101, pay_usd: 3.5}\n"), status=1))

    def test_a_plugin_that_cannot_decide_is_refused(self):
        self.assertIn("want a plugin that offers stipend.policy", self.replay("--plugin", self.host.plugins / "price.so", status=1))
        torn = self.host.folder / "torn.so"
        torn.write_bytes((self.host.plugins / "payment.so").read_bytes()[:20000])
        self.assertIn("torn.so", self.replay("--plugin", torn, status=1))
        self.assertIn("missing.so", self.replay("--plugin", self.host.folder / "missing.so", status=1))
        for defect in ("crash_in_create", "crash_in_decide", "bad_action"):
            self.assertIn(f"{defect}.so", self.replay("--plugin", DEFECTS / f"{defect}.so", status=1))

    def differences(self, *arguments, status):
        code, out, err = self.host.run("policy", "eval", "--from-ledger", *map(str, arguments))
        self.assertEqual(code, status, out + err)
        return [json.loads(line) for line in out.splitlines()], err

    def test_each_decision_that_comes_out_otherwise_is_printed(self):
        lines, err = self.differences(status=0)
        self.assertEqual(lines, [])
        self.assertIn(f"0 of {len(self.lines)} decisions come out otherwise", err)
        text = self.host.config.read_text()
        self.assertIn("    plugin: payment\n    config:\n", text)
        before, _, rest = text.partition("    plugin: payment\n    config:\n")
        rest = rest[rest.index(next(line for line in rest.splitlines() if not line.startswith("      "))):]
        self.host.config.write_text(f"{before}    plugin: payment\n    config:\n      table: mine\n      tables:\n        mine:\n"
                                    "          - {tier: all, at_least: 99, multiplier: 2.5}\n"
                                    f"          - {{tier: nothing, at_least: 0, multiplier: 0}}\n{rest}")
        lines, err = self.differences(status=3)
        self.assertEqual({(line["orchestrator"], line["epoch"]) for line in lines},
                         {(line["orchestrator"], line["epoch"]) for line in self.lines})
        recorded = {(line["orchestrator"], line["epoch"]): line for line in self.lines}
        for line in lines:
            was = recorded[line["orchestrator"], line["epoch"]]
            self.assertEqual(line["recorded"]["tier"], was["tier"])
            self.assertEqual(line["decided"]["tier"], "all" if was["job"] == "ok" else "nothing")
            if was["job"] == "ok":
                self.assertEqual((usd(line["recorded"]["amount_usd"]), usd(line["decided"]["amount_usd"])),
                                 (usd(was["amount_usd"]), 25))
        only, _ = self.differences("--orchestrator", self.lines[0]["orchestrator"], status=3)
        self.assertEqual(only, [line for line in lines if line["orchestrator"] == self.lines[0]["orchestrator"]])
        self.assertEqual(self.differences("--to", "-1h", status=0)[0], [])
        self.assertEqual(self.host.run("policy", "eval", "--from", "-1h")[0], 2)
        self.assertEqual(self.host.run("policy", "eval", "--from-ledger", "--base-usd", "1")[0], 2)

    def test_history_that_was_edited_is_compared_with_nothing(self):
        with sqlite3.connect(self.host.folder / "state" / "ledger.db") as ledger:
            ledger.execute("UPDATE decision SET multiplier_ppm = 1 WHERE epoch = 1 AND orchestrator = 1")
        for arguments in ((), ("--plugin", DEFECTS / "sound_paying.so")):
            out = self.replay(*arguments, status=3)
            self.assertIn("DIFFERS", out)
            self.assertIn(f"1 of {len(self.lines)} decisions are not what their own policy comes to", out)
            one = json.loads(self.replay(*arguments, "--json", status=3))
            self.assertEqual((one["not_reproduced"], one["total"], one["orchestrators"]), (1, None, []))


if __name__ == "__main__":
    unittest.main()
