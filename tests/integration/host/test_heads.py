"""Heads of the ledger that a running host signs, keeps in a file and posts, and what a payee proves by them offline."""
import http.server
import json
import queue
import sqlite3
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import test_api
from network import STIPEND, wait_for
from test_api import LIST


class Receiver:
    """An HTTP server that keeps what is posted to it, and answers with `status`."""

    def __init__(self):
        self.got, self.status = queue.Queue(), 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.got.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/heads?token=secret-of-the-url"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def end(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def check_proof(proof, *options):
    """`ledger check-proof` in an empty folder: it needs no ledger and no configuration."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([STIPEND, "ledger", "check-proof", *options, "-"], input=json.dumps(proof), cwd=folder, text=True,
                              capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Heads(test_api.ApiTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.end)
        with open(self.host.config, "a", encoding="utf-8") as config:
            config.write(f"\nsigned_heads:\n  every: 1s\n  url: {self.receiver.url}\n")
        self.file = self.host.folder / "state" / "heads.jsonl"

    def heads(self):
        """Those that are whole."""
        text = self.file.read_text() if self.file.exists() else ""
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def wait_for_heads(self, count):
        wait_for(lambda: len(self.heads()) >= count, f"{count} heads")

    def test_a_payee_proves_its_payment_offline_even_where_the_ledger_is_rewritten_later(self):
        self.start()
        token = self.log_in()["access_token"]
        self.wait_for_decisions(self.orchestrators)
        first = self.host.decisions()[0]
        name = urllib.parse.quote(first["orchestrator"], safe="")
        path = f"{LIST}/{name}/payments/{first['epoch']}/proof"
        wait_for(lambda: self.get(path, token).status == 200, "a proof")
        proof = self.get(path, token).json()
        signer = self.get("/api/v1/ledger/head").json()["signer"]
        code, out, err = check_proof(proof, "--json", "--signer", signer)
        self.assertEqual(code, 0, err)
        proven = json.loads(out)
        self.assertEqual(proven["decision"], first)
        self.assertEqual(proven["signer"], signer)
        self.assertIn("compare that key", check_proof(proof)[1])
        code, out, err = self.host.run("ledger", "proof", "--orchestrator", first["orchestrator"], "--epoch", str(first["epoch"]))
        self.assertEqual((code, json.loads(out)), (0, proof), err)

        self.assert_problem(self.get(path), 401)
        self.assert_problem(self.get(f"{LIST}/{name}/payments/999999/proof", token), 404)
        self.assert_problem(self.get(f"{LIST}/{name}/payments/x/proof", token), 404)
        self.assert_problem(self.get(f"{LIST}/unknown/payments/1/proof", token), 404)
        code, _, err = check_proof(proof, "--signer", "0" * 64)
        self.assertEqual((code, f"signed by {signer}" in err), (1, True), err)
        for at in (0, 1):
            forged = json.loads(json.dumps(proof))
            forged["rows"][at]["body"] = forged["rows"][at]["body"][:-2] + "00"
            code, _, err = check_proof(forged)
            self.assertEqual((code, "does not lead to the root" in err), (1, True), err)

        # The heads that were kept show what was changed, the proof holds.
        self.wait_for_heads(3)
        self.host.stop()
        kept = self.host.folder / "kept.jsonl"
        kept.write_text(self.file.read_text())
        code, out, err = self.host.run("ledger", "verify", "--signed-heads", str(kept))
        self.assertEqual(code, 0, out + err)
        last = self.heads()[-1]
        with sqlite3.connect(self.host.folder / "state" / "ledger.db") as ledger:
            ledger.execute("DELETE FROM audit WHERE seq >= ?", [last["last"]])
        code, out, err = self.host.run("ledger", "verify", "--signed-heads", str(kept))
        self.assertEqual((code, f"signed head of rows {last['first']} to {last['last']}" in out), (1, True), out + err)
        self.assertEqual(check_proof(proof)[0], 0)

    def test_heads_follow_each_other_over_restarts_and_reach_the_url_once_it_answers(self):
        self.receiver.status = 503
        self.start()
        self.wait_for_heads(2)
        self.receiver.got.get(timeout=60)
        wait_for(lambda: any(one["id"] == "signed-heads-url" for one in self.host.status()["alerts"]), "the alert")
        alert = next(one for one in self.host.status()["alerts"] if one["id"] == "signed-heads-url")
        self.assertIn("got HTTP status 503, want 2xx", alert["text"])
        self.assertFalse(self.host.said("secret-of-the-url"))
        self.receiver.status = 204
        wait_for(lambda: not self.host.status()["alerts"], "no alert")
        self.host.kill()
        with open(self.file, "a", encoding="utf-8") as file:
            file.write('{"version":1,"torn')
        known = len(self.heads())
        while not self.receiver.got.empty():
            self.receiver.got.get()
        self.start()
        self.wait_for_heads(known + 2)
        posted = self.receiver.got.get(timeout=60)
        self.host.stop()
        heads = self.heads()
        self.assertIn(posted, heads)
        self.assertEqual(heads[0]["first"], 1)
        for before, after in zip(heads, heads[1:]):
            self.assertEqual(after["first"], before["last"] + 1)
        code, out, err = self.host.run("ledger", "verify", "--signed-heads", str(self.file))
        self.assertEqual(code, 0, out + err)
        code, out, err = self.host.run("ledger", "head", "--json")
        self.assertEqual((code, json.loads(out)), (0, heads[-1]), err)

    def test_a_ledger_that_went_back_is_not_signed_for(self):
        self.start()
        self.wait_for_heads(1)
        self.wait_for_decisions(self.orchestrators)
        backup = self.host.folder / "backup.db"
        code, _, err = self.host.run("ledger", "backup", str(backup))
        self.assertEqual(code, 0, err)
        self.wait_for_heads(len(self.heads()) + 2)
        self.host.stop()
        code, _, err = self.host.run("ledger", "restore", "--replace", str(backup))
        self.assertEqual(code, 0, err)
        self.start()
        wait_for(lambda: any(one["id"] == "signed-heads" for one in self.host.status()["alerts"]), "the alert")
        alert = next(one for one in self.host.status()["alerts"] if one["id"] == "signed-heads")
        self.assertIn(str(self.file), alert["text"])
        self.file.rename(self.file.with_suffix(".before"))
        wait_for(lambda: not self.host.status()["alerts"], "no alert")
        self.assertEqual(self.heads()[0]["first"], 1)


if __name__ == "__main__":
    unittest.main()
