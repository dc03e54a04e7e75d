"""Tables of the policy that an administrator changes over the API: tried, replayed, taken by a reload, and taken back."""
import fractions
import http.client
import json
import pathlib
import sqlite3
import threading
import unittest

import test_registry
from network import wait_for
from test_api import PAYMENTS

TABLES = "/api/v1/policy/tables"
LESS = "default:\n  - {tier: all, at_least: 50, multiplier: 0.25}\n  - {tier: none, at_least: 0, multiplier: 0}\n"
MORE = "default:\n  - {tier: all, at_least: 50, multiplier: 5}\n  - {tier: none, at_least: 0, multiplier: 0}\n"
GAP = "default:\n  - {tier: all, at_least: 50, multiplier: 1}\n"


class Tables(test_registry.RegistryTest):
    def setUp(self):
        super().setUp()
        self.spread()
        self.host.environment["BASE_PAYMENT_USD"] = "0.01"  # so that the limit of a day is met by no table
        self.start()
        self.file = pathlib.Path(self.host.folder) / "state" / "tables.yaml"

    def shown(self):
        answer = self.get(TABLES, self.token)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["ETag"], f'"{answer.json()["version"]}"')
        return answer.json()

    def post(self, path, body, token=None):
        return self.ask("POST", f"{TABLES}/{path}", body, token or self.token)

    def change(self, text=None, version=None, token=None, **more):
        """Puts a text in force; None: the former version."""
        body = {"reason": "a test", **more}
        match = f'"{version or self.shown()["version"]}"'
        if text is None:  # what was in force before may be more
            return self.ask("POST", f"{TABLES}/undo", {**body, "accept_spend": True}, token or self.token, If_Match=match)
        return self.ask("PUT", TABLES, {**body, "text": text}, token or self.token, If_Match=match)

    def wait_tier(self, tier):
        wait_for(lambda: self.get(f"{PAYMENTS}?limit=1", self.token).json()["payments"][0]["tier"] == tier, f"a decision in {tier}")

    def audited(self):
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as ledger:
            bodies = [body for body, in ledger.execute("SELECT CAST(body AS TEXT) FROM audit ORDER BY seq")]
        return [body for body in bodies if body and body.startswith("policy-tables: ")]

    def test_taken_tables_decide_and_are_taken_back(self):
        self.wait_for_decisions(self.orchestrators)
        before = self.shown()
        self.assertEqual((before["file"], before["version"], before["text"], before["former"]), ("tables.yaml", "none", "", None))
        self.assertEqual([(one["name"], one["origin"]) for one in before["tables"]], [("default", "plugin"), ("flat-95", "plugin")])
        self.assertEqual(before["tables"][0]["rows"][0], {"tier": "excellent", "above": "95", "multiplier": "1.2"})
        self.assertEqual(before["policies"][0]["config"]["table"], "default")
        self.assertEqual(before["policies"][0]["orchestrators"], 2)
        config = self.host.config.read_bytes()
        tried = self.post("check", {"text": LESS}).json()
        self.assertEqual((tried["valid"], tried["taken"], tried["findings"]), (True, False, []))
        self.assertEqual([(one["tier"], one["from_ppm"], one["multiplier"]) for one in tried["policies"][0]["table"]],
                         [("none", 0, "0"), ("all", 500000, "0.25")])
        self.assertIn("largest possible spend", " ".join(tried["text"]))
        self.assertFalse(self.file.exists())
        taken = self.change(LESS)
        self.assertEqual(taken.status, 200, taken.body)
        self.assertTrue(taken.json()["taken"])
        self.assertEqual(self.file.read_text(), LESS)
        self.wait_tier("all")
        newest = self.get(f"{PAYMENTS}?limit=1", self.token).json()["payments"][0]
        self.assertEqual((newest["multiplier"], newest["amount_usd"]), ("0.25", "0.0025"))
        now = self.shown()
        self.assertEqual((now["version"], now["version_in_force"]), (taken.json()["version"],) * 2)
        self.assertEqual([(one["name"], one["origin"]) for one in now["tables"]], [("default", "file"), ("flat-95", "plugin")])
        # The former version is no file at all.
        back = self.change()
        self.assertEqual(back.status, 200, back.body)
        self.wait_tier("excellent")
        self.assertEqual(self.file.read_text(), "{}\n")
        again = self.change()
        self.assertEqual((again.status, self.file.read_text()), (200, LESS), again.body)
        rows = self.audited()
        self.assertEqual([row.split(" by ")[0] for row in rows], ["policy-tables: changed"] + 2 * ["policy-tables: taken back"])
        self.assertIn(f"api:admin@system.com: sha256 none -> {now['version']}: a test", rows[0])
        self.assertEqual(self.host.config.read_bytes(), config)
        # All of it is explained and verified as ever, by each table in its time.
        for one in self.get(f"{PAYMENTS}?limit=20", self.token).json()["payments"]:
            code, out, err = self.host.run("explain", "--orchestrator", one["orchestrator"], str(one["epoch"]), "--json")
            self.assertEqual(code, 0, out + err)
            self.assertTrue(json.loads(out)["recomputed"]["same"])
        self.host.stop()
        self.assertTrue(self.host.verified())

    def test_what_is_refused_changes_nothing(self):
        self.wait_for_decisions(1)
        first = self.change(LESS).json()["version"]
        rows, files = self.audited(), sorted(self.file.parent.glob("tables.yaml*"))
        gap = self.post("check", {"text": GAP}).json()
        self.assertFalse(gap["valid"])
        self.assertEqual((gap["findings"][0]["file"], gap["findings"][0]["line"]), (str(self.file), 2))
        self.assertIn("gap", gap["findings"][0]["message"])
        for text, why in ((GAP, "gap"), (MORE, "more than doubles"), ("- a\n", "want a mapping"), ("default: 5\n", "want"), ("a: [\n", "tables.yaml:")):
            answer = self.change(text)
            self.assertIn(why, self.assert_problem(answer, 422))
            self.assertEqual(answer.headers["ETag"], f'"{first}"')
        self.assert_problem(self.change(LESS, version="none"), 412)
        self.assert_problem(self.ask("PUT", TABLES, {"text": LESS, "reason": "r"}, self.token), 428)
        self.assertEqual((self.audited(), sorted(self.file.parent.glob("tables.yaml*"))), (rows, files))
        self.assertEqual(self.file.read_text(), LESS)
        more = self.change(MORE, accept_spend=True)
        self.assertEqual(more.status, 200, more.body)
        self.wait_tier("all")

    def test_other_roles_read_at_most(self):
        self.wait_for_decisions(1)
        for role, reads in (("viewer", 200), ("operator", 200)):
            code, out, err = self.host.run("api-key", "add", role, "--role", role, "--json")
            self.assertEqual(code, 0, err)
            key = json.loads(out)["key"]
            self.assertEqual(self.get(TABLES, key).status, reads)
            for path, body in (("check", {"text": LESS}), ("replay", {"text": LESS}), ("undo", {"reason": "r"})):
                self.assert_problem(self.post(path, body, key), 403)
            self.assert_problem(self.change(LESS, token=key), 403)
        self.assertEqual(self.get(TABLES).status, 401)
        self.assertFalse(self.file.exists())

    def test_history_of_code_that_is_not_in_force_any_more_is_refused_by_its_generation(self):
        self.wait_for_decisions(self.orchestrators)
        before = max(line["generation"] for line in self.host.decisions())
        place = self.host.plugins / "payment.so"
        new = self.host.folder / "new.so"
        new.write_bytes(place.read_bytes() + b"1")
        new.replace(place)
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        wait_for(lambda: any(line["generation"] > before for line in self.host.decisions()), "a decision by the other build")
        said = self.assert_problem(self.post("replay", {"text": LESS}), 409)
        self.assertIn("was decided by code that is not in force any more: begin later, or ask `stipend policy replay`", said)
        # It is none where it begins later.
        since = max(line["decided_at"] for line in self.host.decisions() if line["generation"] == before)
        first = next(line for line in self.host.decisions() if line["generation"] > before and line["decided_at"] > since)
        later = self.post("replay", {"text": LESS, "from": first["decided_at"]})
        self.assertEqual((later.status, later.json()["not_reproduced"]), (200, 0), later.body)
        # The manager's machine keeps the code of both.
        table = self.host.folder / "less.yaml"
        table.write_text("table: default\ntables:\n" + "".join(f"  {line}\n" for line in LESS.splitlines()))
        code, out, err = self.host.run("policy", "replay", "--table", str(table), "--json")
        self.assertEqual((code, json.loads(out)["not_reproduced"]), (0, 0), err)

    def test_a_draft_is_replayed_as_the_command_line_replays_it(self):
        self.wait_for_decisions(3 * self.orchestrators)
        recorded = self.get(f"{PAYMENTS}?limit=1", self.token).json()["payments"][0]
        to = recorded["decided_at"]
        answer = self.post("replay", {"text": LESS, "to": to})
        self.assertEqual(answer.status, 200, answer.body)
        replay = answer.json()
        self.assertTrue(replay["valid"])
        self.assertEqual(replay["not_reproduced"], 0)
        table = self.host.folder / "new.yaml"
        table.write_text("tables:\n" + "".join(f"  {line}\n" for line in LESS.splitlines()))
        code, out, err = self.host.run("policy", "replay", "--table", str(table), "--to", to, "--json")
        self.assertEqual(code, 0, out + err)
        own = json.loads(out)
        self.assertEqual(replay["total"], own["total"])
        self.assertEqual(replay["decisions"], own["decisions"])
        self.assertEqual({one["orchestrator"]: one for one in replay["orchestrators"]["list"]},
                         {one["orchestrator"]: one for one in own["orchestrators"]})
        self.assertEqual(fractions.Fraction(replay["total"]["usd_at_these_checks"]), fractions.Fraction(1, 400) * replay["decisions"])
        self.assertFalse(self.post("replay", {"text": GAP}).json()["valid"])
        self.assert_problem(self.post("replay", {"text": LESS, "from": "2026-01-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}), 422)
        self.assertEqual(self.shown()["version"], "none")

    def test_a_host_that_is_killed_between_the_file_and_the_reload_has_the_tables(self):
        self.wait_for_decisions(1)
        # The answer is of the reload, which the host does not live to see.
        version = self.shown()["version"]
        answers = []

        def change():
            try:
                answers.append(self.change(LESS, version=version).status)
            except (OSError, http.client.HTTPException):
                answers.append(None)
        asking = threading.Thread(target=change)
        asking.start()
        while not self.file.exists() and not answers:
            pass
        self.host.kill()
        asking.join()
        print("killed", "before" if answers == [None] else "behind", "the answer")
        self.assertEqual(len(self.audited()), 1)  # written before the file
        # The file is whole, and the former one is beside it.
        self.assertEqual((self.file.read_text(), self.file.with_name("tables.yaml.1").read_text()), (LESS, "{}\n"))
        half = self.file.with_name("tables.yaml.AbC123")  # what a kill before the rename leaves
        half.write_text("default: [")
        self.start()
        self.wait_tier("all")
        self.assertEqual(self.shown()["former"]["text"], "{}\n")
        self.assertEqual(self.change().status, 200)
        self.wait_tier("excellent")
        self.host.stop()
        self.assertTrue(self.host.verified())

    def test_a_file_that_was_edited_by_hand_counts_with_the_next_reload(self):
        self.wait_for_decisions(1)
        self.file.write_text(LESS)
        now = self.shown()
        self.assertNotEqual(now["version"], now["version_in_force"])
        code, out, err = self.host.run("check")
        self.assertEqual(code, 0, out + err)
        code, out, err = self.host.run("config", "dump")
        self.assertIn("tables_from: tables.yaml", out)
        self.assertIn(f"laid over by {self.file}", out)
        self.assertIn("multiplier: 0.25", out)
        self.assertEqual(self.host.run("reload")[0], 0)
        self.wait_tier("all")
        self.file.write_text(GAP)
        code, out, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn(f"{self.file}:2:3: payment.policy.config.tables.default", err)
        self.assertEqual(self.host.run("reload")[0], 1)
        # What is in force stays, also where a registration has all of it planned again.
        self.made()
        self.order("approve")
        self.wait_paid(1)
        self.wait_tier("all")

    def test_without_a_file_named_there_is_nothing_to_change(self):
        self.wait_for_decisions(1)
        self.host.edit("    tables_from: tables.yaml", "    # tables_from: tables.yaml")
        self.assertEqual(self.host.run("reload")[0], 0)
        self.assertIn("tables_from", self.assert_problem(self.get(TABLES, self.token), 409))
        self.assert_problem(self.change(LESS, version="none"), 409)
        self.assertFalse(self.file.exists())


if __name__ == "__main__":
    unittest.main()
