"""The installed service under a real systemd: started, reloaded, hung, killed and stopped."""
import json
import pathlib
import signal
import sys
import time
import unittest

from container import Container, Unavailable
from installed import BUILD, install

PATIENCE = 40
SKIP = 77
CONFIG = "/etc/stipend/config.yaml"
ORCHESTRATORS = 3
box = None  # one boot serves all tests; each leaves the service running with the configuration it found


def prepare(root):
    install(root)
    programs = root / "usr/local/bin"
    (programs / "stipend-devnet").write_bytes((pathlib.Path(BUILD) / "bin/stipend-devnet").read_bytes())
    (programs / "stipend-devnet").chmod(0o755)
    unit = root / "etc/systemd/system/devnet.service"
    unit.write_text("[Service]\nType=exec\n"
                    f"ExecStart=stipend-devnet -n {ORCHESTRATORS} --gateway 127.0.0.1:9935\n")
    faster = root / "etc/systemd/system/stipend.service.d/faster.conf"
    faster.parent.mkdir()
    faster.write_text("[Service]\nWatchdogSec=3s\nRestartSec=200ms\n")
    etc = root / "etc/stipend"
    (etc / "environment").write_text("GATEWAY_URL=http://127.0.0.1:9935\nPAYMENT_INTERVAL_SECONDS=1\n")
    (etc / "credentials/level").write_text("info")
    text = (etc / "config.yaml").read_text()
    (etc / "config.yaml").write_text(text.replace("${LOG_LEVEL:-info}", "${cred:stipend_level}"))


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {what}\n" + box.run("journalctl", "-u", "stipend", "-n", "40",
                                                                                "--no-pager").stdout)
        time.sleep(0.1)


def show(name):
    return box.output("systemctl", "show", "--value", "-p", name, "stipend")


def journal():
    return box.output("journalctl", "-u", "stipend", "--no-pager", "-o", "cat")


def decisions():
    lines = box.output("stipend", "ledger", "export", "--kind", "decisions", "-c", CONFIG).splitlines()
    return [json.loads(line) for line in lines]


def verified():
    return json.loads(box.output("stipend", "ledger", "verify", "--json", "-c", CONFIG))


class Service(unittest.TestCase):
    def setUp(self):
        self.config = box.folder / "root/etc/stipend/config.yaml"
        good = self.config.read_text()
        started = box.run("systemctl", "start", "stipend")
        self.assertEqual(started.returncode, 0, started.stderr + journal())
        self.addCleanup(self.config.write_text, good)

    def edit(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new))

    def more_decisions(self):
        before = len(decisions())
        wait_for(lambda: len(decisions()) >= before + ORCHESTRATORS, "further decisions")

    def test_it_is_active_says_so_and_pays(self):
        self.assertEqual(show("ActiveState"), "active")
        self.assertIn(f"{ORCHESTRATORS} orchestrators", show("StatusText"))
        self.more_decisions()

    def test_it_runs_without_rights(self):
        status = box.output("cat", f"/proc/{show('MainPID')}/status")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        self.assertNotEqual(fields["Uid"].split()[0], "0")
        self.assertEqual(int(fields["CapBnd"], 16), 0)
        self.assertEqual(fields["NoNewPrivs"].strip(), "1")
        self.assertEqual(fields["Seccomp"].strip(), "2")

    def test_plugins_are_mapped_from_the_state(self):
        maps = box.output("cat", f"/proc/{show('MainPID')}/maps").splitlines()
        code = [line for line in maps if "/lib/private/stipend/plugins/" in line and " r-xp " in line]
        self.assertGreaterEqual(len(code), 3)

    def test_a_good_configuration_is_taken_without_a_restart(self):
        process = show("MainPID")
        self.edit("table: default", "table: flat-95")
        done = box.run("systemctl", "reload", "stipend")
        self.assertEqual(done.returncode, 0, done.stderr + journal())
        wait_for(lambda: decisions()[-1]["tier"] == "paid", "a decision by the new table")
        self.assertEqual(show("MainPID"), process)
        self.edit("table: flat-95", "table: default")
        self.assertEqual(box.run("systemctl", "reload", "stipend").returncode, 0)

    def test_a_bad_configuration_fails_the_reload_and_the_host_goes_on(self):
        process = show("MainPID")
        self.edit("table: default", "table: defalt")
        done = box.run("systemctl", "reload", "stipend")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no such tier table", journal())
        self.assertEqual((show("ActiveState"), show("MainPID")), ("active", process))
        self.more_decisions()

    def test_sighup_is_a_reload_too(self):
        process = show("MainPID")
        self.edit("every: 60s", "every: 61s")
        before = journal().count("is in force")
        box.output("systemctl", "kill", "--kill-who=main", "-s", "HUP", "stipend")
        wait_for(lambda: journal().count("is in force") > before, "the reload")
        self.assertEqual((show("ActiveState"), show("MainPID")), ("active", process))

    def test_a_host_that_hangs_is_restarted(self):
        self.more_decisions()
        process, restarts = show("MainPID"), int(show("NRestarts"))
        box.output("kill", "-STOP", process)
        wait_for(lambda: int(show("NRestarts")) > restarts and show("ActiveState") == "active", "the restart")
        self.assertIn("Watchdog timeout", journal())
        self.assertNotEqual(show("MainPID"), process)
        self.more_decisions()

    def test_a_host_that_is_killed_is_restarted_and_loses_nothing(self):
        self.more_decisions()
        seen = decisions()
        process = show("MainPID")
        box.output("kill", "-KILL", process)
        wait_for(lambda: show("MainPID") not in ("0", process) and show("ActiveState") == "active", "the restart")
        self.more_decisions()
        self.assertEqual(decisions()[:len(seen)], seen)
        verified()

    def test_it_stops_within_seconds_and_leaves_a_sound_ledger(self):
        self.more_decisions()
        begun = time.monotonic()
        box.output("systemctl", "stop", "stipend")
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual((show("Result"), show("ExecMainStatus")), ("success", "0"))
        self.assertEqual(int(verified()["decisions"]), len(decisions()))

    def test_what_it_cannot_start_with_is_said(self):
        box.output("systemctl", "stop", "stipend")
        self.addCleanup(box.output, "systemctl", "start", "stipend")
        self.addCleanup(box.output, "systemctl", "stop", "stipend")
        good = self.config.read_text()
        self.addCleanup(self.config.write_text, good)  # before the start above
        self.edit("every: 60s", "every: 60")
        self.assertNotEqual(box.run("systemctl", "start", "stipend").returncode, 0)
        self.assertIn("config.yaml:", journal())


def main():
    global box
    try:
        box = Container(prepare)
    except Unavailable as why:
        print(f"skipped: {why}")
        return SKIP
    try:
        addresses = box.output("stipend-devnet", "-n", ORCHESTRATORS, "--print-addresses")
        with open(box.folder / "root/etc/stipend/environment", "a", encoding="ascii") as file:
            file.write(f"ORCHESTRATOR_ADDRESSES={addresses}\n")
        box.output("systemctl", "start", "devnet")
        return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1
    finally:
        box.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
