"""A host that pays, or its signer, whose disk is full or fails to flush: what cannot be recorded is not paid, and after a new
start nothing is paid twice and nothing is missing."""
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import test_payouts
from test_payouts import RECEIVERS

import needed
from network import wait_for
from rig import PATIENCE, PAYER

MEBIBYTES = 256
FLUSHES = "fsync,fdatasync,sync_file_range"
STRACE = pathlib.Path(shutil.which("strace") or "/usr/bin/strace")


class Disk:
    """A file system of its own at `folder`."""

    def __init__(self, test, folder):
        self.filler = folder / "filler"
        folder.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs", folder], capture_output=True,
                                 text=True, check=False)
        if mounted.returncode != 0:
            test.skipTest(f"a disk of its own cannot be mounted: {mounted.stderr.strip()}")
        test.addCleanup(subprocess.run, ["umount", folder], check=True)

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass

    def empty(self):
        self.filler.unlink()


class DiskTest(test_payouts.PayoutTest):
    orchestrators = 1

    def under_way(self):
        """A payment that was sent, and that no block has yet."""
        self.chain.call("evm_setAutomine", False)
        wait_for(lambda: any(one["state"] == "sent" for one in self.payouts()), "a payment that is sent")
        transaction = "0x" + self.rows("SELECT id FROM attempt ORDER BY seq DESC LIMIT 1")[0][0].hex()
        wait_for(lambda: self.chain.call("eth_getTransactionByHash", transaction), "that the node has it")

    def ends(self):
        wait_for(lambda: self.host.process.poll() is not None, "the host's end")
        self.assertEqual(self.host.stop(), 1)

    def goes_on(self):
        paid = len(self.rows("SELECT 1 FROM payout WHERE state = 7"))
        self.until(lambda: len(self.rows("SELECT 1 FROM payout WHERE state = 7")) >= paid + 2, "two more payouts")
        self.settle()
        self.check_money()
        report = self.reconciled()
        self.assertTrue(report["clean"], report)
        self.assertEqual(report["next_nonce"], len(self.payouts("--all")))
        self.assertGreater(self.chain.balance(RECEIVERS[0]), 0)

    def starts_again(self):
        """What was under way has been mined while the host was down."""
        self.chain.call("evm_setAutomine", True)
        self.mine()
        self.host.verified()
        self.host.start()

    def failing_flushes(self, process):
        """All of that process fail from now on, until it ends or the tracer does."""
        tracer = subprocess.Popen([STRACE, "-f", "-y", "-qq", "-o", self.host.folder / "flushes", "-e", f"trace={FLUSHES}", "-e",
                                   f"inject={FLUSHES}:error=EIO", "-p", str(process.pid)], stdin=subprocess.DEVNULL)
        self.addCleanup(self.end, tracer)
        return tracer

    @staticmethod
    def end(tracer):
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGTERM)  # the traced process goes on
        tracer.wait(PATIENCE)

    def failed_flushes(self, file):
        lines = (self.host.folder / "flushes").read_text().splitlines()
        return sum(file in line and "(INJECTED)" in line for line in lines)

    def signer_fails(self):
        self.until(lambda: any(one["state"] == "bound" for one in self.payouts()), "a payout that waits for its signature")
        signed = self.rows("SELECT count(*) FROM attempt")[0][0]
        wait_for(lambda: "payouts:unanswered" in self.alerts(), "the alert")
        decided = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) > decided + 1, "decisions meanwhile")
        self.assertEqual(self.rows("SELECT count(*) FROM attempt")[0][0], signed)
        self.assertEqual(self.chain.call("eth_getTransactionCount", PAYER, "pending"), hex(signed))


@unittest.skipUnless(os.geteuid() == 0, "a disk of its own needs root")
class Full(DiskTest):
    def test_a_host_whose_disk_fills_up_ends_and_pays_on_once_there_is_space(self):
        disk = Disk(self, self.host.folder / "state")
        self.addCleanup(self.host.stop)
        self.host.start()
        self.until_paid(1)
        self.under_way()
        disk.fill()
        self.ends()
        self.assertTrue(self.host.said("the disk is full"))
        disk.empty()
        self.starts_again()
        self.goes_on()

    def test_a_signer_whose_disk_fills_up_signs_nothing(self):
        disk = Disk(self, self.signer.folder / "own")
        self.signer.kill()
        self.addCleanup(self.signer.kill)
        text = self.signer.config.read_text()
        self.signer.config.write_text(text.replace("/state.db", "/own/state.db"))
        self.signer.start()
        self.host.start()
        self.until_paid(1)
        disk.fill()
        self.signer_fails()
        disk.empty()
        self.signer.kill()
        self.signer.start()
        self.goes_on()


@unittest.skipUnless(os.geteuid() == 0, "another process is traced by root")
@needed.program(STRACE, "strace")
class Flush(DiskTest):
    def test_a_host_that_cannot_flush_ends_at_once_and_pays_on_after_a_start(self):
        self.host.start()
        self.until_paid(1)
        self.under_way()
        tracer = self.failing_flushes(self.host.process)
        self.ends()
        self.end(tracer)
        # The ledger's was tried once: what a second one says of the first one's pages is worth nothing.
        self.assertEqual(self.failed_flushes("ledger.db"), 1)
        self.starts_again()
        self.goes_on()

    def test_a_signer_that_cannot_flush_signs_nothing(self):
        self.host.start()
        self.until_paid(1)
        tracer = self.failing_flushes(self.signer.process)
        self.signer_fails()
        self.assertGreater(self.failed_flushes("state.db"), 0)
        self.end(tracer)
        self.signer.kill()
        self.signer.start()
        self.goes_on()


if __name__ == "__main__":
    needed.main()
