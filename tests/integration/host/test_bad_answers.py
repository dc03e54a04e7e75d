"""Whatever a payee does to its answer is its own failure, recorded with what was seen.

One host, one orchestrator for each way: all of them answered well once, then each misbehaves in its own way. A second
host meets payees that misbehave from the first contact on, so that nothing good was ever heard of them.
"""
import unittest

from network import Devnet, Host, wait_for

GATEWAYS_WORDS = "No orchestrators found for capability agent-net"

VALUES = {
    "above_100": dict(kind="uptime", raw="150"),
    "below_0": dict(kind="uptime", raw="-5"),
    "nan": dict(kind="uptime", raw="NaN"),
    "infinite": dict(kind="uptime", raw="1e400"),
    "string": dict(kind="uptime", raw='"95"'),
    "null": dict(kind="uptime", raw="null"),
    "missing": dict(kind="uptime", missing=True),
    "no_json": dict(kind="body", text="<html>"),
    "nested": dict(kind="body", text="[" * 5000),
    "twice": dict(kind="body", text='{"overall_uptime_percentage":1,"overall_uptime_percentage":99}'),
}
SHAPES = {
    "100_megabytes": dict(kind="huge", bytes=100 << 20),
    "endless_body": dict(kind="endless", bytes=16 << 30),
    "endless_head": dict(kind="header_flood"),
    "unfinished": dict(kind="unfinished_stream", bytes=1000000),
    "reset": dict(kind="reset"),
    "closed": dict(kind="closed"),
    "cut": dict(kind="cut"),
    "truncated": dict(kind="truncated"),
    "worker_truncated": dict(kind="worker_truncated"),
    "late_at_the_gateway": dict(kind="slow", delay="60s"),
    "late_at_the_host": dict(kind="stall"),
    "empty_200": dict(kind="empty200"),
    "gateways_words": dict(kind="gateway_text"),
    "gateways_words_unavailable": dict(kind="error", status=503, text=GATEWAYS_WORDS),
    "error_400": dict(kind="error", status=400, text="bad request"),
    "error_500": dict(kind="error", status=500, text="boom"),
    "charges": dict(kind="price", wei=1000),
    "anothers_answer": dict(kind="another"),
    "strange_name": dict(kind="announce", address="https://elsewhere.example:1"),
}
ABSENCES = {
    "token_refused": dict(kind="down"),
    "token_late": dict(kind="token_slow", delay="2s"),
    "capability_lost": dict(kind="capability_lost"),
    "out_of_the_pool": dict(kind="unknown"),
}


class Misbehaving(unittest.TestCase):
    faults = {}
    known_first = True

    @classmethod
    def setUpClass(cls):
        if not cls.faults:
            raise unittest.SkipTest("a base")
        cls.devnet = Devnet(len(cls.faults) + 1)  # the last one stays well: the gateway is
        cls.addClassCleanup(cls.devnet.end)
        cls.host = Host(cls.devnet, interval=2)
        cls.addClassCleanup(cls.host.end)
        cls.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}\n",
                      "    capability: ${CAPABILITY_NAME:-agent-net}\n    timeout: 1s\n    retry_after: 100ms\n")
        cls.names = [text.strip("/").removeprefix("https://") for text in cls.devnet.addresses.split(",")]
        if cls.known_first:
            cls.host.start()
            wait_for(lambda: {line["orchestrator"] for line in cls.host.decisions()} == set(cls.names), "a good check of each")
        for number, fault in enumerate(cls.faults.values()):
            whose = {"orchestrator": len(cls.faults)} if fault["kind"] == "another" else {}
            cls.devnet.fault(number, **fault, **whose)
        if not cls.known_first:
            cls.host.start()
        wait_for(lambda: len(cls.failures()) == len(cls.faults), "a failure of each")
        cls.first = cls.failures()
        cls.status = cls.host.status()
        cls.ended = cls.host.stop()

    @classmethod
    def failures(cls):
        """The first failed decision of each."""
        out = {}
        for line in cls.host.decisions():
            if line["job"] == "failed":
                out.setdefault(line["orchestrator"], line)
        return out

    def failure(self, fault):
        line = self.first[self.names[list(self.faults).index(fault)]]
        self.assertEqual((line["tier"], line["action"], line["amount_wei"]), ("offline", "skip", "0"))
        self.assertEqual(line["consecutive_failures"], 1)
        return line

    def refused_for(self, fault, reason, status=200):
        line = self.failure(fault)
        self.assertIn(reason, line["reason"])
        self.assertEqual(line["evidence"]["http_status"], status)
        return line


