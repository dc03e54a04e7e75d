"""What the host looks at by itself decides together with what the worker reports, and outlives a restart."""
import fractions
import http.server
import json
import sqlite3
import threading
import time
import unittest

from network import PATIENCE, Devnet, Host, wait_for


class Service:
    """A target: answers 200, until it is set to answer 503."""

    def __init__(self):
        service = self
        self.status = 200
        self.failed = None  # an event: the next answer is 503, and sets it

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                failed, service.failed = service.failed, None
                self.send_response(503 if failed else service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if failed:
                    failed.set()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/health"

    def fail_once(self):
        event = threading.Event()
        self.failed = event
        return event

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
        self.explained(last)

    def explained(self, line):
        """The time of the period is up, down or unknown, as far as it is of the decision."""
        code, out, err = self.host.run("explain", "--orchestrator", "watched", str(line["epoch"]), "--json")
        self.assertEqual(code, 0, out + err)
        one = json.loads(out)
        self.assertEqual((one["recomputed"]["same"], one["coverage_ppm"]), (True, 1000000))
        seen, = one["observed"]
        self.assertEqual(seen["target"], self.service.url)
        up, down, unknown = (fractions.Fraction(seen[name + "_seconds"]) for name in ("up", "down", "unknown"))
        whole = fractions.Fraction(one["period"]["seconds"])
        self.assertEqual(up + down + unknown, whole)
        self.assertEqual(one["uptime_ppm"], up * 1000000 // whole)
        self.assertGreater(down, 0)
        self.assertEqual(one["down"], [{"service": self.service.url, "seconds": seen["down_seconds"]}])
        code, out, err = self.host.run("explain", "--orchestrator", "watched", str(line["epoch"]))
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"\ndown        {self.service.url} for {seen['down_seconds']} s\n", out)

    def test_each_service_that_was_down_is_named_with_its_time_the_longest_first(self):
        other, well = Service(), Service()
        self.addCleanup(other.end)
        self.addCleanup(well.end)
        text = self.host.config.read_text()
        one = f'{{ monitor: web, target: "{self.service.url}", every: 1s }}'
        more = "".join(f', {{ monitor: web, target: "{each.url}", every: 1s }}' for each in (other, well))
        self.assertIn(one, text)
        self.host.config.write_text(text.replace(one, one + more))
        # Within one period, as long as it takes to see one go down twice before the other one.
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "10"
        self.host.start()
        wait_for(self.host.decisions, "the first decision")
        for _ in range(2):
            self.assertTrue(self.service.fail_once().wait(PATIENCE))
            self.service.status = 503
        other.status = 503
        both = []

        def explained():
            """The decision about that time, once the ledger has what was observed."""
            for line in self.host.decisions():
                code, out, err = self.host.run("explain", "--orchestrator", "watched", str(line["epoch"]), "--json")
                self.assertEqual(code, 0, out + err)
                both.extend(one for one in (json.loads(out),) if len(one["down"]) == 2)
            return both
        wait_for(explained, "a decision by which both were down")
        found = both[0]
        self.assertEqual([down["service"] for down in found["down"]], [self.service.url, other.url])
        self.assertEqual({down["service"]: down["seconds"] for down in found["down"]},
                         {seen["target"]: seen["down_seconds"] for seen in found["observed"] if seen["target"] != well.url})
        self.assertEqual(next(seen["down_seconds"] for seen in found["observed"] if seen["target"] == well.url), "0")

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

    def checks(self, *lines, more=""):
        """The orchestrator's checks, one a line, and other options at the end of the file."""
        text = self.host.config.read_text()
        begin = text.index("\n    checks: [") + 1
        end = text.index("\n", begin)
        listed = "".join(f"\n      - {line}" for line in lines)
        self.host.config.write_text(text[:begin] + "    checks:" + listed + text[end:] + more)

    def refused(self, *lines, more=""):
        self.checks(*lines, more=more)
        code, out, err = self.host.run("check")
        self.assertEqual(code, 1, out)
        return err

    def test_a_target_that_its_monitor_can_never_look_at_is_refused_at_its_line(self):
        err = self.refused("monitor: web\n        target: 127.0.0.1:80", "{ monitor: web, target: 'tcp://127.0.0.1' }",
                           "{ monitor: web, target: 'http://127.0.0.1:99999/' }",
                           "{ monitor: web, target: 'ftp://127.0.0.1/', name: files }",
                           "{ monitor: web, target: 'HTTP://127.0.0.1/', options: { statsu: 200 } }",
                           more="\nwitness: ['192.0.2.1']\n")
        lines = self.host.config.read_text().splitlines()
        for text, why in (("target: 127.0.0.1:80", "want http://, https:// or tcp://host:port"),
                          ("'tcp://127.0.0.1'", "want tcp://host:port and nothing more"),
                          (":99999/", "want a port from 1 to 65535"), ("ftp://", "want http://, https:// or tcp"),
                          ("statsu", "no such attribute: statsu"),
                          ("192.0.2.1", "want tcp://host:port and nothing more")):
            number = next(k for k, line in enumerate(lines, 1) if text in line)
            self.assertTrue(any(f"config.yaml:{number}:" in line and why in line for line in err.splitlines()),
                            f"{text} at line {number}: {err}")

    def test_maintenance_of_a_zone_or_a_schedule_that_is_none_is_refused(self):
        err = self.refused(f"{{ monitor: web, target: '{self.service.url}' }}", more="""
maintenance:
  - { schedule: "0 25 * * *", duration: 1h }
  - { schedule: "0 2 * * *", zone: Europe/Berlln, duration: 1h }
  - { schedule: "@daily", duration: 1h, orchestrators: [orch-x] }
""")
        for why in ('"25" as the hour', "Europe/Berlln", "want the id of an orchestrator"):
            self.assertIn(why, err)

    def test_time_of_maintenance_is_neither_up_nor_down(self):
        self.service.status = 503
        self.checks(f"{{ monitor: web, target: '{self.service.url}', every: 1s }}", more="""
maintenance:
  - { name: always, schedule: "* * * * *", zone: Europe/Berlin, duration: 2m, orchestrators: [watched] }
""")
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 3, "decisions")
        self.assertEqual({line["coverage_percent"] for line in self.host.decisions()}, {0})
        shown, = self.host.status()["maintenance"]
        self.assertEqual((shown["name"], shown["active"], shown["zone"]), ("always", True, "Europe/Berlin"))

    def outage(self, witness):
        """The service fails beside another one: the alert about it, and the number of decisions before."""
        self.checks(f"{{ monitor: web, target: '{self.service.url}', every: 1s }}",
                    f"{{ monitor: web, target: '{self.service.url}?2', every: 1s }}", more=witness)
        self.host.start()
        wait_for(lambda: any(line["coverage_percent"] == 100 and line["uptime_percent"] == 100
                             for line in self.host.decisions()), "a period that was up")
        since = len(self.host.decisions())
        self.service.status = 503
        self.host.wait_line("own checks failed at once")
        alerts = [alert for alert in self.host.status()["alerts"] if alert["id"] == "own-checks"]
        self.assertEqual(len(alerts), 1)
        return alerts[0]["text"], since

    def test_all_checks_that_fail_at_once_are_one_alert_and_down_without_a_witness(self):
        text, since = self.outage("")
        self.assertIn("all 2 own checks failed at once", text)
        self.assertIn("the time counts as down", text)
        # The next period after it comes much later.
        wait_for(lambda: any(line["uptime_percent"] < 90 and line["coverage_percent"] == 100
                             for line in self.host.decisions()[since:]), "a period that was not up")
        self.service.status = 200
        wait_for(lambda: not self.host.status()["alerts"], "the alert resolved")
        self.assertEqual(sum("own checks failed at once" in line for line in self.host.lines), 1)

    def test_a_witness_that_answers_leaves_the_time_down(self):
        other = Service()
        self.addCleanup(other.end)
        text, since = self.outage(f"\nwitness: ['127.0.0.1:1', '{other.url}']\n")
        self.assertIn("a witness answers, so the time counts as down", text)
        # The next period after it comes much later.
        wait_for(lambda: any(line["uptime_percent"] < 90 and line["coverage_percent"] == 100
                             for line in self.host.decisions()[since:]), "a period that was not up")

    def test_without_an_answer_of_a_witness_the_time_is_not_seen(self):
        text, since = self.outage("\nwitness: ['127.0.0.1:1']\n")
        self.assertIn("neither as up nor as down", text)
        wait_for(lambda: any(line["coverage_percent"] == 0 for line in self.host.decisions()[since:]),
                 "a period that was not seen")
        self.service.status = 200
        wait_for(lambda: self.host.decisions()[-1]["coverage_percent"] == 100, "a period that was seen")
        self.assertFalse(self.host.status()["alerts"])

    def test_a_failure_that_is_not_confirmed_does_not_count(self):
        self.checks(f"{{ monitor: web, target: '{self.service.url}', every: 1s, down_after: 3 of 3 }}")
        self.host.start()
        wait_for(lambda: any(line["coverage_percent"] == 100 for line in self.host.decisions()), "a whole period")
        since = len(self.host.decisions())
        failed = self.service.fail_once()
        wait_for(lambda: failed.is_set() and len(self.host.decisions()) > since + 3, "decisions after the failure")
        self.assertEqual({line["uptime_percent"] for line in self.host.decisions()[since:]}, {100})
        # Enough of them count from the first one on: more time than the last of the three alone.
        self.service.status = 503
        wait_for(lambda: any(line["uptime_percent"] == 0 for line in self.host.decisions()[since:]), "a period down")

    def test_a_check_of_a_monitor_that_cannot_be_loaded_is_refused(self):
        self.host.config.write_text(self.host.config.read_text().replace("plugin: monitor,", "plugin: monitr,"))
        code, _, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("monitr", err)


if __name__ == "__main__":
    unittest.main()
