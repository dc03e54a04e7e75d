"""Why a decision is what it is: beside a running host, without one, over the API, and where the ledger was edited."""
import decimal
import json
import os
import sqlite3
import subprocess
import unittest
import urllib.parse

import test_registry
from network import Devnet, Host, STIPEND, wait_for
from test_api import LIST


class Explain(test_registry.RegistryTest):
    def explained(self, *arguments, status=0):
        code, out, err = self.host.run("explain", *arguments, "--json")
        self.assertEqual(code, status, out + err)
        return json.loads(out)

    def remote(self, key, *arguments, **environment):
        """`explain` by a payee, in a folder without a configuration."""
        file = self.host.folder / "key"
        file.write_text(key + "\n")
        done = subprocess.run([STIPEND, "explain", *arguments, "--url", f"http://{self.address}", "--key", file],
                              cwd=self.host.folder / "state", env={**os.environ, **environment}, text=True, capture_output=True,
                              timeout=60)
        return done.returncode, done.stdout, done.stderr

    def fail_one(self):
        """The orchestrator that failed, and the first of its failed decisions."""
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(line["job"] == "failed" for line in self.host.decisions()), "a failure")
        return next(line for line in self.host.decisions() if line["job"] == "failed")

    def test_all_that_was_decided_is_computed_again(self):
        self.spread()
        self.start()
        self.wait_for_decisions(2 * self.orchestrators)
        failed = self.fail_one()
        lines = self.host.decisions()
        for line in lines:
            one = self.explained("--orchestrator", line["orchestrator"], str(line["epoch"]))
            self.assertEqual((one["recomputed"]["same"], one["recomputed"]["row_is_of_the_chain"], one["recomputed"]["differences"]),
                             (True, True, []), one)
            self.assertEqual((one["amount_usd"], one["conversion"]["amount_wei"], one["tier"]["tier"], one["generation"]["generation"]),
                             (line["amount_usd"], line["amount_wei"], line["tier"], line["generation"]))
        good = next(line for line in lines if line["tier"] == "excellent")
        one = self.explained("--orchestrator", good["orchestrator"], str(good["epoch"]))
        # 10 USD x 1.2, over the second until the next check; 12 x 10^18 / 2000.
        self.assertEqual((one["generation"]["base_usd"], one["multiplier"], one["amount_usd"], one["usd_per_minute"],
                          one["rate"]["usd_per_unit"], one["conversion"]["amount_wei"], one["conversion"]["cut_off"]),
                         ("10", "1.2", "12", "720", "2000", "6000000000000000", "0"))
        self.assertEqual((one["tier"]["from_ppm"], one["tier"]["to_ppm"]), (950001, 1000000))
        self.assertEqual(one["uptime_ppm"], 1000000)
        self.assertEqual(self.explained(str(one["decision"])), one)
        self.assertEqual(self.explained("--orchestrator", good["orchestrator"], "--at", one["period"]["from"])["epoch"], good["epoch"])
        # The first failure in a row: 600 s of the tier, and 2 x the interval.
        down = self.explained("--orchestrator", failed["orchestrator"], str(failed["epoch"]))
        self.assertEqual((down["tier"]["tier"], down["tier"]["delay_seconds"], down["penalty"]["failures"], down["penalty"]["seconds"],
                          down["penalty"]["intervals"], down["amount_usd"]), ("offline", "600", 1, "2", "2", "0"))

        # For people, and where no host runs.
        self.host.stop()
        code, out, err = self.host.run("explain", "--orchestrator", good["orchestrator"], str(good["epoch"]))
        self.assertEqual(code, 0, err)
        for text in ("10 USD x 1.2 = 12 USD", "12 x 10^18 / 2000 = 6000000000000000", "from 95.0001 % (950001 ppm) to 100 %",
                     "the same as recorded, by the code that decided"):
            self.assertIn(text, out)
        for arguments in ((), ("1", "--at", "2026-11-22T06:00:00Z"), ("--orchestrator", "x"), ("--orchestrator", "x", "--at", "noon")):
            self.assertEqual(self.host.run("explain", *arguments)[0], 2, arguments)
        for arguments in (("1",), ("--orchestrator", "x", "1"), ("--orchestrator", good["orchestrator"], "1000000")):
            code, _, err = self.host.run("explain", *arguments)
            self.assertEqual((code, "no such decision" in err), (1, True), err)

        # What was decided is edited: the sum differs, and the row is not the one of the chain.
        with sqlite3.connect(self.host.folder / "state" / "ledger.db") as ledger:
            ledger.execute("UPDATE decision SET usd_e8 = usd_e8 + 1 WHERE seq = ?", [one["decision"]])
        other = self.explained(str(one["decision"]), status=3)
        self.assertFalse(other["recomputed"]["same"])
        self.assertFalse(other["recomputed"]["row_is_of_the_chain"])
        self.assertEqual(other["recomputed"]["differences"],
                         [{"field": "amount_usd", "recorded": "12.00000001", "recomputed": "12"}])
        code, out, err = self.host.run("explain", str(one["decision"]))
        self.assertEqual((code, "DIFFERS" in out, "NOT the same as recorded" in out), (3, True, True), out + err)

    def test_the_services_that_lowered_an_uptime_are_named_however_a_payee_names_them(self):
        self.spread()
        self.start()
        hostile = {f"\x1b[2Jx, y 1 %\n{number}" + "n" * (65536 if number < 3 else 100): number / 10 for number in range(100)}
        self.devnet.fault(0, kind="uptime", percent=70.1, services={"voice": 97, "avatar": 43.2, "db": 100})
        self.devnet.fault(1, kind="uptime", percent=70.2, services=hostile)

        def reduced(percent):
            return next((line for line in self.host.decisions() if line["uptime_percent"] == percent), None)
        for percent in (70.1, 70.2):
            wait_for(lambda: reduced(percent), "a decision by that answer")
        line = reduced(70.1)
        self.assertEqual(line["reason"], "uptime 70.1 %: services below 100 %: avatar 43.2 %, voice 97 %")
        one = self.explained("--orchestrator", line["orchestrator"], str(line["epoch"]))
        window = one["evidence"]["window_seconds"]
        avatar, voice = (f"{(decimal.Decimal(share) * window).normalize():f}" for share in ("0.568", "0.03"))
        self.assertEqual((one["services"], one["services_left_out"]),
                         ([{"service": "avatar", "uptime_ppm": 432000, "not_up_seconds": avatar},
                           {"service": "voice", "uptime_ppm": 970000, "not_up_seconds": voice}], 0))
        code, out, err = self.host.run("explain", "--orchestrator", line["orchestrator"], str(line["epoch"]))
        self.assertEqual(code, 0, err)
        self.assertIn(f"services    avatar 43.2 %, not up for {avatar} s of the last {window} s\n"
                      f"services    voice 97 %, not up for {voice} s of the last {window} s\n", out)
        path = f"{LIST}/{urllib.parse.quote(line['orchestrator'], safe='')}/payments/{line['epoch']}/explanation"
        self.assertEqual(self.get(path, self.token).json(), one)

        line = reduced(70.2)
        self.assertLessEqual(len(line["reason"]), 255)
        self.assertRegex(line["reason"], r"^uptime 70.2 %: services below 100 %: [ -~]*, \d+ more$")
        one = self.explained("--orchestrator", line["orchestrator"], str(line["epoch"]))
        self.assertEqual(len(one["services"]) + one["services_left_out"], 100)
        self.assertTrue(one["services"][0]["service"].startswith("?[2Jx, y 1 %?0nnn"), one)
        self.host.verified()

    def test_a_configuration_that_is_another_by_now_explains_nothing_of_before(self):
        self.spread()
        self.start()
        self.wait_for_decisions(self.orchestrators)
        self.host.edit("table: default", "table: flat-95")
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        wait_for(lambda: any(line["generation"] == 2 for line in self.host.decisions()), "a decision by the new table")
        lines = self.host.decisions()
        for generation, tier, multiplier in ((1, "excellent", "1.2"), (2, "paid", "1")):
            line = next(line for line in lines if line["generation"] == generation)
            one = self.explained("--orchestrator", line["orchestrator"], str(line["epoch"]))
            self.assertEqual((one["recomputed"]["same"], one["tier"]["tier"], one["multiplier"]), (True, tier, multiplier))
        # Without the code that decided, by what is there, which says so; and without any, not at all.
        self.host.stop()
        for file in (self.host.folder / "state" / "plugins").glob("*payment*/*.so"):
            file.unlink()
        plugin = self.host.plugins / "payment.so"
        plugin.write_bytes(plugin.read_bytes() + b"\0")
        code, out, err = self.host.run("explain", "--orchestrator", line["orchestrator"], str(line["epoch"]))
        self.assertEqual((code, "another version of the code" in out), (0, True), out + err)
        plugin.unlink()
        one = self.explained("--orchestrator", line["orchestrator"], str(line["epoch"]), status=1)
        self.assertIsNone(one["recomputed"]["same"])
        self.assertIn("is not here", one["recomputed"]["error"])
        self.assertEqual(one["amount_usd"], "10")

    def test_terms_of_its_own_outlive_the_configuration(self):
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.host.edit("orchestrators: []", f"""orchestrators:
  - {{ address: "{self.endpoints[0]}", id: dear, base: 25 USD }}
  - {{ address: "{self.endpoints[1]}", id: flat, policy: {{ table: flat-95 }} }}""")
        self.start()
        self.wait_for_decisions(2)
        self.host.stop()
        # As if it had never been so.
        self.host.edit(", base: 25 USD", "")
        self.host.edit(", policy: { table: flat-95 }", "")
        for name, usd, tier in (("dear", "30", "excellent"), ("flat", "10", "paid")):
            one = self.explained("--orchestrator", name, "1")
            self.assertEqual((one["recomputed"]["same"], one["generation"]["terms_from"], one["amount_usd"], one["tier"]["tier"]),
                             (True, "ledger", usd, tier), one)
        self.host.verified()

    def test_a_payee_asks_for_its_own(self):
        self.spread()
        self.start()
        secret = self.made()["secret"]
        other = self.made(id="other", endpoint="https://other.example:1", digit="b", worker_key="cd" * 32)["secret"]
        self.order("approve")
        self.wait_paid(1)
        path = f"{LIST}/{test_registry.NEW}/payments/1/explanation"
        answer = self.get(path, secret)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertTrue(answer.json()["recomputed"]["same"])
        self.assertEqual(answer.json(), self.explained("--orchestrator", test_registry.NEW, "1"))
        self.assertEqual(self.get(path, self.token).json(), answer.json())
        self.assert_problem(self.get(path, other), 401)
        self.assert_problem(self.get(path), 401)
        listed = urllib.parse.quote(self.host.decisions()[0]["orchestrator"], safe="")
        self.assert_problem(self.get(f"{LIST}/{listed}/payments/1/explanation", secret), 401)
        self.assert_problem(self.get(path.replace("/1/", "/99999/"), secret), 404)
        self.assert_problem(self.get(path.replace("/1/", "/0/"), secret), 404)

        code, out, err = self.remote(secret, "1", "--orchestrator", test_registry.NEW, "--json")
        self.assertEqual((code, json.loads(out)), (0, answer.json()), err)
        code, out, err = self.remote(secret, "1", "--orchestrator", test_registry.NEW)
        self.assertEqual((code, "the same as recorded" in out), (0, True), out + err)
        code, out, err = self.remote("wrong", "1", "--orchestrator", test_registry.NEW)
        self.assertEqual((code, "status 401" in err), (1, True), out + err)
        self.assertNotIn("wrong", err)
        self.assertEqual(self.remote(secret, "1")[0], 2)


    def test_code_that_is_not_in_force_any_more_is_asked_in_a_process_of_its_own(self):
        self.spread()
        self.start()
        secret = self.made()["secret"]
        self.order("approve")
        self.wait_paid(1)
        before = max(line["generation"] for line in self.host.decisions())
        place = self.host.plugins / "payment.so"
        new = self.host.folder / "new.so"
        new.write_bytes(place.read_bytes() + b"1")
        new.replace(place)
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        wait_for(lambda: any(line["generation"] > before for line in self.paid()), "a decision by the other build")
        path = f"{LIST}/{test_registry.NEW}/payments"
        old = self.get(f"{path}/1/explanation", secret).json()
        newest = max((line for line in self.host.decisions() if line["orchestrator"] == test_registry.NEW),
                     key=lambda line: line["epoch"])
        new = self.get(f"{path}/{newest['epoch']}/explanation", secret).json()
        for one in (old, new):
            self.assertEqual((one["recomputed"]["same"], one["recomputed"]["by_sha256"]),
                             (True, one["generation"]["so_sha256"]), one)
        self.assertNotEqual(old["generation"]["so_sha256"], new["generation"]["so_sha256"])
        self.assertEqual(old, self.explained("--orchestrator", test_registry.NEW, "1"))


