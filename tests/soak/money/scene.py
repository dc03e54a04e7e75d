"""A ledger, a signer, endpoints and a chain of their own, and the lives of a payer in between."""
import collections
import pathlib
import random
import shutil
import signal
import tempfile
import time

import rig_path  # noqa: F401
import rig
import solidity
from audit import Audit
from books import Books, calls_of, payee, signed
from geth import Geth, GethMiner
from nodes import FINAL_DEPTH, GWEI, REJECTS, Miner
from payer import DAY_NS, ETHER, LIMITS, Clock, Payer, copy_of, verify
from proxy import Proxy

PAYEES = 42
REJECTING = 1  # this one always does
FICKLE = (2, 3, 4)  # these sometimes do
CONTRACT = "0x" + "b" * 40
BATCHES = ("batch-without-id", "whole-batch")  # wrong orders of batches
PLENTY = 10**6 * ETHER
SHARES = (0.1, 0.1, 0.3)  # of requests that meet a fault
LIFE = 4.0  # seconds, for a point that is not reached


class Scene:
    def __init__(self, build, seed, wrong="", geth=None):
        """`geth`: the program that is the node, instead of anvil."""
        self.build, self.wrong, self.geth = build, wrong, geth
        self.random = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="soak-money."))
        self.books = Books(self.folder / "ledger.db")
        self.chain = (Geth(geth, REJECTING) if geth else rig.Chain()).__enter__()
        self.signer = rig.SignerProcess(per_day=PLENTY, fees_per_day=PLENTY, max_gas=10_000_000,
                                        more=f"batch_contract: {CONTRACT}\n")
        self.signer.start()
        self.began = self.chain.balance(rig.PAYER)
        if geth:
            self.miner = GethMiner(self.chain, seed + 1)
        else:
            self.chain.call("anvil_setCode", payee(REJECTING), REJECTS)
            self.chain.call("anvil_setCode", CONTRACT, "0x" + solidity.committed("runtime").hex())
            self.miner = Miner(self.chain, seed + 1, [payee(one) for one in FICKLE])
        self.proxy = Proxy(int(self.chain.url.rsplit(":", 1)[1]), 3, seed + 2, self.sent)
        self.clock = Clock()
        self.payer = None
        self.armed = None  # the point that the network knows
        self.killed = collections.Counter()
        self.faults = collections.Counter()
        self.unrecorded = []
        self.sent_nonces = {}
        self.seen = {}
        self.missed = []  # points that were not reached, and what the payer said then
        self.paid = 0
        self.config = {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": self.proxy.urls, "timeout": "800ms",
                       "signer": {"socket": str(self.signer.socket)}, "max_fee_per_gas_wei": 60 * GWEI,
                       "final": {"tag": "latest-depth", "depth": FINAL_DEPTH}}
        if not geth:
            self.config["batch_contract"] = CONTRACT

    def close(self, keep):
        if self.payer is not None and self.payer.process.poll() is None:
            self.payer.kill()
        self.miner.stop()
        self.proxy.close()
        self.signer.__exit__()
        self.chain.__exit__()
        if not keep:
            shutil.rmtree(self.folder)

    def spawn(self, **options):
        batch = self.wrong in BATCHES if self.wrong else not self.geth and self.random.random() < 0.5
        self.payer = Payer(self.build, self.folder, self.config, PAYEES, self.clock, wrong=self.wrong,
                           mode="batch" if batch else "single", batch_most=self.random.choice((2, 6, 40)), **options)
        return self.payer

    # What the network sees

    def sent(self, raw):
        """False: it does not reach the node. A function: its answer is lost where that returns True."""
        if not self.books.recorded(raw):
            self.unrecorded.append(raw)
        self.turn_within_batch(raw)
        nonce = signed(raw).nonce
        second = self.sent_nonces.setdefault(nonce, raw) != raw
        if self.armed == "bump-overtaken" and second:
            self.miner.mine()
            return self.strike
        if self.miner.keeps(nonce, raw):
            return False
        if self.wrong == "newest-only" and second:
            self.miner.mine()  # the first one
        if self.wrong == "credit-back" and self.proxy.fates.share > 0:
            return lambda: True
        if self.armed == "send-lost":
            return not self.strike()
        if self.armed == "send-taken":
            return self.strike
        return None

    def turn_within_batch(self, raw):
        """Its gas was estimated, so a payee that rejects now does so when all others are paid."""
        what = signed(raw)
        fickle = {payee(one) for one in FICKLE}
        inside = [to for to, _ in calls_of(what.to, what.wei, what.data) if to in fickle]
        if not what.data or not inside or what.nonce in self.sent_nonces:
            return
        if self.wrong == "whole-batch" or self.miner.wild and self.random.random() < 0.4:
            self.faults["payees that reject within a batch"] += 1
            self.miner.turn(inside[0], True)

    def strike(self):
        """Kills the payer, once."""
        point, self.armed = self.armed, None
        if point is None:
            return False
        self.payer.process.send_signal(signal.SIGKILL)
        self.killed[point] += 1
        return True

    # Lives

    def live(self, point):
        """One life of the payer, ended at that point, or at any moment where it does not get there."""
        self.proxy.fates.share = self.random.choice(SHARES)
        by_proxy = point.by_proxy
        self.armed = point.name if by_proxy else None
        self.miner.held = point.holds
        n = self.random.choice((1, 1, 2, 4)) if point.often else 1
        payer = self.spawn(crash="" if by_proxy else point.name, crash_n=n)
        if payer.wait_for("running") and self.needs_debts(point):
            payer.order("decide")
        if self.random.random() < 0.3:
            payer.order("release")  # what is owed beside a payout that is held grows to more than one payment may be
        if self.random.random() < 0.2:
            self.trouble_while_it_lives()
        ended = payer.ended(LIFE)
        self.armed = None
        self.miner.held = False
        if not ended:
            payer.order("status")
            payer.ended(0.1)
            payer.kill()
            self.killed["any moment"] += 1
            self.missed.append((point.name, payer.last))
        else:
            status = payer.close()
            if status == -signal.SIGKILL and not by_proxy:
                self.killed[point.name] += 1
            elif status != -signal.SIGKILL and not self.wrong:
                raise AssertionError(f"the payer ended with status {status}: see {self.folder}/payer.log")
        if (ended := self.signer.process.poll()) is not None:
            raise AssertionError(f"the signer has ended by itself, with status {ended}")
        self.trouble_while_it_is_down()

    def needs_debts(self, point):
        return point.name.startswith(("decide", "reserve")) or self.books.open() < PAYEES // 2

    def trouble_while_it_lives(self):
        if self.random.random() < 0.5:
            self.faults["second payers"] += 1
            self.second_payer()
        else:
            self.faults["signers killed"] += 1
            self.signer.kill()
            time.sleep(self.random.uniform(0, 1))
            self.signer.start()

    def second_payer(self):
        """It has to end, since the ledger has its writer; where that was just killed, it is the writer."""
        other = Payer(self.build, self.folder, self.config, PAYEES, self.clock)
        if other.ended(LIFE):
            other.close()
            return
        first_is_alive = self.payer.process.poll() is None
        other.kill()
        if first_is_alive:
            raise AssertionError("two payers run on one ledger")

    def trouble_while_it_is_down(self):
        chance = self.random.uniform(0.3 if self.geth else 0, 1)
        if chance < 0.15:
            self.faults["reorganizations while down"] += 1
            self.miner.reorganize(self.random.randint(1, 5))
        elif chance < 0.3:
            self.faults["pools dropped while down"] += 1
            self.miner.drop()
        elif chance < 0.4:
            self.faults["torn tails of the log"] += 1
            log = self.folder / "ledger.db-wal"
            if log.exists():
                with open(log, "ab") as out:
                    out.write(self.random.randbytes(self.random.randint(1, 9000)))
        elif chance < 0.5:
            self.faults["clock jumps"] += 1
            self.clock.jump(self.random.choice((DAY_NS, DAY_NS, DAY_NS // 24, -DAY_NS // 24)))
        elif chance < 0.55:
            self.fail_disk()
        self.seen = self.books.decisions() if not self.seen or self.random.random() < 0.1 else self.seen

    def fail_disk(self):
        """A disk that is full, or whose fsync fails, ends the payer; it does not try again."""
        self.faults["disks that fail"] += 1
        payer = self.spawn(disk=self.random.choice(("full", "sync")), disk_after=self.random.randint(0, 6))
        payer.order("decide")
        if payer.ended(LIFE):
            status = payer.close()
            if status not in (2, 4):
                raise AssertionError(f"a failed disk: the payer ended with status {status}")
        else:
            payer.kill()

    # The end

    def settle(self, seconds=180):
        """All faults off: what is open is settled, or this raises."""
        self.proxy.fates.share = 0.0
        self.miner.calm()
        end = time.monotonic() + seconds
        quiet = idle = 0
        payer = self.spawn()
        payer.wait_for("running")
        while time.monotonic() < end:
            time.sleep(0.3)
            status = payer.status()
            if status is None:
                raise AssertionError("the payer ended while all was well")
            left = {name: count for name, count in status["payouts"].items() if name != "held" or count > 1}
            if not left and status["slots"] == 0:
                quiet += 1
                if quiet == 4:
                    payer.stop()
                    return None
                continue
            quiet = 0
            if status["payouts"].get("held", 0) > 1:
                payer.order("release")
            waits = set(status["payouts"]) <= {"held", "reserved"} and status["slots"] == 0
            idle = idle + 1 if waits else 0
            if idle == 10:
                payer.stop()
                self.clock.jump(DAY_NS)  # a limit of the day holds the rest
                payer = self.spawn()
                payer.wait_for("running")
                idle = 0
        payer.stop()
        return f"after {seconds} s: {status}"

    def old_backup(self, old):
        """A ledger that is older than the chain binds nothing, and says why."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="soak-money-old."))
        try:
            copy_of(old, folder)
            before = Books(folder / "ledger.db").rows("SELECT count(*) FROM slot")
            payer = Payer(self.build, folder, self.config, PAYEES, self.clock)
            payer.wait_for("running")
            payer.order("decide")
            end = time.monotonic() + 20
            while (status := payer.status())["block"] != "foreign":
                if time.monotonic() > end:
                    return f"an old backup is paid from: {status}"
            payer.stop()
            if Books(folder / "ledger.db").rows("SELECT count(*) FROM slot") != before:
                return "an old backup has bound a nonce"
            return None
        finally:
            shutil.rmtree(folder)

    def audit(self):
        """Texts of what is wrong, by invariant."""
        auditor = Audit(self.books, self.chain, rig.PAYER, self.began, LIMITS, self.seen)
        found = auditor.all()
        for raw in self.unrecorded[:3]:
            found["I5"].append(f"the bytes of nonce {signed(raw).nonce} were sent, and the ledger did not have them")
        if told := verify(self.build, self.books.file):
            found["I11"].append(told)
        return found
