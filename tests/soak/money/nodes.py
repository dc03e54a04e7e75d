"""What happens on the chain while the payer pays: blocks, dropped transactions, reorganizations, fees that rise, and
payees that begin to reject."""
import random
import threading
import time

GWEI = 10 ** 9
FINAL_DEPTH = 8  # deeper than any reorganization here
DEEPEST = 5
REJECTS, ACCEPTS = "0x60006000fd", "0x"


class Miner:
    """Mines by itself until it is stopped; all that touches the chain goes through one lock."""

    def __init__(self, chain, seed, fickle):
        self.chain = chain
        self.fickle = fickle  # payees that sometimes reject
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.counts = {"blocks": 0, "reorganizations": 0, "pools dropped": 0, "fees raised": 0, "payees turned": 0}
        self.wild = False
        self.held = False
        self.ended = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        for _ in range(FINAL_DEPTH + DEEPEST):
            self.mine()
        self.thread.start()

    def work(self):
        while not self.ended:
            if not self.held:
                self.step()
            time.sleep(0.06)

    def step(self):
        chance = self.random.random()
        if not self.wild or chance < 0.86:
            self.mine()
        elif chance < 0.90:
            self.drop()
        elif chance < 0.95:
            self.reorganize(self.random.randint(1, DEEPEST))
        elif chance < 0.98:
            self.raise_fees(self.random.randint(2, 60))
        else:
            self.turn(self.random.choice(self.fickle), self.random.random() < 0.5)

    def call(self, what, method, *params):
        with self.lock:
            self.chain.call(method, *params)
            self.counts[what] += 1

    def mine(self):
        self.call("blocks", "evm_mine")

    def keeps(self, nonce, raw):
        """Whether a transaction of the payer does not reach the node now."""
        return False

    def drop(self):
        self.call("pools dropped", "anvil_dropAllTransactions")

    def reorganize(self, depth):
        """The transactions of the blocks that are replaced are gone."""
        self.call("reorganizations", "anvil_reorg", depth, [])

    def raise_fees(self, gwei):
        self.call("fees raised", "anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))

    def turn(self, payee, rejects):
        self.call("payees turned", "anvil_setCode", payee, REJECTS if rejects else ACCEPTS)

    def calm(self):
        self.wild = self.held = False
        for payee in self.fickle:
            self.turn(payee, False)
        self.raise_fees(1)

    def stop(self):
        self.ended = True
        self.thread.join()
