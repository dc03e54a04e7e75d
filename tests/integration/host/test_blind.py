"""This machine's own network fails, in a network namespace of its own: what the host looks at by itself is UNKNOWN then, and
costs no orchestrator anything."""
import http.server
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

INSIDE = "STIPEND_TEST_NAMESPACE"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, timeout=20)


class Blind(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-blind-")
        self.addCleanup(folder.cleanup)
        self.resolv = pathlib.Path(folder.name) / "resolv.conf"
        self.devnet = Devnet(1)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, interval=2)
        self.addCleanup(self.host.end)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""

    def resolve_by(self, text):
        """What /etc/resolv.conf says in this namespace, for one test."""
        self.resolv.write_text(text)
        place = os.path.realpath("/etc/resolv.conf")
        subprocess.run(["mount", "--bind", self.resolv, place], check=True, timeout=20)
        self.addCleanup(subprocess.run, ["umount", place], check=True, timeout=20)

    def look_at(self, *targets):
        self.host.edit("monitors: []", "monitors: [{ name: web, plugin: monitor, id: org.stipend.monitor, "
                       "config: { timeout: 2s } }]")
        checks = "".join(f"      - {{ monitor: web, target: '{target}', every: 1s }}\n" for target in targets)
        self.host.edit("orchestrators: []", f"""orchestrators:
  - address: {self.devnet.addresses}
    id: watched
    checks:
{checks}""")
        self.host.start()

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}

    def paid_unseen(self, since, count=3):
        """The next decisions: nothing was seen, and the worker's figure decides alone."""
        wait_for(lambda: len(self.host.decisions()) >= since + count, "further decisions")
        for line in self.host.decisions()[since:]:
            self.assertEqual((line["job"], line["action"], line["tier"], line["uptime_percent"],
                              line["coverage_percent"]), ("ok", "pay", "excellent", 100, 0), line)

    def blind_from_the_start(self):
        self.look_at("http://orch.example.net:80/", "https://other.example.net/")
        self.paid_unseen(0)
        self.assertNotIn("own-checks", self.alerts())
        wait_for(lambda: "none of the 2 own checks can look" in self.alerts().get("own-checks-blind", ""), "the alert")
        self.host.verified()

    def test_a_machine_without_a_name_server_costs_no_orchestrator_anything(self):
        self.resolve_by("")
        self.blind_from_the_start()

    def test_a_name_server_that_drops_every_question_costs_no_orchestrator_anything(self):
        self.enterContext(NameServer(silent=True))
        self.resolve_by("nameserver 127.0.0.1\n")
        self.blind_from_the_start()

    def test_a_name_server_that_falls_silent_costs_nothing_from_the_first_look_on(self):
        server = self.enterContext(NameServer())
        self.resolve_by("nameserver 127.0.0.1\n")
        self.look_at(*(f"http://{name}.example.net:{self.web()}/" for name in ("orch", "other")))
        self.paid_up(0)
        since = len(self.host.decisions())
        server.silent = True
        wait_for(lambda: "own-checks-blind" in self.alerts(), "the alert")
        self.assertNotIn("own-checks", self.alerts())
        wait_for(lambda: len(self.host.decisions()) >= since + 4, "decisions of that time")
        self.assertEqual({line["uptime_percent"] for line in self.host.decisions()}, {100})
        server.silent = False
        wait_for(lambda: "own-checks-blind" not in self.alerts(), "the end of the alert")
        self.paid_up(len(self.host.decisions()) + 1)
        self.host.verified()

    def test_a_name_whose_own_servers_drop_every_question_is_down(self):
        self.enterContext(NameServer(lost="orch"))
        self.resolve_by("nameserver 127.0.0.1\n")
        self.look_at(f"http://orch.example.net:{self.web()}/")
        wait_for(lambda: len(self.host.decisions()) >= 3, "decisions")
        line = self.host.decisions()[2]
        self.assertLess(line["uptime_percent"], 20, line)
        self.assertNotIn("own-checks-blind", self.alerts())

    def web(self):
        """A port that answers each request."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def paid_up(self, since):
        """The next decisions: what was seen was up."""
        wait_for(lambda: len(self.host.decisions()) >= since + 2, "further decisions")
        for line in self.host.decisions()[since:]:
            self.assertEqual((line["uptime_percent"], line["tier"]), (100, "excellent"), line)
        self.assertGreater(self.host.decisions()[-1]["coverage_percent"], 50)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class NameServer:
    """Answers each question with 127.0.0.1 (for AAAA: with nothing), but for those that have `lost` in their name; as
    long as it is `silent`, none."""

    def __init__(self, silent=False, lost=None):
        self.silent = silent
        self.lost = lost and lost.encode()

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", ("127.0.0.1", 53))
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            question, sender = self.socket.recvfrom(2048)
            if not question:
                return
            if self.silent or (self.lost and self.lost in question):
                continue
            end = question.index(b"\0", 12) + 5
            is_a = question[end - 4:end - 2] == b"\0\1"
            head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, int(is_a), 0, 0) + question[12:end]
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton("127.0.0.1")
            self.socket.sendto(head + (record if is_a else b""), sender)


def enter():
    """This program again, as root of namespaces of its own; does not return."""
    for program in ("unshare", "ip", "mount"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed (Debian: util-linux, iproute2)")
            sys.exit(77)
    how = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    tried = subprocess.run([*how, "true"], capture_output=True, text=True, timeout=20)
    if tried.returncode != 0:
        print(f"skipped: there can be no network namespace here: {tried.stderr.strip()}")
        sys.exit(77)
    os.execvpe("unshare", [*how, sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter()
    from network import Devnet, Host, wait_for
    ip("link", "set", "lo", "up")
    unittest.main(verbosity=2)
