"""The status page of a running host: off until it is configured, only what is chosen, and the figures of the report of uptime."""
import concurrent.futures
import contextlib
import datetime
import json
import sqlite3
import unittest
from decimal import Decimal

from network import wait_for
from test_registry import RegistryTest

PATHS = ("/status", "/status.json", "/status/style.css", "/status/badge/east.svg")
HOUR = 3600 * 10**9  # ns
DAY = 24 * HOUR
OK, FAILED = 1, 2  # STIPEND_JOB_OK and the other


def day_text(number):
    return str(datetime.date(1970, 1, 1) + datetime.timedelta(number))


def write_days(folder):
    """Has the first orchestrator decided once for each hour of three days until now, and nothing decided soon."""
    with contextlib.closing(sqlite3.connect(folder / "state" / "ledger.db")) as ledger:
        names = [row[1] for row in ledger.execute("PRAGMA table_info(decision)")]
        row = dict(zip(names, ledger.execute("SELECT * FROM decision ORDER BY seq LIMIT 1").fetchone()))
        end = row["period_from"] // HOUR * HOUR
        ledger.execute("DELETE FROM decision WHERE orchestrator = ?", [row["orchestrator"]])
        ledger.execute("UPDATE orchestrator SET first_seen_at = ?", [end - 72 * HOUR])
        ledger.execute("UPDATE engine_state SET due_at = due_at + ?", [DAY])
        for hour in range(72):
            failed = hour % 7 == 6
            row |= {"seq": 10**9 + hour, "epoch": 10**6 + hour, "period_from": end + (hour - 72) * HOUR, "due_at": end + (hour - 71) * HOUR,
                    "decided_at": end + (hour - 71) * HOUR, "job": FAILED if failed else OK,
                    "uptime_ppm": None if failed else (1_000_000, 987_654, 999_999)[hour % 3]}
            ledger.execute(f"INSERT INTO decision VALUES({','.join('?' * len(names))})", [row[name] for name in names])
        ledger.commit()
        return ledger.execute("SELECT key FROM orchestrator WHERE id = ?", [row["orchestrator"]]).fetchone()[0]


