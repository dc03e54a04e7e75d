"""What the host looks at by itself decides together with what the worker reports, and outlives a restart."""
import http.server
import sqlite3
import threading
import time
import unittest

from network import Devnet, Host, wait_for


class Service:
    """A target: answers 200, until it is set to answer 503."""

    def __init__(self):
        service = self
        self.status = 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/health"

    def end(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Checks(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(1)
        self.addCleanup(self.devnet.end)
        self.service = Service()
        self.addCleanup(self.service.end)
        self.host = Host(self.devnet, interval=2)
        self.addCleanup(self.host.end)
        text = self.host.config.read_text()
        text = text.replace("monitors: []", "monitors: [{ name: web, plugin: monitor, id: org.stipend.monitor, "
                            "config: { timeout: 1s } }]")
        text = text.replace("orchestrators: []", f"""orchestrators:
  - address: {self.devnet.addresses}
    id: watched
    checks: [{{ monitor: web, target: "{self.service.url}", every: 1s }}]""")
        self.host.config.write_text(text)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""

    def observed(self):
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as database:
            return database.execute("SELECT orchestrator, target, from_at, to_at, verdict FROM observed").fetchall()

    def test_the_hosts_own_look_decides_where_it_is_the_lower_one(self):
        self.host.start()
        whole = lambda line: line["coverage_percent"] == 100
        wait_for(lambda: any(whole(line) and line["uptime_percent"] == 100 for line in self.host.decisions()),
                 "a period that was seen whole, and up")
        self.service.status = 503
        wait_for(lambda: any(line["uptime_percent"] < 90 for line in self.host.decisions()), "a period that was not up")
        last = self.host.decisions()[-1]
        self.assertEqual((last["job"], last["coverage_percent"]), ("ok", 100))
        self.assertNotEqual(last["tier"], "excellent")  # though its worker reports 100 %
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_what_was_seen_outlives_a_kill(self):
        self.host.start()
        wait_for(self.observed, "observations on the disk")
        self.host.kill()
        before = self.observed()
        self.assertEqual({row[1] for row in before}, {self.service.url})
        self.host.start()
        wait_for(lambda: len(self.observed()) > len(before), "a further stretch, after the gap")
        self.assertEqual(self.observed()[0][:3], before[0][:3])
        self.host.verified()

    def test_what_the_ledger_was_too_busy_for_is_written_once_it_is_free(self):
        self.host.start()
        wait_for(self.observed, "observations on the disk")
        first = self.observed()
        wait_for(lambda: self.observed() != first, "more of them: the next are written in ten seconds")
        other = sqlite3.connect(self.host.folder / "state/ledger.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        busy_from = time.time_ns()
        # Down and up again before that: what was seen of it is among what is refused.
        self.service.status = 503
        time.sleep(3)
        self.service.status = 200
        self.host.wait_line("what the monitors observe is not stored")
        before = len(self.host.decisions())
        other.execute("ROLLBACK")
        busy_to = time.time_ns()
        wait_for(lambda: len(self.host.decisions()) > before, "a decision after it")
        wait_for(lambda: not self.host.status()["alerts"], "its alert resolved")
        self.assertEqual(self.host.stop(), 0)
        seen = sorted(row[2:] for row in self.observed() if row[3] > busy_from and row[2] < busy_to)
        for (_, end, _), (begin, _, _) in zip(seen, seen[1:]):
            self.assertLessEqual(begin, end, f"a hole in {seen}")
        self.assertLessEqual(seen[0][0], busy_from)
        self.assertGreaterEqual(seen[-1][1], busy_to - 2_000_000_000)  # the last look before it
        self.assertGreaterEqual(len({verdict for _, _, verdict in seen}), 2, "it was down, and up")
        epochs = [line["epoch"] for line in self.host.decisions()]
        self.assertEqual(epochs, list(range(epochs[0], epochs[0] + len(epochs))))
        self.host.verified()

    def test_a_check_of_a_monitor_that_cannot_be_loaded_is_refused(self):
        self.host.config.write_text(self.host.config.read_text().replace("plugin: monitor,", "plugin: monitr,"))
        code, _, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("monitr", err)


if __name__ == "__main__":
    unittest.main()
