#!/usr/bin/env python3
"""The signer as a process: over its socket, killed at the worst moments, and what is seen of it from outside."""
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import unittest

import rig
import needed  # rig has put its folder on the path
from rig import ETHER, GWEI, OTHER, PAYEE, PAYER, SignerProcess, payment

SANITIZED = bool(os.environ.get("STIPEND_SANITIZE"))


class Answers(unittest.TestCase):
    def test_it_signs_refuses_and_says_what_it_is(self):
        with SignerProcess(per_day=100) as signer:
            self.assertEqual(signer.ask({"op": "address"}), {"address": PAYER})
            first = signer.ask(payment(0, wei=60))
            self.assertEqual((first["kind"], first["repeated"]), ("payment", False))
            self.assertEqual(signer.ask(payment(1, wei=41))["refused"], "day_limit")
            self.assertEqual(signer.ask(payment(0, to=OTHER, wei=60, fee=2 * GWEI))["refused"], "nonce_used")
            self.assertEqual(signer.ask({"op": "sign_message", "message": "0x00"})["refused"], "bad_request")
            status = signer.ask({"op": "status"})
            self.assertEqual((status["address"], status["highest_nonce"], status["assets"][0]["today"]), (PAYER, 0, "60"))
            self.assertEqual(signer.kill(signal.SIGTERM), 0)

    def test_frames_are_bounded_and_connections_too(self):
        with SignerProcess() as signer:
            one = signer.connect()
            self.addCleanup(one.close)
            one.socket.sendall(struct.pack(">I", 1 << 30))
            self.assertEqual(one.receive()["refused"], "bad_request")
            with self.assertRaises((EOFError, ConnectionError)):
                one.read(1)
            # A request in pieces, and two at once.
            two = signer.connect()
            body = b'{"op":"address"}'
            both = (struct.pack(">I", len(body)) + body) * 2
            for at in range(len(both)):
                two.socket.sendall(both[at:at + 1])
            self.assertEqual([two.receive(), two.receive()], [{"address": PAYER}] * 2)
            # The ninth waits until one of the eight has gone.
            others = [signer.connect() for _ in range(7)]
            for connection in others:
                self.assertEqual(connection.ask({"op": "address"}), {"address": PAYER})
            ninth = signer.connect()
            ninth.send({"op": "address"})
            self.assertEqual(two.ask({"op": "address"}), {"address": PAYER})
            two.close()
            self.assertEqual(ninth.receive(), {"address": PAYER})
            for connection in [ninth, *others]:
                connection.close()

    def test_many_signatures_go_through_the_filter_of_system_calls(self):
        with SignerProcess() as signer:
            connection = signer.connect()
            for nonce in range(600):  # beyond what SQLite keeps before it moves pages from its log into the file
                self.assertIn("raw", connection.ask(payment(nonce)))
            connection.close()
            self.assertEqual(signer.ask({"op": "status"})["highest_nonce"], 599)


class Killed(unittest.TestCase):
    def test_a_request_whose_answer_was_lost_gets_the_same_bytes(self):
        with SignerProcess(per_day=1000) as signer:
            given = {}
            for nonce in range(9):
                connection = signer.connect()
                connection.send(payment(nonce, wei=10))
                if nonce % 3 == 0:
                    # As soon as it is recorded, or just before: the answer may be on its way.
                    rig.wait_for(lambda: (signer.folder / "state.db-wal").exists(), "the store is written to")
                elif nonce % 3 == 1:
                    given[nonce] = connection.receive()["raw"]
                signer.kill()
                connection.close()
                signer.start()
                again = signer.ask(payment(nonce, wei=10))
                if nonce in given:
                    self.assertTrue(again["repeated"])
                    self.assertEqual(again["raw"], given[nonce])
                self.assertEqual(signer.ask(payment(nonce, wei=10))["raw"], again["raw"])
            # Each counted once, however often it was asked for.
            self.assertEqual(signer.ask({"op": "status"})["assets"][0]["today"], "90")

    def test_it_goes_on_with_the_log_that_it_finds(self):
        with SignerProcess(per_day=1000) as signer:
            signer.ask(payment(0))
            signer.kill()
            signer.start()
            connection = signer.connect()
            for nonce in range(1, 400):  # the log is moved into the file, and begun anew
                self.assertIn("raw", connection.ask(payment(nonce)))
            connection.close()


