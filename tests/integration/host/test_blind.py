"""This machine's own network fails, in a network namespace of its own: what the host looks at by itself is UNKNOWN then, and
costs no orchestrator anything."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
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
        self.host.verified()

    def test_a_machine_without_a_name_server_costs_no_orchestrator_anything(self):
        self.resolve_by("")
        self.blind_from_the_start()


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
