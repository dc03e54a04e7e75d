"""The unit file, judged by systemd itself: `verify` finds nothing to say of it, and its sandbox is tight."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from installed import install

MAX_EXPOSURE = 1.5
SKIP = 77


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, env=dict(os.environ, SYSTEMD_COLORS="0", SYSTEMD_PAGER=""))
    return done.returncode, done.stdout + done.stderr


class UnitFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stipend-unit-")
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        install(cls.root)
        cls.unit = cls.root / "usr/local/lib/systemd/system/stipend.service"
        # The targets that it names.
        shutil.copytree("/usr/lib/systemd/system", cls.root / "usr/lib/systemd/system", symlinks=True)

    def test_verify_is_silent(self):
        code, said = analyze("verify", f"--root={self.root}", "stipend.service")
        self.assertEqual((code, said), (0, ""))

    def test_verify_would_tell_a_misspelled_key(self):
        good = self.unit.read_text()
        self.addCleanup(self.unit.write_text, good)
        self.unit.write_text(good.replace("WatchdogSec=", "WatchDogSecs="))
        code, said = analyze("verify", f"--root={self.root}", "stipend.service")
        self.assertIn("WatchDogSecs", said)

    def test_verify_would_tell_a_program_that_is_not_installed(self):
        program = self.root / "usr/local/bin/stipend"
        away = program.with_name("away")
        program.rename(away)
        self.addCleanup(away.rename, program)
        code, said = analyze("verify", f"--root={self.root}", "stipend.service")
        self.assertNotEqual(code, 0)
        self.assertIn("stipend is not executable", said)

    def test_the_exposure_is_low(self):
        code, said = analyze("security", "--offline=yes", "--no-pager", str(self.unit))
        found = re.search(r"Overall exposure level for stipend\.service: ([0-9.]+)", said)
        self.assertIsNotNone(found, said)
        self.assertLessEqual(float(found.group(1)), MAX_EXPOSURE, said)


class Installation(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-install-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def test_an_operators_own_configuration_is_kept(self):
        install(self.root)
        config = self.root / "etc/stipend/config.yaml"
        config.write_text("# mine\n")
        install(self.root)
        self.assertEqual(config.read_text(), "# mine\n")

    def test_a_shell_finds_the_services_state(self):
        install(self.root)
        self.assertIn("state: ${STATE_DIRECTORY:-/var/lib/stipend}\n",
                      (self.root / "etc/stipend/config.yaml").read_text())
        self.assertEqual((self.root / "etc/stipend/credentials").stat().st_mode & 0o777, 0o700)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not installed (package systemd)")
        sys.exit(SKIP)
    unittest.main(verbosity=2)
