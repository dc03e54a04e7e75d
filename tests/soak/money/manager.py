"""The same network and chain, and the manager as the payer: it is killed at any moment, while it sends, while the plugin
that it pays by is replaced, and while its signer has no keystore."""
import hashlib
import json
import os
import pathlib
import random
import signal
import time

import rig_path  # noqa: F401
import rig
import solidity
from audit import Audit
from books import Books, signed
from network import BUILD, Devnet, Host, wait_for
from nodes import FINAL_DEPTH, GWEI, Miner
from proxy import Proxy
from scene import CONTRACT

PROJECT = pathlib.Path(__file__).resolve().parents[3]
ORCHESTRATORS = 8
FICKLE = 2  # the first ones sometimes reject
RULES = {"min": "0.01 ETH", "per_payment": "1 ETH", "per_payee_day": "20 ETH", "per_day": "100 ETH", "max_gas_price": "60 gwei",
         "max_fee_share": 0.5, "every": "1s", "look_every": "300ms", "resend_after": "2s", "replace_after": "3s",
         "confirmations": 3}
LIMITS = {"per_payment": rig.ETHER, "per_payee_day": 20 * rig.ETHER, "per_day": 100 * rig.ETHER}
SHARES = (0.0, 0.1, 0.1, 0.3)
BY_PROXY = ("send-lost", "send-taken", "bump-overtaken")
MOMENTS = ("any moment", *BY_PROXY, "plugin replaced", "keystore missing")
PLUGIN = "ethereum.so"


def receiver(number):
    return f"0xbeef{number:036}"


class ManagerScene:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.chain = rig.Chain().__enter__()
        self.signer = rig.SignerProcess(per_day=10**6 * rig.ETHER, fees_per_day=10**6 * rig.ETHER, max_gas=10_000_000,
                                        more=f"batch_contract: {CONTRACT}\n")
        self.signer.start()
        self.chain.call("anvil_setCode", CONTRACT, "0x" + solidity.committed("runtime").hex())
        self.began = self.chain.balance(rig.PAYER)
        self.miner = Miner(self.chain, seed + 1, [receiver(one) for one in range(1, FICKLE + 1)])
        self.proxy = Proxy(int(self.chain.url.rsplit(":", 1)[1]), 3, seed + 2, self.sent)
        self.devnet = Devnet(ORCHESTRATORS)
        self.host = Host(self.devnet)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.books = Books(self.host.folder / "state" / "ledger.db")
        self.killed = dict.fromkeys(MOMENTS, 0)
        self.plugins = self.taken = 0  # files that were put in place, and those of them that were seen to pay
        self.armed = None
        self.unrecorded = []
        self.sent_nonces = {}
        self.configure()

    def configure(self, timeout="800ms", **more):
        plugin = {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": self.proxy.urls, "timeout": timeout,
                  "signer": {"socket": str(self.signer.socket)}, "max_fee_per_gas_wei": 60 * GWEI,
                  "final": {"tag": "latest-depth", "depth": FINAL_DEPTH}, "batch_contract": CONTRACT}
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
        self.configure(mode=self.random.choice(("single", "batch")))
        if self.random.random() < 0.3:
            self.release()
        self.miner.held = moment == "bump-overtaken"
        since = len(self.host.lines)
        self.host.spawn()
        if moment in BY_PROXY:
            moment = self.wait_for_strike(moment)
        elif moment == "plugin replaced":
            self.host.wait_line("orchestrators, every", since)
            self.replace_plugin()
        elif moment == "keystore missing":
            self.miss_keystore()
        else:
            time.sleep(self.random.uniform(0, 5))
        self.miner.held = False
        if moment not in BY_PROXY:
            self.killed[moment] += 1
        assert self.host.process.poll() in (None, -signal.SIGKILL), "".join(self.host.lines[-5:])
        self.host.kill()
        if self.random.random() < 0.5:
            self.random.choice((self.miner.drop, lambda: self.miner.reorganize(self.random.randint(1, 5))))()

    def wait_for_strike(self, moment):
        """That moment, or any other where it does not come."""
        self.armed = moment
        end = time.monotonic() + 8
        while self.armed and time.monotonic() < end:
            time.sleep(0.02)
        missed, self.armed = self.armed, None
        return "any moment" if missed else moment

    def replace_plugin(self):
        """By a file with other bytes that does the same: it is killed before, while or after that one is taken."""
        self.plugins += 1
        data = (BUILD / "lib" / "stipend" / "plugins" / PLUGIN).read_bytes() + b"%d" % self.plugins
        new = self.host.folder / "new.so"
        new.write_bytes(data)
        since = len(self.host.lines)
        os.replace(new, self.host.plugins / PLUGIN)
        if self.random.random() < 0.5:
            time.sleep(self.random.uniform(0, 2.5))
            return
        self.host.wait_line(" is in force", since)
        code, out, err = self.host.run("plugins", "status", "--json")
        assert code == 0 and hashlib.sha256(data).hexdigest() in out, out + err
        self.taken += 1
        time.sleep(self.random.uniform(0, 4))

    def miss_keystore(self):
        """Deciding goes on, and nothing is signed until the keystore is there again."""
        away = self.signer.keystore.with_suffix(".away")
        self.signer.kill()
        self.signer.keystore.rename(away)
        told = self.signer.command("run", "-c", self.signer.config, want=1)
        assert "no such file" in told, told
        self.wait_for_decisions(1)  # what was signed before that is recorded
        signed_before = self.books.rows("SELECT count(*) FROM attempt")
        self.wait_for_decisions(8 * ORCHESTRATORS)  # one a second: longer than the payer waits after an error
        assert self.books.rows("SELECT count(*) FROM attempt") == signed_before, "there is a signature without a key"
        away.rename(self.signer.keystore)
        self.signer.start()
        time.sleep(self.random.uniform(0, 3))

    def wait_for_decisions(self, count):
        want = count + self.decided()
        wait_for(lambda: self.decided() >= want, "decisions without a keystore")

    def decided(self):
        return self.books.rows("SELECT count(*) FROM decision")[0][0]

    def payouts(self):
        code, out, err = self.host.run("payouts", "list", "--json")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def release(self, payouts=None):
        """A payee that rejected waits for a person, and all do where payments failed on the chain."""
        for one in self.payouts() if payouts is None else payouts:
            if one["state"] == "held":
                self.host.run("payouts", "release", str(one["payout"]))

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
            self.release(left)
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
        scene.host.start()
        scene.host.kill()  # it has a ledger from here on
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
        print(f"  {scene.plugins} files of the plugin, of which {scene.taken} were seen to pay")
        print("  {} batches executed, {} payouts paid by them, {} not taken".format(*scene.books.batches()))
        for counts in (scene.killed, scene.proxy.fates.counts, scene.miner.counts):
            print("  " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        for name, texts in found.items():
            for text in texts[:5]:
                print(f"VIOLATION: {name}: {text}")
    finally:
        scene.close(keep)
    return not found