class StatusPage(RegistryTest):
    def setUp(self):
        super().setUp()
        self.spread()

    def show(self, *services, **more):
        """Puts a page into the configuration, instead of the one before."""
        page = "\nstatus: " + json.dumps({"enabled": True, "title": "Ours", "show": list(services), **more}) + "\nlisten:\n"
        text = self.host.config.read_text()
        before = text.find("\nstatus: ")
        after = text.index("\nlisten:\n")
        self.host.config.write_text(text[:after if before < 0 else before] + page + text[after + len("\nlisten:\n"):])

    def ids(self):
        return sorted({line["orchestrator"] for line in self.host.decisions()})

    def reload(self):
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)

    def said(self):
        answer = self.get("/status.json")
        self.assertEqual(answer.status, 200, answer.body)
        return json.loads(answer.body, parse_float=Decimal)

    def test_it_is_off_until_it_is_configured_and_shows_only_what_is_chosen(self):
        self.start()
        self.wait_for_decisions(4)
        for path in PATHS:
            self.assert_problem(self.get(path), 404)
        first, second = self.ids()
        self.show({"name": "east", "as": "East", "group": "Europe", "orchestrators": [first]})
        self.reload()
        status = self.said()
        self.assertEqual((status["title"], [(one["name"], one["as"], one["group"]) for one in status["services"]]),
                         ("Ours", [("east", "East", "Europe")]))
        for path in PATHS:
            answer = self.get(path)
            self.assertEqual(answer.status, 200, answer.body)
            text = answer.body.decode()
            for hidden in (first, second, *self.endpoints, "127.0.1", "USD", "ETH", "excellent"):
                self.assertNotIn(hidden, text)
            self.assertNotIn("Set-Cookie", answer.headers)
            self.assertEqual((answer.headers["Cache-Control"], answer.headers["X-Frame-Options"]), ("public, max-age=30", "DENY"))
            self.assertEqual(self.get(path, If_None_Match=answer.headers["ETag"]).status, 304)
            self.assertEqual(self.ask("HEAD", path).status, 200)
            self.assert_problem(self.ask("POST", path, {}), 405)
            self.assert_problem(self.get(path + "?more=1"), 400)
        self.assertIn("<title>East: up</title>", self.get("/status/badge/east.svg").body.decode())
        self.assertIn("100 % \u00b7 7 days", self.get("/status/badge/east.svg?days=7").body.decode())
        self.assert_problem(self.get("/status/badge/east.svg?days=8"), 400)
        self.assert_problem(self.get("/status/badge/west.svg"), 404)

        # A reload counts at once, in either direction.
        self.show({"name": "west", "orchestrators": [second]})
        self.reload()
        self.assertEqual([one["name"] for one in self.said()["services"]], ["west"])
        self.show({"name": "west", "orchestrators": [second]}, enabled=False)
        self.reload()
        for path in PATHS:
            self.assert_problem(self.get(path), 404)

    def test_a_failure_is_shown_by_its_time_alone(self):
        self.start()
        self.wait_for_decisions(4)
        id = next(line["orchestrator"] for line in self.host.decisions() if line["orchestrator"] in self.endpoints[0])
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(line["job"] == "failed" for line in self.host.decisions()), "a failed check")
        self.host.stop()
        self.show({"name": "east", "orchestrators": [id]})
        self.start()
        wait_for(lambda: self.service()["state"] == "down", "the state")
        service = self.service()
        self.assertIsNone(service["incidents"][0]["to"])
        self.assertGreater(service["days"][-1]["down_ppm"], 0)
        page = self.get("/status").body.decode()
        self.assertIn("and still", page)
        self.assertNotIn("empty", page)

    def service(self):
        return self.said()["services"][0]

    def reported(self, orchestrator, first, behind):
        """The uptime of these days, as the command line reports it; None: nothing was measured."""
        code, out, err = self.host.run("report", "uptime", "--json", "--orchestrator", orchestrator, "--from", f"{day_text(first)}T00:00:00Z",
                                       "--to", f"{day_text(behind)}T00:00:00Z")
        self.assertEqual(code, 0, err)
        return json.loads(out, parse_float=Decimal)["total"]["uptime"]

    def test_figures_are_those_of_the_report_of_uptime(self):
        self.start()
        self.wait_for_decisions(4)
        self.host.stop()
        id = write_days(self.host.folder)
        self.show({"name": "east", "orchestrators": [id]})
        self.start()
        (service,) = self.said()["services"]
        self.assertEqual([day["day"] for day in service["days"]], [day_text(self.today() - back) for back in range(89, -1, -1)])
        measured = 0
        for back, day in enumerate(reversed(service["days"][-5:])):
            uptime = self.reported(id, self.today() - back, self.today() - back + 1)
            if uptime is not None:
                measured += 1
                self.assertEqual(Decimal(day["uptime_ppm"]) / 10_000, uptime)
            self.assertEqual(day["uptime_ppm"] is None, uptime is None)
        self.assertGreaterEqual(measured, 3)
        self.assertEqual([day["watched"] for day in service["days"][:86]], [False] * 86)
        for span in service["uptime"]:
            self.assertEqual(span["uptime_percent"], self.reported(id, self.today() - span["days"] + 1, self.today() + 1))
        self.assertEqual([span["days"] for span in service["uptime"]], [1, 7, 30, 90])
        self.assertEqual(len(service["incidents"]), 10)

    def today(self):
        return (datetime.datetime.now(datetime.timezone.utc).date() - datetime.date(1970, 1, 1)).days

    def test_a_flood_of_visitors_is_answered_by_one_making(self):
        self.start()
        self.wait_for_decisions(4)
        self.show({"name": "all", "orchestrators": ["*"]})
        self.reload()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: self.get("/status.json"), range(200)))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.json()["as_of"] for answer in answers}), 1)
        # One client alone meets the limit of the listener.
        self.clients = None
        self.assertIn(429, {self.get("/status").status for _ in range(260)})


if __name__ == "__main__":
    unittest.main()
