"""What the service manager hears from a worker: over a real notification socket, by the whole host."""
import shutil
import signal
import subprocess
import tempfile
import unittest

from worker import BUILD, STIPEND, Worker, wait_for

from notify import ServiceManager

NO_ENGINE = "unix:///nowhere/docker.sock"


class Notifications(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-notify-")
        self.addCleanup(folder.cleanup)
        self.manager = ServiceManager(folder.name)
        self.addCleanup(self.manager.end)
        self.worker = Worker(NO_ENGINE)
        self.addCleanup(self.worker.end)
        self.worker.environment.update(NOTIFY_SOCKET=str(self.manager.path), WATCHDOG_USEC="600000")

    def start(self):
        self.worker.start()
        wait_for(lambda: self.manager.heard(READY="1"), "READY=1")

    def feeds(self):
        return len(self.manager.heard(WATCHDOG="1"))

    def test_it_is_ready_once_it_watches_and_tells_its_end(self):
        self.start()
        self.assertEqual(self.manager.heard(READY="1")[0]["STATUS"], "watching 9 services")
        self.assertEqual(self.worker.end_process(kill=False), 0)
        self.assertEqual(len(self.manager.heard(STOPPING="1")), 1)

    def test_the_watchdog_is_fed_while_there_is_nothing_to_do(self):
        self.start()
        fed = self.feeds()
        wait_for(lambda: self.feeds() >= fed + 4, "four more feeds")

    def test_a_reload_warns_again_of_what_the_start_warned_of(self):
        self.start()
        told = lambda: sum("got a publicly known secret" in line for line in list(self.worker.lines))  # noqa: E731
        wait_for(lambda: told() == 1, "a warning")
        self.worker.process.send_signal(signal.SIGHUP)
        wait_for(lambda: told() == 2, "the same warning")
        done = subprocess.run([STIPEND, "reload", "--check", "-c", self.worker.config], env=self.worker.environment,
                              text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("got a publicly known secret", done.stderr)

    def test_a_plugin_that_hangs_is_not_fed_by_the_control_thread(self):
        shutil.copy(BUILD / "tests" / "defects" / "hang_in_watch.so", self.worker.plugins / "hang.so")
        (self.worker.plugins / "hang.so").chmod(0o644)
        text = self.worker.config.read_text()
        begin, end = text.index("    plugin: monitor\n"), text.index("  - name: web")
        self.worker.config.write_text(text[:begin] + "    plugin: hang\n" + text[end:])
        self.start()
        wait_for(lambda: self.manager.silent_for() > 1.5, "silence")  # WATCHDOG_USEC would have ended it by now
        self.assertEqual(self.worker.get("/health"), {"status": "ok"})  # nothing else would notice
        self.worker.end_process(kill=True)  # as the service manager would


if __name__ == "__main__":
    unittest.main(verbosity=2)
