"""Nodes whose answers are not what they should be: nothing is signed by them, nothing ends, and all is paid once they are right
again."""
import gzip
import http.server
import json
import threading
import urllib.request

import test_payouts
from network import wait_for
from rig import PATIENCE

ALERT = "payouts:unanswered"
FOREIGN = "0x" + "77" * 32
HUGE = "0x" + "f" * 65  # beyond 256 bits
BOMB = gzip.compress(b"[" + b" " * (64 << 20), 9)  # some 64 KiB that become 64 MiB


def each(change):
    """An answer to a whole request, of a change of each answer in it."""
    def changed(calls, answers):
        return json.dumps([change(call, dict(answer)) for call, answer in zip(calls, answers)]).encode()
    return changed


def results(value):
    return each(lambda call, answer: answer | {"result": value})


def quantities(value):
    """Other numbers in all that a number is in, in the form that it has."""
    def changed(one):
        if isinstance(one, dict):
            return {name: changed(inner) for name, inner in one.items()}
        if isinstance(one, list):
            return [changed(inner) for inner in one]
        return value if isinstance(one, str) and one.startswith("0x") and len(one) < 60 else one
    return each(lambda call, answer: answer | {"result": changed(answer.get("result"))})


def another_chain(call, answer):
    return answer | {"result": "0x1"} if call["method"] == "eth_chainId" else answer


def another_hash(call, answer):
    """A transaction, its receipt and what was sent have a hash that is not the one of the request."""
    if call["method"] == "eth_sendRawTransaction":
        return {"jsonrpc": "2.0", "id": answer["id"], "result": FOREIGN}
    found = answer.get("result")
    if call["method"] in ("eth_getTransactionByHash", "eth_getTransactionReceipt") and found:
        return answer | {"result": found | {"hash": FOREIGN, "transactionHash": FOREIGN}}
    return answer


# By its name: the body that is sent instead of the node's, and perhaps headers.
NONSENSE = {
    "a page": (lambda *_: b"<html><body>502 Bad Gateway</body></html>", {"Content-Type": "text/html"}),
    "nothing": (lambda *_: b"", {}),
    "half an answer": (lambda _, answers: json.dumps(answers).encode()[:-20], {}),
    "numbers instead of texts": (quantities(7), {}),
    "negative numbers": (quantities("-0x1"), {}),
    "huge numbers": (quantities(HUGE), {}),
    "objects": (results({"number": {"number": []}}), {}),
    "null": (results(None), {}),
    "deep nesting": (lambda *_: b"[" * 100_000, {}),
    "answers without their ids": (each(lambda _, answer: answer | {"id": 10**30}), {}),
    "twice the same member": (lambda _, answers: json.dumps(answers).replace('"id"', '"id": 1, "id"').encode(), {}),
    "another chain": (each(another_chain), {}),
    "a bomb": (lambda *_: BOMB, {"Content-Encoding": "gzip"}),
    "an answer of 16 MiB": (lambda *_: b"[" + b" " * (16 << 20) + b"]", {}),
}


class Node:
    """Answers as the node at `url`, or with one of NONSENSE."""

    def __init__(self, url):
        self.url, self.nonsense, self.asked, self.answered = url, None, 0, 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def own_url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, body):
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answers = json.load(answer)
        nonsense = self.nonsense
        if nonsense is None:
            self.answered += 1
            return json.dumps(answers).encode(), {}
        made, headers = nonsense
        out = made(json.loads(body), answers)
        self.asked += 1
        return out, headers

    def handler(self):
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body, headers = node.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # the host has read enough

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class BadNodes(test_payouts.PayoutTest):
    orchestrators = 1

    def setUp(self):
        super().setUp()
        self.node = Node(self.chain.url)
        self.addCleanup(self.node.close)
        self.plugin_more = {"rpc": [self.node.own_url], "timeout": "1s"}
        self.configure()

    def attempts(self):
        return self.rows("SELECT count(*) FROM attempt")[0][0]

    def alert(self):
        return next((one["text"] for one in self.host.status()["alerts"] if one["id"] == ALERT), None)

    def asked_again(self, times):
        want = self.node.asked + times
        wait_for(lambda: self.node.asked >= want, "further questions")

    def answered_again(self):
        want = self.node.answered + 8  # so that all that was due is done, and the host asks without a pause
        wait_for(lambda: self.node.answered >= want, "answers that are right again")

    def test_what_is_no_answer_signs_nothing_and_ends_nothing(self):
        self.host.start()
        self.until_paid(1)
        process, decided = self.host.process.pid, len(self.host.decisions())
        for name, nonsense in NONSENSE.items():
            with self.subTest(name):
                self.node.nonsense = nonsense
                self.asked_again(1)  # what was asked before it is over
                signed, states = self.attempts(), self.states()
                self.asked_again(1)
                self.assertEqual((self.attempts(), self.states()), (signed, states))
                self.node.nonsense = None
                self.answered_again()
                self.mine()
        self.assertGreater(len(self.host.decisions()), decided + len(NONSENSE) // 3)
        # One that lasts is an alert.
        self.node.nonsense = NONSENSE["another chain"]
        wait_for(self.alert, "the alert")
        self.assertIn("chain", self.alert())
        self.node.nonsense = None
        wait_for(lambda: not self.alert(), "its end")
        self.until_paid(len(self.rows("SELECT 1 FROM payout WHERE state = 7")) + 1)
        self.assertEqual(self.host.process.pid, process)
        self.assertIsNone(self.host.process.poll())
        self.settle()
        self.assertEqual(self.attempts(), self.rows("SELECT count(*) FROM slot")[0][0])
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])

    def states(self):
        """Of what has a nonce."""
        return self.rows("SELECT id, state FROM payout WHERE slot > 0 ORDER BY id")

    def test_a_hash_that_is_not_the_ledgers_is_no_sight_of_its_transaction(self):
        self.host.start()
        self.until_paid(1)
        self.node.nonsense = (each(another_hash), {})

        def waits():
            return any(one["state"] == "sent" for one in self.payouts())
        self.until(waits, "a payout that is sent")
        payout = next(one["payout"] for one in self.payouts() if one["state"] == "sent")
        for _ in range(4):
            self.mine()
        self.asked_again(6)
        self.assertEqual(self.shown(payout)["state"], "sent")
        self.node.nonsense = None
        self.until(lambda: self.shown(payout)["state"] == "paid", "that it is paid")
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])


if __name__ == "__main__":
    test_payouts.needed.main()
