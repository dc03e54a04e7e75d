"""Alerts reach people: a whole host, the devnet, and receivers of the test's own."""
import http.server
import json
import threading
import time
import unittest

from network import Devnet, Host, wait_for
from ports import free_port


class Receiver:
    """An HTTP server that takes messages, and answers each as its `mode` says: ok, broken (500), gone (404), hang."""

    def __init__(self, port=0):
        outer = self
        self.mode = "ok"
        self.messages = []  # bodies of accepted ones
        self.refused = []  # bodies of the others
        self.ending = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = {"ok": 204, "broken": 500, "gone": 404}.get(outer.mode, 0)
                (outer.messages if status == 204 else outer.refused).append(body)
                if status == 0:
                    outer.ending.wait()
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/alerts"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def alerts(self, alert_id, status=None, refused=False):
        return [one for body in list(self.refused if refused else self.messages) for one in body["alerts"]
                if one["alert_id"] == alert_id and status in (None, one["status"])]

    def end(self):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()


class AlertsTest(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(2)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        # Suspended by one failed check, checked again a second later, and paid again after one good check.
        self.host.environment |= {"MAX_CONSECUTIVE_FAILURES": "1", "PUNISHMENT_MULTIPLIER": "1.0"}
        self.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}\n",
                       "    capability: ${CAPABILITY_NAME:-agent-net}\n    retry_after: 100ms\n")
        # Without the default table's delay of ten minutes after a check that failed.
        self.host.edit("table: default ", "table: flat-95 ")
        self.first = self.devnet.addresses.split(",")[0].removeprefix("https://")
        self.suspended = "suspended:" + self.first

    def receiver(self, port=0):
        one = Receiver(port)
        self.addCleanup(one.end)
        return one

    def configure(self, *receivers, routes=None, **more):
        alerts = {"receivers": [{"name": name, "config": {"url": url, "timeout": "2s"}, **options}
                                for name, url, options in receivers],
                  "group_wait": "10ms", "routes": routes or [], **more}
        self.host.edit("\nlisten:\n", "\nalerts: " + json.dumps(alerts) + "\nlisten:\n")

    def listed(self):
        code, out, err = self.host.run("alert", "list", "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def state(self, receiver):
        return next(one for one in self.listed()["receivers"] if one["receiver"] == receiver)

    def suspend(self):
        self.devnet.fault(0, kind="empty200")

    def recover(self):
        self.devnet.fault(0, kind="none")


class Delivered(AlertsTest):
    def test_raised_once_and_resolved_once(self):
        chat = self.receiver()
        self.configure(("chat", chat.url, {}))
        self.host.start()
        self.suspend()
        wait_for(lambda: chat.alerts(self.suspended), "the alert")
        (raised,) = chat.alerts(self.suspended)
        self.assertEqual(raised["status"], "firing")
        self.assertEqual(raised["severity"], "warning")
        self.assertIn("is suspended after 1 failed checks", raised["body"])
        self.assertEqual(raised["labels"]["kind"], "suspended")
        self.assertEqual(raised["labels"]["subject"], self.first)
        self.assertEqual(raised["labels"]["role"], "manager")
        self.assertIsNone(raised["ends_at"])
        self.assertRegex(raised["delivery_id"], "^[0-9a-f]{32}$")
        active = {one["id"]: one for one in self.listed()["active"]}
        self.assertEqual(active[self.suspended]["receivers"], ["chat"])
        before = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) >= before + 4, "more failed checks")
        self.assertEqual(len(chat.alerts(self.suspended)), 1)
        self.recover()
        wait_for(lambda: chat.alerts(self.suspended, "resolved"), "the end of the alert")
        (resolved,) = chat.alerts(self.suspended, "resolved")
        self.assertGreaterEqual(resolved["ends_at"], resolved["starts_at"])
        self.assertNotEqual(resolved["delivery_id"], raised["delivery_id"])
        self.assertEqual(self.listed()["active"], [])
        self.assertEqual(int(self.state("chat")["pending"]), 0)
        code, out, err = self.host.run("alert", "list")
        self.assertEqual(code, 0, err)
        self.assertIn("no alert fires\nreceiver chat: 2 delivered, 0 pending", out)
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_routes_by_severity_and_id(self):
        chat, phone = self.receiver(), self.receiver()
        self.configure(("chat", chat.url, {}), ("phone", phone.url, {}),
                       routes=[{"match": "suspended:*", "receivers": ["chat"]},
                               {"severity": "critical", "receivers": ["phone"]}])
        self.host.start()
        self.suspend()
        wait_for(lambda: chat.alerts(self.suspended), "the alert about the orchestrator")
        self.devnet.gateway_fault("down")
        wait_for(lambda: phone.alerts("gateway"), "the alert about the gateway")
        self.assertEqual(phone.alerts(self.suspended), [])
        self.assertEqual(chat.alerts("gateway"), [])
        self.devnet.gateway_fault("none")
        wait_for(lambda: phone.alerts("gateway", "resolved"), "its end")

    def test_routes_by_labels(self):
        own, others, any_of_one = self.receiver(), self.receiver(), self.receiver()
        self.configure(("own", own.url, {}), ("others", others.url, {}), ("any", any_of_one.url, {}),
                       routes=[{"labels": {"orchestrator": self.first, "kind": "susp*"}, "receivers": ["own"]},
                               {"labels": {"orchestrator": "other-*"}, "receivers": ["others"]},
                               {"labels": {"orchestrator": "*"}, "receivers": ["any"]}])
        self.host.start()
        self.devnet.gateway_fault("down")
        wait_for(lambda: "gateway" in [one["id"] for one in self.listed()["active"]], "the alert about the gateway")
        self.devnet.gateway_fault("none")
        self.suspend()
        wait_for(lambda: own.alerts(self.suspended) and any_of_one.alerts(self.suspended), "the alert about the orchestrator")
        self.assertEqual(own.alerts(self.suspended)[0]["labels"]["orchestrator"], self.first)
        self.assertEqual((others.messages, any_of_one.alerts("gateway"), own.alerts("gateway")), ([], [], []))

    def test_a_receiver_that_was_down_gets_it_when_it_is_back(self):
        port = free_port()
        self.configure(("chat", f"http://127.0.0.1:{port}/alerts", {}))
        self.host.start()
        self.suspend()
        wait_for(lambda: self.state("chat")["last_error"], "a failed delivery")
        self.assertIn("does not accept alerts", self.host.wait_line("the receiver chat does not accept alerts"))
        self.assertIn("chat", " ".join(self.host.status()["plugins_unwell"]))
        chat = self.receiver(port)
        wait_for(lambda: chat.alerts(self.suspended), "the alert after the receiver is back")
        self.assertEqual(len(chat.alerts(self.suspended)), 1)
        wait_for(lambda: self.host.status()["plugins_unwell"] == [], "a receiver that is well")

    def test_what_a_channel_refuses_is_reported_and_not_repeated(self):
        gone, other = self.receiver(), self.receiver()
        gone.mode = "gone"
        self.configure(("gone", gone.url, {}), ("other", other.url, {}))
        self.host.start()
        self.suspend()
        wait_for(lambda: other.alerts("alert-gone:undelivered"), "the alert about the receiver")
        self.assertIn("status 404", other.alerts("alert-gone:undelivered")[0]["body"])
        self.assertNotIn("/alerts", other.alerts("alert-gone:undelivered")[0]["body"])
        self.assertEqual(len(gone.alerts(self.suspended, refused=True)), 1)
        self.assertEqual(gone.alerts("alert-gone:undelivered", refused=True), [])

    def test_a_receiver_that_never_answers_delays_nothing(self):
        hangs, well = self.receiver(), self.receiver()
        hangs.mode = "hang"
        self.configure(("hangs", hangs.url, {}), ("well", well.url, {}))
        self.host.start()
        self.suspend()
        wait_for(lambda: well.alerts(self.suspended), "the alert at the other receiver")
        wait_for(lambda: hangs.alerts(self.suspended, refused=True), "the try at the one that hangs")
        before = len(self.host.decisions())
        began = time.monotonic()
        wait_for(lambda: len(self.host.decisions()) >= before + 6, "decisions go on")
        self.assertLess(time.monotonic() - began, 20)
        self.recover()
        wait_for(lambda: well.alerts(self.suspended, "resolved"), "the end at the other receiver")
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)


    def test_a_plugin_that_does_not_answer_is_unwell_at_its_deadline(self):
        hangs, well = self.receiver(), self.receiver()
        hangs.mode = "hang"
        self.configure(("hangs", hangs.url, {"deadline": "1s", "config": {"url": hangs.url, "timeout": "60s"}}),
                       ("well", well.url, {}))
        self.host.start()
        self.suspend()
        wait_for(lambda: well.alerts("alert-hangs:unanswered"), "the alert about the receiver")
        self.assertTrue(any("has not answered a message within 1 s" in one
                            for one in self.host.status()["plugins_unwell"]))
        self.assertEqual(len(well.alerts(self.suspended)), 1)
        before = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) >= before + 4, "decisions go on")
        self.assertEqual(self.host.stop(), 0)


