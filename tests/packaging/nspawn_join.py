"""`stipend worker join` under a real systemd, on a machine where the package was just installed: the manager invites,
and one command has the service run as its own user, with what it wrote, and paid."""
import json
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from container import Container, Unavailable  # noqa: E402
from installed import install, install_devnet  # noqa: E402
from units import Unit  # noqa: E402

SKIP = 77
CONFIG = "/etc/stipend/config.yaml"
WORKER = "/etc/stipend/worker.yaml"
STATE = "/var/lib/stipend-worker"
ORCHESTRATOR = "https://127.0.0.1:9995"
URL = "http://127.0.0.1:8010"
SECRET = "c2f1e2d3a4b5968778695a4b3c2d1e0f"
PAYOUT = "0x" + "a" * 40
box = unit = manager = None


def prepare(root):
    install(root)
    install_devnet(root, f"-n 1 --gateway 127.0.0.1:9935 --orchestrator-listen {ORCHESTRATOR.removeprefix('https://')} "
                         f"--bare-listeners --secret {SECRET} --certificate-dir /srv/devnet")
    (root / "srv/devnet").mkdir(parents=True)
    (root / "srv/devnet").chmod(0o755)
    with open(root / "etc/group", "a", encoding="ascii") as file:
        file.write("docker:x:990:\n")
    (root / "etc/stipend/environment").write_text(
        "GATEWAY_URL=http://127.0.0.1:9935\nPAYMENT_INTERVAL_SECONDS=1\nDISPATCH_EVIDENCE=signed\nPRICE_UNSEEN=allow\n"
        "ALLOWED_ENDPOINT_NETWORKS=127.0.0.0/8\n")
    (root / "root/orch-secret").write_text(SECRET + "\n")
    (root / "root/orch-secret").chmod(0o600)


def join(*options):
    return box.run("stipend", "worker", "join", URL, "--token-file", "/root/invitation", "--endpoint", ORCHESTRATOR, "--id", "orch-1",
                   "--payout-address", PAYOUT, "--orchestrator", ORCHESTRATOR, "--orchestrator-secret-file", "/root/orch-secret",
                   "--orchestrator-cert", "/srv/devnet/0/cert.pem", "--watch", "gateway=tcp://127.0.0.1:9935", "--json", *options)


class JoinService(unittest.TestCase):
    def invite(self):
        # The role's own user reads the manager's state.
        made = json.loads(box.output("stipend", "orchestrators", "invite", "--approve", "--manager-url", URL, "--json", "-c", CONFIG))
        file = box.folder / "root/root/invitation"
        file.write_text(made["token"] + "\n")
        file.chmod(0o600)
        return made["token"]

    def test_one_command_has_the_service_run_and_paid(self):
        manager.wait_for(lambda: box.run("stipend", "status", "-c", CONFIG).returncode == 0, "a manager")
        token = self.invite()
        packaged = (box.folder / "root/etc/stipend/worker.yaml").read_text()
        self.assertNotEqual(unit.show("ActiveState"), "active")
        done = join()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + unit.journal())
        found = json.loads(done.stdout)
        self.assertEqual((found["state"], found["command"]), ("approved", None))
        self.assertEqual((unit.show("ActiveState"), unit.show("UnitFileState")), ("active", "enabled"))
        self.assertEqual((box.folder / "root/etc/stipend/worker.yaml.packaged").read_text(), packaged)
        # Its own user reads what root had made for it, and no other does.
        user = box.output("stat", "-c", "%u", f"/proc/{unit.show('MainPID')}")
        self.assertNotEqual(user, "0")
        for name in ("worker-key-seed", "orchestrator-secret"):
            self.assertEqual(box.output("stat", "-L", "-c", "%u %a", f"{STATE}/{name}"), f"{user} 600")
        self.assertEqual(box.output("stat", "-c", "%u %a", WORKER), "0 644")
        status = json.loads(box.output("curl", "-fsS", "--max-time", "10", "http://127.0.0.1:9876/service-status"))
        self.assertEqual(status["worker_key"], found["worker_key"])
        manager.wait_for(lambda: "orch-1" in manager.journal() and "wei" in manager.journal(), "a payment")
        # The same command again leaves the service as it runs.
        process = unit.show("MainPID")
        done = join()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual((unit.show("MainPID"), unit.show("ActiveState")), (process, "active"))
        # What it writes later is the service's as well.
        other = join("--metrics", "127.0.0.1:9110")
        self.assertEqual(other.returncode, 0, other.stdout + other.stderr + unit.journal())
        self.assertNotEqual(unit.show("MainPID"), process)
        self.assertEqual(unit.show("ActiveState"), "active")
        for one in (unit, manager):
            self.assertNotIn(token, one.journal())
            self.assertNotIn(SECRET, one.journal())


def main():
    global box, unit, manager
    try:
        box = Container(prepare)
        try:
            unit, manager = Unit(box, "stipend-worker"), Unit(box, "stipend")
            box.output("systemctl", "start", "devnet", "stipend")
            return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1
        finally:
            box.end()
    except Unavailable as why:
        print(f"skipped: {why}")
        return SKIP


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
