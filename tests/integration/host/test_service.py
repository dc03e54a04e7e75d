"""What the service manager hears: over a real notification socket, by the whole host."""
import os
import shutil
import signal
import tempfile
import unittest

from network import BUILD, Devnet, Host, wait_for
from notify import ServiceManager


class Notifications(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(2)
        self.addCleanup(self.devnet.end)
        folder = tempfile.TemporaryDirectory(prefix="stipend-notify-")
        self.addCleanup(folder.cleanup)
        self.manager = ServiceManager(folder.name)
        self.addCleanup(self.manager.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.environment.update(NOTIFY_SOCKET=str(self.manager.path), WATCHDOG_USEC="600000")
        self.host.environment.pop("WATCHDOG_PID", None)

    def start(self):
        self.host.start()
        wait_for(lambda: self.manager.heard(READY="1"), "READY=1")

    def test_it_is_ready_once_it_pays_and_says_what_is_in_force(self):
        self.start()
        self.assertEqual(self.manager.heard(READY="1")[0]["STATUS"], "generation 1 is in force, 2 orchestrators")

    def test_the_watchdog_is_fed_while_there_is_nothing_to_do(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.start()
        wait_for(lambda: len(self.host.decisions()) == 2, "the first decisions")
        fed = len(self.manager.heard(WATCHDOG="1"))
        wait_for(lambda: len(self.manager.heard(WATCHDOG="1")) >= fed + 4, "four more feeds")

    def test_a_control_thread_that_hangs_is_not_fed_by_the_others(self):
        shutil.copy(BUILD / "tests" / "defects" / "hang_in_decide.so", self.host.plugins / "hang.so")
        (self.host.plugins / "hang.so").chmod(0o644)
        text = self.host.config.read_text()
        begin, end = text.index("    plugin: payment\n"), text.index("# A rate outside")
        self.host.config.write_text(text[:begin] + "    plugin: hang\n\n" + text[end:])
        self.start()
        wait_for(lambda: self.manager.heard(WATCHDOG="1"), "the first feed")
        wait_for(lambda: len(self.host.decisions()) == 2, "the first decisions")
        wait_for(lambda: self.manager.silent_for() > 1.5, "silence")  # WATCHDOG_USEC would have ended it by now
        self.host.kill()  # as the service manager would

    def test_each_way_to_reload_is_announced_and_ended(self):
        self.start()
        self.host.edit("table: default", "table: flat-95")
        self.assertEqual(self.host.run("reload")[0], 0)
        wait_for(lambda: len(self.manager.heard(READY="1")) == 2, "the end of the reload")
        self.assertEqual(self.manager.heard(READY="1")[1]["STATUS"], "generation 2 is in force, 2 orchestrators")
        os.kill(self.host.process.pid, signal.SIGHUP)
        wait_for(lambda: len(self.manager.heard(READY="1")) == 3, "the end of the second reload")
        begun = self.manager.heard(RELOADING="1")
        self.assertEqual(len(begun), 2)
        self.assertTrue(all(int(message["MONOTONIC_USEC"]) > 0 for message in begun))

    def test_a_reload_that_is_refused_leaves_the_status(self):
        self.start()
        self.host.edit("table: default", "table: none-such")
        self.assertEqual(self.host.run("reload")[0], 1)
        wait_for(lambda: len(self.manager.heard(READY="1")) == 2, "the end of the reload")
        self.assertNotIn("STATUS", self.manager.heard(READY="1")[1])

    def test_a_check_is_no_reload(self):
        self.start()
        self.host.edit("table: default", "table: flat-95")
        code, out, err = self.host.run("reload", "--check")
        self.assertEqual(code, 0, err)
        self.assertIn("the configuration is valid", out)
        self.host.edit("table: flat-95", "table: none-such")
        code, _, err = self.host.run("reload", "--check")
        self.assertEqual(code, 1)
        self.assertIn("no such tier table", err)
        self.assertEqual(self.host.status()["generation"], 1)
        self.assertEqual(self.manager.heard(RELOADING="1"), [])

    def test_the_end_is_announced(self):
        self.start()
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual(len(self.manager.heard(STOPPING="1")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
