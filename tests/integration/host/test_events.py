"""The event stream of a manager over the API and `stipend watch`: nothing is lost or doubled, whatever ends in between."""
import http.client
import json
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse

from network import PATIENCE, STIPEND, Devnet, Host, wait_for

EVENTS = "/api/v1/events"


class Stream:
    """Reads events on a thread."""

    def __init__(self, address, key, after=None, orchestrator=None):
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        query = f"?orchestrator={urllib.parse.quote(orchestrator, safe='')}" if orchestrator else ""
        headers = {"Authorization": f"Bearer {key}", **({"Last-Event-ID": after} if after else {})}
        self.connection.request("GET", EVENTS + query, headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.events, self.comments, self.last_id, self.over = [], 0, after, False
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        event = {}
        try:
            for line in self.answer:
                text = line.decode().rstrip("\n")
                with self.news:
                    if text.startswith(":"):
                        self.comments += 1
                    elif text:
                        name, value = text.split(": ", 1)
                        event[name] = value
                        if name == "id":
                            self.last_id = value
                    elif "event" in event:
                        self.events.append((event["event"], json.loads(event["data"]), event.get("id")))
                    if not text:
                        event = {}
                    self.news.notify_all()
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        with self.news:
            self.over = True
            self.news.notify_all()

    def wait(self, condition, what, patience=PATIENCE):
        with self.news:
            if not self.news.wait_for(lambda: condition(self), patience):
                raise AssertionError(f"not within {patience} s: {what}: {self.events[-5:]}")

    def of(self, name):
        with self.news:
            return [data for one, data, _ in self.events if one == name]

    def close(self):
        try:
            self.answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass
        self.thread.join(timeout=20)
        self.connection.close()


class EventsTest(unittest.TestCase):
    orchestrators = 3

    def setUp(self):
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, 1)
        self.addCleanup(self.host.end)

    def start(self):
        since = len(self.host.lines)
        self.host.start()
        self.address = self.host.wait_line("the API is served at", since).split("http://")[1].strip()
        if not hasattr(self, "key"):
            code, out, err = self.host.run("api-key", "add", "watcher", "--role", "viewer", "--json")
            self.assertEqual(code, 0, err)
            self.key = json.loads(out)["key"]

    def stream(self, **options):
        stream = Stream(self.address, self.key, **options)
        self.addCleanup(stream.close)
        self.assertEqual(stream.status, 200)
        return stream


