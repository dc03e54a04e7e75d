"""The threads of a running manager: how many there are, and that docs/architecture.md lists each."""
import collections
import pathlib
import re
import unittest

from network import wait_for
from test_api import LIST, SECRET, ApiTest

DOCUMENT = pathlib.Path(__file__).parents[3] / "docs/architecture.md"
MOST = 14  # after work of all kinds; two are Botan's, which hashes passwords


def listed_names():
    """The names in the first column of the table of threads."""
    section = DOCUMENT.read_text().split("\n## Threads\n")[1].split("\n## ")[0]
    table = section.strip().split("\n\n")[0]
    return set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE))


class Threads(ApiTest):
    def names(self):
        """How many threads there are of each name."""
        names = collections.Counter()
        for thread in pathlib.Path(f"/proc/{self.host.process.pid}/task").iterdir():
            try:
                names[(thread / "comm").read_text().strip()] += 1
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended
        return names

    def test_threads_are_few_and_each_is_listed(self):
        self.host.environment.update(JWT_SECRET=SECRET)
        self.start()
        self.wait_for_decisions(2 * self.orchestrators)
        token = self.log_in()["access_token"]
        for path in (LIST, "/api/v1/livepeer/payments", "/api/v1/status"):
            self.assertEqual(self.get(path, token).status, 200)
        self.host.run("status")
        self.host.run("reload")
        # Threads that look a name up end by themselves.
        wait_for(lambda: sum(self.names().values()) <= MOST, f"at most {MOST} threads: {dict(self.names())}")
        names = self.names()
        print(dict(names))
        self.assertEqual(set(names) - listed_names(), set())
        # A thread that nothing names has the name of the one that started it: the main one, and Botan's.
        self.assertLessEqual(names["stipend"], 3)
        self.assertLessEqual({"stipend-pool", "stipend-work", "stipend-ledger", "stipend-http", "stipend-listen"},
                             set(names))


if __name__ == "__main__":
    unittest.main()
