"""Development chains for tests (anvil, Hardhat), on a port of their own and with accounts that sign by themselves.

`./dev test` installs them; tests that need one say so by `needed.program`.
"""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request

BUILD = pathlib.Path(os.environ["STIPEND_BUILD"])
ANVIL = BUILD.parent / "anvil" / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
HARDHAT = BUILD.parent / "hardhat" / "node_modules" / ".bin" / "hardhat"
HARDHAT_CONFIG = """\
module.exports = {
    solidity: "0.8.34",
    networks: {hardhat: {
        chainId: %d, hardfork: "cancun", throwOnTransactionFailures: false, mining: {auto: %s},
        accounts: {mnemonic: "test test test test test test test test test test test junk"},
    }},
};
"""
PATIENCE = 60  # seconds until something that does not come is a failure
CHAIN = 42161


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


class Chain:
    """Mines a block when it is asked to, or, with `mines`, for each transaction."""

    def __init__(self, mines=False, options=()):
        self.mines, self.options = mines, options

    def __enter__(self):
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        self.url = f"http://127.0.0.1:{port}"
        self.process = self.start(port)
        wait_for(self.answers, "the chain answers")
        return self

    def start(self, port):
        mining = [] if self.mines else ["--no-mining"]
        return subprocess.Popen([ANVIL, "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN), *mining,
                                 *self.options, "--silent"], stdin=subprocess.DEVNULL)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(PATIENCE)

    def answers(self):
        assert self.process.poll() is None, "the chain has ended"
        try:
            return self.call("eth_chainId") == hex(CHAIN)
        except OSError:
            return False

    def call(self, method, *params):
        answer = self.answer(method, *params)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def answer(self, method, *params):
        """The whole answer, which has a `result` or an `error`."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def balance(self, address):
        return int(self.call("eth_getBalance", address, "latest"), 16)


class Hardhat(Chain):
    """The same by Hardhat, which has another EVM, and enforces what a replacement has to pay."""

    def start(self, port):
        self.folder = tempfile.TemporaryDirectory(prefix="hardhat.")
        config = pathlib.Path(self.folder.name) / "hardhat.config.js"
        config.write_text(HARDHAT_CONFIG % (CHAIN, "true" if self.mines else "false"))
        return subprocess.Popen([HARDHAT, "--config", config, "node", "--hostname", "127.0.0.1", "--port", str(port)],
                                cwd=HARDHAT.parents[2], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                env=os.environ | {"HOME": self.folder.name, "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"})

    def __exit__(self, *what):
        super().__exit__(*what)
        self.folder.cleanup()
