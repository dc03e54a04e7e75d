"""What commands need of a configuration, what they leave on disk, and what a reload that must wait does."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from network import STIPEND, Devnet, Host


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*"))


class ConfigTest(unittest.TestCase):
    orchestrators = 1
    interval = 1

    def setUp(self):
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, self.interval)
        self.addCleanup(self.host.end)
        self.state = self.host.folder / "state"


class ReadOnly(ConfigTest):
    COMMANDS = (("check",), ("plugins", "list"), ("plugins", "inspect", "payment"), ("policy", "eval"),
                ("config", "dump"), ("status",), ("ledger", "verify"), ("ledger", "export"), ("ledger", "balance"))

    def test_no_command_that_reads_changes_the_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = dict(self.host.environment, TMPDIR=folder)
            for command in self.COMMANDS:
                with self.subTest(command=command):
                    done = subprocess.run([STIPEND, *command, "-c", self.host.config], env=environment, text=True,
                                          capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
                    without_host = command[0] in ("status", "ledger")
                    self.assertEqual(done.returncode, 1 if without_host else 0, done.stderr)
                    self.assertFalse(self.state.exists())
                    self.assertEqual(os.listdir(folder), [])

    def test_reading_a_stopped_ledger_leaves_no_file(self):
        self.host.start()
        self.host.wait_line(" wei  next in ")
        self.assertEqual(self.host.stop(), 0)
        before = files(self.state)
        for command in (("ledger", "verify"), ("ledger", "export"), ("ledger", "balance"), ("check",)):
            with self.subTest(command=command):
                code, _, err = self.host.run(*command)
                self.assertEqual(code, 0, err)
                self.assertEqual(files(self.state), before)


class WrongFile(ConfigTest):
    def test_a_running_host_answers_while_its_file_is_wrong(self):
        self.host.start()
        self.host.wait_line(" wei  next in ")
        good = self.host.config.read_text()
        for wrong in ("nonsense: 1\n", "limits: {\n", "price: [\n", "payment: {}\npayment: {}\n", "x: \x00\n"):
            with self.subTest(wrong=wrong):
                self.host.config.write_text(good + wrong)
                for command in (("status", "--json"), ("ledger", "balance"), ("ledger", "verify")):
                    code, _, err = self.host.run(*command)
                    self.assertEqual(code, 0, err)
                    self.assertIn("warning: errors in ", err)
                    self.assertNotIn("\x00", err)
                self.assertEqual(self.host.run("check")[0], 1)
        self.host.config.write_text(good + "state: [\n")
        self.assertEqual(self.host.run("status")[0], 1)


class CommandLine(unittest.TestCase):
    def test_an_unknown_word_names_the_nearest(self):
        for words, said in (("statsu", 'unknown command "statsu"; did you mean "status"?'),
                            ("ledger verfy", 'unknown command "verfy"; did you mean "verify"?'),
                            ("gateway-credentials", 'unknown command "gateway-credentials"; did you mean "gateway-credential"?'),
                            ("status --jsno", 'unknown option "--jsno"; did you mean "--json"?'),
                            ("ledger export --kidn=fees", 'unknown option "--kidn"; did you mean "--kind"?'),
                            ("check -c statsu --frobnicate", 'unknown option "--frobnicate"\n')):
            with self.subTest(words=words):
                done = subprocess.run([STIPEND, *words.split()], text=True, capture_output=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("stipend: " + said, done.stderr)


class Waiting(ConfigTest):
    orchestrators = 3
    interval = 20

    def base(self, usd):
        text = re.sub(r"^  base: .*$", f"  base: {usd} USD", self.host.config.read_text(), count=1, flags=re.M)
        self.host.config.write_text(text)

    def test_equal_reloads_use_nothing_up(self):
        self.host.start()
        self.host.wait_line(" wei  next in ")
        for _ in range(4):
            code, out, err = self.host.run("reload")
            self.assertEqual(code, 0, err)
            self.assertIn("generation 1 is in force: it has the terms that are configured", out)
        for cents in range(10, 15):
            self.base(f"9.{cents}")
            code, out, err = self.host.run("reload")
            self.assertEqual(code, 0, err)
            self.assertIn("is in force for every pay period that begins from now on", out)

    def test_what_must_wait_is_applied_by_the_host_itself(self):
        first, *later = self.devnet.addresses.split(",")
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = first
        self.host.start()
        self.host.wait_line(" wei  next in ")
        listed = "orchestrators:\n"
        self.host.edit("orchestrators: []\n", listed)
        # Each of two reloads brings an orchestrator, whose pay period begins with the new generation.
        for at, address in enumerate(later):
            self.host.edit(listed, f"{listed}  - address: {address}\n")
            listed = f"{listed}  - address: {address}\n"
            self.base(f"9.5{at}")
            since = len(self.host.lines)
            code, _, err = self.host.run("reload", "--accept-spend")
            self.assertEqual(code, 0, err)
            self.host.wait_line(address.removeprefix("https://"), since)
        for cents, withdrawn in ((60, True), (61, False)):
            self.base(f"9.{cents}")
            since = len(self.host.lines)
            code, out, err = self.host.run("reload")
            self.assertEqual(code, 0, err)
            self.assertIn("the configuration is valid, and waits until ", out)
            if withdrawn:
                code, out, err = self.host.run("reload", "--undo")
                self.assertEqual(code, 0, err)
                self.assertIn("the configuration that waited is withdrawn", out)
        self.host.wait_line("generation 4 is in force for every pay period", since)
        self.assertEqual(self.host.status()["generation"], 4)


if __name__ == "__main__":
    unittest.main()
