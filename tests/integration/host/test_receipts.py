"""Receipts and statements of a host, by the command line and the API, and what others make of them."""
import csv
import io
import json
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.parse

from network import STIPEND
from receipts import receipt_problems, statement_problems
from test_api import LIST, ApiTest

PAYER = "0x" + "a" * 40
PAYEE = "0x" + "1" * 40


def verify(text, *options):
    """`receipt verify` in an empty folder: it needs no ledger and no configuration."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([STIPEND, "receipt", "verify", *options, "-"], input=text, cwd=folder, text=True,
                              capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Receipts(ApiTest):
    def pay(self, orchestrator):
        """Writes what a settlement leaves in the ledger, without the hashes of its chain."""
        with sqlite3.connect(self.host.folder / "state" / "ledger.db") as ledger:
            key, owed = ledger.execute("SELECT o.id, e.owed FROM orchestrator o JOIN engine_state e ON e.orchestrator = o.id "
                                       "WHERE o.key = ?", [orchestrator]).fetchone()
            last, at = ledger.execute("SELECT max(d.seq), max(d.decided_at) FROM decision d").fetchone()
            last = max(last, ledger.execute("SELECT max(seq) FROM audit").fetchone()[0])
            number = ledger.execute("SELECT ifnull(max(id), 0) + 1 FROM payout").fetchone()[0]
            for step, kind in enumerate((19, 20, 21, 23, 22), 1):
                ledger.execute("INSERT INTO audit VALUES(?, ?, '{}', ?)", [last + step, kind, bytes([step]) * 32])
            transaction, block = bytes([number]) * 32, bytes([9]) * 32
            ledger.execute("INSERT INTO payout VALUES(?, ?, ?, ?, ?, ?, 7, ?, 0)", [last + 1, number, key, PAYEE, owed, at, number])
            ledger.execute("INSERT INTO slot VALUES(?, ?, ?, ?, 1, ?, 1, 0, (SELECT chain_id FROM meta))", [last + 2, number, PAYER, number, at])
            ledger.execute("INSERT INTO attempt VALUES(?, ?, ?, x'02', ?, ?, 21000, 0, ?)",
                           [last + 3, number, transaction, bytes(31) + b"\1", bytes(31) + b"\2", at])
            ledger.execute("INSERT INTO slot_end VALUES(?, ?, ?, ?, 100, ?, 1, ?, '')",
                           [last + 4, number, transaction, block, bytes(32), at])
            ledger.execute("INSERT INTO payout_step VALUES(?, ?, 7, ?, ?, 100, '', '', ?)", [last + 5, number, number, block, at])
            ledger.execute("UPDATE engine_state SET owed = ? WHERE orchestrator = ?", [bytes(32), key])
        return number, int.from_bytes(owed, "big")

    def test_what_was_paid_is_proven_and_a_month_adds_up(self):
        self.host.edit("settlement: dry-run", "settlement: accrue")
        self.start()
        self.wait_for_decisions(3 * self.orchestrators)
        self.host.stop()
        ids = sorted({line["orchestrator"] for line in self.host.decisions()})
        number, wei = self.pay(ids[0])
        self.start()
        token = self.log_in()["access_token"]
        signer = self.get("/api/v1/receipts/signer").json()["address"]
        code, out, err = self.host.run("receipt", "key")
        self.assertEqual((code, out.strip()), (0, signer), err)
        file = self.host.folder / "state" / "receipt.key"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)

        path = f"{LIST}/{urllib.parse.quote(ids[0], safe='')}/payouts/{number}/receipt"
        answer = self.get(path, token)
        text = answer.body.decode()
        receipt = json.loads(text)
        code, out, err = self.host.run("receipt", "show", "--payout", str(number))
        self.assertEqual((code, out), (0, text), err)
        body = receipt["receipt"]
        self.assertEqual((body["wei"], body["transaction"], body["nonce"]), (str(wei), "0x" + "01" * 32, number))
        # By a checker of its own, and by the program.
        self.assertEqual(receipt_problems(receipt, signer), [])
        code, out, err = verify(text, "--address", signer)
        self.assertEqual((code, "valid: receipt of payout 1" in out), (0, True), out + err)
        self.assertIn("compare that address", verify(text)[1])
        decided = {line["epoch"]: line for line in self.host.decisions() if line["orchestrator"] == ids[0]}
        items = [item for item in receipt["items"] if item["kind"] == "decision"]
        self.assertEqual(len(items), body["decisions"])
        for item in items:
            line = decided[item["epoch"]]
            self.assertEqual((item["wei"], item["usd"], item["evidence_keccak256"]),
                             (line["amount_wei"], line["amount_usd"], line["evidence"]["body_keccak256"]))

        # What is changed of it is seen by both.
        items[0]["wei"] = str(int(items[0]["wei"]) + 1)
        self.assertEqual(receipt_problems(receipt, signer), ["the root", "the sum", "epoch 1"])
        code, out, err = verify(json.dumps(receipt))
        self.assertEqual((code, "INVALID" in out, "the items are not those that were signed" in err), (1, True, True), err)
        code, _, err = verify(text, "--address", PAYER)
        self.assertEqual((code, "want 0xaAaA" in err), (1, True), err)

        self.assert_problem(self.get(path), 401)
        self.assert_problem(self.get(path.replace("/payouts/1/", "/payouts/2/"), token), 404)
        other = f"{LIST}/{urllib.parse.quote(ids[1], safe='')}"
        self.assert_problem(self.get(f"{other}/payouts/{number}/receipt", token), 404)

        # Of the month of the last decision, which the devnet may have reached at its very end.
        month = max(line["decided_at"] for line in decided.values())[:7]
        self.host.stop()
        code, out, err = self.host.run("statement", "--orchestrator", ids[0], "--month", month)
        self.assertEqual(code, 0, err)
        statement = json.loads(out)
        self.assertEqual(statement_problems(statement, signer), [])
        self.assertEqual([row["wei"] for row in statement["statement"]["payouts"]], [str(wei)])
        owed = next(row for row in json.loads(self.host.run("ledger", "balance", "--json")[1]) if row["orchestrator"] == ids[0])
        self.assertEqual(statement["statement"]["closing_wei"], owed["owed_wei"])
        self.assertEqual(verify(out, "--address", signer)[0], 0)
        for form in ("csv", "html"):
            file = self.host.folder / f"statement.{form}"
            code, _, err = self.host.run("statement", "--orchestrator", ids[0], "--month", month, "--format", form,
                                         "--output", str(file))
            self.assertEqual(code, 0, err)
            text = file.read_bytes().decode()
            code, out, err = verify(text, "--address", signer)
            self.assertEqual(code, 0, out + err)
            self.assertEqual(verify(text.replace(str(wei), str(wei + 1)))[0], 1)
            if form == "csv":
                rows = list(csv.DictReader(io.StringIO(text)))
                self.assertEqual(sum(int(row["wei"]) for row in rows if row["entry"] not in
                                     ("statement", "closing balance", "of it in flight", "signature")),
                                 int(statement["statement"]["closing_wei"]))
        code, _, err = self.host.run("statement", "--orchestrator", ids[0], "--month", "2026-13")
        self.assertEqual((code, "want one such as 2026-11" in err), (2, True), err)
        code, _, err = self.host.run("receipt", "show", "--payout", "7")
        self.assertEqual((code, "no payout 7" in err), (1, True), err)

    def test_a_statement_of_the_api_has_three_forms(self):
        self.start()
        self.wait_for_decisions(2 * self.orchestrators)
        token = self.log_in()["access_token"]
        signer = self.get("/api/v1/receipts/signer").json()["address"]
        line = self.host.decisions()[0]
        path = f"{LIST}/{urllib.parse.quote(line['orchestrator'], safe='')}/statements/{line['decided_at'][:7]}"
        answer = self.get(path, token)
        self.assertEqual(answer.status, 200, answer.body)
        statement = answer.json()
        self.assertEqual(statement_problems(statement, signer), [])
        self.assertEqual((statement["statement"]["complete"], statement["statement"]["namespace"]), (False, "dry-run:42161"))
        for form, begin in (("csv", "entry,time,"), ("html", "<!doctype html>")):
            answer = self.get(f"{path}?format={form}", token)
            self.assertEqual(answer.headers["Content-Type"], f"text/{form}; charset=utf-8")
            self.assertTrue(answer.body.decode().startswith(begin))
            self.assertEqual(verify(answer.body.decode(), "--address", signer)[0], 0)
        self.assert_problem(self.get(f"{path}?format=xml", token), 400)
        self.assert_problem(self.get(path + "x", token), 400)
        self.assert_problem(self.get(f"{LIST}/unknown/statements/2026-11", token), 404)
        self.assert_problem(self.get(path), 401)


if __name__ == "__main__":
    unittest.main()
