"""The installed worker under a real systemd, with a real Docker Engine: what its sandbox leaves it, and the manager
beside it on the same machine. The Engine runs on this machine; its socket is shown inside, owned by group docker."""
import json
import os
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import engine as engines  # noqa: E402
from container import Container, Unavailable  # noqa: E402
from installed import install, install_devnet  # noqa: E402
from units import ServiceCase, Unit  # noqa: E402

SKIP = 77
CONFIG = "/etc/stipend/worker.yaml"
ORCHESTRATOR = "127.0.0.1:9995"
GROUP = 990  # of the container's group docker; this machine need not have one
SECRET = "c2f1e2d3a4b5968778695a4b3c2d1e0f"
engine = box = unit = None


def prepare(root):
    install(root)
    install_devnet(root, f"-n 1 --gateway 127.0.0.1:9935 --orchestrator-listen {ORCHESTRATOR} --bare-listeners "
                         f"--secret {SECRET}")
    faster = root / "etc/systemd/system/stipend-worker.service.d/faster.conf"
    faster.parent.mkdir()
    faster.write_text("[Service]\nWatchdogSec=3s\nRestartSec=200ms\n")
    with open(root / "etc/group", "a", encoding="ascii") as file:
        file.write(f"docker:x:{GROUP}:\n")
    etc = root / "etc/stipend"
    (etc / "environment").write_text("GATEWAY_URL=http://127.0.0.1:9935\nPAYMENT_INTERVAL_SECONDS=1\nDISPATCH_EVIDENCE=any\nPRICE_UNSEEN=allow\n"
                                     f"ORCHESTRATOR_ADDRESSES=https://{ORCHESTRATOR}\n")
    (etc / "worker.environment").write_text(f"ORCH_URL=https://{ORCHESTRATOR}\nCHECK_INTERVAL=1\n")
    (etc / "worker-credentials/secret").write_text(SECRET)
    text = (etc / "worker.yaml").read_text()
    for old, new in (("${ORCH_SECRET:-${ORCHESTRATOR_SECRET:-orch-secret}}", "${cred:stipend_secret}\n    tls: none"),
                     ('    - name: "s1_*"\n    - name: "s2_*"\n', "")):
        assert old in text, old
        text = text.replace(old, new)
    (etc / "worker.yaml").write_text(text)


def ask(path):
    """What the worker answers; nothing where it does not."""
    done = box.run("curl", "-fsS", "--max-time", "10", f"http://127.0.0.1:9876{path}")
    return json.loads(done.stdout) if done.returncode == 0 else None


def running(name):
    """Whether the worker says that the container runs."""
    status = ask("/service-status")
    return status is not None and status["services"].get(name, {}).get("running")


def drop_in(text):
    file = box.folder / "root/etc/systemd/system/stipend-worker.service.d/test.conf"
    if text:
        file.write_text(text)
    else:
        file.unlink(missing_ok=True)
    box.output("systemctl", "daemon-reload")
    box.output("systemctl", "restart", "stipend-worker")


