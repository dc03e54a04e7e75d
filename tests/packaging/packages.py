"""The Debian packages in a booted systemd: installed, upgraded, refused, removed, installed again and purged."""
import json
import shutil
import signal
import sys
import tempfile
import pathlib
import unittest

import debian_packages
from container import Container, Unavailable
from units import Unit

SKIP = 77
CONFIG = "/etc/stipend/config.yaml"
NEWER, NEWEST = "99.0.0", "99.0.1"
ORCHESTRATORS = 2
box = unit = None
versions = {}  # version -> files


def prepare(root):
    for packages in versions.values():
        for one in packages:
            shutil.copy(one, root / "root")
    (root / "etc/systemd/system/devnet.service").write_text(
        f"[Service]\nType=exec\nExecStart=stipend devnet -n {ORCHESTRATORS} --gateway 127.0.0.1:9935\n")


def install(version):
    names = [f"/root/{one.name}" for one in versions[version]]
    return box.run("dpkg", "--install", *names, timeout=120)


def decisions():
    lines = box.output("stipend", "ledger", "export", "--kind", "decisions", "-c", CONFIG).splitlines()
    return [json.loads(line) for line in lines]


def backups():
    listed = box.run("sh", "-c", "ls /var/backups/stipend/ledger-*.db.json")
    return [one.removesuffix(".json") for one in listed.stdout.split()]