class BadValues(Misbehaving):
    faults = VALUES

    def test_an_uptime_above_100_is_refused(self):
        self.refused_for("above_100", "got 150, want a number in 0..100")

    def test_an_uptime_below_0_is_refused(self):
        self.refused_for("below_0", "got -5, want a number in 0..100")

    def test_nan_is_no_json(self):
        self.refused_for("nan", "not JSON")

    def test_a_number_beyond_all_bounds_is_refused(self):
        self.refused_for("infinite", "got 1e400, want a number in 0..100")

    def test_a_string_is_no_number(self):
        self.refused_for("string", 'got the string "95", want a number in 0..100')

    def test_null_is_no_number(self):
        self.refused_for("null", "got null, want a number in 0..100")

    def test_a_missing_uptime_is_not_assumed(self):
        self.refused_for("missing", "no uptime in the answer")

    def test_what_is_no_json_is_refused(self):
        self.refused_for("no_json", "not JSON")

    def test_json_without_bottom_is_refused(self):
        self.refused_for("nested", "nested deeper than")

    def test_an_uptime_that_is_told_twice_is_refused(self):
        self.refused_for("twice", "duplicate key")

    def test_no_uptime_is_recorded_where_none_was_told(self):
        for fault in self.faults:
            self.assertIsNone(self.failure(fault)["uptime_percent"], fault)


class BadShapes(Misbehaving):
    faults = SHAPES

    def test_a_body_of_100_megabytes_is_cut_off(self):
        line = self.refused_for("100_megabytes", "response body too large: got more than 1048576 bytes")
        self.assertLess(float(line["evidence"]["latency_ms"]), 5000)

    def test_a_body_without_end_is_cut_off(self):
        self.refused_for("endless_body", "response body too large: got more than 1048576 bytes")

    def test_a_head_without_end_is_cut_off(self):
        self.refused_for("endless_head", "response head too large: got more than 65536 bytes")

    def test_a_stream_without_end_meets_the_bound(self):
        self.refused_for("unfinished", "response body too large: got more than 1048576 bytes")

    def test_a_reset_is_a_failure(self):
        self.refused_for("reset", "no answer", status=0)

    def test_a_closed_connection_is_a_failure(self):
        self.refused_for("closed", "no answer", status=0)

    def test_a_body_that_breaks_off_is_a_failure(self):
        self.refused_for("cut", "the answer broke off")

    def test_a_body_that_breaks_off_before_the_gateway_is_a_failure(self):
        self.refused_for("truncated", "unexpected EOF", status=500)

    def test_a_body_that_breaks_off_at_the_worker_is_a_failure(self):
        self.refused_for("worker_truncated", "empty body")

    def test_a_worker_that_is_late_is_a_failure(self):
        self.refused_for("late_at_the_gateway", "empty body")

    def test_an_answer_that_is_late_here_is_a_failure(self):
        self.refused_for("late_at_the_host", "no end within 11000 ms", status=0)

    def test_an_empty_200_is_a_failure(self):
        self.refused_for("empty_200", "status 200 with an empty body")

    def test_the_gateways_own_words_make_no_worker_unknown(self):
        self.refused_for("gateways_words", GATEWAYS_WORDS, status=400)

    def test_the_gateways_own_words_with_another_status_do_not_either(self):
        self.failure("gateways_words_unavailable")

    def test_an_error_of_the_worker_is_a_failure(self):
        self.refused_for("error_400", "status 400", status=400)
        self.failure("error_500")

    def test_a_price_is_a_failure(self):
        self.refused_for("charges", "want a price of 0")

    def test_an_answer_of_another_does_not_count(self):
        line = self.refused_for("anothers_answer", f"answered by https://{self.names[-1]}, want https://")
        self.assertEqual(line["evidence"]["served_by"], f"https://{self.names[-1]}")

    def test_a_name_that_nobody_confirmed_does_not_count_and_the_line_to_add_is_told(self):
        self.refused_for("strange_name", 'service_addresses: ["https://elsewhere.example:1"]')

    def test_none_of_them_holds_anybody(self):
        self.assertEqual(self.status["unpaid"], [])
        self.assertEqual([alert for alert in self.status["alerts"] if alert["id"] == "gateway"], [])

    def test_the_host_ends_well_with_a_sound_ledger(self):
        self.assertEqual(self.ended, 0)
        self.host.verified()


class Absent(Misbehaving):
    faults = ABSENCES

    def test_one_that_was_known_and_is_not_found_any_more_has_failed(self):
        for fault in self.faults:
            with self.subTest(fault):
                self.refused_for(fault, GATEWAYS_WORDS, status=400)


class FromTheFirstContact(Misbehaving):
    """They never had an answer: only the gateway's own "not found" may hold, and none of these is that."""
    faults = {name: SHAPES[name] for name in ("reset", "closed", "cut", "endless_body", "endless_head", "empty_200",
                                              "gateways_words", "gateways_words_unavailable", "error_400", "charges",
                                              "anothers_answer", "late_at_the_gateway")}
    known_first = False

    def test_each_of_them_is_the_first_decision_and_a_failure(self):
        for fault in self.faults:
            with self.subTest(fault):
                self.assertEqual(self.failure(fault)["epoch"], 1)

    def test_none_of_them_was_held(self):
        self.assertEqual(self.status["unpaid"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
