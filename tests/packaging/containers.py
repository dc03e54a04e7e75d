"""The compose files as an operator starts them, in a Docker Engine of their own: both roles in real containers that know
each other by name, on their published ports. The worker registers itself with the manager, and is approved there. A devnet
stands for gateway and orchestrator, under their names."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import composing  # noqa: E402
import engine as engines  # noqa: E402
import image  # noqa: E402
from engine import wait_for  # noqa: E402

SKIP = 77
IMAGE = "stipend:test"
NETWORK = "10.213.77"
ORCHESTRATOR = f"{NETWORK}.10:9995"
NAMES = ("payment-distributor", "livepeer-worker")
SECRET = "c2f1e2d3a4b5968778695a4b3c2d1e0f"
COMMON = "what newcomers of these tests register with"
PASSWORD = "/var/lib/stipend/admin-password"
LIST = "/api/v1/livepeer/orchestrators"
SEVEN = ["vtuber_orchestrator", "redis_scb", "autogen_agent", "autogen_postgres", "autogen_neo4j", "scb_gateway",
         "vtuber-ollama"]
OVERRIDE = f"""
services:
  payment-distributor:
    healthcheck: {{interval: 1s, timeout: 10s}}
  livepeer-worker:
    healthcheck: {{interval: 1s}}
    volumes: ["SOCKET:/var/run/docker.sock:ro"]
  devnet:
    container_name: devnet
    image: {IMAGE}
    entrypoint: [stipend, devnet, -n, "1", --gateway, "{NETWORK}.10:8935", --orchestrator-listen, "http://{ORCHESTRATOR}",
                 --bare-listeners, --reachable, --secret, "{SECRET}"]
    healthcheck: {{disable: true}}
    networks:
      central-network: {{ipv4_address: {NETWORK}.10, aliases: [livepeer-gateway, livepeer-orchestrator]}}
