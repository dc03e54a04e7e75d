"""An orchestrator logs in by the wallet that it has proven, and reads what is its own."""
import itertools
import sqlite3
import unittest
import urllib.parse

import test_registry
from network import wait_for
from test_api import LIST, PAYMENTS
from wallet import Wallet

CHALLENGE = "/api/v1/auth/wallet/challenge"
WALLET = "/api/v1/auth/wallet"
ORIGIN = "https://manager.example"
NEW = test_registry.NEW


class WalletLogin(test_registry.RegistryTest):
    def begin(self):
        self.host.environment["API_ORIGIN"] = ORIGIN
        self.spread()
        self.number = 10_000
        self.start()
        self.wait_for_decisions(1)
        self.wallet = Wallet("an orchestrator's")
        self.secret = self.made(eth_address=self.wallet.address)
        self.assertEqual(self.order("approve").status, 200)

    def prove(self):
        route = f"{LIST}/{NEW}/payout-address"
        wanted = self.ask("POST", route + "/challenge", {}, token=self.secret["secret"])
        self.assertEqual(wanted.status, 200, wanted.body)
        message = wanted.json()["message"]
        self.assertIn(f"Manager: {ORIGIN}\nOrchestrator: {NEW}\n", message)
        answer = self.ask("POST", route, {"nonce": wanted.json()["nonce"], "signature": self.wallet.sign(message)},
                          token=self.secret["secret"])
        self.assertEqual(answer.status, 200, answer.body)
        self.assertTrue(answer.json()["payout_proven"])

    def text(self, wallet=None):
        """What to sign, for a client that no other login comes from."""
        self.number += 1
        self.clients = itertools.repeat(self.number)
        answer = self.ask("POST", CHALLENGE, {"address": (wallet or self.wallet).address})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["message"]

    def log_in_by(self, text, wallet=None):
        return self.ask("POST", WALLET, {"message": text, "signature": (wallet or self.wallet).sign(text)})

    def test_the_proven_wallet_reads_its_own_and_nothing_else(self):
        self.begin()
        self.assert_problem(self.log_in_by(self.text()), 401)  # not proven yet, and a login proves nothing
        self.assert_problem(self.log_in_by(self.text()), 401)
        challenge = self.secret["challenge"]  # nor does a sign of life
        answer = self.ask("POST", f"{LIST}/{NEW}/proof", {
            "orchestrator_id": NEW, "manager_challenge": challenge, "orchestrator_response": self.wallet.sign(challenge)},
            token=self.secret["secret"])
        self.assertEqual((answer.status, answer.json()["payout_proven"]), (200, False), answer.body)
        self.prove()
        text = self.text()
        self.assertTrue(text.startswith("manager.example wants you to sign in"))
        answer = self.log_in_by(text)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json()["orchestrator_id"], NEW)
        self.assertNotIn("refresh_token", answer.json())
        token = answer.json()["access_token"]
        self.assert_problem(self.log_in_by(text), 401)  # a nonce is taken once
        status = f"{LIST}/{NEW}/status"
        self.assertEqual(self.get(status, token).json()["orchestrator_id"], NEW)
        # The engine knows it once its approval was put in force.
        wait_for(lambda: self.get(f"{PAYMENTS}?orchestrator={NEW}", token).status == 200, "its payments")
        other = urllib.parse.quote(self.host.decisions()[0]["orchestrator"], safe="")
        for path in (f"{LIST}/{other}/status", f"{PAYMENTS}?orchestrator={other}", PAYMENTS, LIST):
            self.assert_problem(self.get(path, token), 403)
        self.assert_problem(self.ask("POST", f"{LIST}/{NEW}/disconnect", token=token), 403)
        self.wait_paid()
        objection = "/payments/1/objection"
        self.assert_problem(self.ask("POST", f"{LIST}/{other}{objection}", {"text": "no"}, token=token), 403)
        answer = self.ask("POST", f"{LIST}/{NEW}{objection}", {"text": "we were up"}, token=token)
        self.assertEqual((answer.status, answer.json()["by"]), (200, "wallet:" + self.wallet.address.lower()))
        self.assert_problem(self.ask("POST", f"{LIST}/{NEW}{objection}/answer", {"reason": "yes"}, token=token), 403)
        self.assertEqual(self.ask("POST", "/api/v1/auth/logout", token=token).status, 204)
        self.assert_problem(self.get(status, token), 401)
        token = self.log_in_by(self.text()).json()["access_token"]
        self.assertEqual(self.get(status, token).status, 200)
        self.assertEqual(self.order("remove").status, 200)
        self.assert_problem(self.get(status, token), 401)  # it has no wallet any more

    def test_a_session_of_a_browser_is_begun_by_the_wallet_and_outlives_the_host(self):
        self.begin()
        self.prove()
        text = self.text()
        body = {"message": text, "signature": self.wallet.sign(text), "session": True}
        self.assert_problem(self.ask("POST", WALLET, {**body, "session": "yes"}), 422)
        answer = self.ask("POST", WALLET, body)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual((answer.json()["orchestrator"], answer.json()["role"]), (NEW, "orchestrator"))
        self.assertNotIn("access_token", answer.json())
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.assertTrue(cookie.startswith("__Host-stipend="))  # of an origin with https
        status = f"{LIST}/{NEW}/status"
        self.assertEqual(self.get(status, Cookie=cookie).json()["orchestrator_id"], NEW)
        self.assert_problem(self.get(LIST, Cookie=cookie), 403)
        self.host.stop()
        self.start()
        self.assertEqual(self.get(status, Cookie=cookie).status, 200)
        self.assertEqual(self.order("remove").status, 200)
        self.assert_problem(self.get(status, Cookie=cookie), 401)

    def test_another_message_or_wallet_is_refused(self):
        self.begin()
        self.prove()
        other = Wallet("another")
        self.assert_problem(self.log_in_by(self.text(), other), 401)
        self.assert_problem(self.log_in_by(self.text(other), other), 401)
        for old, new in (("manager.example wants", "evil.example wants"), (f"URI: {ORIGIN}", "URI: https://evil.example"),
                         ("Chain ID: 42161", "Chain ID: 1")):
            text = self.text()
            self.assertIn(old, text)
            self.assert_problem(self.log_in_by(text.replace(old, new)), 401)
        self.assert_problem(self.ask("POST", WALLET, {"message": "hello", "signature": "0x00"}), 422)
        self.assert_problem(self.ask("POST", CHALLENGE, {"address": "0x00"}), 422)

    def test_a_change_by_an_administrator_waits_and_is_cancelled_or_put_in_force(self):
        self.host.edit("\nregistration:\n", "\nregistration:\n  change_delay: 1h\n")
        self.begin()
        self.prove()
        status = f"{LIST}/{NEW}/status"
        other = Wallet("the next").address
        change = {"orchestrator_id": NEW, "endpoint": self.endpoints[2], "capabilities": [], "eth_address": other}
        asked = self.ask("POST", f"{LIST}/register", change, token=self.token)
        self.assertEqual(asked.status, 200, asked.body)
        self.assertEqual(asked.json()["pending_change"]["payout_address"], other.lower())
        wait_for(lambda: any(one["id"] == "change:" + NEW for one in self.host.status()["alerts"]), "the notice")
        # Looked at again, the same change is no new alert.
        self.made(orchestrator_id="another", endpoint="http://127.0.1.77:9995", eth_address=Wallet("a third").address)
        self.assertEqual(self.order("remove", "another").status, 200)
        self.wait_for_decisions(len(self.host.decisions()) + 3)
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as ledger:
            (alerts,) = ledger.execute("SELECT count(*) FROM audit WHERE kind = 12 AND body LIKE 'change:%'").fetchone()
        self.assertEqual(alerts, 1)
        secret = self.secret["secret"]
        shown = self.get(status, secret).json()
        self.assertEqual(shown["pending_change"]["payout_address"], other.lower())
        self.assertEqual((shown["payout_address"], shown["payout_proven"]), (self.wallet.address.lower(), True))
        route = f"{LIST}/{NEW}/pending-change"
        self.assert_problem(self.ask("DELETE", route, token=test_registry.COMMON), 401)
        self.assertEqual(self.ask("DELETE", route, token=secret).status, 200)
        wait_for(lambda: not any(one["id"] == "change:" + NEW for one in self.host.status()["alerts"]), "its end")
        self.assertIsNone(self.get(status, secret).json()["pending_change"])
        self.host.edit("change_delay: 1h", "change_delay: 2s")
        self.host.stop()
        self.start()
        self.assertEqual(self.ask("POST", f"{LIST}/register", change, token=self.token).status, 200)
        self.host.kill()  # what waits outlives the host
        self.start()
        wait_for(lambda: self.get(status, secret).json()["payout_address"] == other.lower(), "the change")
        self.assertFalse(self.get(status, secret).json()["payout_proven"])

    def test_attempts_are_throttled(self):
        self.begin()
        self.prove()
        statuses = []
        for _ in range(9):
            answer = self.ask("POST", WALLET, {"message": self.text(), "signature": "0x" + "00" * 65})
            statuses.append(answer.status)
            if answer.status == 429:
                break
        self.assertEqual(statuses[-1], 429)
        self.assertEqual(set(statuses[:-1]), {401})


if __name__ == "__main__":
    unittest.main(verbosity=2)