class Packages(unittest.TestCase):
    def installed(self):
        return box.output("dpkg-query", "--show", "--showformat=${Version}", "stipend")

    def configure(self):
        addresses = box.output("stipend", "devnet", "-n", ORCHESTRATORS, "--print-addresses")
        etc = box.folder / "root/etc/stipend"
        (etc / "environment").write_text(
            "GATEWAY_URL=http://127.0.0.1:9935\nPAYMENT_INTERVAL_SECONDS=1\nDISPATCH_EVIDENCE=any\nPRICE_UNSEEN=allow\n"
            f"ORCHESTRATOR_ADDRESSES={addresses}\n")
        with open(etc / "config.yaml", "a", encoding="utf-8") as file:
            file.write("# the operator's own line\n")

    def assert_pays_on(self, before):
        unit.wait_for(lambda: len(decisions()) >= len(before) + ORCHESTRATORS, "further decisions")
        self.assertEqual(decisions()[:len(before)], before)

    def test_from_the_installation_to_the_purge(self):
        shipped = next(version for version in versions if version not in (NEWER, NEWEST))
        done = install(shipped)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("systemctl enable --now stipend", done.stdout)
        # Nothing runs before it is configured.
        self.assertEqual(unit.show("ActiveState"), "inactive")
        self.assertEqual(box.run("systemctl", "is-enabled", "stipend").stdout.strip(), "disabled")
        for file in ("man/man1/stipend.1", "man/man1/stipend-run.1", "man/man5/stipend-config.5",
                     "bash-completion/completions/stipend", "zsh/site-functions/_stipend", "fish/vendor_completions.d/stipend.fish",
                     "stipend/scenarios/demo.yaml", "stipend/templates/common/devnet.sh", "stipend/rust/Cargo.toml",
                     "stipend/go/go.mod", "cmake/stipend-sdk/stipend-sdk-config.cmake"):
            self.assertTrue((box.folder / "root/usr/share" / file).is_file(), file)
        self.assertIn("headers of the C ABI", box.output("dpkg-query", "--show", "--showformat=${Description}", "stipend-sdk"))
        self.assertEqual(box.output("stat", "-c", "%a", "/etc/stipend/credentials"), "700")

        self.configure()
        box.output("systemctl", "start", "devnet")
        box.output("systemctl", "enable", "--now", "stipend")
        self.assert_pays_on([])

        # An upgrade: a backup first, then the configuration and the ledger as they were.
        process, before = unit.show("MainPID"), decisions()
        done = install(NEWER)
        self.assertEqual((done.returncode, self.installed()), (0, NEWER), done.stdout + done.stderr)
        self.assertTrue(unit.active(), unit.journal())
        self.assertNotEqual(unit.show("MainPID"), process)
        self.assertTrue(self.config().endswith("# the operator's own line\n"))
        self.assert_pays_on(before)
        self.assertEqual(len(backups()), 1)
        kept = json.loads(box.output("stipend", "ledger", "verify", "--json", "-c", CONFIG, backups()[0]))
        self.assertTrue(kept["clean"])
        self.assertGreaterEqual(int(kept["decisions"]), len(before))
        self.assertEqual(box.output("stat", "-c", "%a", "/var/backups/stipend"), "700")

        # The way back is named, and not gone by itself; what ran runs again.
        before = decisions()
        done = install(shipped)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"stipend: refused: {shipped} is older than {NEWER}, which is installed", done.stderr)
        self.assertEqual(self.installed(), NEWER)
        self.assertTrue(unit.active(), unit.journal())
        self.assert_pays_on(before)

        # Without a backup there is no upgrade.
        box.output("mv", "/var/backups/stipend", "/var/backups/aside")
        box.output("touch", "/var/backups/stipend")
        done = install(NEWEST)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no folder for a backup of the ledger", done.stderr)
        self.assertEqual((self.installed(), unit.active()), (NEWER, True))
        box.output("rm", "/var/backups/stipend")
        box.output("mv", "/var/backups/aside", "/var/backups/stipend")

        # As many backups are kept as are said to be, the newest.
        for day in range(1, 8):
            box.output("touch", "-d", f"2020-01-0{day}", f"/var/backups/stipend/ledger-0.0.{day}-old.db",
                       f"/var/backups/stipend/ledger-0.0.{day}-old.db.json")
        done = install(NEWEST)
        self.assertEqual((done.returncode, self.installed()), (0, NEWEST), done.stdout + done.stderr)
        self.assertEqual(len(backups()), 5)
        self.assertEqual([one for one in backups() if "old" in one],
                         [f"/var/backups/stipend/ledger-0.0.{day}-old.db" for day in (5, 6, 7)])
        self.assertFalse((box.folder / "root/var/backups/stipend/ledger-0.0.4-old.db.json").exists())

        # A service that was stopped stays stopped.
        box.output("systemctl", "stop", "stipend")
        before = decisions()
        self.assertEqual(install(NEWEST).returncode, 0)
        self.assertEqual(unit.show("ActiveState"), "inactive")

        # Removed: it ends, and what was configured and recorded stays for the next installation.
        box.output("systemctl", "start", "stipend")
        done = box.run("dpkg", "--remove", "stipend-sdk", "stipend")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(unit.show("LoadState"), "not-found")
        self.assertTrue(self.config().endswith("# the operator's own line\n"))
        done = install(NEWEST)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        box.output("systemctl", "start", "stipend")
        self.assert_pays_on(before)

        # Purged: the configuration is gone; what is owed, and the backups, are not a package's.
        done = box.run("dpkg", "--purge", "stipend-sdk", "stipend")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("/var/lib/stipend stays", done.stdout)
        self.assertFalse((box.folder / "root" / CONFIG[1:]).exists())
        self.assertTrue((box.folder / "root/var/lib/private/stipend/ledger.db").is_file())

    def config(self):
        return (box.folder / "root" / CONFIG[1:]).read_text()


def main():
    global box, unit
    if shutil.which("mmdebstrap") is None:
        print("skipped: mmdebstrap is not installed")
        return SKIP
    made = debian_packages.make()
    archive = debian_packages.debian_with(debian_packages.dependencies(made))
    with tempfile.TemporaryDirectory(prefix="stipend-packages-") as folder:
        versions[debian_packages.field(made["stipend"], "Version")] = list(made.values())
        for version in (NEWER, NEWEST):
            versions[version] = [debian_packages.renumbered(one, version, pathlib.Path(folder)) for one in made.values()]
        try:
            box = Container(prepare, system=archive)
        except Unavailable as why:
            print(f"skipped: {why}")
            return SKIP
    unit = Unit(box, "stipend")
    try:
        return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1
    finally:
        box.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