class Hidden(unittest.TestCase):
    def test_no_secret_is_seen_from_outside(self):
        with SignerProcess() as signer:
            signer.ask(payment(0))
            places = {name: signer.proc(name) for name in ("environ", "cmdline")}
            places["log"] = signer.log.encode()
            places["state"] = b"".join(path.read_bytes() for path in signer.folder.glob("state.db*"))
            for name, held in places.items():
                for secret in (rig.PASSPHRASE.encode(), rig.KEY.encode(), bytes.fromhex(rig.KEY)):
                    self.assertNotIn(secret, held, name)

    @unittest.skipIf(SANITIZED, "a sanitizer's runtime needs more than the filter allows")
    def test_the_process_has_given_up_what_it_does_not_need(self):
        with SignerProcess() as signer:
            status = dict(line.split(":\t", 1) for line in signer.proc("status").decode().splitlines())
            self.assertEqual(status["Seccomp"], "2")
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertGreater(int(status["VmLck"].split()[0]), 1000)
            self.assertRegex(signer.proc("limits").decode(), r"Max core file size\s+0\s+0")
            # Not dumpable: its /proc is of root, also where the process is not, and no process of its user reads its memory.
            self.assertEqual(os.stat(f"/proc/{signer.process.pid}/environ").st_uid, 0)

    def test_files_are_for_their_owner(self):
        with SignerProcess() as signer:
            signer.ask(payment(0))
            for path in [signer.keystore, *signer.folder.glob("state.db*")]:
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)
            self.assertEqual(stat.S_IMODE(signer.socket.stat().st_mode), 0o660)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root, to become another user")
    def test_another_user_is_refused(self):
        with SignerProcess() as signer:
            # The other user can reach the socket: only the check of its number is in the way.
            os.chmod(signer.folder, 0o755)
            os.chmod(signer.socket, 0o666)
            script = ("import sys; sys.path.insert(0, sys.argv[1]); import rig; c = rig.Connection(sys.argv[2]); "
                      "print(c.receive())")
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-B", "-c",
                                   script, os.path.dirname(os.path.abspath(__file__)), signer.socket], text=True,
                                  capture_output=True, timeout=rig.PATIENCE, check=False)
            self.assertEqual(done.stdout.strip(),
                             "{'refused': 'user', 'message': 'got user 65534, want one of `users`'}", done.stderr)
            self.assertIn("refused user 65534", signer.log)


class Commands(unittest.TestCase):
    def test_check_address_and_new_keys(self):
        with SignerProcess() as signer:
            self.assertIn(f"signs for {PAYER} on chain 42161", signer.command("check", "-c", signer.config))
            self.assertEqual(signer.command("address", "-c", signer.config).strip(), PAYER)
            new = signer.folder / "new.json"
            made = signer.command("key", "new", "--out", new, "--passphrase-file", signer.folder / "passphrase").strip()
            self.assertRegex(made, "^0x[0-9a-fA-F]{40}$")
            self.assertIn("a file is there", signer.command("key", "new", "--out", new, "--passphrase-file",
                                                           signer.folder / "passphrase", want=1))
            # A second process does not count beside the first.
            self.assertIn("the signer's state", signer.command("run", "-c", signer.config, want=1))
            self.assertEqual(signer.ask({"op": "address"}), {"address": PAYER})

    def test_a_credential_of_the_service_manager_is_taken(self):
        with SignerProcess() as signer:
            text = signer.config.read_text().replace(f"passphrase_file: {signer.folder}/passphrase",
                                                     "passphrase_credential: passphrase")
            signer.config.write_text(text)
            done = subprocess.run([rig.PROGRAM, "address", "-c", signer.config], capture_output=True, text=True, check=False,
                                  timeout=rig.PATIENCE, env={"CREDENTIALS_DIRECTORY": str(signer.folder)})
            self.assertEqual(done.stdout.strip(), PAYER, done.stderr)


@needed.program(rig.ANVIL, "anvil")
class OnChain(unittest.TestCase):
    def test_what_is_signed_is_paid_to_the_wei(self):
        with rig.Chain() as chain, SignerProcess() as signer:
            wei = 123_456_789_012_345_678
            before = chain.balance(PAYEE)
            signed = signer.ask(payment(0, wei=wei, fee=5 * GWEI))
            self.assertEqual(chain.call("eth_sendRawTransaction", signed["raw"]), signed["hash"])
            chain.call("evm_mine")
            receipt = chain.call("eth_getTransactionReceipt", signed["hash"])
            self.assertEqual(receipt["status"], "0x1")
            self.assertEqual(chain.balance(PAYEE) - before, wei)

    def test_higher_fees_replace_and_a_no_op_takes_the_nonce(self):
        with rig.Chain() as chain, SignerProcess() as signer:
            first = signer.ask(payment(0, wei=7, fee=5 * GWEI))
            second = signer.ask(payment(0, wei=7, fee=10 * GWEI, tip=GWEI))
            before = chain.balance(PAYEE)
            for signed in (first, second):
                chain.call("eth_sendRawTransaction", signed["raw"])
            chain.call("evm_mine")
            self.assertIsNone(chain.call("eth_getTransactionReceipt", first["hash"]))
            self.assertEqual(chain.call("eth_getTransactionReceipt", second["hash"])["status"], "0x1")
            self.assertEqual(chain.balance(PAYEE) - before, 7)
            third = signer.ask(payment(1, wei=ETHER // 2, fee=5 * GWEI))
            no_op = payment(1, to=PAYER, wei=0, fee=20 * GWEI, tip=GWEI)
            no_op["pays"]["payments"] = []
            fourth = signer.ask(no_op)
            self.assertEqual(fourth["kind"], "no_op")
            for signed in (third, fourth):
                chain.call("eth_sendRawTransaction", signed["raw"])
            chain.call("evm_mine")
            self.assertEqual(chain.call("eth_getTransactionReceipt", fourth["hash"])["status"], "0x1")
            self.assertEqual(chain.balance(PAYEE) - before, 7)


if __name__ == "__main__":
    needed.main()
