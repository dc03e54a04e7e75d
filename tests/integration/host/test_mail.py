"""Alerts by e-mail: a whole host, the devnet, and a mail server of Debian's."""
import email
import email.policy
import json
import os
import queue
import subprocess
import tempfile
import threading
import unittest

import test_alerts
from network import PATIENCE, wait_for

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mail_server.py")
HAS_SERVER = subprocess.run([SYSTEM_PYTHON, "-c", "import aiosmtpd"], capture_output=True).returncode == 0


class MailServer:
    def __init__(self, *options):
        self.process = subprocess.Popen([SYSTEM_PYTHON, "-B", SERVER, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.mails = queue.Queue()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.mails.put(json.loads(line))

    def next(self):
        """The next e-mail: its envelope, and the message as Python's parser reads it."""
        mail = self.mails.get(timeout=PATIENCE)
        return mail, email.message_from_string(mail["message"], policy=email.policy.default)

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.thread.join()
        self.process.stdout.close()


@unittest.skipUnless(HAS_SERVER, "no mail server: python3-aiosmtpd is not installed")
class Mail(test_alerts.AlertsTest):
    def server(self, *options):
        one = MailServer(*options)
        self.addCleanup(one.end)
        return one

    def certificate(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
                        "cert.pem"], cwd=folder.name, check=True, capture_output=True)
        return folder.name + "/cert.pem", folder.name + "/key.pem"

    def mail_receiver(self, server, **config):
        config = {"format": "email", "url": f"smtp://127.0.0.1:{server.port}", "from": "stipend@payer.example",
                  "to": ["ops@payer.example", "ann@payer.example"], "timeout": "5s", **config}
        return "mail", config["url"], {"config": config}

    def check(self):
        code, out, err = self.host.run("check")
        return code, out + err

    def test_raised_and_resolved_over_tls_with_a_password(self):
        certificate, key = self.certificate()
        server = self.server("--certificate", certificate, "--key", key, "--user", "payer", "--password", "pass word")
        self.configure(self.mail_receiver(server, ca_file=certificate, user="payer", password="pass word"))
        self.host.start()
        self.suspend()
        mail, message = server.next()
        self.assertEqual((mail["from"], mail["to"]), ("stipend@payer.example", ["ops@payer.example", "ann@payer.example"]))
        self.assertEqual((mail["tls"], mail["user"]), (True, "payer"))
        self.assertTrue(message["Subject"].startswith(f"[WARNING] {self.suspended} on "), message["Subject"])
        self.assertEqual(message["From"], "stipend <stipend@payer.example>")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertRegex(message["Message-ID"], "^<stipend.[0-9a-f]{32}@payer.example>$")
        self.assertIsNotNone(message["Date"].datetime)
        self.assertIn("is suspended after 1 failed checks", message.get_content())
        self.recover()
        _, resolved = server.next()
        self.assertTrue(resolved["Subject"].startswith(f"[RESOLVED] {self.suspended}"), resolved["Subject"])
        self.assertNotEqual(resolved["Message-ID"], message["Message-ID"])
        self.assertFalse(self.host.said("pass word"))

    def test_no_password_and_no_message_goes_to_a_server_without_tls(self):
        server = self.server("--user", "payer", "--password", "word")
        self.configure(self.mail_receiver(server, user="payer", password="word"))
        self.host.start()
        self.suspend()
        wait_for(lambda: self.state("mail")["last_error"], "a failed delivery")
        self.assertIn("mail by smtp://127.0.0.1", self.state("mail")["last_error"])
        self.assertTrue(server.mails.empty())

    def test_a_certificate_that_is_not_trusted_gets_nothing(self):
        certificate, key = self.certificate()
        server = self.server("--certificate", certificate, "--key", key)
        self.configure(self.mail_receiver(server))
        self.host.start()
        self.suspend()
        wait_for(lambda: self.state("mail")["last_error"], "a failed delivery")
        self.assertIn("certificate", self.state("mail")["last_error"])
        self.assertTrue(server.mails.empty())

    def test_a_mailbox_that_is_full_is_tried_again_and_one_that_is_gone_is_reported(self):
        server = self.server()
        self.configure(self.mail_receiver(server, plain=True, to="full@payer.example"))
        chat = self.receiver()
        self.host.start()
        self.suspend()
        wait_for(lambda: "the mailbox is full" in (self.state("mail")["last_error"] or ""), "the server's words")
        self.assertGreater(int(self.state("mail")["pending"]), 0)
        self.host.edit('"to": "full@payer.example"', '"to": "gone@payer.example"')
        text = self.host.config.read_text()
        self.host.config.write_text(text.replace(
            '"receivers": [{"name": "mail"',
            '"receivers": [{"name": "chat", "config": {"url": "%s", "timeout": "2s"}}, {"name": "mail"' % chat.url))
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        wait_for(lambda: chat.alerts("alert-mail:undelivered"), "the alert about the receiver")
        self.assertIn("no such mailbox", chat.alerts("alert-mail:undelivered")[0]["body"])
        self.assertTrue(server.mails.empty())

    def test_what_cannot_be_sent_is_refused_before(self):
        server = self.server()
        before = self.host.config.read_text()
        for change, want in (({"to": []}, "want the address"), ({"to": "ann"}, "want name@host"),
                             ({"to": "a@b>\r\nRCPT TO:<x@y"}, "want name@host"), ({"from": "payer"}, "the sender's address"),
                             ({"user": "payer"}, "a user and a password"), ({"url": "https://mail.example"}, "want a server"),
                             ({"bearer": "x"}, "the format email has none")):
            with self.subTest(change=change):
                self.host.config.write_text(before)
                self.configure(self.mail_receiver(server, **change))
                code, text = self.check()
                self.assertEqual((code, want in text), (1, True), text)


if __name__ == "__main__":
    unittest.main()
