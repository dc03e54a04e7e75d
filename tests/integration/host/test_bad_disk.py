"""A ledger that cannot be used: what is said of it, that nothing of it changes, and that nothing is lost."""
import os
import shutil
import sqlite3
import subprocess
import unittest

from network import STIPEND, Devnet, Host, wait_for

STATE_MEBIBYTES = 256


class DiskTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devnet = Devnet(2)
        cls.addClassCleanup(cls.devnet.end)

    def setUp(self):
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.state = self.host.folder / "state"
        self.database = self.state / "ledger.db"

    def one_cycle(self):
        code, _, err = self.host.run("run", "--once")
        self.assertEqual(code, 0, err)

    def set_pragma(self, text):
        database = sqlite3.connect(self.database)
        database.execute(text)
        database.commit()
        database.close()

    def refused(self, *arguments):
        code, out, err = self.host.run(*arguments)
        self.assertEqual(code, 1, out + err)
        self.assertIn(str(self.database), err)
        return err


class Foreign(DiskTest):
    def setUp(self):
        super().setUp()
        self.one_cycle()

    def refused_and_untouched(self, *wanted):
        before = self.database.read_bytes()
        for command in (["run"], ["run", "--once"], ["ledger", "verify"], ["ledger", "export"]):
            said = self.refused(*command)
            for text in wanted:
                self.assertIn(text, said)
        self.assertEqual(self.database.read_bytes(), before)

    def test_a_newer_schema_is_refused_by_its_number(self):
        self.set_pragma("PRAGMA user_version = 4711")
        self.refused_and_untouched("written by a newer stipend", "got schema 4711")

    def test_a_ledger_of_another_network_is_refused_by_both_names(self):
        self.host.edit("chain_id: 42161", "chain_id: 1")
        self.refused_and_untouched("chain", "42161")

    def test_another_programs_database_is_refused(self):
        self.set_pragma("PRAGMA application_id = 5")
        self.refused_and_untouched("not a ledger of stipend")

    def test_a_file_that_is_no_database_is_refused(self):
        self.database.write_bytes(b"not a database, but longer than the head of one" * 100)
        self.refused_and_untouched("not a database")


class ReadOnly(DiskTest):
    """As a user whom the permissions bind: root is deprived of what lets it pass them by."""

    def setUp(self):
        super().setUp()
        self.one_cycle()
        for file in self.state.iterdir():
            file.chmod(0o500 if file.is_dir() else 0o400)
        self.state.chmod(0o500)
        self.addCleanup(self.state.chmod, 0o700)

    def run_bound(self, *arguments):
        bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        return subprocess.run([*bound, STIPEND, *arguments, "-c", self.host.config], env=self.host.environment,
                              text=True, capture_output=True, timeout=60)

    def test_a_host_says_what_it_may_not_write(self):
        done = self.run_bound("run")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.database), done.stderr)
        self.assertIn("Permission denied", done.stderr)

    def test_a_reader_that_may_make_no_files_beside_it_is_told_so(self):
        done = self.run_bound("ledger", "verify")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.database}: the file, its folder or its disk is read-only", done.stderr)


def can_mount():
    return os.geteuid() == 0 and shutil.which("mount") is not None


@unittest.skipUnless(can_mount(), "a disk of its own needs root")
class Full(DiskTest):
    def setUp(self):
        super().setUp()
        self.state.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={STATE_MEBIBYTES}m", "tmpfs", self.state],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"a disk of its own cannot be mounted: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", self.state], check=True)
        self.addCleanup(self.host.stop)
        self.filler = self.state / "filler"

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass

    def test_a_host_whose_disk_fills_up_says_so_ends_and_goes_on_where_it_was(self):
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 4, "decisions")
        self.fill()
        wait_for(lambda: self.host.process.poll() is not None, "the host's end")
        self.assertEqual(self.host.stop(), 1)
        self.assertTrue(self.host.said("the disk is full"))
        self.assertTrue(self.host.said(str(self.database)))
        self.filler.unlink()
        seen = self.host.decisions()
        self.host.verified()
        printed = [line for line in self.host.lines if "  epoch " in line]
        self.assertLessEqual(len(printed), len(seen))  # what was announced is there

        self.host.lines.clear()
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= len(seen) + 4, "further decisions")
        self.assertEqual(self.host.stop(), 0)
        now = self.host.decisions()
        self.assertEqual(now[:len(seen)], seen)
        self.assertEqual(len({(line["orchestrator"], line["epoch"]) for line in now}), len(now))
        self.assertEqual({line["job"] for line in now}, {"ok"})  # no orchestrator was punished for it
        self.host.verified()

    def test_a_host_does_not_start_on_a_full_disk_and_says_why(self):
        self.one_cycle()
        before = self.host.decisions()
        self.fill()
        code, _, err = self.host.run("run")
        self.assertEqual(code, 1)
        self.assertRegex(err, "the disk is full|No space left on device")
        self.filler.unlink()
        self.assertEqual(self.host.decisions(), before)
        self.host.verified()


if __name__ == "__main__":
    unittest.main(verbosity=2)
