"""The unit files, judged by systemd itself: `verify` finds nothing to say of them, and their sandboxes are tight."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from installed import install

# The worker's is no higher, but the figure is not everything: it charges 0.1 for the group that opens the Engine's
# socket, and access to that is as good as root. See the unit's own words.
MAX_EXPOSURE = {"stipend.service": 1.5, "stipend-worker.service": 1.5}
SKIP = 77


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, env=dict(os.environ, SYSTEMD_COLORS="0", SYSTEMD_PAGER=""))
    return done.returncode, done.stdout + done.stderr


class UnitFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stipend-unit-")
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        install(cls.root)
        cls.units = cls.root / "usr/local/lib/systemd/system"
        # The targets that they name.
        shutil.copytree("/usr/lib/systemd/system", cls.root / "usr/lib/systemd/system", symlinks=True)

    def verify(self, unit):
        return analyze("verify", f"--root={self.root}", unit)

    def test_no_unit_is_forgotten(self):
        self.assertEqual({file.name for file in self.units.iterdir()}, set(MAX_EXPOSURE))

    def test_verify_is_silent(self):
        for unit in MAX_EXPOSURE:
            with self.subTest(unit=unit):
                self.assertEqual(self.verify(unit), (0, ""))

    def test_verify_would_tell_a_misspelled_key(self):
        for unit in MAX_EXPOSURE:
            with self.subTest(unit=unit):
                good = (self.units / unit).read_text()
                self.addCleanup((self.units / unit).write_text, good)
                (self.units / unit).write_text(good.replace("WatchdogSec=", "WatchDogSecs="))
                self.assertIn("WatchDogSecs", self.verify(unit)[1])

    def test_verify_would_tell_a_program_that_is_not_installed(self):
        program = self.root / "usr/local/bin/stipend"
        away = program.with_name("away")
        program.rename(away)
        self.addCleanup(away.rename, program)
        for unit in MAX_EXPOSURE:
            with self.subTest(unit=unit):
                code, said = self.verify(unit)
                self.assertNotEqual(code, 0)
                self.assertIn("stipend is not executable", said)

    def test_the_exposure_is_low(self):
        for unit in MAX_EXPOSURE:
            with self.subTest(unit=unit):
                said = analyze("security", "--offline=yes", "--no-pager", str(self.units / unit))[1]
                found = re.search(rf"Overall exposure level for {re.escape(unit)}: ([0-9.]+)", said)
                self.assertIsNotNone(found, said)
                self.assertLessEqual(float(found.group(1)), MAX_EXPOSURE[unit], said)

    def test_the_units_share_neither_user_nor_state_nor_secrets(self):
        for key in ("User", "StateDirectory", "LoadCredential", "EnvironmentFile"):
            values = {re.search(rf"^{key}=(.*)$", (self.units / unit).read_text(), re.MULTILINE).group(1)
                      for unit in MAX_EXPOSURE}
            self.assertEqual(len(values), len(MAX_EXPOSURE), key)


class SignerUnit(unittest.TestCase):
    """It is installed by itself, and holds the payer's key: no network at all."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-signer-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        install(self.root, components=("signer",))
        self.unit = self.root / "usr/local/lib/systemd/system/stipend-signer.service"
        shutil.copytree("/usr/lib/systemd/system", self.root / "usr/lib/systemd/system", symlinks=True)

    def test_verify_is_silent(self):
        self.assertEqual(analyze("verify", f"--root={self.root}", self.unit.name), (0, ""))

    def test_the_exposure_is_low(self):
        said = analyze("security", "--offline=yes", "--no-pager", str(self.unit))[1]
        found = re.search(r"Overall exposure level for stipend-signer.service: ([0-9.]+)", said)
        self.assertIsNotNone(found, said)
        self.assertLessEqual(float(found.group(1)), 1.5, said)

    def test_every_unit_restarts_on_every_end(self):
        # A program that a plugin or a signal ends with status 0 is no less gone.
        units = sorted((pathlib.Path(__file__).resolve().parents[2] / "packaging").glob("*.service"))
        self.assertIn(self.unit.name, {unit.name for unit in units})
        for unit in units:
            with self.subTest(unit=unit.name):
                self.assertEqual(re.findall(r"^Restart=(.*)$", unit.read_text(), re.MULTILINE), ["always"])

    def test_it_shares_neither_user_nor_state_with_the_host(self):
        text = self.unit.read_text()
        self.assertIn("\nPrivateNetwork=yes\n", text)
        for unit in ("stipend.service", "stipend-worker.service"):
            other = (pathlib.Path(__file__).resolve().parents[2] / "packaging" / unit).read_text()
            for key in ("User", "StateDirectory", "LoadCredential"):
                mine, its = (re.search(rf"^{key}=(.*)$", each, re.MULTILINE).group(1) for each in (text, other))
                self.assertNotEqual(mine, its, key)