class Reads(EventsTest):
    def test_over_kills_and_restarts_each_decision_comes_once_and_in_order(self):
        self.start()
        paid, last = [], None
        for kill in (True, False, None):
            stream = self.stream(after=last)
            if last is None:
                # What came up to this event does not come again behind it.
                stream.wait(lambda s: any(event_id for *_, event_id in s.events), "an id to begin with")
                begin = stream.events.copy()
                first = [event_id for *_, event_id in begin if event_id][-1]
                known = [name for name, *_ in begin].count("payment")
            stream.wait(lambda s: len(s.of("payment")) >= 4, "payments")
            if kill is None:
                break
            # Some are decided while there is no reader.
            stream.close()
            paid, last = paid + stream.of("payment"), stream.last_id
            before = len(self.host.decisions())
            wait_for(lambda: len(self.host.decisions()) > before, "a decision that is not read")
            self.host.kill() if kill else self.host.stop()
            self.start()
        self.devnet.gateway_fault("down")
        stream.wait(lambda s: any(one["id"] == "gateway" for one in s.of("alert")), "the gateway's alert")
        key = lambda line: (line["orchestrator"], line["epoch"])  # noqa: E731
        wait_for(lambda: key(stream.of("payment")[-1]) == key(self.host.decisions()[-1]), "the last decision")
        lines = self.host.decisions()
        paid += stream.of("payment")
        self.assertEqual(len({key(line) for line in paid}), len(paid))
        at = [key(line) for line in lines].index(key(paid[0]))
        self.assertEqual([key(line) for line in paid], [key(line) for line in lines[at:at + len(paid)]])
        self.assertEqual(paid, lines[at:at + len(paid)])
        self.assertEqual(stream.of("gap"), [])
        # And all of it again, from the first id.
        again, paid = self.stream(after=first), paid[known:]
        again.wait(lambda s: len(s.of("payment")) >= len(paid), "all of them again")
        self.assertEqual(again.of("payment")[:len(paid)], paid)

    def test_of_one_orchestrator_only_what_is_about_it(self):
        self.start()
        keys = [one["orchestrator"] for one in self.host.status()["orchestrators"]]
        one, all_of_them = self.stream(orchestrator=keys[1]), self.stream()
        self.devnet.fault(1, kind="error", status=500, text="broken")
        one.wait(lambda s: s.of("state"), "a change of its state")
        self.assertEqual([(line["orchestrator"], line["from"], line["to"]) for line in one.of("state")],
                         [(keys[1], "connected", "unhealthy")])
        all_of_them.wait(lambda s: {line["orchestrator"] for line in s.of("payment")} == set(keys), "payments of all")
        self.assertEqual({line["orchestrator"] for line in one.of("payment")}, {keys[1]})

    def test_credentials_and_ids_are_checked_first(self):
        self.start()
        for key, after, status in (("", None, 401), ("nonsense", None, 401), (self.key, "17", 400), (self.key, "e1.0", 200)):
            stream = Stream(self.address, key, after=after)
            self.addCleanup(stream.close)
            self.assertEqual(stream.status, status, (key, after))

    def test_a_stop_of_the_host_waits_for_no_reader(self):
        self.start()
        stream = self.stream()
        stream.wait(lambda s: s.of("payment"), "a payment")
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        stream.wait(lambda s: s.over, "the end of the stream")


class Silent(EventsTest):
    def test_a_comment_every_fifteen_seconds_and_the_end_of_a_revoked_key(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.start()
        wait_for(lambda: len(self.host.decisions()) >= self.orchestrators, "all decisions")
        stream = self.stream()
        stream.wait(lambda s: s.comments >= 1, "a comment", 25)
        keys = json.loads(self.host.run("api-key", "list", "--json")[1])
        one = (keys["keys"] if isinstance(keys, dict) else keys)[0]
        code, _, err = self.host.run("api-key", "revoke", str(one["id"]))
        self.assertEqual(code, 0, err)
        stream.wait(lambda s: s.over, "the end of a stream whose key is revoked", 25)


class Watch(EventsTest):
    def watch(self, *options):
        process = subprocess.Popen([STIPEND, "watch", *options, "-c", self.host.config], env=self.host.environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines, news = [], threading.Condition()

        def read():
            for line in process.stdout:
                with news:
                    lines.append(line)
                    news.notify_all()

        thread = threading.Thread(target=read)
        thread.start()

        def end():
            process.kill()
            process.wait(timeout=20)
            thread.join(timeout=20)
            process.stdout.close()

        self.addCleanup(end)

        def wait(condition, what):
            with news:
                self.assertTrue(news.wait_for(lambda: condition(lines), PATIENCE), f"{what}: {lines[-5:]}")

        return wait

    def test_it_follows_over_a_restart(self):
        self.assertEqual(self.host.run("watch")[0], 1)  # no host
        self.start()
        wait, wait_json = self.watch(), self.watch("--json", "--after", "e0.0")
        wait(lambda lines: sum("pay excellent" in line for line in lines) >= 3, "payments")
        wait_json(lambda lines: len(lines) >= 3, "lines of JSON")
        self.host.kill()
        self.start()
        decisions = []

        def whole(lines):
            decisions[:] = [one["data"] for one in map(json.loads, lines) if one["event"] == "payment"]
            return len(decisions) >= 12

        wait_json(whole, "payments of both runs")
        self.assertEqual(decisions, self.host.decisions()[:len(decisions)])
        code, _, err = self.host.run("watch", "--after", "nonsense")
        self.assertEqual(code, 1)
        self.assertIn("want the id of an event", err)


if __name__ == "__main__":
    unittest.main()
