"""A ledger is backed up from under a running host, restored, and not silently replaced by an empty one."""
import contextlib
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import tempfile
import unittest
import urllib.request

from network import Devnet, Host, wait_for

AT_LEAST = 20  # decisions
# As the ledger was before it had networks, and factors of demand.
UNDO_SCHEMAS_10_AND_9 = """
    DROP TABLE demand; DROP INDEX audit_orchestrator;
    DROP TABLE network; DROP TABLE network_of; DROP TABLE debt;
    ALTER TABLE orchestrator DROP COLUMN network;
    ALTER TABLE manual_payment DROP COLUMN decimals;
    DROP INDEX payout_open;
    ALTER TABLE payout DROP COLUMN network;
    CREATE UNIQUE INDEX payout_open ON payout(orchestrator) WHERE state NOT IN (7, 8);
    DROP INDEX slot_nonce;
    ALTER TABLE slot DROP COLUMN network;
    ALTER TABLE slot DROP COLUMN chain_id;
    CREATE UNIQUE INDEX slot_nonce ON slot(payer, nonce) WHERE state != 2;
    ALTER TABLE price RENAME COLUMN network TO id;
    PRAGMA user_version = 8;
"""


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devnet = Devnet(4)
        cls.addClassCleanup(cls.devnet.end)

    def setUp(self):
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "copy.db"
        self.state = self.host.folder / "state"
        self.ledger = self.state / "ledger.db"

    def decided(self, count):
        wait_for(lambda: len(self.host.decisions()) >= count, f"{count} decisions")

    def command(self, *arguments, want=0):
        code, out, err = self.host.run("ledger", *arguments, "--json")
        self.assertEqual(code, want, out + err)
        return json.loads(out) if code == 0 else err

    def refused(self):
        """What a host says that ends at its start."""
        since = len(self.host.lines)
        self.host.spawn()
        self.host.process.wait(timeout=60)
        self.host._join()
        self.assertEqual(self.host.process.returncode, 1)
        return "".join(self.host.lines[since:])

    def test_a_backup_of_a_running_host_is_whole_and_a_copy_of_its_file_is_not(self):
        self.host.start()
        self.decided(AT_LEAST)
        shutil.copy(self.ledger, self.folder / "bare.db")
        report = self.command("backup", str(self.file))
        self.assertGreaterEqual(report["decisions"], AT_LEAST)
        listed = json.loads(pathlib.Path(report["list"]).read_text())
        self.assertEqual((listed["sha256"], listed["archives"]), (report["sha256"], []))
        code, out, _ = self.host.run("ledger", "verify", "--json", str(self.file))
        whole = json.loads(out)
        self.assertEqual((code, whole["decisions"], whole["wal_missing"]), (0, report["decisions"], False))
        code, out, _ = self.host.run("ledger", "verify", "--json", str(self.folder / "bare.db"))
        bare = json.loads(out)
        self.assertEqual((code, bare["wal_missing"]), (1, True))
        self.assertLess(bare["decisions"], AT_LEAST)
        code, out, _ = self.host.run("ledger", "verify", str(self.folder / "bare.db"))
        self.assertIn("WAL not found", out)
        self.assertIn("exists already", self.command("backup", str(self.file), want=1))
        self.decided(len(self.host.decisions()) + 4)
        self.assertEqual(self.host.stop(), 0)
        self.assertTrue(self.host.verified()["complete"])

    def test_a_restored_ledger_lists_the_lost_time_and_is_marked(self):
        self.host.start()
        self.decided(AT_LEAST)
        report = self.command("backup", str(self.file))
        self.assertIn("another process writes", self.command("restore", "--replace", str(self.file), want=1))
        self.decided(report["decisions"] + AT_LEAST)
        self.assertNotIn("restored", self.host.status())
        self.host.stop()
        self.assertIn("--replace", self.command("restore", str(self.file), want=1))
        done = self.command("restore", "--replace", str(self.file))
        self.assertTrue(pathlib.Path(done["aside"]).exists())
        self.assertEqual(len(self.host.decisions()), report["decisions"])

        self.host.start()
        status = self.host.status()
        self.assertEqual((status["restored"]["at"], status["restored"]["last_seq"]), (done["at"], done["last_seq"]))
        self.assertIn(f"restored one since {done['at']}", self.host.run("status")[1])
        self.decided(report["decisions"] + 4)
        gaps = self.host.status()["unpaid"]
        self.assertEqual(len({gap["orchestrator"] for gap in gaps}), 4, gaps)
        self.assertEqual({gap["cause"] for gap in gaps}, {"the host was not running"})
        # The gaps begin within an interval of the backup, before the restoration.
        self.assertLess(max(gap["from"] for gap in gaps), done["at"])
        self.host.stop()
        self.assertTrue(self.host.verified()["clean"])

    def test_accounts_come_back_on_an_empty_machine_and_newer_ones_stay(self):
        def revoked():
            code, out, err = self.host.run("api-key", "list", "--json")
            self.assertEqual(code, 0, err)
            return [key["revoked_at"] is not None for key in json.loads(out) if key["id"] == made["id"]]
        self.host.start()
        self.decided(4)
        code, out, err = self.host.run("api-key", "add", "a program", "--role", "viewer", "--json")
        self.assertEqual(code, 0, err)
        made = json.loads(out)
        report = self.command("backup", str(self.file))
        copy = pathlib.Path(f"{self.file}.access.db")
        self.assertIn(str(copy), report["beside"])
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual(self.host.run("api-key", "revoke", made["id"])[0], 0)
        done = self.command("restore", "--replace", str(self.file))
        self.assertEqual((done["beside"], str(self.state / "access.db") in done["kept"]), ([], True))
        self.assertEqual(revoked(), [True])
        shutil.rmtree(self.state)
        done = self.command("restore", str(self.file))
        self.assertEqual((str(self.state / "access.db") in done["beside"], done["kept"]), (True, []))
        self.assertEqual(revoked(), [False])

    def test_a_host_begins_anew_beside_an_older_life_only_when_asked(self):
        self.host.start()
        self.decided(4)
        self.assertEqual(self.host.stop(), 0)
        self.command("backup", str(self.file))
        self.ledger.unlink()
        said = self.refused()
        self.assertIn("is missing or empty", said)
        self.assertIn("ledger.db.lock", said)
        self.assertIn("--new-ledger", said)
        code, _, err = self.host.run("ledger", "archive", "--before", "2030-01-01", str(self.folder / "archive.db"))
        self.assertEqual((code, "there is no ledger" in err), (1, True), err)
        self.assertFalse(self.ledger.exists())
        self.command("restore", str(self.file))
        self.host.start()
        self.decided(8)
        self.host.stop()
        self.ledger.unlink()
        self.host.options = ["--new-ledger"]
        self.host.start()
        self.assertTrue(self.host.said("a new ledger begins beside traces of an earlier one"))
        self.decided(4)

    def test_a_bare_copy_that_holds_nothing_is_not_taken_for_a_new_ledger(self):
        self.host.start()
        self.decided(AT_LEAST)
        shutil.copy(self.ledger, self.folder / "bare.db")
        self.host.stop()
        shutil.copy(self.folder / "bare.db", self.ledger)
        self.assertIn("was not closed, and its WAL is missing", self.refused())
        code, _, err = self.host.run("ledger", "archive", "--before", "2030-01-01", str(self.folder / "archive.db"))
        self.assertEqual((code, "there was a ledger" in err), (1, True), err)
        self.assertIn("was not closed, and its WAL is missing", self.refused())

    def test_a_host_that_was_killed_starts_as_before(self):
        self.host.start()
        self.decided(4)
        self.host.process.send_signal(signal.SIGKILL)
        self.host._join()
        self.host.start()
        self.assertFalse(self.host.said("WAL"))
        self.decided(8)
        self.host.stop()
        self.assertTrue(self.host.verified()["complete"])

    def test_an_older_schema_is_copied_before_it_migrates(self):
        self.host.start()
        self.decided(4)
        self.host.stop()
        with contextlib.closing(sqlite3.connect(self.ledger)) as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone()[0], 10, "what follows undoes this one and the one before")
            database.executescript(UNDO_SCHEMAS_10_AND_9)
        self.host.start()
        copies = list(self.state.glob("ledger.db.schema-8-*"))
        self.assertEqual(len(copies), 1)
        self.assertTrue(self.host.said(str(copies[0])))
        with contextlib.closing(sqlite3.connect(copies[0])) as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone()[0], 8)
        self.decided(len(self.host.decisions()) + 4)
        self.host.stop()
        self.host.verified()

    def test_the_size_of_the_wal_is_a_metric(self):
        self.host.start()
        address = self.host.wait_line("metrics at ").split("metrics at ")[1].strip()

        def value(name):
            with urllib.request.urlopen(address, timeout=10) as answer:
                found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
            return found and float(found.group(1))

        wait_for(lambda: value("stipend_ledger_wal_bytes"), "the size of the WAL")
        self.assertEqual(value("stipend_ledger_wal_held_seconds"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
