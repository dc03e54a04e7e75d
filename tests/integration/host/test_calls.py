"""Distributed calls over the API of a running host: which orchestrators get them, what they carry, and that no pay changes."""
import base64
import json
import shutil
import unittest

import scrape
from network import BUILD, wait_for
from test_api import LIST, ApiTest

DISTRIBUTE = "/api/v1/livepeer/calls/distribute"
GWEI = 10**9


class CallsTest(ApiTest):
    def begin(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.start()
        self.token = self.log_in()["access_token"]
        self.wait_for_decisions(self.orchestrators)
        self.ids = sorted(line["orchestrator"] for line in self.host.decisions())

    def call(self, token=None, key=None, **members):
        body = {"call_type": "warm-up", "strategy": "round_robin", "payload": {"model": "m-1"}, **members}
        headers = {"Idempotency_Key": key} if key else {}
        return self.ask("POST", DISTRIBUTE, body, token or self.token, **headers)


    def counts(self):
        page = scrape.read(self.host.wait_line("metrics at http").split(" at ")[1].strip())
        return {name: page.value(f"stipend_calls_{name}_total") for name in ("queued", "sent", "answered", "failed", "refused")}


class Calls(CallsTest):
    def bodies(self):
        return [body for body in (json.loads(job["body"]) for job in self.devnet.jobs()) if body["action"] == "warm-up"]

    def test_all_that_are_connected_get_the_payload_and_nothing_of_their_pay_changes(self):
        self.begin()
        before = self.get(LIST, self.token).json()
        decisions = self.host.decisions()
        done = self.call()
        self.assertEqual(done.status, 200, done.body)
        answer = done.json()
        self.assertEqual((answer["success"], answer["strategy"], answer["orchestrators_assigned"], answer["status"]),
                         (True, "round_robin", 3, "queued"))
        self.assertEqual(sorted(one["orchestrator_id"] for one in answer["distribution"]), self.ids)
        self.assertTrue(all(one["assigned"] and one["endpoint"].startswith("https://") for one in answer["distribution"]))
        self.host.wait_line("call warm-up: 3 answered, 0 failed")
        bodies = self.bodies()
        self.assertEqual(sorted(body["agent_id"] for body in bodies), self.ids)
        self.assertTrue(all(body["payload"] == {"model": "m-1"} and body["job_id"].endswith(":0") for body in bodies))
        self.assertEqual(self.get(LIST, self.token).json(), before)
        self.assertEqual(self.host.decisions(), decisions)
        self.host.stop()
        self.host.verified()

    def test_a_call_that_fails_decides_nothing(self):
        self.begin()
        before = self.get(LIST, self.token).json()
        self.devnet.fault(1, kind="reset")
        self.assertEqual(self.call().status, 200)
        self.host.wait_line("call warm-up: 2 answered, 1 failed: ")
        self.assertEqual(len(self.bodies()), 2)  # no second try
        self.assertEqual(self.get(LIST, self.token).json(), before)
        self.assertEqual(self.host.status()["alerts"], [])
        self.assertEqual(self.counts(), {"queued": 3, "sent": 3, "answered": 2, "failed": 1, "refused": 0})

    def test_what_is_refused(self):
        self.begin()
        self.assertIn("fastest", self.assert_problem(self.call(strategy="fastest"), 422))
        self.assertIn("unknown", self.assert_problem(self.call(orchestrator_ids=[self.ids[0], "unknown"]), 404))
        self.assert_problem(self.call(orchestrator_ids=[]), 422)
        self.assert_problem(self.call(payload=[]), 422)
        self.assert_problem(self.call(payload={"x": "y" * (64 << 10)}), 422)
        self.assert_problem(self.call(extra=1), 422)
        self.assertEqual(self.call(payload={"x": "y" * ((64 << 10) - 10)}).status, 200)
        self.assert_problem(self.ask("POST", DISTRIBUTE, {"call_type": "x"}), 401)
        for role, status in (("viewer", 403), ("operator", 200)):
            code, out, err = self.host.run("api-key", "add", role, "--role", role, "--json")
            self.assertEqual(code, 0, err)
            self.assertEqual(self.call(token=json.loads(out)["key"]).status, status)

    def test_sent_again_with_its_key_it_is_sent_once_also_after_a_restart(self):
        self.begin()
        first = self.call(key="k1")
        self.assertEqual(first.status, 200, first.body)
        self.host.wait_line("call warm-up: 3 answered")
        self.assertEqual(self.call(key="k1").body, first.body)
        self.assert_problem(self.call(key="k1", call_type="other"), 422)
        self.host.kill()
        self.start()
        self.assertEqual(self.call(key="k1").body, first.body)
        self.assertEqual(self.call(call_type="last", orchestrator_ids=[self.ids[0]]).status, 200)
        self.host.wait_line("call last: 1 answered")
        self.assertEqual(len(self.bodies()), 3)

    def test_beyond_the_rate_of_jobs_it_is_429(self):
        self.host.edit("jobs_per_orchestrator_minute: 0", "jobs_per_orchestrator_minute: 2")
        self.begin()
        for _ in range(2):
            self.assertEqual(self.call().status, 200)
        answer = self.call()
        self.assert_problem(answer, 429)
        self.assertTrue(1 <= int(answer.headers["Retry-After"]) <= 60, answer.headers)
        self.assert_problem(self.call(orchestrator_ids=[self.ids[1]]), 429)
        self.assertEqual((self.counts()["queued"], self.counts()["refused"]), (6, 2))

    def test_nobody_connected_is_503(self):
        for at in range(3):
            self.devnet.fault(at, kind="reset")
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.start()
        self.token = self.log_in()["access_token"]
        wait_for(lambda: self.get(LIST, self.token).json()["unhealthy"] == 3, "three that fail")
        answer = self.call()
        self.assert_problem(answer, 503)
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual((self.counts()["queued"], self.counts()["refused"]), (0, 1))


class Strategies(CallsTest):
    orchestrators = 5

    def test_which_orchestrators_get_a_call(self):
        self.begin()

        def chosen(**members):
            answer = self.call(**members)
            self.assertEqual(answer.status, 200, answer.body)
            return sorted(one["orchestrator_id"] for one in answer.json()["distribution"])

        self.assertEqual(chosen(), self.ids)
        first = chosen(strategy="least_loaded")
        second = chosen(strategy="least_loaded")
        self.assertEqual((len(first), len(second)), (3, 3))
        self.assertEqual(sorted({*first, *second}), self.ids)  # the two that were left out come first
        self.assertEqual(chosen(orchestrator_ids=[self.ids[3], self.ids[3]]), [self.ids[3]])
        wanted = self.get(LIST, self.token).json()["orchestrators"][0]["capabilities"]
        if wanted:
            self.assertEqual(chosen(strategy="capabilities", payload={"required_capabilities": wanted}), self.ids)
        self.assert_problem(self.call(strategy="capabilities", payload={"required_capabilities": ["gpu"]}), 503)
        self.assert_problem(self.call(strategy="capabilities", payload={}), 422)


class Fees(CallsTest):
    def setUp(self):
        super().setUp()
        shutil.copy(BUILD / "tests" / "plugins" / "priced_dispatch.so", self.host.plugins / "priced_dispatch.so")
        lines = self.host.config.read_text().splitlines()
        begin = lines.index("dispatch:")
        end = next(at for at in range(begin + 1, len(lines)) if lines[at].startswith("  max_in_flight"))
        config = json.dumps({"price_wei": str(7 * GWEI), "reports_wei": str(5 * GWEI)})
        lines[begin + 1:end] = ["  plugin: priced_dispatch", "  config: " + config]
        self.host.config.write_text("\n".join(lines) + "\n")

    def fees(self):
        code, out, err = self.host.run("ledger", "export", "--kind", "fees")
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]

    def test_each_call_is_reserved_and_what_it_did_not_cost_is_given_back(self):
        self.begin()
        self.assertEqual(self.call().status, 200)
        self.host.wait_line("call warm-up: 3 answered, 0 failed")
        wait_for(lambda: sum(line["fee"] == "returned" for line in self.fees()) == 3, "what is given back")
        for one in self.ids:
            mine = [(line["fee"], int(line["moved_wei"])) for line in self.fees() if line["orchestrator"] == one]
            self.assertEqual(mine, [("reserved", 7 * GWEI), ("closed", -2 * GWEI), ("called", 7 * GWEI),
                                    ("returned", -2 * GWEI)])
        self.assertEqual(int(self.host.status()["fees"]["used_wei"]), 3 * 2 * 5 * GWEI)
        self.host.stop()
        self.assertEqual(int(self.host.verified()["fees"]), 12)

    def test_a_call_beyond_its_half_of_the_limit_is_not_sent_and_holds_no_check(self):
        self.host.edit("fees_per_orchestrator_day: 0.01 ETH", "fees_per_orchestrator_day: 20 gwei")
        self.begin()
        self.assertEqual(self.call().status, 200)
        self.host.wait_line("call warm-up: 0 answered, 3 failed: fee not reserved: half of limits.fees_per_orchestrator_day")
        self.assertEqual({line["fee"] for line in self.fees()}, {"reserved", "closed"})
        self.assertEqual(self.host.status()["alerts"], [])


if __name__ == "__main__":
    unittest.main()
