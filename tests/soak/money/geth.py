"""geth in its developer mode instead of anvil: the node that most chains run, with the rules of its pool.

Its blocks come by transactions alone. What only anvil does is left out: reorganizations, dropped pools, fees that rise,
payees that begin to reject, and batches, since it is of before the EVM that their contract needs (Cancun).
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import rig_path  # noqa: F401
import rig
from books import payee
from nodes import REJECTS, Miner

MODULE = "github.com/ethereum/go-ethereum/cmd/geth@v1.12.2"
FUNDS = 10_000 * rig.ETHER
FEE = 500 * rig.GWEI  # more than any base fee here
SECONDS_FOR_A_BLOCK = 2  # where it does not come, its transaction was lost with a block that was replaced
GAS_LIMIT = 30_000_000
# The second account of the mnemonic whose first one is the payer's.
MINER_KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
MINER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def program(given, build):
    """The one that is named, that of the PATH, or one that is built here from its Go module."""
    if given:
        return pathlib.Path(given).resolve()
    if found := shutil.which("geth"):
        return pathlib.Path(found)
    folder = build.parent / "geth"
    if not (folder / "geth").exists():
        make(folder)
    return folder / "geth"


def make(folder):
    if not shutil.which("go"):
        raise SystemExit("no geth: put one into the PATH, name it with --geth, or install Go, by which it is built here")
    print(f"building {MODULE}: this takes some minutes", flush=True)
    # Newer linkers take one of its modules only with an option, which older ones do not know.
    for flags in ([], ["-ldflags=-checklinkname=0"]):
        done = subprocess.run(["go", "install", *flags, MODULE], env=os.environ | {"GOBIN": str(folder)}, check=False)
        if done.returncode == 0:
            return
    raise SystemExit(f"{MODULE} could not be built")


class Geth(rig.Chain):
    """With the payer's funds, and a payee that always rejects."""

    def __init__(self, program, rejecting):
        super().__init__()
        self.program = program
        self.rejecting = rejecting

    def start(self, port):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="geth."))
        genesis = self.folder / "genesis.json"
        genesis.write_text(json.dumps(self.genesis()))
        data = ["--datadir", self.folder / "data"]
        for name, text in (("key", MINER_KEY), ("passphrase", "")):
            (self.folder / name).write_text(text + "\n")
        password = ["--password", self.folder / "passphrase"]
        for command in (["init", *data, genesis],
                        ["account", "import", *data, *password, "--lightkdf", self.folder / "key"]):
            subprocess.run([self.program, *command], check=True, capture_output=True, timeout=rig.PATIENCE)
        return subprocess.Popen([self.program, "--dev", *data, *password, "--verbosity", "1", "--http", "--http.addr", "127.0.0.1", "--http.port", str(port),
                                 "--http.api", "eth,net,web3,debug", "--networkid", str(rig.CHAIN), "--nodiscover",
                                 "--maxpeers", "0", "--port", "0", "--authrpc.port", "0", "--ipcdisable",
                                 "--allow-insecure-unlock", "--rpc.txfeecap", "0"],
                                stdin=subprocess.DEVNULL, stdout=open(self.folder / "log", "wb"), stderr=subprocess.STDOUT)

    def genesis(self):
        forks = ("homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul", "berlin",
                 "london", "arrowGlacier", "grayGlacier")
        config = {f"{fork}Block": 0 for fork in forks} | {"chainId": rig.CHAIN, "shanghaiTime": 0, "terminalTotalDifficulty": 0,
                                                          "terminalTotalDifficultyPassed": True, "isDev": True}
        return {"config": config, "difficulty": "0x1", "gasLimit": hex(GAS_LIMIT), "baseFeePerGas": hex(rig.GWEI),
                "alloc": {rig.PAYER: {"balance": hex(FUNDS)}, MINER: {"balance": hex(FUNDS)},
                          payee(self.rejecting): {"balance": "0x0", "code": REJECTS}}}

    def __exit__(self, *what):
        super().__exit__(*what)
        shutil.rmtree(self.folder)


class GethMiner(Miner):
    """Each transaction makes a block, so while it is held the payer's are kept from the node."""

    def __init__(self, chain, seed):
        self.kept = {}
        super().__init__(chain, seed, [None])

    def mine(self):
        while self.kept:
            self.chain.answer("eth_sendRawTransaction", "0x" + self.kept.pop(min(self.kept)).hex())
        with self.lock:
            nonce = self.chain.call("eth_getTransactionCount", MINER, "latest")
            self.chain.answer("eth_sendTransaction", {"from": MINER, "to": MINER, "gas": hex(21_000), "nonce": nonce,
                                                      "maxFeePerGas": hex(FEE), "maxPriorityFeePerGas": hex(rig.GWEI)})
            end = time.monotonic() + SECONDS_FOR_A_BLOCK
            while self.chain.call("eth_getTransactionCount", MINER, "latest") == nonce and time.monotonic() < end:
                time.sleep(0.01)
            self.counts["blocks"] += 1

    def keeps(self, nonce, raw):
        if self.held:
            self.kept.setdefault(nonce, raw)
        return self.held

    def drop(self):
        pass

    def reorganize(self, depth):
        """Not by hand: `debug_setHead` takes blocks away, and its developer mode crashes at the next one."""

    def raise_fees(self, gwei):
        pass

    def turn(self, payee, rejects):
        pass
