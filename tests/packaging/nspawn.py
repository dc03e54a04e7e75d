"""The installed service under a real systemd: started, reloaded, hung, killed and stopped."""
import json
import signal
import sys
import time
import unittest

from container import Container, Unavailable
from installed import install, install_devnet
from units import ServiceCase, Unit

SKIP = 77
CONFIG = "/etc/stipend/config.yaml"
ORCHESTRATORS = 3
box = unit = None


def prepare(root):
    install(root)
    install_devnet(root, f"-n {ORCHESTRATORS} --gateway 127.0.0.1:9935")
    faster = root / "etc/systemd/system/stipend.service.d/faster.conf"
    faster.parent.mkdir()
    faster.write_text("[Service]\nWatchdogSec=3s\nRestartSec=200ms\n")
    etc = root / "etc/stipend"
    (etc / "environment").write_text("GATEWAY_URL=http://127.0.0.1:9935\nPAYMENT_INTERVAL_SECONDS=1\nDISPATCH_EVIDENCE=any\nPRICE_UNSEEN=allow\n")
    (etc / "credentials/level").write_text("info")
    text = (etc / "config.yaml").read_text()
    (etc / "config.yaml").write_text(text.replace("${LOG_LEVEL:-info}", "${cred:stipend_level}"))


def decisions():
    lines = box.output("stipend", "ledger", "export", "--kind", "decisions", "-c", CONFIG).splitlines()
    return [json.loads(line) for line in lines]


def verified():
    return json.loads(box.output("stipend", "ledger", "verify", "--json", "-c", CONFIG))


class Service(ServiceCase):
    file = "config.yaml"

    def more_decisions(self):
        before = len(decisions())
        unit.wait_for(lambda: len(decisions()) >= before + ORCHESTRATORS, "further decisions")

    def test_it_is_active_says_so_and_pays(self):
        self.assertEqual(unit.show("ActiveState"), "active")
        self.assertIn(f"{ORCHESTRATORS} orchestrators", unit.show("StatusText"))
        self.more_decisions()

    def test_it_runs_without_rights(self):
        status = box.output("cat", f"/proc/{unit.show('MainPID')}/status")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        self.assertNotEqual(fields["Uid"].split()[0], "0")
        self.assertEqual(int(fields["CapBnd"], 16), 0)
        self.assertEqual(fields["NoNewPrivs"].strip(), "1")
        self.assertEqual(fields["Seccomp"].strip(), "2")

    def test_plugins_are_mapped_from_the_state(self):
        maps = box.output("cat", f"/proc/{unit.show('MainPID')}/maps").splitlines()
        code = [line for line in maps if "/lib/private/stipend/plugins/" in line and " r-xp " in line]
        self.assertGreaterEqual(len(code), 3)

    def test_the_running_service_archives_into_its_state(self):
        self.more_decisions()
        archived = box.run("stipend", "ledger", "archive", "-c", CONFIG, "--before", "2100-01-01",
                           "/var/lib/stipend/old.db")
        self.assertEqual(archived.returncode, 0, archived.stderr)
        outside = box.run("stipend", "ledger", "archive", "-c", CONFIG, "--before", "2100-01-01", "/root/old.db")
        self.assertEqual(outside.returncode, 1)
        self.assertIn("/root/old.db", outside.stderr)
        self.more_decisions()
        report = verified()
        self.assertTrue(report["clean"] and report["complete"])

    def test_a_good_configuration_is_taken_without_a_restart(self):
        process = unit.show("MainPID")
        self.edit("table: default", "table: flat-95")
        done = box.run("systemctl", "reload", "stipend")
        self.assertEqual(done.returncode, 0, done.stderr + unit.journal())
        unit.wait_for(lambda: decisions()[-1]["tier"] == "paid", "a decision by the new table")
        self.assertEqual(unit.show("MainPID"), process)
        self.edit("table: flat-95", "table: default")
        self.assertEqual(box.run("systemctl", "reload", "stipend").returncode, 0)

    def test_a_bad_configuration_fails_the_reload_and_the_host_goes_on(self):
        process = unit.show("MainPID")
        self.edit("table: default", "table: defalt")
        done = box.run("systemctl", "reload", "stipend")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no such tier table", unit.journal())
        self.assertEqual((unit.show("ActiveState"), unit.show("MainPID")), ("active", process))
        self.more_decisions()

    def test_sighup_is_a_reload_too(self):
        process = unit.show("MainPID")
        self.edit("every: 60s", "every: 61s")
        before = unit.journal().count("is in force")
        box.output("systemctl", "kill", "--kill-who=main", "-s", "HUP", "stipend")
        unit.wait_for(lambda: unit.journal().count("is in force") > before, "the reload")
        self.assertEqual((unit.show("ActiveState"), unit.show("MainPID")), ("active", process))

    def test_a_host_that_hangs_is_restarted(self):
        self.more_decisions()
        process, restarts = unit.show("MainPID"), int(unit.show("NRestarts"))
        box.output("kill", "-STOP", process)
        unit.wait_for(lambda: int(unit.show("NRestarts")) > restarts and unit.active(), "the restart")
        self.assertIn("Watchdog timeout", unit.journal())
        self.assertNotEqual(unit.show("MainPID"), process)
        self.more_decisions()

    def test_a_host_that_is_killed_is_restarted_and_loses_nothing(self):
        self.more_decisions()
        seen = decisions()
        process = unit.show("MainPID")
        box.output("kill", "-KILL", process)
        unit.wait_for(lambda: unit.show("MainPID") not in ("0", process) and unit.active(), "the restart")
        self.more_decisions()
        self.assertEqual(decisions()[:len(seen)], seen)
        verified()

    def test_it_stops_within_seconds_and_leaves_a_sound_ledger(self):
        self.more_decisions()
        begun = time.monotonic()
        box.output("systemctl", "stop", "stipend")
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual((unit.show("Result"), unit.show("ExecMainStatus")), ("success", "0"))
        self.assertEqual(int(verified()["decisions"]), len(decisions()))

    def test_what_it_cannot_start_with_is_said(self):
        box.output("systemctl", "stop", "stipend")
        self.addCleanup(box.output, "systemctl", "start", "stipend")
        self.addCleanup(box.output, "systemctl", "stop", "stipend")
        good = self.config.read_text()
        self.addCleanup(self.config.write_text, good)  # before the start above
        self.edit("every: 60s", "every: 60")
        self.assertNotEqual(box.run("systemctl", "start", "stipend").returncode, 0)
        self.assertIn("config.yaml:", unit.journal())


def main():
    global box, unit
    try:
        box = Container(prepare)
        unit = Service.unit = Unit(box, "stipend")
    except Unavailable as why:
        print(f"skipped: {why}")
        return SKIP
    try:
        addresses = box.output("stipend", "devnet", "-n", ORCHESTRATORS, "--print-addresses")
        with open(box.folder / "root/etc/stipend/environment", "a", encoding="ascii") as file:
            file.write(f"ORCHESTRATOR_ADDRESSES={addresses}\n")
        box.output("systemctl", "start", "devnet")
        return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1
    finally:
        box.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
