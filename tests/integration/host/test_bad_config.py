"""A configuration that is wrong: what is said, at what cost, and what goes on working."""
import os
import subprocess
import tempfile
import unittest

from network import STIPEND, Devnet, Host, wait_for

MANY = 100_000
WRONG = 54_321  # counted from 0
SANITIZED = os.environ.get("STIPEND_SANITIZE", "") != ""
MAX_SECONDS = 120 if SANITIZED else 30
MAX_MEBIBYTES = 4096 if SANITIZED else 320


def measured(arguments, environment):
    """(exit status, standard error, seconds of processor time, peak memory in MiB)"""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return process.returncode, said.read().decode(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Large(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devnet = Devnet(1)
        cls.addClassCleanup(cls.devnet.end)
        cls.host = Host(cls.devnet)
        cls.addClassCleanup(cls.host.end)
        del cls.host.environment["ORCHESTRATOR_ADDRESSES"]
        cls.shipped = cls.host.config.read_text()

    def check(self, wrong):
        lines = [f"  - {{address: \"https://10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}:9995\", base: 12.50 USD}}\n"
                 for i in range(MANY)]
        if wrong:
            lines[WRONG] = lines[WRONG].replace("12.50 USD", "12.50")
        before, after = self.shipped.split("orchestrators: []\n")
        self.host.config.write_text(before + "orchestrators:\n" + "".join(lines) + after)
        return before.count("\n") + 2 + WRONG, measured([STIPEND, "check", "-c", self.host.config], self.host.environment)

    def test_one_wrong_line_among_a_hundred_thousand_is_named(self):
        line, (code, said, seconds, mebibytes) = self.check(wrong=True)
        self.assertEqual(code, 1)
        self.assertTrue(said.startswith(f"{self.host.config}:{line}:"), said[:300])
        self.assertIn(f"orchestrators[{WRONG}].base: got \"12.50\", want an amount with its unit", said)
        self.assertEqual(said.count("config.yaml:"), 1)
        self.assertLess(seconds, MAX_SECONDS)
        self.assertLess(mebibytes, MAX_MEBIBYTES)

    def test_a_hundred_thousand_good_lines_are_good(self):
        _, (code, said, seconds, mebibytes) = self.check(wrong=False)
        self.assertEqual((code, said), (0, ""))
        self.assertLess(seconds, MAX_SECONDS)
        self.assertLess(mebibytes, MAX_MEBIBYTES)


class HostTest(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(1)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)


class Running(HostTest):
    def check(self):
        return subprocess.run([STIPEND, "check", "-c", self.host.config], env=self.host.environment, text=True,
                              capture_output=True, timeout=60, check=False)

    def test_a_fixed_rate_that_would_never_be_accepted_is_reported_at_its_line(self):
        self.host.edit("usd_per_eth: ${ETH_TO_USD:-2000.0}", "usd_per_eth: 99.99")
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn("price.config.usd_per_eth: got \"99.99\", want a rate from price.min, 100 USD, to price.max, "
                      "100000 USD: any other holds all decisions", done.stderr)
        self.host.edit("usd_per_eth: 99.99", "usd_per_eth: 100")
        self.assertEqual(self.check().returncode, 0)

    def test_signed_evidence_without_a_workers_key_is_reported_where_it_is_demanded(self):
        self.host.environment["DISPATCH_EVIDENCE"] = "signed"
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: dispatch\.config\.evidence: got \"signed\", want a worker_key in "
                                      r"the entry of each orchestrator: \S+ has none, so no answer could count")
        address = self.host.environment.pop("ORCHESTRATOR_ADDRESSES")
        self.host.edit("orchestrators: []", "orchestrators:\n"
                       f"  - {{ address: {address}, worker_key: {'0123456789abcdef' * 4} }}\n"
                       "  - { address: 'https://127.0.0.1:1', id: second }\n"
                       "  - { address: 'https://127.0.0.1:2', id: third }\n")
        self.assertIn(": second and 1 more have none", self.check().stderr)
        self.host.environment["DISPATCH_EVIDENCE"] = "any"
        self.assertEqual(self.check().returncode, 0)

    def test_one_address_in_two_spellings_is_one_payee(self):
        for one, other in (("https://[::1]:9995", "https://[0:0:0:0:0:0:0:1]:9995"),
                           ("https://127.0.0.1:9995", "https://[::ffff:127.0.0.1]:9995"),
                           ("https://orch.example:9995", "https://orch.example.:9995")):
            with self.subTest(other=other):
                self.host.environment["ORCHESTRATOR_ADDRESSES"] = f"{one},{other}"
                done = self.check()
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("has already: want it once", done.stderr)
        for odd in ("https://127.1:9995", "https://2130706433:9995", "https://orch.example..:9995"):
            with self.subTest(odd=odd):
                self.host.environment["ORCHESTRATOR_ADDRESSES"] = odd
                done = self.check()
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("IPv4 as four decimal numbers, a name with at most one dot at its end", done.stderr)

    def test_a_state_that_is_no_folder_is_reported(self):
        for state in (self.host.config, self.host.config / "below"):
            self.host.environment["STATE_DIRECTORY"] = str(state)
            done = self.check()
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{self.host.config} is no folder", done.stderr)

    def test_a_state_that_cannot_be_made_is_refused_at_its_line_by_check_as_run_would(self):
        closed = self.host.folder / "closed"
        closed.mkdir()
        within = self.host.folder / "within"
        within.mkdir()
        places = [("/proc/stipend", "/proc: its file system is proc"), ("/proc", "/proc: its file system is proc"),
                  ("/sys/kernel/stipend", "/sys/kernel: its file system is sysfs")]
        if os.geteuid() != 0:  # root may write everywhere
            closed.chmod(0o500)
            within.chmod(0o500)
            places += [(f"{closed}/state", f"{closed}: Permission denied"), (f"{within}", f"{within}: Permission denied")]
        for state, why in places:
            with self.subTest(state=state):
                self.host.environment["STATE_DIRECTORY"] = state
                done = self.check()
                self.assertEqual(done.returncode, 1, done.stderr)
                line = next(k for k, line in enumerate(self.host.config.read_text().splitlines(), 1)
                            if line.startswith("state:"))
                self.assertIn(f"config.yaml:{line}:", done.stderr)
                self.assertIn(f'state: got "{state}": ', done.stderr)
                self.assertIn(why, done.stderr)
                code, out, err = self.host.run("run", "--once")
                self.assertNotEqual(code, 0, out + err)
        closed.chmod(0o700)
        self.host.environment["STATE_DIRECTORY"] = str(closed / "a" / "b")
        self.assertEqual(self.check().returncode, 0)
        self.assertEqual(list(closed.iterdir()), [])

    @unittest.skipUnless(os.geteuid() == 0, "it takes root to become another user")
    def test_a_folder_of_another_user_is_no_place_for_the_state(self):
        self.host.folder.chmod(0o755)
        foreign = self.host.folder / "foreign"
        foreign.mkdir(mode=0o755)
        for state, why in ((foreign, f"nothing can be written to {foreign}"),
                           (foreign / "state", f"it cannot be made below {foreign}")):
            done = subprocess.run([STIPEND, "check", "-c", self.host.config], text=True, capture_output=True, timeout=60,
                                  env=dict(self.host.environment, STATE_DIRECTORY=str(state)), user=65534, group=65534,
                                  extra_groups=[])
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(f"{why}: Permission denied", done.stderr)

    def test_a_file_that_is_no_yaml_is_named_by_a_reload(self):
        self.host.start()
        good = self.host.config.read_text()
        self.host.config.write_text(good + "payment: [\n")
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("config.yaml:", err)
        self.assertIn("not YAML", err)
        self.host.config.write_text(good)
        self.assertEqual(self.host.run("reload")[0], 0)

    def test_a_mistake_elsewhere_keeps_nobody_from_asking(self):
        self.host.start()
        wait_for(self.host.decisions, "a decision")
        self.host.edit("every: 60s", "every: soon")
        self.host.edit("${LOG_LEVEL:-info}", "${cred:level}")
        self.assertTrue(self.host.status()["orchestrators"])
        self.assertTrue(self.host.decisions())
        self.host.verified()

    def test_a_mistake_in_what_a_command_reads_is_told(self):
        self.host.edit("settlement: dry-run", "settlement: dry")
        code, _, err = self.host.run("ledger", "verify")
        self.assertEqual(code, 1)
        self.assertIn("settlement: got ", err)
        self.host.edit("state: ${STATE_DIRECTORY:-./var}", "state: [a]")
        code, _, err = self.host.run("status")
        self.assertEqual(code, 1)
        self.assertIn("state: got ", err)

    def test_what_cannot_change_while_it_runs_is_refused_by_name(self):
        self.host.start()
        self.host.edit("chain_id: 42161", "chain_id: 1")
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("network.chain_id cannot change while the host runs: restart it", err)


class OldNames(HostTest):
    def test_a_name_without_effect_in_this_role_is_reported_at_the_start(self):
        self.host.environment["MIN_UPTIME_THRESHOLD"] = "60"
        self.host.start()
        self.assertTrue(self.host.said("MIN_UPTIME_THRESHOLD is set in the environment, but has no effect here"))
        self.assertFalse(self.host.said("GATEWAY_URL is set"))

    def test_a_name_that_the_file_no_longer_reads_is_reported_by_check(self):
        self.host.edit("${ETH_TO_USD:-2000.0}", "1800")
        self.host.environment["ETH_TO_USD"] = "2500"
        code, out, err = self.host.run("check")
        self.assertEqual(code, 0, err)
        self.assertIn("ETH_TO_USD is set in the environment, but has no effect here", out)
        self.assertNotIn("PAYMENT_INTERVAL_SECONDS is set", out)

    def test_an_address_that_the_list_names_keeps_that_name(self):
        address = self.devnet.addresses.split(",")[0]
        self.host.edit("orchestrators: []", f"orchestrators: [{{address: \"{address}\", id: seventh, base: 5 USD}}]")
        self.assertEqual(self.host.run("run", "--once")[0], 0)
        self.assertEqual([(line["orchestrator"], line["amount_usd"]) for line in self.host.decisions()], [("seventh", "6")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
