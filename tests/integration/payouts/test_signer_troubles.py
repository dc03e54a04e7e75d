"""A signer that hangs, or something else in its place: deciding goes on, nothing is signed, and all is paid once it is back."""
import json
import os
import signal
import socket
import struct
import threading

import test_payouts
from network import wait_for
from rig import PATIENCE

ALERT = "payouts:unanswered"


def frame(text):
    return struct.pack(">I", len(text)) + text


class Impostor:
    """Listens where the signer did. `answer` is what it sends to each request; None: it keeps the connection, and is silent."""

    def __init__(self, path, answer):
        self.path, self.away = path, path.with_suffix(".away")
        self.asked = 0
        self.answer = answer
        self.open = []
        os.rename(path, self.away)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        connection.settimeout(PATIENCE)
        try:
            size = connection.recv(4, socket.MSG_WAITALL)
            if len(size) < 4 or not connection.recv(struct.unpack(">I", size)[0], socket.MSG_WAITALL):
                return
            self.asked += 1
            if self.answer is None:
                self.open.append(connection)
                return
            connection.sendall(self.answer)
        except OSError:
            pass  # the host has given up
        connection.close()

    def end(self):
        """The signer's socket is in its place again."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)
        os.replace(self.away, self.path)
        for connection in self.open:
            connection.close()


class Signer(test_payouts.PayoutTest):
    orchestrators = 1
    plugin_more = {"timeout": "1s"}

    def alert(self):
        return next((one["text"] for one in self.host.status()["alerts"] if one["id"] == ALERT), None)

    def attempts(self):
        return self.rows("SELECT count(*) FROM attempt")[0][0]

    def bound(self):
        return next((one["payout"] for one in self.payouts() if one["state"] == "bound"), None)

    def wait_for_decisions(self, count=2):
        want = len(self.host.decisions()) + count
        wait_for(lambda: len(self.host.decisions()) >= want, "decisions meanwhile")

    def all_is_paid(self, waiting):
        self.until(lambda: self.shown(waiting)["state"] == "paid", "that it is paid")
        wait_for(lambda: not self.alert(), "the alert's end")
        self.settle()
        self.assertEqual(self.attempts(), self.rows("SELECT count(*) FROM slot")[0][0], "a nonce was signed twice")
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])

    def test_one_that_hangs_is_waited_for(self):
        self.host.start()
        self.until_paid(1)
        self.signer.process.send_signal(signal.SIGSTOP)
        self.until(self.bound, "a payout that waits for its signature")
        wait_for(self.alert, "the alert")
        self.assertIn("the signer does not answer", self.alert())
        waiting, before = self.bound(), self.attempts()
        self.assertIn("signer", self.shown(waiting)["waits_for"])
        self.wait_for_decisions()
        self.assertEqual((self.bound(), self.attempts()), (waiting, before))
        self.signer.process.send_signal(signal.SIGCONT)
        self.all_is_paid(waiting)

    def nonsense(self):
        """Answers by their names; the last is a true signature of this payer, for another nonce."""
        transaction, raw = self.rows("SELECT id, raw FROM attempt ORDER BY seq LIMIT 1")[0]
        other = {"kind": "payment", "hash": "0x" + transaction.hex(), "raw": "0x" + raw.hex(), "repeated": False}
        return {
            "closes": b"",
            "part of an answer": frame(b"{" * 100)[:50],
            "an answer of 4 GiB": b"\xff" * 4 + b"{}",
            "two answers": frame(b"{}") * 2,
            "no text": frame(bytes(range(256))),
            "no JSON": frame(b"<html><body>502 Bad Gateway</body></html>"),
            "an empty object": frame(b"{}"),
            "another type": frame(b'{"kind":7,"hash":[],"raw":{},"repeated":"no"}'),
            "bytes of no transaction": frame(json.dumps(other | {"raw": "0x02" + "00" * 70}).encode()),
            "another hash": frame(json.dumps(other | {"hash": "0x" + "7" * 64}).encode()),
            "another nonce's": frame(json.dumps(other).encode()),
            "never answers": None,
        }

    def test_what_is_in_its_place_and_answers_nonsense_signs_nothing(self):
        self.host.start()
        self.until_paid(1)
        for name, answer in self.nonsense().items():
            impostor = Impostor(self.signer.socket, answer)
            try:
                self.until(self.bound, "a payout that waits for its signature")
                waiting, before = self.bound(), self.attempts()
                # It is asked to sign, and then what it remembers.
                wait_for(lambda one=impostor: one.asked >= 2, f"two requests: {name}")
                if name in ("closes", "never answers"):
                    wait_for(self.alert, f"the alert: {name}")
                    self.wait_for_decisions()
                self.assertEqual((self.bound(), self.attempts()), (waiting, before), name)
            finally:
                impostor.end()
            self.until(lambda one=waiting: self.shown(one)["state"] == "paid", f"that it is paid: {name}")
        self.all_is_paid(waiting)


if __name__ == "__main__":
    test_payouts.needed.main()