class Durable(AlertsTest):
    def test_killed_between_raise_and_delivery(self):
        chat = self.receiver()
        chat.mode = "broken"
        self.configure(("chat", chat.url, {}))
        self.host.start()
        self.suspend()
        wait_for(lambda: chat.alerts(self.suspended, refused=True), "a try that fails")
        delivery = chat.alerts(self.suspended, refused=True)[0]["delivery_id"]
        self.host.kill()
        chat.mode = "ok"
        self.host.start()
        wait_for(lambda: chat.alerts(self.suspended), "the alert after the restart")
        self.assertEqual([one["delivery_id"] for one in chat.alerts(self.suspended)], [delivery])
        # The orchestrator is suspended still: no second message, and its end is one.
        before = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) >= before + 4, "more decisions")
        self.assertEqual(len(chat.alerts(self.suspended)), 1)
        active = {one["id"]: one for one in self.listed()["active"]}
        self.assertIs(active[self.suspended]["confirmed"], True)
        self.recover()
        wait_for(lambda: chat.alerts(self.suspended, "resolved"), "its end")
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_a_damaged_store_is_moved_aside(self):
        chat = self.receiver()
        self.configure(("chat", chat.url, {}))
        state = self.host.folder / "state"
        state.mkdir()
        (state / "alerts.db").write_bytes(b"x" * 8192)
        self.host.start()
        self.assertTrue(self.host.said("alerts.db cannot be used and is moved aside"))
        self.assertTrue((state / "alerts.db.damaged").exists())
        self.suspend()
        wait_for(lambda: chat.alerts(self.suspended), "the alert")
        self.assertIs(self.listed()["stored"], True)


    def test_what_cannot_be_stored_is_delivered_all_the_same(self):
        chat = self.receiver()
        self.configure(("chat", chat.url, {}))
        state = self.host.folder / "state"
        (state / "alerts.db").mkdir(parents=True)
        self.host.start()
        self.assertTrue(self.host.said("alerts are not stored: " + str(state / "alerts.db")))
        self.suspend()
        wait_for(lambda: chat.alerts(self.suspended), "the alert")
        self.assertIs(self.listed()["stored"], False)
        (state / "alerts.db").rmdir()
        self.host.wait_line("alerts are stored again")
        self.assertIs(self.listed()["stored"], True)
        self.host.kill()
        self.host.start()
        self.assertIn(self.suspended, [one["id"] for one in self.listed()["active"]])
        self.recover()
        wait_for(lambda: chat.alerts(self.suspended, "resolved"), "its end")
        self.assertEqual(len(chat.alerts(self.suspended, "firing")), 1)


