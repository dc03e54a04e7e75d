"""The same network and chain, and the manager as the payer: it is killed at any moment, and while it sends."""
import json
import pathlib
import random
import signal
import time

import rig_path  # noqa: F401
import rig
from audit import Audit
from books import Books, signed
from network import Devnet, Host
from nodes import FINAL_DEPTH, GWEI, Miner
from proxy import Proxy

PROJECT = pathlib.Path(__file__).resolve().parents[3]
ORCHESTRATORS = 8
FICKLE = 2  # the first ones sometimes reject
RULES = {"min": "0.01 ETH", "per_payment": "1 ETH", "per_payee_day": "20 ETH", "per_day": "100 ETH", "max_gas_price": "60 gwei",
         "max_fee_share": 0.5, "every": "1s", "look_every": "300ms", "resend_after": "2s", "replace_after": "3s",
         "confirmations": 3}
LIMITS = {"per_payment": rig.ETHER, "per_payee_day": 20 * rig.ETHER, "per_day": 100 * rig.ETHER}
SHARES = (0.0, 0.1, 0.1, 0.3)
MOMENTS = ("any moment", "send-lost", "send-taken", "bump-overtaken")


def receiver(number):
    return f"0xbeef{number:036}"


class ManagerScene:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.chain = rig.Chain().__enter__()
        self.signer = rig.SignerProcess(per_day=10**6 * rig.ETHER)
        self.signer.start()
        self.began = self.chain.balance(rig.PAYER)
        self.miner = Miner(self.chain, seed + 1, [receiver(one) for one in range(1, FICKLE + 1)])
        self.proxy = Proxy(int(self.chain.url.rsplit(":", 1)[1]), 3, seed + 2, self.sent)
        self.devnet = Devnet(ORCHESTRATORS)
        self.host = Host(self.devnet)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.books = Books(self.host.folder / "state" / "ledger.db")
        self.killed = dict.fromkeys(MOMENTS, 0)
        self.armed = None
        self.unrecorded = []
        self.sent_nonces = {}
        self.configure()

    def configure(self, timeout="800ms", **more):
        plugin = {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": self.proxy.urls, "timeout": timeout,
                  "signer": {"socket": str(self.signer.socket)}, "max_fee_per_gas_wei": 60 * GWEI,
                  "final": {"tag": "latest-depth", "depth": FINAL_DEPTH}}
        entries = [{"address": address, "id": f"orchestrator-{at}", "payout_address": receiver(at)}
                   for at, address in enumerate(self.devnet.addresses.split(","), 1)]
        text = (PROJECT / "config.yaml").read_text().replace('folder: ""', f"folder: {self.host.plugins}")
        text = text.replace("settlement: dry-run", "settlement: ethereum")
        text = text.replace("\norchestrators: []", "\norchestrators: " + json.dumps(entries))
        self.host.config.write_text(text + "\npayouts: " + json.dumps(RULES | more | {"config": plugin}) + "\n")

    def close(self, keep):
        self.host.end(keep)
        self.devnet.end()
        self.miner.stop()
        self.proxy.close()
        self.signer.__exit__()
        self.chain.__exit__()

    def sent(self, raw):
        if not self.books.recorded(raw):
            self.unrecorded.append(raw)
        nonce = signed(raw).nonce
        second = self.sent_nonces.setdefault(nonce, raw) != raw
        if self.armed == "send-lost":
            return not self.strike()
        if self.armed == "bump-overtaken" and second:
            self.miner.mine()
            return self.strike
        return self.strike if self.armed == "send-taken" else None

    def strike(self):
        moment, self.armed = self.armed, None
        if moment is None:
            return False
        self.host.process.send_signal(signal.SIGKILL)
        self.killed[moment] += 1
        return True

    def live(self):
        self.proxy.fates.share = self.random.choice(SHARES)
        moment = self.random.choice(MOMENTS)
        self.miner.held = moment == "bump-overtaken"
        self.host.spawn()
        if moment == "any moment":
            time.sleep(self.random.uniform(0, 5))
        else:
            self.armed = moment
            end = time.monotonic() + 8
            while self.armed and time.monotonic() < end:
                time.sleep(0.02)
        self.miner.held = False
        if moment == "any moment" or self.armed:
            self.armed = None
            self.killed["any moment"] += 1
        assert self.host.process.poll() in (None, -signal.SIGKILL), "".join(self.host.lines[-5:])
        self.host.kill()
        if self.random.random() < 0.5:
            self.random.choice((self.miner.drop, lambda: self.miner.reorganize(self.random.randint(1, 5))))()

    def payouts(self):
        code, out, err = self.host.run("payouts", "list", "--json")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def settle(self, seconds=90):
        """All faults off, and nothing more becomes due: what is open is paid, or this says what is left."""
        self.proxy.fates.share = 0.0
        self.miner.calm()
        self.configure("20s", min="1000 ETH", per_payment="1000 ETH", per_payee_day="1000 ETH", per_day="1000 ETH")
        self.host.start()
        end = time.monotonic() + seconds
        left = self.payouts()
        while left and time.monotonic() < end:
            time.sleep(0.5)
            for one in left:
                if one["state"] == "held":
                    self.host.run("payouts", "release", str(one["payout"]))
            left = self.payouts()
        return f"after {seconds} s: {left}" if left else None

    def audit(self):
        reconciled = self.host.run("reconcile")
        self.host.stop()
        auditor = Audit(self.books, self.chain, rig.PAYER, self.began, LIMITS, {}, receiver, rejecting=0)
        found = auditor.all()
        for raw in self.unrecorded[:3]:
            found["I5"].append(f"the bytes of nonce {signed(raw).nonce} were sent, and the ledger did not have them")
        if reconciled[0] != 0:
            found["I17"].append("reconcile: " + reconciled[1] + reconciled[2])
        verified = self.host.run("ledger", "verify")
        if verified[0] != 0:
            found["I11"].append(verified[1] + verified[2])
        return found


def run(options):
    begun = shown = time.monotonic()
    scene = ManagerScene(options.seed)
    print(f"money, by the manager: seed {options.seed}", flush=True)
    found, keep, lives = {}, True, 0
    try:
        scene.miner.wild = True
        while lives != options.lives and time.monotonic() - begun < (options.minutes or 10) * 60:
            lives += 1
            scene.live()
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                print(f"  {shown - begun:6.0f} s  {lives} lives  {scene.books.paid()} payouts", flush=True)
        unsettled = scene.settle()
        found = scene.audit()
        if unsettled:
            found["I15"].insert(0, unsettled)
        keep = bool(found)
        print(f"money, by the manager: {'FAILED' if found else 'ok'}, {lives} lives, {scene.books.paid()} payouts, "
              f"{time.monotonic() - begun:.0f} s")
        for counts in (scene.killed, scene.proxy.fates.counts, scene.miner.counts):
            print("  " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        for name, texts in found.items():
            for text in texts[:5]:
                print(f"VIOLATION: {name}: {text}")
    finally:
        scene.close(keep)
    return not found
