"""The installed host and the installed signer under a real systemd: the host pays on a chain, and never has the key."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "signer"))
import rig  # noqa: E402
import needed  # noqa: E402
from container import Container, Unavailable  # noqa: E402
from installed import BUILD, install, install_devnet  # noqa: E402
from units import ServiceCase, Unit  # noqa: E402

SKIP = 77
CONFIG = "/etc/stipend/config.yaml"
SOCKET = "/run/stipend-signer/signer.sock"
CHAIN_URL = "http://127.0.0.1:8545"
RECEIVER = "0x" + "1" * 39 + "e"
HOST_USER, SIGNER_USER = 980, 981
SIGNER = f"""\
chain_id: {rig.CHAIN}
keystore: /etc/stipend-signer/payer.json
passphrase_credential: passphrase
state: /var/lib/stipend-signer/state.db
socket: {SOCKET}
users: [stipend]
fees: {{max_fee_per_gas: {100 * rig.GWEI}, max_gas: 1000000, per_day: {rig.ETHER}}}
assets:
  - {{asset: native, per_payment: {rig.ETHER}, per_payee_day: {rig.ETHER}, per_day: {rig.ETHER}}}
"""
PAYOUTS = {"min": "0.004 ETH", "per_payment": "0.5 ETH", "per_payee_day": "1 ETH", "per_day": "1 ETH",
           "max_gas_price": "50 gwei", "max_fee_share": 0.2, "every": "1s", "look_every": "200ms", "resend_after": "2s",
           "config": {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": [CHAIN_URL], "signer": {"socket": SOCKET},
                      "max_fee_per_gas_wei": 100 * rig.GWEI, "final": {"tag": "latest-depth", "depth": 2}}}
box = unit = signer = None
signer_rights = 0  # its capability bounding set


def add_users(root):
    """As useradd and usermod do it: docs/payouts.md and docs/signer.md."""
    with open(root / "etc/passwd", "a", encoding="ascii") as file:
        for name, number in (("stipend", HOST_USER), ("stipend-signer", SIGNER_USER)):
            file.write(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n")
    with open(root / "etc/group", "a", encoding="ascii") as file:
        file.write(f"stipend:x:{HOST_USER}:\nstipend-signer:x:{SIGNER_USER}:stipend\n")


def let_it_lock_memory(root):
    """Where this machine itself may lock little, no unit can raise its limit, so the signer gets the right instead."""
    most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if most == resource.RLIM_INFINITY or most >= 64 << 20:
        return 0
    file = root / "etc/systemd/system/stipend-signer.service.d/lock.conf"
    file.parent.mkdir()
    file.write_text("[Service]\nCapabilityBoundingSet=CAP_IPC_LOCK\nAmbientCapabilities=CAP_IPC_LOCK\n")
    return 1 << 14


def let_it_filter():
    """A process has a limited sum of filters of system calls. Inside a container of a machine that is one itself there are
    those of both: the unit's widest one then leaves no place for the signer's own, which is narrower."""
    signer.wait_for(lambda: "signs for" in signer.journal() or "main process exited" in signer.journal().lower(), "the signer")
    if "no filter of system calls: Cannot allocate memory" not in signer.journal():
        return
    print("this machine's own filters leave no place for all of the unit's: without its SystemCallFilter=")
    file = box.folder / "root/etc/systemd/system/stipend-signer.service.d/filter.conf"
    file.parent.mkdir(exist_ok=True)
    file.write_text("[Service]\nSystemCallFilter=\n")
    box.output("systemctl", "daemon-reload")
    box.output("systemctl", "restart", "stipend-signer")
    signer.wait_for(lambda: "signs for" in signer.journal(), "the signer")


def private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def make_key(root):
    private(root / "etc/stipend/signer-passphrase", rig.PASSPHRASE + "\n")
    private(root / "key", rig.KEY + "\n")
    folder = root / "etc/stipend-signer"
    folder.mkdir(0o700)
    subprocess.run([BUILD / "bin/stipend-signer", "key", "import", "--from", root / "key", "--out", folder / "payer.json",
                    "--passphrase-file", root / "etc/stipend/signer-passphrase"], check=True, capture_output=True, timeout=60)
    (root / "key").unlink()
    for path in (folder, folder / "payer.json"):
        os.chown(path, SIGNER_USER, SIGNER_USER)


def prepare(root):
    global signer_rights
    install(root)
    install(root, components=("signer",))
    install_devnet(root, "-n 1 --gateway 127.0.0.1:9935")
    add_users(root)
    signer_rights = let_it_lock_memory(root)
    make_key(root)
    chain = root / "usr/local/bin/anvil"
    chain.write_bytes(rig.ANVIL.read_bytes())
    chain.chmod(0o755)
    (root / "etc/systemd/system/chain.service").write_text(
        f"[Service]\nType=exec\nExecStart=anvil --chain-id {rig.CHAIN} --block-time 1 --silent\nEnvironment=HOME=/tmp\n")
    etc = root / "etc/stipend"
    (etc / "environment").write_text("GATEWAY_URL=http://127.0.0.1:9935\nPAYMENT_INTERVAL_SECONDS=1\nDISPATCH_EVIDENCE=any\n"
                                     "PRICE_UNSEEN=allow\n")
    (etc / "signer.yaml").write_text(SIGNER)
    address = subprocess.run([BUILD / "bin/stipend-devnet", "-n", "1", "--print-addresses"], check=True, text=True,
                             capture_output=True, timeout=60).stdout.strip()
    text = (etc / "config.yaml").read_text()
    entries = json.dumps([{"address": address, "id": "orch", "payout_address": RECEIVER}])
    for old, new in (("settlement: dry-run", "settlement: ethereum"),
                     ("\norchestrators: []", f"\norchestrators: {entries}\npayouts: {json.dumps(PAYOUTS)}")):
        assert old in text, old
        text = text.replace(old, new)
    (etc / "config.yaml").write_text(text)


def payouts():
    lines = box.output("stipend", "payouts", "list", "--all", "--json", "-c", CONFIG).splitlines()
    return [json.loads(line) for line in lines]


def paid():
    return [one for one in payouts() if one["state"] == "paid"]


def asked(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    answer = box.output("curl", "-fsS", "--max-time", "10", "-H", "Content-Type: application/json", "-d", body, CHAIN_URL)
    return json.loads(answer)["result"]


class Payer(ServiceCase):
    file = "config.yaml"

    def more_paid(self):
        before = len(paid())
        unit.wait_for(lambda: len(paid()) > before, "a further payout")

    def field(self, process, name):
        status = box.output("cat", f"/proc/{process}/status")
        return dict(line.split(":", 1) for line in status.splitlines())[name].split()

    def test_it_pays_what_the_chain_says_as_well(self):
        self.more_paid()
        box.output("systemctl", "stop", "stipend")
        # What was sent is in a block by now, or is paid after the next start: nothing is paid beside the ledger's payouts.
        ledger = sum(int(one["amount_wei"]) for one in payouts() if one["state"] in ("paid", "sent", "mined", "confirmed"))
        unit.wait_for(lambda: int(asked("eth_getBalance", RECEIVER, "latest"), 16) == ledger, "the last block")
        self.assertEqual(json.loads(box.output("stipend", "ledger", "verify", "--json", "-c", CONFIG))["clean"], True)
        box.output("systemctl", "start", "stipend")

    def test_ledger_and_chain_agree(self):
        self.more_paid()
        report = json.loads(box.output("stipend", "reconcile", "--json", "-c", CONFIG))
        self.assertTrue(report["clean"], report)

    def test_the_signer_runs_without_rights_and_without_a_network(self):
        process = signer.show("MainPID")
        self.assertEqual(self.field(process, "Uid")[0], str(SIGNER_USER))
        self.assertEqual(int(self.field(process, "CapBnd")[0], 16), signer_rights)
        self.assertEqual((self.field(process, "NoNewPrivs")[0], self.field(process, "Seccomp")[0]), ("1", "2"))
        devices = box.output("nsenter", "-t", process, "-n", "cat", "/proc/net/dev").splitlines()[2:]
        self.assertEqual([line.split(":")[0].strip() for line in devices], ["lo"])
        self.assertNotEqual(int(self.field(process, "VmLck")[0]), 0)

    def test_the_host_cannot_read_the_key(self):
        as_host = ["setpriv", "--reuid", HOST_USER, "--regid", HOST_USER, "--groups", SIGNER_USER, "--"]
        for file in ("/etc/stipend-signer/payer.json", "/etc/stipend/signer-passphrase", "/var/lib/stipend-signer/state.db"):
            done = box.run(*as_host, "cat", file)
            self.assertNotEqual(done.returncode, 0, file)
        process = unit.show("MainPID")
        self.assertEqual(self.field(process, "Uid")[0], str(HOST_USER))

    def test_another_user_gets_no_signature(self):
        ask = ("import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
               "s.sendall(b'\\0\\0\\0\\2{}')\nprint(s.recv(4096)[4:].decode())")
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--", "python3", "-c", ask, SOCKET]
        with_group = ["setpriv", "--reuid", "65534", "--regid", SIGNER_USER, "--clear-groups", "--", "python3", "-c", ask,
                      SOCKET]
        # A signer that was started again just now makes its socket anew.
        signer.wait_for(lambda: '"user"' in box.run(*with_group).stdout, "a refusal of the user")
        self.assertIn("Permission denied", box.run(*nobody).stderr)

    def test_secrets_are_in_no_log_environment_or_command_line(self):
        self.more_paid()
        said = box.output("journalctl", "--no-pager", "-o", "cat")
        for process in (unit.show("MainPID"), signer.show("MainPID")):
            said += box.output("cat", f"/proc/{process}/environ", f"/proc/{process}/cmdline")
        self.assertNotIn(rig.KEY, said)
        self.assertNotIn(rig.PASSPHRASE, said)
        state = box.folder / "root/var/lib/private/stipend"
        for file in state.glob("*.db*"):
            self.assertNotIn(bytes.fromhex(rig.KEY), file.read_bytes(), file)

    def test_a_signer_that_is_killed_comes_back_and_nothing_is_paid_twice(self):
        self.more_paid()
        process = signer.show("MainPID")
        box.output("kill", "-KILL", process)
        signer.wait_for(lambda: signer.show("MainPID") not in ("0", process) and signer.active(), "the restart")
        self.more_paid()
        self.assertTrue(json.loads(box.output("stipend", "reconcile", "--json", "-c", CONFIG))["clean"])


def main():
    global box, unit, signer
    if not rig.ANVIL.exists():
        print("skipped: " + needed.missing("anvil"))
        return SKIP
    try:
        box = Container(prepare, rights=["CAP_IPC_LOCK"])
    except Unavailable as why:
        print(f"skipped: {why}")
        return SKIP
    unit = Payer.unit = Unit(box, "stipend")
    signer = Unit(box, "stipend-signer")
    try:
        for name in ("devnet", "chain", "stipend-signer"):
            box.output("systemctl", "start", name)
        let_it_filter()
        return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1
    finally:
        box.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