class WorkerService(ServiceCase):
    file = "worker.yaml"

    def process_field(self, name):
        status = box.output("cat", f"/proc/{unit.show('MainPID')}/status")
        return dict(line.split(":", 1) for line in status.splitlines())[name].split()

    def test_it_is_active_and_sees_the_containers_through_the_group_docker(self):
        self.assertEqual((unit.show("ActiveState"), unit.show("StatusText")), ("active", "watching 7 services"))
        unit.wait_for(lambda: running("redis_scb"), "a container that runs")
        self.assertEqual(self.process_field("Groups").count(str(GROUP)), 1)
        self.assertFalse(running("autogen_agent"))
        self.assertNotIn("error", ask("/service-status"))

    def test_it_sees_an_event_at_once(self):
        unit.wait_for(lambda: running("redis_scb"), "a container that runs")
        engine.act("redis_scb", "kill")
        self.addCleanup(engine.act, "redis_scb", "start")
        unit.wait_for(lambda: not running("redis_scb"), "its death")

    def test_without_the_group_it_serves_and_says_why_it_sees_nothing(self):
        self.addCleanup(drop_in, None)
        drop_in("[Service]\nSupplementaryGroups=\n")
        unit.wait_for(lambda: "cannot connect: Permission denied" in (ask("/service-status") or {}).get("error", ""), "the reason")
        self.assertFalse(running("redis_scb"))
        self.assertNotIn(str(GROUP), self.process_field("Groups"))

    def test_it_has_no_rights_beside_the_group(self):
        self.assertNotEqual(self.process_field("Uid")[0], "0")
        self.assertEqual(int(self.process_field("CapBnd")[0], 16), 0)
        self.assertEqual(self.process_field("NoNewPrivs"), ["1"])
        self.assertEqual(self.process_field("Seccomp"), ["2"])

    def test_a_good_configuration_is_taken_without_a_restart(self):
        process = unit.show("MainPID")
        self.edit("    - name: autogen_agent\n", "")
        done = box.run("systemctl", "reload", "stipend-worker")
        self.assertEqual(done.returncode, 0, done.stderr + unit.journal())
        unit.wait_for(lambda: (ask("/service-status") or {}).get("monitored_count") == 6, "one service less")
        self.assertEqual(unit.show("MainPID"), process)

    def test_a_bad_configuration_fails_the_reload_and_the_worker_goes_on(self):
        process = unit.show("MainPID")
        self.edit("min_uptime:", "min_uptme:")
        self.assertNotEqual(box.run("systemctl", "reload", "stipend-worker").returncode, 0)
        self.assertRegex(unit.journal(), r'worker\.yaml:\d+:\d+: .*did you mean "min_uptime"')
        self.assertEqual((unit.show("ActiveState"), unit.show("MainPID")), ("active", process))
        self.assertEqual(ask("/health"), {"status": "ok"})

    def test_a_worker_that_hangs_is_restarted_with_its_key(self):
        unit.wait_for(lambda: ask("/health") is not None, "an answer")
        key = ask("/service-status")["worker_key"]
        process, restarts = unit.show("MainPID"), int(unit.show("NRestarts"))
        box.output("kill", "-STOP", process)
        unit.wait_for(lambda: int(unit.show("NRestarts")) > restarts and unit.active(), "the restart")
        self.assertIn("Watchdog timeout", unit.journal())
        self.assertEqual(ask("/service-status")["worker_key"], key)

    def test_it_stops_within_seconds_and_takes_the_capability_back(self):
        unit.wait_for(lambda: (ask("/service-status") or {}).get("registration", {}).get("state") == "registered",
                      "registration")
        begun = time.monotonic()
        box.output("systemctl", "stop", "stipend-worker")
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual((unit.show("Result"), unit.show("ExecMainStatus")), ("success", "0"))
        self.assertIn("unregistered agent-net", unit.journal())
        self.assertNotIn("are not stored", unit.journal())

    def test_the_manager_runs_beside_it_and_pays_for_what_it_says(self):
        manager = Unit(box, "stipend")
        box.output("systemctl", "start", "stipend")
        self.addCleanup(box.output, "systemctl", "stop", "stipend")
        unit.wait_for(lambda: running("redis_scb"), "a container that runs")
        paid = lambda: "uptime " in manager.journal() and "wei" in manager.journal()  # noqa: E731
        manager.wait_for(paid, "a payment")
        self.assertRegex(unit.journal(), r"job from 127\.0\.0\.1:\d+: agent_id 127\.0\.0\.1:9995, uptime [0-9.]+ %")
        owners = {box.output("stat", "-c", "%u", f"/proc/{one.show('MainPID')}") for one in (unit, manager)}
        self.assertEqual(len(owners), 2)


def main():
    global engine, box, unit
    reason = engines.why_not()
    if reason is not None:
        print(f"skipped: {reason}")
        return SKIP
    try:
        with engines.Engine() as engine:
            os.chown(engine.socket, 0, GROUP)
            os.chmod(engine.socket, 0o660)
            engine.run("redis_scb")
            box = Container(prepare, binds={"/run/docker.sock": engine.socket})
            try:
                unit = WorkerService.unit = Unit(box, "stipend-worker")
                box.output("systemctl", "start", "devnet")
                return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1
            finally:
                box.end()
    except Unavailable as why:
        print(f"skipped: {why}")
        return SKIP


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
