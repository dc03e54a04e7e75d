#!/usr/bin/env python3
"""`stipend byoc pin` against a TLS server with a certificate of its own, and what it leaves on the disk."""
import hashlib
import json
import os
import pathlib
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import unittest

STIPEND = pathlib.Path(os.environ["STIPEND_BUILD"]) / "bin" / "stipend"


class Pin(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        key, self.certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", self.certificate, "-subj", "/CN=orch.example", "-days", "30"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.received = []

        def serve():
            while True:
                try:
                    plain, _ = self.listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as wire:
                        self.received.append(wire.recv(1000))
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text(encoding="ascii"))
        self.sha256 = hashlib.sha256(der).hexdigest()

    def pin(self, *arguments):
        return subprocess.run([STIPEND, "byoc", "pin", *arguments], capture_output=True, text=True, timeout=60,
                              cwd=self.folder)

    def test_the_fingerprint_is_shown_with_whose_it_is_and_the_line_to_write(self):
        done = self.pin(self.url)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"sha256     {self.sha256}\n", done.stdout)
        self.assertIn("subject    CN=orch.example\n", done.stdout)
        self.assertRegex(done.stdout, r"not after  \d{4}-\d\d-\d\dT")
        self.assertIn(f"  pin_sha256: {self.sha256}\n", done.stdout)
        self.assertEqual([part for part in self.received if part], [])

    def test_it_is_stored_for_its_owner_alone_and_replaced_whole(self):
        kept = self.folder / "pin"
        kept.write_text("older\n", encoding="ascii")
        done = self.pin(self.url, "--store", "pin")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(kept.read_text(encoding="ascii"), self.sha256 + "\n")
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        self.assertIn(f"  pin_sha256: ${{file:{kept}}}\n", done.stdout)

    def test_as_json(self):
        said = json.loads(self.pin(self.url, "--json").stdout)
        self.assertEqual(said["sha256"], self.sha256)
        self.assertEqual(said["subject"], "CN=orch.example")

    def test_a_server_that_is_not_there_stores_nothing(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # its port is taken, and without a listener
            url = f"https://127.0.0.1:{nobody.getsockname()[1]}"
            done = self.pin(url, "--store", "pin")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"certificate of {url}: ", done.stderr)
        self.assertFalse((self.folder / "pin").exists())
        self.assertIn("want https://host:port", self.pin("http://127.0.0.1:1").stderr)


if __name__ == "__main__":
    unittest.main()