class Installation(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-install-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def test_an_operators_own_configuration_is_kept(self):
        install(self.root)
        for name in ("config.yaml", "worker.yaml"):
            (self.root / "etc/stipend" / name).write_text("# mine\n")
        install(self.root)
        for name in ("config.yaml", "worker.yaml"):
            self.assertEqual((self.root / "etc/stipend" / name).read_text(), "# mine\n")

    def test_a_shell_finds_the_services_state(self):
        install(self.root)
        etc = self.root / "etc/stipend"
        for name, state in (("config.yaml", "stipend"), ("worker.yaml", "stipend-worker")):
            self.assertIn(f"state: ${{STATE_DIRECTORY:-/var/lib/{state}}}\n", (etc / name).read_text())

    def test_a_new_installation_pays_by_signed_answers_only_unless_it_is_said_otherwise(self):
        install(self.root)
        command = [self.root / "usr/local/bin/stipend", "config", "dump", "--json", "-c",
                   self.root / "etc/stipend/config.yaml"]
        for said, want in (({}, "signed"), ({"DISPATCH_EVIDENCE": "any"}, "any")):
            dump = subprocess.run(command, env={"PATH": os.environ["PATH"], **said}, check=True, capture_output=True,
                                  text=True, timeout=60).stdout
            self.assertEqual(json.loads(dump)["dispatch"]["config"]["evidence"], want)

    def test_pages_and_completions_are_where_man_and_shells_look(self):
        install(self.root)
        install(self.root, components=("signer",))
        share = self.root / "usr/local/share"
        for name in ("stipend", "stipend-run", "stipend-jobs", "stipend-devnet", "stipend-signer"):
            self.assertIn(f".TH {name.upper()}".replace("-", "\\-"), (share / f"man/man1/{name}.1").read_text())
        self.assertIn("dispatch.plugin", (share / "man/man5/stipend-config.5").read_text().replace("\\-", "-"))
        for name in ("bash-completion/completions/stipend",
                     "zsh/site-functions/_stipend", "fish/vendor_completions.d/stipend.fish"):
            self.assertIn("gateway-credential", (share / name).read_text())

    def test_programs_that_run_as_commands_are_in_libexec_and_found_there(self):
        install(self.root, components=("host", "devnet", "signer"))
        prefix = self.root / "usr/local"
        self.assertEqual({one.name for one in (prefix / "bin").iterdir()}, {"stipend", "stipend-plugin", "stipend-probe", "stipend-signer"})
        programs = {one.name for one in (prefix / "libexec/stipend").iterdir()}
        self.assertEqual(programs, {f"stipend-{name}" for name in ("devnet", "flow", "gateway-credential", "jobs", "verify")})
        environment = {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "STATE_DIRECTORY": str(self.root / "state")}

        def stipend(*words):
            return subprocess.run(["stipend", *words], env=environment, capture_output=True, text=True, timeout=60)

        for program in programs:
            done = stipend(program.removeprefix("stipend-"), "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), program)
        # What they need of the rest of the installation: the scenarios by name, and `stipend` itself.
        done = stipend("devnet", "--scenario", "demo", "--print-addresses")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        steps = json.loads(stipend("verify", "--json", "-c", str(self.root / "etc/stipend/config.yaml")).stdout)["steps"]
        audit = next(one for one in steps if one["name"] == "audit")
        self.assertNotIn("cannot be started", json.dumps(audit))
        self.assertIn("no ledger", json.dumps(audit))

    def test_nobody_but_root_reads_the_credentials(self):
        install(self.root)
        for name in ("credentials", "worker-credentials"):
            self.assertEqual((self.root / "etc/stipend" / name).stat().st_mode & 0o777, 0o700)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not installed (package systemd)")
        sys.exit(SKIP)
    unittest.main(verbosity=2)