class Lint(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(2)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, interval=60)
        self.addCleanup(self.host.end)

    def lint(self, *arguments, status=0):
        code, out, err = self.host.run("policy", "lint", *arguments)
        self.assertEqual(code, status, out + err)
        return out, err

    def use(self, table):
        self.host.edit("      table: default", "      table: mine\n      tables:\n        mine:\n" + table + "      allow_falling_pay: true\n      #")

    def test_what_the_shipped_table_pays(self):
        one = json.loads(self.lint("--json")[0])
        policy = one["policies"][0]
        self.assertEqual((policy["uptimes_decided"], policy["steps"], policy["largest_usd_per_day"]), (1000001, 6, "17280"))
        self.assertEqual((one["orchestrators"], one["largest_usd_per_day_all"], one["findings"]), (2, "34560", []))
        # 7 USD every 90 s.
        self.assertEqual([row["usd_per_minute"] for row in policy["table"]], ["0", "0.16666666", "1", "4.66666666", "10", "12"])
        out, _ = self.lint()
        self.assertIn("at most 34560 USD a day for all 2 that are configured", out)
        # From 1 to 1/6 USD a minute.
        _, err = self.lint("--cliff", "83", status=1)
        self.assertIn("83.3333 % less; want at most 83 %", err)
        self.lint("--cliff", "84")
        self.lint("--cliff", "101", status=2)

    def test_findings_have_their_place_in_the_file(self):
        self.use("""          - {tier: high, at_least: 90, multiplier: 1.5, delay: 60s}
          - {tier: low, above: 0, multiplier: 1}
          - {tier: none, at_least: 0, multiplier: 0}
""")
        number = next(n for n, line in enumerate(self.host.config.read_text().splitlines(), 1) if "tier: high" in line)
        _, err = self.lint(status=1)
        self.assertIn(f"config.yaml:{number}:", err)
        self.assertIn("more uptime pays less: got 7.5 USD a minute at 90 % (high) and 10 at 89.9999 % (low)", err)
        one = json.loads(self.lint("--json", status=1)[0])
        self.assertEqual([finding["line"] for finding in one["findings"]], [number])

    def test_a_gap_is_found_by_the_plugin(self):
        self.use("""          - {tier: high, at_least: 90, multiplier: 1}
          - {tier: none, at_least: 0, below: 80, multiplier: 0}
""")
        _, err = self.lint(status=1)
        self.assertIn("gap between tier", err)


if __name__ == "__main__":
    unittest.main()