"""


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = engines.Engine(networks=True)
        cls.addClassCleanup(cls.engine.close)
        image.make(cls.engine, IMAGE)
        folder = tempfile.TemporaryDirectory(prefix="stipend-compose-")
        cls.addClassCleanup(folder.cleanup)
        cls.override = pathlib.Path(folder.name) / "override.yml"
        cls.override.write_text(OVERRIDE.replace("SOCKET", str(cls.engine.socket)))
        for name in SEVEN:
            cls.engine.run(name)
        cls.up("devnet", "payment-distributor", "livepeer-worker")
        cls.addClassCleanup(cls.compose, "down", "--volumes", "--timeout", "5")
        # A first job that finds no worker would be punished with ten minutes of waiting.
        cls.wait_for(lambda: "registered agent-net" in cls.logs("livepeer-worker"), "the registration")
        cls.wait_for(lambda: cls.ask(9876, "/service-uptime?window_seconds=3").get("overall_uptime_percentage") == 100,
                     "seven services up")
        # The manager knows it by its own registration alone, and pays it once it is approved.
        cls.wait_for(lambda: cls.registration().get("status") == "unapproved", "its registration with the manager")
        cls.call(f"{LIST}/{ORCHESTRATOR}/approve", "{}")
        cls.wait_for(lambda: cls.registration().get("last_tier") == "excellent", "its first pay")

    @classmethod
    def compose(cls, *words, **environment):
        given = {"DOCKER_HOST": cls.engine.address, "STIPEND_IMAGE": IMAGE, "COMPOSE_PROJECT_NAME": "stipend-test",
                 "DOCKER_GID": str(os.stat(cls.engine.socket).st_gid), "PAYMENT_INTERVAL_SECONDS": "1",
                 "CENTRAL_SUBNET": f"{NETWORK}.0/24", "ORCH_SECRET": SECRET, "CHECK_INTERVAL": "1",
                 "ORCHESTRATOR_SECRET": COMMON, "PROOF_INTERVAL": "2", "MANAGER_SECRET": COMMON,
                 "MANAGER_URL": "http://central-manager:8000", "MANAGER_PLAIN_HTTP": "true",
                 "ORCHESTRATOR_ENDPOINT": f"http://{ORCHESTRATOR}", "ORCHESTRATOR_PAYOUT_ADDRESS": "0x" + "a" * 40,
                 "ORCHESTRATOR_ID": ORCHESTRATOR,
                 "JWT_SECRET": "of the tests, and long enough for tokens", "MIN_UPTIME_THRESHOLD": "60", **environment}
        return composing.compose(["manager", "worker", cls.override], *words, **given)

    @classmethod
    def up(cls, *services):
        done = cls.compose("up", "-d", "--no-build", *services)
        assert done.returncode == 0, done.stdout + done.stderr

    @classmethod
    def docker(cls, *words):
        done = subprocess.run(["docker", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
                              env={**os.environ, "DOCKER_HOST": cls.engine.address})
        return done.returncode, done.stdout + done.stderr

    @classmethod
    def wait_for(cls, condition, what):
        try:
            wait_for(condition, what)
        except AssertionError as error:
            logs = [f"--- {name}\n{cls.logs(name)[-2000:]}" for name in (*NAMES, "devnet")]
            raise AssertionError("\n".join([str(error), *logs])) from None

    @classmethod
    def logs(cls, name):
        return cls.docker("logs", name)[1]

    @classmethod
    def get(cls, port, path, *words):
        """(exit status of curl, what it got), from the machine that the Engine publishes on."""
        done = subprocess.run(["nsenter", "-t", str(cls.engine.process.pid), "-n", "curl", "-sS", "--max-time", "10", *words,
                               f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout

    @classmethod
    def ask(cls, port, path):
        code, text = cls.get(port, path)
        return json.loads(text) if code == 0 else {}

    token = None

    @classmethod
    def call(cls, path, body=None):
        """One request to the manager's API as its first administrator, whose password the manager has made."""
        if cls.token is None and not path.endswith("/login"):
            process = cls.engine.inspect("payment-distributor")["State"]["Pid"]
            password = pathlib.Path(f"/proc/{process}/root{PASSWORD}").read_text().strip()
            login = json.dumps({"email": "admin@system.com", "password": password})
            cls.token = cls.call("/api/v1/auth/login", login)["access_token"]
        words = ["-H", f"Authorization: Bearer {cls.token}"] if cls.token else []
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", body]
        return json.loads(cls.get(8010, path, *words)[1])

    @classmethod
    def registration(cls):
        """What the API says of the one orchestrator that there is, or nothing while the API is not there."""
        try:
            found = cls.call(LIST).get("orchestrators", [])
        except (OSError, ValueError, KeyError):  # a login that is refused for now has no token
            return {}
        return found[0] if found else {}

    def paid(self):
        return re.findall(rf"(?m)^\S+Z info +{re.escape(ORCHESTRATOR)} +uptime .* wei .*$",
                          self.logs("payment-distributor"))

    def more_paid(self):
        before = len(self.paid())
        self.wait_for(lambda: len(self.paid()) >= before + 2, "further payments")

    def process_field(self, container, field):
        process = self.engine.inspect(container)["State"]["Pid"]
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        return dict(line.split(":", 1) for line in status.splitlines())[field].split()

    def test_the_logs_tell_of_each_payment_and_each_job(self):
        self.more_paid()
        self.assertRegex(self.paid()[-1], r"uptime +100 % +excellent +12 USD +6000000000000000 wei")
        jobs = re.findall(rf"job from [0-9.:]+: agent_id {re.escape(ORCHESTRATOR)}, uptime 100(\.0+)? %",
                          self.logs("livepeer-worker"))
        self.assertGreaterEqual(len(jobs), 2)

    def test_it_registered_itself_and_is_paid_once_an_administrator_approved_it(self):
        # Another test restarts the manager, which does not know of the proofs before.
        self.wait_for(lambda: self.registration().get("last_proof"), "its proof")
        found = self.registration()
        self.assertEqual((found["orchestrator_id"], found["endpoint"], found["registration"], found["payout_address"]),
                         (ORCHESTRATOR, f"http://{ORCHESTRATOR}", "approved", "0x" + "a" * 40))
        self.assertIsNotNone(found["last_proof"])
        self.assertIsNone(found["endpoint_problem"])
        paid = self.call(f"/api/v1/livepeer/payments?orchestrator={ORCHESTRATOR}")["payments"]
        self.assertEqual((paid[-1]["action"], paid[-1]["epoch"]), ("pay", 1))
        self.assertGreaterEqual(int(self.registration()["owed_wei"]), 6000000000000000)
        self.assertNotIn(COMMON, self.logs("livepeer-worker") + self.logs("payment-distributor"))

    def test_an_old_name_without_effect_is_told(self):
        self.assertIn("MIN_UPTIME_THRESHOLD is set in the environment, but has no effect here", self.logs("payment-distributor"))

    def test_what_is_published_answers(self):
        self.assertEqual(self.ask(9876, "/health"), {"status": "ok"})
        self.assertIn("stipend_services_up 7", self.get(9109, "/metrics")[1])
        self.wait_for(lambda: "stipend_" in self.get(9108, "/metrics")[1], "the manager's metrics")

    def test_the_api_serves_the_managers_old_port(self):
        self.wait_for(lambda: self.ask(8010, "/readyz") == {"status": "ok"}, "the manager's API")
        self.assertEqual(self.ask(8010, "/api/v1/livepeer/orchestrators")["status"], 401)
        self.assertIn("/var/lib/stipend/admin-password", self.logs("payment-distributor"))

    def test_each_is_healthy_by_its_own_status(self):
        for name in NAMES:
            with self.subTest(container=name):
                self.wait_for(lambda: self.engine.inspect(name)["State"]["Health"]["Status"] == "healthy", "its health")

    def test_each_runs_without_rights(self):
        for name in NAMES:
            with self.subTest(container=name):
                self.assertEqual(self.process_field(name, "Uid")[0], "990")
                self.assertEqual(int(self.process_field(name, "CapEff")[0], 16), 0)
                self.assertEqual(self.process_field(name, "NoNewPrivs"), ["1"])
        self.assertIn(str(os.stat(self.engine.socket).st_gid), self.process_field("livepeer-worker", "Groups"))

    def test_a_stop_is_clean_and_what_was_decided_is_there_after_it(self):
        self.more_paid()
        self.assertEqual(self.docker("stop", "payment-distributor")[0], 0)
        self.assertEqual(self.engine.inspect("payment-distributor")["State"]["ExitCode"], 0)
        before = len(self.paid())
        self.up("payment-distributor")
        self.more_paid()
        code, said = self.docker("exec", "payment-distributor", "stipend", "ledger", "verify", "--json", "-c",
                                 "/etc/stipend/config.yaml")
        self.assertEqual(code, 0, said)
        self.assertGreater(int(json.loads(said)["decisions"]), before)

    def test_a_container_that_dies_costs_its_share(self):
        self.more_paid()
        self.engine.act("redis_scb", "kill")
        self.addCleanup(self.engine.act, "redis_scb", "start")
        self.wait_for(lambda: self.ask(9876, "/service-uptime").get("services_up") == 6, "its death")
        self.wait_for(lambda: re.search(r"uptime 85\.7142 % +good +10 USD", self.logs("payment-distributor")), "less pay")

    def test_the_published_secret_is_refused_with_its_place(self):
        done = self.compose("run", "--rm", "--no-deps", "-T", "livepeer-worker", ORCH_SECRET="orch-secret")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout + done.stderr,
                         r"/etc/stipend/worker\.yaml:\d+:\d+: worker\.config\.secret: got a publicly known secret, "
                         r"while listen\.worker is 0\.0\.0\.0:9876")


def why_not():
    if (reason := engines.why_not() or composing.why_not()) is not None:
        return reason
    for program, package in (("docker", "docker.io"), ("nsenter", "util-linux"), ("curl", "curl"), ("ip", "iproute2"),
                             ("iptables", "iptables")):
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            return f"{program} is not installed (Debian: {package})"
    return None


if __name__ == "__main__":
    missing = why_not()
    if missing is not None:
        print(f"skipped: {missing}")
        sys.exit(SKIP)
    unittest.main(verbosity=2)