class Commands(AlertsTest):
    def test_a_silence_holds_and_ends(self):
        chat = self.receiver()
        self.configure(("chat", chat.url, {}))
        self.host.start()
        code, out, err = self.host.run("alert", "silence", "suspended:*", "--for", "1h", "--reason", "they know")
        self.assertEqual(code, 0, err)
        self.assertIn("suspended:* is silenced until ", out)
        self.suspend()
        wait_for(lambda: any(one["id"] == self.suspended for one in self.listed()["active"]), "the alert")
        self.host.kill()
        self.host.start()
        listed = self.listed()
        self.assertEqual([one["match"] for one in listed["silences"]], ["suspended:*"])
        self.assertEqual(listed["silences"][0]["reason"], "they know")
        before = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) >= before + 4, "more decisions")
        self.assertEqual(chat.messages, [])
        self.assertIn(", silenced until 2", self.host.run("alert", "list")[1])
        code, out, err = self.host.run("alert", "unsilence", "suspended:*")
        self.assertEqual(code, 0, err)
        wait_for(lambda: chat.alerts(self.suspended), "the alert after the silence")
        code, _, err = self.host.run("alert", "unsilence", "suspended:*")
        self.assertEqual(code, 1)
        self.assertIn("no silence of suspended:*", err)
        self.assertEqual(self.host.run("alert", "silence", "x", "--for", "99d", "--reason", "y")[0], 1)

    def test_a_test_goes_the_whole_way(self):
        chat, broken = self.receiver(), self.receiver()
        broken.mode = "broken"
        self.configure(("chat", chat.url, {}), ("broken", broken.url, {}))
        self.host.start()
        code, out, err = self.host.run("alert", "test")
        self.assertEqual(code, 1, err)
        self.assertIn("chat: accepted\n", out)
        self.assertIn(f"broken: not accepted: POST http://127.0.0.1:{broken.port}: status 500", out)
        (sent,) = chat.alerts("test")
        self.assertTrue(sent["test"])
        self.assertEqual(sent["severity"], "info")
        code, out, err = self.host.run("alert", "test", "--receiver", "chat")
        self.assertEqual((code, out), (0, "chat: accepted\n"), err)
        self.assertEqual(len(broken.alerts("test", refused=True)), 1)
        code, _, err = self.host.run("alert", "test", "--receiver", "other")
        self.assertEqual(code, 1)
        self.assertIn("no such receiver: other", err)

    def test_receivers_change_with_a_reload(self):
        chat = self.receiver()
        self.host.start()
        code, _, err = self.host.run("alert", "test")
        self.assertEqual(code, 1)
        self.assertIn("no receivers are configured", err)
        self.assertFalse((self.host.folder / "state" / "alerts.db").exists())
        self.suspend()
        wait_for(lambda: any(one["id"] == self.suspended for one in self.listed()["active"]), "the alert")
        self.configure(("chat", chat.url, {}))
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        wait_for(lambda: chat.alerts(self.suspended), "what fires already, at the new receiver")
        self.assertIs(self.listed()["stored"], True)

    def test_a_wrong_configuration_is_refused_with_its_place(self):
        self.configure(("chat", "ftp://x", {}), ("chat", "http://127.0.0.1:9/", {}),
                       routes=[{"receivers": ["caht"]}])
        code, out, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("alerts.receivers[1].name", out + err)
        self.assertIn('alerts.routes[0].receivers[0]', out + err)
        self.assertIn("chat", out + err)


if __name__ == "__main__":
    unittest.main()
