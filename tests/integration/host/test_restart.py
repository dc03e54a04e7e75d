"""A host that is killed while it is asked from all sides: what it has answered is there after its next start."""
import http.client
import itertools
import json
import threading
import unittest

from network import wait_for
from test_alerts import Receiver
from test_api import LIST
from test_events import Stream
from test_payments import PROCESS
from test_registry import RegistryTest

CLIENTS = 4  # of each kind
ENOUGH = 25  # answers of each kind before it is killed


class Restart(RegistryTest):
    def setUp(self):
        super().setUp()
        self.chat = Receiver()
        self.addCleanup(self.chat.end)
        self.host.environment |= {"MAX_CONSECUTIVE_FAILURES": "1", "PUNISHMENT_MULTIPLIER": "1.0"}
        self.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}\n",
                       "    capability: ${CAPABILITY_NAME:-agent-net}\n    retry_after: 100ms\n")
        alerts = {"receivers": [{"name": "chat", "config": {"url": self.chat.url, "timeout": "2s"}}],
                  "group_wait": "10ms", "routes": []}
        self.host.edit("\nlisten:\n", "\nalerts: " + json.dumps(alerts) + "\nlisten:\n")
        self.spread()
        self.numbers = itertools.count(1)
        self.registered, self.payments, self.unanswered = {}, {}, []
        self.guard = threading.Lock()

    def newcomer(self, number):
        return {"id": f"new-{number}", "endpoint": f"https://127.0.1.{number % 200 + 20}:{20000 + number}",
                "eth_address": f"0x{number:040x}"}

    def registers(self):
        number = next(self.numbers)
        answer = self.register(**self.newcomer(number))
        self.assertEqual(answer.status, 200, answer.body)
        with self.guard:
            self.registered[number] = answer.json()["secret"]

    def payment(self, number):
        body = {"call_type": "bonus", "recipient": self.payee, "amount": f"0.{number:06}", "reference": f"r-{number}"}
        return self.ask("POST", PROCESS, body, self.token, Idempotency_Key=f"key-{number}")

    def pays(self):
        number = next(self.numbers)
        with self.guard:
            self.unanswered.append(number)
        answer = self.payment(number)
        while answer.status == 503:  # one order after another is carried out
            answer = self.payment(number)
        self.assertEqual(answer.status, 200, answer.body)
        with self.guard:
            self.unanswered.remove(number)
            self.payments[number] = answer.json()

    def until_killed(self, work, faults):
        try:
            while True:
                work()
        except (OSError, http.client.HTTPException):
            pass  # the host is gone
        except Exception as error:  # pylint: disable=broad-except
            faults.append(error)

    def test_what_was_answered_is_kept(self):
        self.start()
        self.wait_for_decisions(2)
        self.payee = self.host.decisions()[1]["orchestrator"]
        events = Stream(self.address, self.token)
        self.addCleanup(events.close)
        events.wait(lambda stream: stream.last_id, "the first id")
        begin = events.last_id
        self.chat.mode = "broken"
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(one["alert_id"].startswith("suspended:") for body in self.chat.refused
                             for one in body["alerts"]), "an alert that is not delivered")
        faults = []
        threads = [threading.Thread(target=self.until_killed, args=(work, faults))
                   for work in (self.registers, self.pays) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        wait_for(lambda: faults or min(len(self.registered), len(self.payments)) >= ENOUGH, "answers")
        self.host.kill()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])

        self.chat.mode = "ok"
        self.start()
        for number, secret in self.registered.items():
            with self.subTest(registration=number):
                state = self.get(f"{LIST}/new-{number}/status", secret)
                self.assertEqual(state.status, 200, state.body)
                self.assertEqual((state.json()["endpoint"], state.json()["payout_address"]),
                                 (self.newcomer(number)["endpoint"], self.newcomer(number)["eth_address"]))
        for number, paid in self.payments.items():
            with self.subTest(payment=number):
                self.assertEqual(self.payment(number).json(), paid)
        # Whether one without an answer was paid is not known to its sender: sent again, it is, and once.
        for number in self.unanswered:
            self.assertEqual(self.payment(number).status, 200)
            self.payments[number] = self.payment(number).json()
        code, out, err = self.host.run("ledger", "export", "--kind", "manual")
        self.assertEqual(code, 0, err)
        self.assertEqual(sorted(json.loads(line)["payment_id"] for line in out.splitlines()),
                         sorted(one["payment_id"] for one in self.payments.values()))

        again = Stream(self.address, self.token, after=begin)
        self.addCleanup(again.close)
        wanted = sorted(one["payment_id"] for one in self.payments.values())
        def manual(stream):
            return [data["payment_id"] for name, data, _ in stream.events if name == "payment" and data.get("kind") == "manual"]
        again.wait(lambda stream: len(manual(stream)) >= len(wanted), "all events since")
        self.assertEqual(sorted(manual(again)), wanted)
        wait_for(lambda: any(one["alert_id"].startswith("suspended:") for body in self.chat.messages
                             for one in body["alerts"]), "the alert after the restart")
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()


if __name__ == "__main__":
    unittest.main(verbosity=2)
