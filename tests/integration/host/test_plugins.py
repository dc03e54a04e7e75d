"""What commands say of a broken plugin, and what a broken plugin leaves to the next start."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from network import BUILD, STIPEND, Devnet, Host, wait_for
from ports import free_port

DEFECTS = BUILD / "tests" / "defects"


class Plugins(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(1)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)

    def use(self, defect):
        """The configuration's policy is that defect."""
        file = self.host.plugins / f"{defect}.so"
        shutil.copy(DEFECTS / f"{defect}.so", file)
        file.chmod(0o644)
        text = self.host.config.read_text()
        begin, end = text.index("    plugin: payment\n"), text.index("# A rate outside")
        self.host.config.write_text(text[:begin] + f"    plugin: {defect}\n\n" + text[end:])
        return file

    def test_a_plugin_that_ends_its_process_is_named_by_both_commands(self):
        for defect, cause in (("crash_in_init", "got signal 11 (Segmentation fault) in init"),
                              ("exit_in_init", "got exit status 0 in init"),
                              ("leave_in_init", "got exit status 0 in init"),
                              ("loop_in_init", "got no return within 5000 ms from init"),
                              ("forks_at_load", "got 1 process")):
            if os.environ.get("STIPEND_SANITIZE") and "signal" in cause:
                continue
            self.host.end()
            self.host = Host(self.devnet)
            self.addCleanup(self.host.end)
            file = self.use(defect)
            for command in (("check",), ("plugins", "inspect", str(file))):
                with self.subTest(defect=defect, command=command[0]):
                    code, out, err = self.host.run(*command)
                    self.assertEqual((code, out), (1, ""))
                    self.assertIn(str(file), err)
                    self.assertIn(cause, err)

    def test_a_plugin_that_ends_the_command_itself_is_no_success(self):
        self.use("leave_in_host")
        code, out, err = self.host.run("check")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("a plugin ended the process", err)

    def test_what_a_plugin_prints_is_not_in_the_answers(self):
        file = self.use("prints")
        code, out, err = self.host.run("check", "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["orchestrators"], 1)
        self.assertIn("noise in init", err)
        code, out, err = self.host.run("plugins", "inspect", str(file), "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["tried"], ["org.example.defect"])
        done = subprocess.run([STIPEND, "policy", "eval", "-c", self.host.config], env=self.host.environment, text=True,
                              capture_output=True, timeout=120,
                              input='{"orchestrator":"o1","job":"ok","uptime_percent":95.0}\n' * 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line)["action"] for line in done.stdout.splitlines()], ["skip", "skip"])
        self.assertIn("noise in decide", done.stderr)

    def test_warnings_are_shown_by_both_commands(self):
        file = self.use("open_schema")
        for command in (("check",), ("plugins", "inspect", str(file))):
            code, out, err = self.host.run(*command)
            self.assertEqual(code, 0, err)
            self.assertIn(f"warning: {file}: org.example.defect: config schema lets unknown keys pass", out)
        code, out, err = self.host.run("check", "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(json.loads(out)["warnings"]), 1)

    def test_a_fifo_is_named_and_not_waited_for(self):
        file = self.host.plugins / "fifo.so"
        os.mkfifo(file)
        code, out, err = self.host.run("plugins", "inspect", str(file))
        self.assertEqual((code, out), (1, ""))
        self.assertIn(f"{file}: got a FIFO, want a regular file", err)

    def test_a_process_that_a_plugin_forked_keeps_nothing_of_the_host(self):
        self.use("forks_in_host")
        self.host.environment["METRICS_LISTEN"] = f"127.0.0.1:{free_port()}"
        self.host.start()
        wait_for(lambda: self.host.decisions(), "the first decision")
        left = left_by_plugin()
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in left])
        self.assertEqual(len(left), 1)
        self.host.kill()
        self.host.start()
        count = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) > count, "a decision of the second start")
        self.assertTrue(pathlib.Path(f"/proc/{left[0]}").exists())
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in left_by_plugin() if pid not in left])


def left_by_plugin():
    """The processes that tests/defects/forks_in_host.c left."""
    out = []
    for name in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if name.read_text() == "left-by-plugin\n":
                out.append(int(name.parent.name))
        except OSError:
            pass
    return out


if __name__ == "__main__":
    unittest.main(verbosity=2)
