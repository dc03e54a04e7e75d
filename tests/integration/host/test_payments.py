"""Manual payments over the API of a running host: exact, within the limits, and once however often they are sent."""
import http.client
import json
import threading
import unittest
import urllib.parse

from network import wait_for
from test_api import LIST, PAYMENTS, ApiTest

PROCESS = "/api/v1/livepeer/payments/process"
WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


class Payments(ApiTest):
    def begin(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.start()
        self.token = self.log_in()["access_token"]
        self.wait_for_decisions(self.orchestrators)
        self.who = self.host.decisions()[0]["orchestrator"]

    def owed(self):
        return int(self.get(f"{LIST}/{urllib.parse.quote(self.who, safe='')}/status", self.token).json()["owed_wei"])

    def pay(self, key=None, token=None, path=PROCESS, **members):
        body = {"call_type": "bonus", "recipient": self.who, "amount": "2", **members}
        headers = {"Idempotency_Key": key} if key else {}
        return self.ask("POST", path, {k: v for k, v in body.items() if v is not None}, token or self.token, **headers)

    def manual(self):
        code, out, err = self.host.run("ledger", "export", "--kind", "manual")
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]

    def test_a_payment_is_exact_and_shown_everywhere(self):
        self.begin()
        before = self.owed()
        body = json.dumps({"call_type": "bonus", "recipient": self.who, "metadata": {"ticket": 7}, "reference": "inv-1"})
        done = self.ask("POST", PROCESS, body[:-1] + ', "amount": 0.10000002}', self.token)
        self.assertEqual(done.status, 200, done.body)
        paid = done.json()
        self.assertTrue(paid["success"])
        self.assertEqual(paid["orchestrator_assigned"], self.who)
        self.assertEqual((paid["amount_usd"], paid["amount_wei"]), ("0.10000002", "50000010000000"))
        self.assertEqual(self.owed() - before, 50000010000000)
        in_wei = self.pay(key="w", amount=10**17 + 1, asset="ETH")
        self.assertEqual(in_wei.status, 200, in_wei.body)
        self.assertEqual(in_wei.json()["amount_wei"], str(10**17 + 1))
        self.assertEqual(in_wei.json()["amount_usd"], "200.00000001")  # rounded up, for the limits
        self.assertEqual(self.owed() - before, 50000010000000 + 10**17 + 1)
        exported = self.manual()
        self.assertEqual([one["payment_id"] for one in exported], [paid["payment_id"], in_wei.json()["payment_id"]])
        self.assertEqual(exported[0]["metadata"], {"ticket": 7})
        self.assertEqual((exported[0]["usd_per_eth"], exported[0]["rate_source"], exported[0]["reference"]),
                         ("2000", paid["rate_source"], "inv-1"))
        for query in ("", "?orchestrator=" + urllib.parse.quote(self.who, safe="")):
            listed = self.get(PAYMENTS + query, self.token).json()["payments"]
            self.assertEqual([one.get("payment_id") for one in listed[:3]],
                             [in_wei.json()["payment_id"], paid["payment_id"], None])
        csv = self.get(PAYMENTS + "?format=csv", self.token).body.decode()
        self.assertIn("payment_id", csv.splitlines()[0])
        self.assertIn(paid["payment_id"], csv)
        self.host.stop()
        self.host.verified()

    def test_readers_of_events_are_told_at_once(self):
        self.begin()
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request("GET", "/api/v1/events", headers={"Authorization": "Bearer " + self.token})
        stream = connection.getresponse()
        self.assertTrue(stream.readline().startswith(b"id: "))  # from here on
        paid = self.pay(key="k1").json()
        lines = iter(stream.readline, b"")
        data = next(line for line in lines if line.startswith(b"data: ") and b'"kind":"manual"' in line)
        self.assertEqual(json.loads(data[6:])["payment_id"], paid["payment_id"])
        connection.close()

    def test_sent_again_it_is_answered_again_and_paid_once(self):
        self.begin()
        before = self.owed()
        self.assertIn("Idempotency-Key", self.assert_problem(self.pay(), 400))
        first = self.pay(key="k1", reference="inv-1")
        self.assertEqual(first.status, 200, first.body)
        for again in (self.pay(key="k1", reference="inv-1"), self.pay(reference="inv-1"),
                      self.pay(key="k2", reference="inv-1")):
            self.assertEqual((again.status, again.json()), (200, first.json()))
        self.assert_problem(self.pay(key="k1", reference="inv-1", amount="3"), 422)
        self.assert_problem(self.pay(reference="inv-1", amount="2.0"), 422)
        self.assertEqual(self.owed() - before, 10**15)
        self.assertEqual(len(self.manual()), 1)
        # The key is its principal's own: another one's is another payment.
        code, out, err = self.host.run("user", "add", "b@example.com", "--role", "admin", "--generate", "--json")
        self.assertEqual(code, 0, err)
        other = self.log_in("b@example.com", json.loads(out)["password"])["access_token"]
        theirs = self.pay(key="k1", reference="inv-1", token=other)
        self.assertEqual(theirs.status, 200, theirs.body)
        self.assertNotEqual(theirs.json()["payment_id"], first.json()["payment_id"])
        self.host.stop()
        self.start()
        self.assertEqual(self.pay(key="k1", reference="inv-1").json(), first.json())
        self.assertEqual(len(self.manual()), 2)
        self.host.stop()
        self.host.verified()

    def test_a_host_that_is_killed_before_it_answers_has_paid_once(self):
        self.begin()
        sent = threading.Thread(target=lambda: self.quietly(lambda: self.pay(key="k1")))
        sent.start()
        self.host.wait_line("manual payment of 2 USD")  # it is durable, and may not be answered yet
        self.host.kill()
        sent.join(timeout=60)
        self.start()
        answer = self.pay(key="k1")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual([one["payment_id"] for one in self.manual()], [answer.json()["payment_id"]])
        self.host.stop()
        self.host.verified()

    @staticmethod
    def quietly(work):
        try:
            work()
        except (OSError, ValueError, http.client.HTTPException):
            pass

    def test_limits_of_the_day_count_it_also_after_a_restart(self):
        self.host.edit("accrual_per_orchestrator_day: 20000 USD", "accrual_per_orchestrator_day: 50 USD")
        self.begin()
        used = sum(float(one["amount_usd"]) for one in self.host.decisions() if one["orchestrator"] == self.who)
        self.assertLess(used, 20)
        self.assertEqual(self.pay(key="k1", amount="30").status, 200)
        self.assertIn("limits.accrual_per_orchestrator_day is reached", self.assert_problem(self.pay(key="k2", amount="30"), 409))
        self.host.stop()
        self.start()
        self.assertIn("limits.accrual_per_orchestrator_day is reached", self.assert_problem(self.pay(key="k2", amount="30"), 409))
        self.assertEqual(len(self.manual()), 1)
        self.host.stop()
        self.host.verified()

    def test_what_is_wrong_is_named_and_pays_nothing(self):
        self.begin()
        before = self.owed()
        self.assert_problem(self.pay(key="k", recipient="https://other:1"), 404)
        self.assert_problem(self.pay(key="k", recipient=WALLET), 404)
        self.assertIn("checksum", self.assert_problem(self.pay(key="k", recipient=WALLET.replace("aA", "Aa")), 422))
        self.assert_problem(self.pay(key="k", orchestrator_id="other"), 422)
        self.assertIn("want \"ETH\"", self.assert_problem(self.pay(key="k", asset="USDC"), 422))
        for amount in ("1e400", "-1", "0", "0x10", "NaN", "1.123456789", True, [], ""):
            self.assert_problem(self.pay(key="k", amount=amount), 422)
        for amount in ("1.5", "-1", 0, "1" * 80):
            self.assert_problem(self.pay(key="k", amount=amount, asset="ETH"), 422)
        code, out, err = self.host.run("user", "add", "o@example.com", "--role", "operator", "--generate", "--json")
        self.assertEqual(code, 0, err)
        operator = self.log_in("o@example.com", json.loads(out)["password"])["access_token"]
        self.assert_problem(self.pay(key="k", token=operator), 403)
        self.assert_problem(self.pay(key="k", token="nothing"), 401)
        self.assertEqual(self.owed(), before)
        self.assertEqual(self.manual(), [])


