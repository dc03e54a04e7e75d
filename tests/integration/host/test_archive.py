"""Old decisions move into a signed file of their own: from under a running host, and without one."""
import json
import pathlib
import tempfile
import unittest
from datetime import datetime, timezone

from network import Devnet, Host, wait_for

AT_LEAST = 20  # decisions to archive


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devnet = Devnet(4)
        cls.addClassCleanup(cls.devnet.end)

    def setUp(self):
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "old.db"

    def decided(self, count):
        wait_for(lambda: len(self.host.decisions()) >= count, f"{count} decisions")

    def archive(self, *more):
        code, out, err = self.host.run("ledger", "archive", "--json", "--before", now(), str(self.file), *more)
        return code, json.loads(out) if code == 0 else None, err

    def complete(self):
        """Every epoch once, nothing missing, and the chain spans both files."""
        decisions = self.host.decisions()  # listed first: a running host decides on
        report = self.host.verified()
        self.assertTrue(report["clean"] and report["complete"])
        self.assertGreaterEqual(int(report["decisions"]), len(decisions))
        for who in {one["orchestrator"] for one in decisions}:
            epochs = [one["epoch"] for one in decisions if one["orchestrator"] == who]
            self.assertEqual(epochs, list(range(1, len(epochs) + 1)))
        return decisions

    def test_a_running_host_archives_and_goes_on(self):
        self.host.start()
        self.decided(AT_LEAST)
        code, report, err = self.archive()
        self.assertEqual(code, 0, err)
        self.assertGreaterEqual(report["decisions"], AT_LEAST)
        self.assertEqual((report["first"], report["file"]), (1, str(self.file)))
        self.decided(report["decisions"] + AT_LEAST)
        self.assertGreater(len(self.complete()), report["decisions"])
        self.host.stop()
        self.complete()

        self.file.unlink()
        code, out, _ = self.host.run("ledger", "verify", "--json")
        self.assertEqual((code, json.loads(out)["missing_archives"]), (1, [str(self.file)]))
        self.assertLess(len(self.host.decisions()), report["decisions"] + 4 * AT_LEAST)

    def test_archives_follow_each_other_with_and_without_a_host_signed_by_one_key(self):
        self.host.start()
        self.decided(AT_LEAST)
        code, first, err = self.archive()
        self.assertEqual(code, 0, err)
        code, _, err = self.archive()
        self.assertEqual(code, 1)
        self.assertIn("exists already: name another file", err)
        self.decided(first["decisions"] + AT_LEAST)
        self.host.stop()

        self.file = self.file.with_name("newer.db")
        code, second, err = self.archive()
        self.assertEqual(code, 0, err)
        self.assertEqual((second["first"], second["signer"]), (first["last"] + 1, first["signer"]))
        self.complete()

    def test_what_cannot_be_archived_is_told_and_the_host_goes_on(self):
        self.host.start()
        self.decided(1)
        good = self.file
        self.file = self.file.parent / "missing" / "old.db"
        code, _, err = self.archive()
        self.assertEqual(code, 1)
        self.assertIn(f"archive {self.file}", err)
        code, _, err = self.host.run("ledger", "archive", "--before", "2020-01-01", str(good))
        self.assertEqual(code, 1)
        self.assertIn("no decision is that old", err)
        code, _, err = self.host.run("ledger", "archive", "--before", "last month", str(good))
        self.assertEqual(code, 2)
        self.assertIn('"last month"', err)
        self.decided(len(self.host.decisions()) + 4)
        self.complete()


if __name__ == "__main__":
    unittest.main(verbosity=2)
