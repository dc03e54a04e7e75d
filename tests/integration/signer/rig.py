"""A real signer for the tests: its folder, its process, a connection to it; and a chain of its own, where anvil is there."""
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from chain import ANVIL, CHAIN, PATIENCE, Chain, wait_for  # noqa: E402,F401

BUILD = pathlib.Path(os.environ["STIPEND_BUILD"])
PROGRAM = BUILD / "bin" / "stipend-signer"
# The first account of the mnemonic "test test ... junk", which every development chain funds.
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
PAYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
PAYEE = "0x14791697260E4c9A71f18484C9f997B308e59325"
OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
PASSPHRASE = "correct horse battery staple"
GWEI = 10 ** 9
ETHER = 10 ** 18


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))

    def send(self, request):
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def read(self, size):
        out = b""
        while len(out) < size:
            part = self.socket.recv(size - len(out))
            if not part:
                raise EOFError(f"closed after {len(out)} of {size} bytes")
            out += part
        return out

    def receive(self):
        return json.loads(self.read(struct.unpack(">I", self.read(4))[0]))

    def ask(self, request):
        self.send(request)
        return self.receive()

    def close(self):
        self.socket.close()


def payment(nonce, to=PAYEE, wei=1, fee=GWEI, tip=0):
    """A request to sign a transfer of the chain's own coin."""
    return {"op": "sign",
            "transaction": {"chain_id": CHAIN, "nonce": nonce, "max_priority_fee_per_gas": str(tip),
                            "max_fee_per_gas": str(fee), "gas_limit": 100_000, "to": to, "value": str(wei), "data": "0x"},
            "pays": {"asset": "native", "payments": [{"to": to, "amount": str(wei)}]}}


class SignerProcess:
    """A folder with a key and a configuration, which ends with further assets or keys, and the process that uses it."""

    def __init__(self, per_day=ETHER, users="[root]", more="", max_gas=1_000_000, fees_per_day=10 * ETHER, key=KEY):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signer."))
        self.process = None
        self.secret("passphrase", PASSPHRASE + "\n")
        self.secret("key", key + "\n")
        self.keystore = self.folder / "payer.json"
        self.command("key", "import", "--out", self.keystore, "--passphrase-file", self.folder / "passphrase", "--from",
                     self.folder / "key")
        os.unlink(self.folder / "key")
        self.socket = self.folder / "signer.sock"
        self.config = self.folder / "signer.yaml"
        self.config.write_text(f"""\
chain_id: {CHAIN}
keystore: {self.keystore}
passphrase_file: {self.folder}/passphrase
state: {self.folder}/state.db
socket: {self.socket}
users: {users}
fees: {{max_fee_per_gas: {100 * GWEI}, max_gas: {max_gas}, per_day: {fees_per_day}}}
assets:
  - {{asset: native, per_payment: {per_day}, per_payee_day: {per_day}, per_day: {per_day}}}
{more}""")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder)

    def secret(self, name, text):
        with open(os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(text)

    def command(self, *arguments, want=0):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == want, done
        return done.stdout + done.stderr

    @property
    def log(self):
        return (self.folder / "log").read_text()

    def start(self):
        before = self.log.count("signs for") if (self.folder / "log").exists() else 0
        with open(self.folder / "log", "a", encoding="utf-8") as out:
            self.process = subprocess.Popen([PROGRAM, "run", "-c", self.config], stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL)
        wait_for(lambda: self.log.count("signs for") > before or self.process.poll() is not None, "the signer answers")
        assert self.process.poll() is None, self.log

    def kill(self, number=signal.SIGKILL):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE) if self.process is not None else None
        self.process = None
        return status

    def connect(self):
        return Connection(self.socket)

    def ask(self, request):
        connection = self.connect()
        try:
            return connection.ask(request)
        finally:
            connection.close()

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_bytes()