class OtherOrders(ApiTest):
    TIME = {"from": "2026-11-20T10:00:00Z", "to": "2026-11-20T10:05:00Z", "reason": "our gateway was down"}

    def test_an_adjustment_and_a_pardon_that_are_sent_again_get_the_first_answer(self):
        self.start()
        self.token = self.log_in()["access_token"]
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(one["consecutive_failures"] for one in self.host.decisions()), "a failure")
        self.devnet.fault(0, kind="none")
        failed = next(one for one in self.host.decisions() if one["consecutive_failures"])
        orders = (("adjustments", {**self.TIME, "amount_usd": "1"}),
                  ("pardons", {**self.TIME, "from": "2020-01-01T00:00:00Z", "to": failed["decided_at"]}))
        for route, body in orders:
            body = {**body, "orchestrator_id": failed["orchestrator"]}
            path = "/api/v1/livepeer/" + route
            first = self.ask("POST", path, body, self.token, Idempotency_Key="k")
            self.assertEqual(first.status, 200, first.body)
            self.host.kill()
            self.start()
            again = self.ask("POST", path, body, self.token, Idempotency_Key="k")
            self.assertEqual((again.status, again.body), (200, first.body))
            self.assert_problem(self.ask("POST", path, {**body, "reason": "another"}, self.token, Idempotency_Key="k"), 422)
            # Without the key it is another order, of what was carried out.
            self.assertIn(self.ask("POST", path, body, self.token).status, (409, 422))
        self.host.stop()
        self.host.verified()


if __name__ == "__main__":
    unittest.main(verbosity=2)
