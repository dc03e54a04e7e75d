"""An orchestrator gets its own alerts from a running host: at a webhook of its own, and at an e-mail address."""
import contextlib
import http.server
import json
import re
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import test_registry
from network import wait_for
from test_api import LIST
from test_mail import HAS_SERVER, MailServer

NEW = test_registry.NEW


class Hook:
    """An HTTPS server that takes messages, and answers with `status`."""

    def __init__(self, folder):
        outer = self
        self.status = 204
        self.messages, self.refused = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                (outer.messages if outer.status == 204 else outer.refused).append(body)
                self.send_response(outer.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/secret-path"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def events(self):
        return [one["event"] for one in list(self.messages)]

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class AlertTarget(test_registry.RegistryTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
                        "cert.pem"], cwd=folder.name, check=True, capture_output=True)
        self.folder = folder.name
        self.host.environment.update(ALLOWED_ENDPOINT_NETWORKS="127.0.1.0/24,127.0.0.1/32", MAX_CONSECUTIVE_FAILURES="1",
                                     PUNISHMENT_MULTIPLIER="1.0")
        # Without the default table's delay of ten minutes after a check that failed.
        self.host.edit("table: default ", "table: flat-95 ")
        self.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}\n",
                       "    capability: ${CAPABILITY_NAME:-agent-net}\n    retry_after: 100ms\n")
        self.host.edit("\nregistration:\n", f"\nregistration:\n  webhook_ca: {self.folder}/cert.pem\n")

    def hook(self):
        one = Hook(self.folder)
        self.addCleanup(one.end)
        return one

    def begin(self):
        self.spread()
        self.start()
        self.secret = self.made()["secret"]
        self.order("approve")
        self.wait_paid()

    def target(self, method="GET", body=None, token=None, id=NEW, more=""):
        path = f"{LIST}/{urllib.parse.quote(id, safe='')}/alert-target{more}"
        return self.ask(method, path, body, token=token or self.secret)

    def fires(self):
        return f"alert-target:{NEW}" in [one["id"] for one in self.host.status()["alerts"]]

    def test_it_is_told_that_it_is_down_and_up_again_also_over_a_restart(self):
        hook = self.hook()
        self.begin()
        other = self.made(id="other", endpoint="https://other.example:1", digit="b", worker_key="cd" * 32)["secret"]
        self.assert_problem(self.target(), 404)
        for token, status in ((other, 401), ("nothing", 401), (test_registry.COMMON, 401), (self.token, 403)):
            self.assert_problem(self.target("PUT", {"webhook": hook.url}, token), status)
        for body in ({}, {"webhook": "http://127.0.0.1/x"}, {"webhook": "https://10.0.0.1/x"}, {"email": "no-address"},
                     {"webhook": hook.url, "email": "a@b.example"}, {"webhook": "https://169.254.169.254/latest"},
                     {"webhook": hook.url, "more": 1}):
            self.assert_problem(self.target("PUT", body), 422)
        self.assertIn("sends no e-mails", self.assert_problem(self.target("PUT", {"email": "a@b.example"}), 409))
        made = self.target("PUT", {"webhook": hook.url})
        self.assertEqual(made.status, 200, made.body)
        self.assertEqual((made.json()["state"], made.json()["webhook"]),
                         ("active", hook.url.removesuffix("secret-path") + "..."))
        wait_for(lambda: hook.events() == ["target_set"], "the first message")
        # Staff read it, and not its secret; another orchestrator does not.
        self.assertEqual(self.target(token=self.token).status, 200)
        self.assertNotIn(b"secret-path", self.target(token=self.token).body)
        self.assert_problem(self.target(token=other), 401)
        self.devnet.fault(2, kind="empty200")
        wait_for(lambda: {"down", "suspended"} <= set(hook.events()), "that it is down")
        down = next(one for one in hook.messages if one["event"] == "down")
        self.assertEqual((down["orchestrator"], down["text"]), (NEW, "Its last check failed."))
        self.assertRegex(down["delivery_id"], "^[0-9a-f]{32}$")
        # What others suffer is not its business.
        self.devnet.fault(0, kind="empty200")
        # What is not accepted waits, over a kill as well: it comes again with the same id.
        hook.status = 302
        self.devnet.fault(2, kind="none")
        wait_for(lambda: "up" in [one["event"] for one in hook.refused], "a refused message")
        wait_for(lambda: self.target().json()["failures"] == 1, "the failure")
        self.assertEqual(self.target().json()["last_error"], "it answered with status 302")
        self.host.kill()
        hook.status = 204
        self.start()
        wait_for(lambda: {"up", "resumed"} <= set(hook.events()), "what waited")
        again = next(one for one in hook.messages if one["event"] == "up")
        self.assertIn(again["delivery_id"], [one["delivery_id"] for one in hook.refused])
        self.assertEqual({one["orchestrator"] for one in hook.messages}, {NEW})
        wait_for(lambda: self.target().json()["failures"] == 0, "an accepted message")
        # A new target takes its place, and the old one gets a last message.
        second = self.hook()
        self.assertEqual(self.target("PUT", {"webhook": second.url}).status, 200)
        wait_for(lambda: hook.events()[-1] == "target_replaced" and second.events() == ["target_set"], "the new one")
        self.assertEqual(self.target("DELETE").status, 204)
        wait_for(lambda: second.events()[-1] == "target_replaced", "its end")
        self.assert_problem(self.target(), 404)
        self.assertFalse(self.host.said("secret-path"))
        self.assertEqual((self.host.folder / "state" / "alert-targets.db").stat().st_mode & 0o777, 0o600)

    def test_an_answered_objection_and_a_later_registration_of_the_same_id(self):
        hook = self.hook()
        self.begin()
        wait_for(lambda: self.get(f"{LIST}/{NEW}/status", self.token).json()["epoch"] >= 1, "its decision")
        self.assertEqual(self.target("PUT", {"webhook": hook.url}).status, 200)
        path = f"{LIST}/{NEW}/payments/1/objection"
        self.assertEqual(self.ask("POST", path, {"text": "we were up"}, token=self.secret).status, 200)
        self.assertEqual(self.ask("POST", path + "/answer", {"reason": "no"}, token=self.token).status, 200)
        wait_for(lambda: "objection_answered" in hook.events(), "the answer")
        self.assertEqual(self.order("remove").status, 200)
        self.assertEqual(self.made(secret=self.token)["state"], "approved")
        self.assert_problem(self.target(token=self.token), 404)

    def test_one_that_accepts_nothing_is_switched_off_and_staff_are_told(self):
        hook = self.hook()
        self.begin()
        self.assertEqual(self.target("PUT", {"webhook": hook.url}).status, 200)
        wait_for(lambda: self.target().json()["last_success"], "the first message")
        self.assertEqual(self.host.stop(), 0)
        file = self.host.folder / "state" / "alert-targets.db"
        # As after nine failures: the pauses between them are long.
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE target SET failures = 9")
        hook.status = 500
        self.start()
        self.devnet.fault(2, kind="empty200")
        wait_for(lambda: self.target().json()["state"] == "off", "the end of it")
        self.assertEqual((self.target().json()["failures"], self.target().json()["waiting"]), (10, 0))
        wait_for(self.fires, "its alert")
        alert = next(one for one in self.host.status()["alerts"] if one["id"] == f"alert-target:{NEW}")
        self.assertIn("switched off after 10 failures in a row, the last one: it answered with status 500", alert["text"])
        self.assertEqual(self.host.stop(), 0)
        self.start()
        wait_for(self.fires, "its alert over a restart")
        self.assertEqual(self.order("remove").status, 200)
        wait_for(lambda: not self.fires(), "the end of an alert about one that is no more")
        # Without the file the host goes on, and an alert says so.
        self.assertEqual(self.host.stop(), 0)
        file.chmod(0o644)
        count = len(self.host.decisions())
        self.start()
        self.wait_for_decisions(count + 2)
        alert = next(one for one in self.host.status()["alerts"] if one["id"] == "alert-targets")
        self.assertIn("orchestrators do not get their own alerts", alert["text"])
        self.assertEqual(self.host.stop(), 0)
        file.chmod(0o600)
        self.start()
        self.assertNotIn("alert-targets", [one["id"] for one in self.host.status()["alerts"]])

    @unittest.skipUnless(HAS_SERVER, "no mail server: python3-aiosmtpd is not installed")
    def test_an_e_mail_address_is_confirmed_by_its_code(self):
        server = MailServer()
        self.addCleanup(server.end)
        self.host.edit("\nregistration:\n", "\nalerts: " + json.dumps({"receivers": [
            {"name": "mail", "config": {"format": "email", "url": f"smtp://127.0.0.1:{server.port}", "plain": True,
                                        "from": "stipend@payer.example", "to": "ops@payer.example"}}],
            "routes": [{"match": "nothing", "receivers": ["mail"]}]}) + "\nregistration:\n")
        self.begin()
        made = self.target("PUT", {"email": "ops@payee.example"})
        self.assertEqual((made.status, made.json()["state"]), (200, "unconfirmed"), made.body)
        mail, message = server.next()
        self.assertEqual(mail["to"], ["ops@payee.example"])
        self.assertEqual(message["Subject"], "stipend: confirm this address")
        code = re.search(r"Code: (\d{8})", message.get_content())[1]
        self.assert_problem(self.target("POST", {"code": "x"}, more="/confirm"), 422)
        self.assert_problem(self.target("POST", {"code": code}, self.token, more="/confirm"), 403)
        confirmed = self.target("POST", {"code": code}, more="/confirm")
        self.assertEqual((confirmed.status, confirmed.json()["state"]), (200, "active"), confirmed.body)
        self.assert_problem(self.target("POST", {"code": code}, more="/confirm"), 409)
        self.assertEqual(server.next()[1]["Subject"], "stipend: target_set")
        self.devnet.fault(2, kind="empty200")
        subjects = {server.next()[1]["Subject"], server.next()[1]["Subject"]}
        self.assertEqual(subjects, {"stipend: down", "stipend: suspended"})
        self.assertFalse(self.host.said(code))


if __name__ == "__main__":
    unittest.main()
