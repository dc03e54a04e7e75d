"""An orchestrator objects to a decision at a running host, and is answered: by itself alone, once, and for the record."""
import json
import unittest
import urllib.parse

import test_registry
from network import wait_for
from test_api import LIST
from test_events import Stream

OBJECTIONS = "/api/v1/livepeer/objections"
NEW = test_registry.NEW
TEXT = "=we were up\x1b[2J: see our log \u20ac"


class Objections(test_registry.RegistryTest):
    def begin(self, payments=1):
        self.spread()
        self.start()
        self.secret = self.made()["secret"]
        self.order("approve")
        self.wait_paid(payments)
        # The engine writes before it moves on; a decision that is exported is one that may be objected to.
        wait_for(lambda: self.state()["epoch"] >= payments, "its decisions")

    def state(self):
        return self.get(f"{LIST}/{NEW}/status", self.token).json()

    def path(self, epoch=1, id=NEW):
        return f"{LIST}/{urllib.parse.quote(id, safe='')}/payments/{epoch}/objection"

    def object(self, epoch=1, text=TEXT, token=None, id=NEW):
        return self.ask("POST", self.path(epoch, id), {"text": text}, token=token or self.secret)

    def answer(self, epoch=1, token=None, **body):
        return self.ask("POST", self.path(epoch) + "/answer", {"reason": "our gateway was down", **body},
                        token=token or self.token)

    def fires(self):
        return f"objection:{NEW}" in [one["id"] for one in self.host.status()["alerts"]]

    def account(self, name, role):
        code, out, err = self.host.run("user", "add", name, "--role", role, "--generate", "--json")
        self.assertEqual(code, 0, err)
        return self.log_in(name, json.loads(out)["password"])["access_token"]

    def adjustments(self):
        code, out, err = self.host.run("objections", "list", "--all", "--json")
        self.assertEqual(code, 0, err)
        return [one["adjustment"] for one in map(json.loads, out.splitlines()) if one["adjustment"]]

    def test_from_an_objection_to_what_it_paid(self):
        self.begin(2)
        other = self.made(id="other", endpoint="https://other.example:1", digit="b", worker_key="cd" * 32)["secret"]
        operator = self.account("o@example.com", "operator")
        viewer = self.account("v@example.com", "viewer")
        # By the orchestrator itself alone.
        for token, status in ((other, 401), (test_registry.COMMON, 401), ("nothing", 401), (self.token, 403),
                              (operator, 403), (viewer, 403)):
            self.assert_problem(self.object(token=token), status)
        stranger = self.host.decisions()[0]["orchestrator"]
        self.assert_problem(self.object(id=stranger), 401)
        self.assertFalse(self.fires())
        staff = Stream(self.address, self.token)
        self.addCleanup(staff.close)
        strangers = Stream(self.address, self.token, orchestrator=stranger)
        self.addCleanup(strangers.close)
        staff.wait(lambda one: one.last_id, "the place of the stream")
        first = self.object()
        self.assertEqual(first.status, 200, first.body)
        self.assertEqual({name: first.json()[name] for name in ("orchestrator", "epoch", "state", "text", "by", "answer")},
                         {"orchestrator": NEW, "epoch": 1, "state": "open", "text": TEXT, "by": "secret", "answer": None})
        self.assertEqual(self.object().body, first.body)
        self.assertIn("has an objection already", self.assert_problem(self.object(text="another"), 409))
        self.assert_problem(self.object(epoch=100_000), 404)
        self.assert_problem(self.object(epoch=2, text="x" * 2001), 422)
        staff.wait(lambda one: one.of("objection"), "the objection")
        self.assertEqual(staff.of("objection"), [first.json()])
        wait_for(self.fires, "the alert")
        # Both sides read it; another orchestrator does not.
        own = f"{OBJECTIONS}?orchestrator={NEW}"
        for path in (self.path(), own):
            self.assertEqual(self.get(path, self.secret).body, self.get(path, viewer).body)
            self.assert_problem(self.get(path, other), 401)
        self.assert_problem(self.get(OBJECTIONS, self.secret), 401)
        self.assertEqual(self.get(OBJECTIONS, viewer).json(), {"objections": [first.json()], "next_cursor": None})
        self.assertIn(b"'=we were up", self.get(OBJECTIONS + "?format=csv", viewer).body)
        code, out, err = self.host.run("objections", "list")
        self.assertEqual(code, 0, err)
        self.assertIn(f"{NEW} epoch 1 open: =we were up<U+001B>[2J: see our log", out)
        # Answered once, and paid only by an account that may adjust.
        self.assert_problem(self.answer(token=viewer), 403)
        self.assert_problem(self.answer(token=self.secret), 401)
        self.assert_problem(self.answer(token=operator, amount_usd="1"), 403)
        self.assert_problem(self.answer(amount_usd="-1"), 422)
        self.assert_problem(self.answer(epoch=2), 404)
        self.assertTrue(self.fires())
        paid = self.answer(amount_usd="1.00000002")
        self.assertEqual(paid.status, 200, paid.body)
        self.assertEqual((paid.json()["state"], paid.json()["amount_usd"], paid.json()["amount_wei"]),
                         ("answered", "1.00000002", "500000010000000"))
        self.assertEqual(self.answer(amount_usd="1.00000002").body, paid.body)
        self.assert_problem(self.answer(amount_usd="2"), 409)
        self.assert_problem(self.answer(), 409)
        self.assertEqual(self.get(self.path(), self.secret).body, paid.body)
        staff.wait(lambda one: len(one.of("objection")) == 2, "the answer")
        self.assertEqual(staff.of("objection")[1], paid.json())
        self.assertEqual(strangers.of("objection"), [])
        wait_for(lambda: not self.fires(), "the end of the alert")
        second = self.object(epoch=2, text="and here")
        self.assertEqual(second.status, 200, second.body)
        told = self.answer(epoch=2, token=operator)
        self.assertEqual((told.status, told.json()["amount_usd"], told.json()["answered_by"]),
                         (200, None, "api:o@example.com"))
        self.assertEqual([one["epoch"] for one in self.get(OBJECTIONS, viewer).json()["objections"]], [2, 1])
        page = self.get(OBJECTIONS + "?limit=1", viewer).json()
        rest = self.get(f"{OBJECTIONS}?limit=1&cursor={page['next_cursor']}", viewer).json()
        self.assertEqual(([one["epoch"] for one in rest["objections"]], rest["next_cursor"]), ([1], None))
        code, out, err = self.host.run("ledger", "export", "--kind", "objections")
        self.assertEqual([json.loads(line) for line in out.splitlines()], [paid.json(), told.json()], err)
        self.assertEqual(self.adjustments(), [paid.json()["adjustment"]])
        self.host.stop()
        self.host.verified()

    def test_it_waits_over_a_restart_and_is_answered_by_the_command_line(self):
        self.begin(2)
        for epoch in (1, 2):
            self.assertEqual(self.object(epoch).status, 200)
        wait_for(self.fires, "the alert")
        self.host.kill()
        self.start()
        wait_for(self.fires, "the alert, anew")
        code, out, err = self.host.run("objections", "answer", NEW, "1", "--reason", "right", "--usd", "2")
        self.assertEqual(code, 0, err)
        self.assertIn("paid: 2 USD, 1000000000000000 wei", out)
        self.assertNotIn("\x1b", out)
        self.assertTrue(self.fires())
        code, out, err = self.host.run("objections", "answer", NEW, "1", "--reason", "wrong")
        self.assertNotEqual(code, 0)
        self.assertIn("answered already", err)
        self.host.stop()
        code, out, err = self.host.run("objections", "answer", NEW, "2", "--reason", "you were down")
        self.assertEqual(code, 0, err)
        self.assertIn("nothing is paid", out)
        code, out, err = self.host.run("objections", "show", NEW, "2")
        self.assertEqual(code, 0, err)
        self.assertIn("you were down", out)
        self.assertNotEqual(self.host.run("objections", "show", NEW, "3")[0], 0)
        self.assertEqual(self.host.run("objections", "list")[1], "")
        self.host.verified()
        self.start()
        self.assertFalse(self.fires())
        self.assertEqual([one["epoch"] for one in self.get(OBJECTIONS, self.token).json()["objections"]], [2, 1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
