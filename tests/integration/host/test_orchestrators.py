"""The orchestrators of a manager by the command line, over its API and beside it."""
import fcntl
import http.server
import json
import os
import pty
import struct
import subprocess
import termios
import threading
import unittest

import test_registry
from network import STIPEND, wait_for
from test_registry import NEW, address


class Orchestrators(test_registry.RegistryTest):
    def begin(self):
        self.spread()
        self.start()
        code, out, err = self.host.run("api-key", "add", "tests", "--role", "admin", "--json")
        self.assertEqual(code, 0, err)
        self.key = self.host.folder / "api.key"
        self.key.write_text(json.loads(out)["key"] + "\n")

    def remote(self, action, *arguments, status=0, key=None, url=None, name="orchestrators"):
        """In a folder without a configuration; the key is in no argument."""
        done = subprocess.run([STIPEND, name, action, *arguments, "--url", url or f"http://{self.address}", "--key", key or self.key],
                              cwd=self.host.folder / "state", text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def test_from_a_registration_to_its_removal(self):
        self.begin()
        self.other = self.endpoints[2].rpartition(":")[0] + ":1"
        self.wait_for_decisions(2)
        out = self.remote("register", NEW, "--endpoint", self.endpoints[2], "--capability", "agent-net", "--payout-address",
                          address("a"), "--worker-key", "ab" * 32, "--service-address", self.other)
        self.assertTrue(out.startswith(f"{NEW}: approved\n"), out)
        self.assertIn("not shown again", out)
        self.wait_paid(1)
        rows = json.loads(self.remote("list", "--json"))
        self.assertEqual(len(rows), 3)
        table = self.remote("list").splitlines()
        self.assertTrue(table[0].startswith("STATUS"), table)
        line = next(line for line in table if NEW in line)
        self.assertTrue(line.startswith("connected") and " excellent " in line, line)
        self.assertRegex(line, r" [0-9.]+ ETH ")
        self.assertNotIn("DISPATCHER", table[0])
        shown = json.loads(self.remote("show", NEW, "--json"))
        self.assertEqual((shown["endpoint"], shown["registration"]), (self.endpoints[2], "approved"))
        self.assertIn(f"endpoint               {self.endpoints[2]}", self.remote("show", NEW))

        # What an update does not state stays.
        self.remote("update", NEW, "--capability", "other")
        shown = json.loads(self.remote("show", NEW, "--json"))
        self.assertEqual((shown["capabilities"], shown["endpoint"], shown["payout_address"].lower(), shown["worker_key"],
                          shown["service_addresses"]),
                         (["other"], self.endpoints[2], address("a"), "ab" * 32, [self.other]))
        self.remote("update", NEW, "--worker-key", "none")
        wait_for(lambda: json.loads(self.remote("show", NEW, "--json"))["worker_key"] is None, "a key that is gone")
        self.assertEqual(self.remote("disconnect", NEW), f"{NEW}: disconnected\n")
        self.assertEqual(self.remote("approve", NEW, name="orchestrator"), f"{NEW}: approved\n")
        self.assertEqual(json.loads(self.remote("remove", NEW, "--json"))["state"], "removed")

        # Refusals, with what the manager says.
        self.assertIn("404", self.remote("approve", "unknown", status=1))
        wrong = self.host.folder / "wrong.key"
        wrong.write_text("no key at all\n")
        self.assertIn("401", self.remote("list", key=wrong, status=1))
        self.assertIn("no manager answers", self.remote("list", url="http://127.0.0.1:1", status=1))
        self.assertIn("unencrypted", self.remote("list", url="http://192.0.2.1:8010", status=2))
        self.assertIn("want one with https://", self.remote("list", url="ftp://x", status=2))
        self.assertEqual(self.host.run("orchestrators", "show", NEW)[0], 2)
        # Beside the host, by both names.
        for name in ("orchestrator", "orchestrators"):
            code, out, err = self.host.run(name, "list")
            self.assertEqual((code, out.splitlines()[0].split()[:2]), (0, ["STATE", "ORCHESTRATOR"]), err)

    def test_the_table_names_assets_and_several_dispatchers(self):
        def row(name, dispatcher, owed, decimals, asset):
            return {"orchestrator_id": name, "status": "connected", "dispatcher": dispatcher, "owed_wei": owed, "decimals": decimals, "asset": asset}
        rows = [row("a", "dispatch", "18000000000000000", 18, "ETH"), row("b", "runner", "-10000", 6, "USDC"), row("c", None, "0", 18, None)]

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"orchestrators": rows, "next_cursor": None}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        (self.host.folder / "state").mkdir(exist_ok=True)
        self.key = self.host.folder / "any.key"
        self.key.write_text("sk_any\n")
        lines = self.remote("list", url=f"http://127.0.0.1:{server.server_port}").splitlines()
        self.assertTrue(lines[0].rstrip().endswith("DISPATCHER"), lines)
        self.assertRegex(lines[1], r"^connected +a .* 0\.018 ETH .* dispatch *$")
        self.assertRegex(lines[2], r"^connected +b .* -0\.01 USDC .* runner *$")
        self.assertRegex(lines[3], r"^connected +c .* 0 +- +- *$")

    def in_terminal(self, columns, **environment):
        """What `list` writes to a terminal so wide."""
        leader, follower = pty.openpty()
        try:
            fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            done = subprocess.Popen([STIPEND, "orchestrators", "list", "--url", f"http://{self.address}", "--key", self.key],
                                    env={**os.environ, **environment}, stdout=follower, stderr=subprocess.PIPE)
            os.close(follower)
            out = b""
            while True:
                try:
                    part = os.read(leader, 65536)
                except OSError:
                    break
                if not part:
                    break
                out += part
            _, err = done.communicate(timeout=60)
            self.assertEqual(done.returncode, 0, err)
            return out.decode().replace("\r\n", "\n").splitlines()
        finally:
            os.close(leader)

    def test_a_table_fits_the_terminal(self):
        self.begin()
        self.wait_for_decisions(2)
        wide = self.in_terminal(200, NO_COLOR="")
        self.assertTrue(any("\x1b[32mconnected\x1b[0m" in line for line in wide), wide)
        for columns in (80, 100):
            lines = self.in_terminal(columns, NO_COLOR="1")
            self.assertEqual(len(lines), 3)
            self.assertNotIn("\x1b", "".join(lines))
            self.assertLessEqual(max(map(len, lines)), columns, lines)
            self.assertTrue(any("~" in line for line in lines) or columns > 90, lines)


if __name__ == "__main__":
    unittest.main()
