"""Orchestrators that join a running host over its API: a newcomer's way, and what attackers try."""
import contextlib
import hashlib
import itertools
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import test_api
from network import wait_for
from test_api import GATEWAY, LIST, PAYMENTS

COMMON = "the common secret of these tests"
REGISTER = LIST + "/register"
NEW = "newcomer"


def address(digit):
    return "0x" + digit * 40


class RegistryTest(test_api.ApiTest):
    def setUp(self):
        super().setUp()
        self.endpoints = [one.rstrip("/") for one in self.devnet.addresses.split(",")]
        self.host.environment.update(ORCHESTRATOR_SECRET=COMMON, ALLOWED_ENDPOINT_NETWORKS="127.0.1.0/24",
                                     ORCHESTRATOR_ADDRESSES=",".join(self.endpoints[:2]))

    def start(self):
        super().start()
        self.token = self.log_in()["access_token"]

    def spread(self):
        """Each request comes from a client of its own, so that no limit of requests is met."""
        self.host.edit("  # trusted_proxies: [10.0.0.2]               # a proxy with TLS before the API",
                       "  trusted_proxies: [127.0.0.1]")
        self.clients = itertools.count(1)

    clients = None

    def ask(self, *arguments, **named):
        if self.clients is not None:
            number = next(self.clients)
            named["X_Forwarded_For"] = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        return super().ask(*arguments, **named)

    def body(self, id=NEW, endpoint=None, digit="a", **more):
        return {"orchestrator_id": id, "endpoint": endpoint or self.endpoints[2], "capabilities": ["agent-net"],
                "eth_address": address(digit), **more}

    def register(self, secret=COMMON, headers={}, **fields):
        return self.ask("POST", REGISTER, self.body(**fields), token=secret, **headers)

    def made(self, **fields):
        answer = self.register(**fields)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def order(self, action, id=NEW, token=None, body=None):
        path = f"{LIST}/{urllib.parse.quote(id, safe='')}"
        method = "DELETE" if action == "remove" else "POST"
        return self.ask(method, path if action == "remove" else f"{path}/{action}", body, token=token or self.token)

    def status_of(self, id=NEW):
        answer = self.get(f"{LIST}/{urllib.parse.quote(id, safe='')}/status", self.token)
        return answer.json()["status"] if answer.status == 200 else answer.status

    def paid(self, id=NEW):
        return [line for line in self.host.decisions() if line["orchestrator"] == id and line["action"] == "pay"]

    def gateway_list(self):
        return sorted(one["address"] for one in self.get(GATEWAY).json())

    def wait_paid(self, count=1, id=NEW):
        wait_for(lambda: len(self.paid(id)) >= count, f"{count} payments of {id}")


class Newcomer(RegistryTest):
    def test_from_its_registration_to_its_pay_and_over_a_restart(self):
        self.start()
        before = self.host.config.read_bytes()
        made = self.made()
        self.assertEqual((made["success"], made["orchestrator_id"], made["state"]), (True, NEW, "unapproved"))
        self.assertEqual((len(made["secret"]), len(made["challenge"])), (64, 64))
        # It waits: listed, and neither sent a job nor paid nor shown to gateways.
        self.assertEqual(self.status_of(), "unapproved")
        listed = self.get(LIST, self.token).json()
        self.assertEqual((listed["total"], listed["unapproved"]), (3, 1))
        self.assertEqual(listed["orchestrators"][-1]["orchestrator_id"], NEW)
        decided = len(self.host.decisions())
        self.wait_for_decisions(decided + 4)
        self.assertEqual(self.paid(), [])
        self.assertEqual(self.gateway_list(), sorted(self.endpoints[:2]))
        self.assertNotIn(self.endpoints[2], json.dumps(self.devnet.jobs()))

        self.assertEqual(self.order("approve").json()["state"], "approved")
        self.assertIn(self.status_of(), ("disconnected", "connected"))  # listed, also before it is paid
        wait_for(lambda: self.status_of() == "connected", "the approved orchestrator")
        self.assertEqual(self.gateway_list(), sorted(self.endpoints))
        self.wait_paid(2)
        self.assertEqual(self.get(f"{PAYMENTS}?orchestrator={NEW}", self.token).json()["payments"][0]["orchestrator"], NEW)
        listed = self.get(LIST, self.token).json()
        self.assertEqual((listed["total"], listed["connected"], listed["unapproved"]), (3, 3, 0))

        self.assertEqual(self.host.stop(), 0)
        self.start()
        count = len(self.paid())
        self.wait_paid(count + 2)
        self.assertEqual(self.gateway_list(), sorted(self.endpoints))
        # A reload of the file keeps it, and undo is the file's own.
        self.assertEqual(self.host.run("reload")[0], 0)
        self.assertEqual(self.status_of(), "connected")
        self.assertEqual(self.host.config.read_bytes(), before)
        self.assertTrue(self.host.verified())
        state = self.host.folder / "state"
        self.assertEqual((state / "registry.db").stat().st_mode & 0o777, 0o600)
        for file in state.glob("registry.db*"):
            self.assertNotIn(made["secret"].encode(), file.read_bytes())
        for text in (made["secret"], COMMON):
            self.assertFalse(self.host.said(text))

    def test_it_leaves_and_comes_back_and_an_administrator_ends_it(self):
        self.start()
        secret = self.made()["secret"]
        self.order("approve")
        self.wait_paid()
        self.assertEqual(self.order("disconnect", token=secret).json()["state"], "disconnected")
        wait_for(lambda: self.status_of() == "disconnected", "an orchestrator less")
        self.assertEqual(self.gateway_list(), sorted(self.endpoints[:2]))
        self.assertEqual(self.made(secret=secret)["state"], "approved")
        wait_for(lambda: self.status_of() == "connected", "it is back")
        self.assertEqual(self.order("disconnect").status, 200)
        wait_for(lambda: self.status_of() == "disconnected", "an orchestrator less")
        self.assertEqual(self.made(secret=secret)["state"], "disconnected")
        self.assertEqual(self.status_of(), "disconnected")
        self.assertEqual(self.order("remove").status, 200)
        self.assert_problem(self.register(secret=secret), 401)
        # What it is owed stays with its id, so that only an administrator gives the id to anyone.
        self.assertIn("in use before", self.assert_problem(self.register(), 409))
        self.assertEqual(self.made(secret=self.token)["state"], "approved")
        wait_for(lambda: self.status_of() == "connected", "it is back")
        self.assertTrue(self.host.verified())

    def test_an_update_by_its_own_secret_counts_at_once(self):
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = self.endpoints[0]
        self.start()
        secret = self.made(endpoint=self.endpoints[1])["secret"]
        self.order("approve")
        self.wait_paid()
        key = "ab" * 32
        self.assertEqual(self.made(secret=secret, worker_key=key)["state"], "approved")
        wait_for(lambda: self.gateway_list() == sorted([self.endpoints[0], self.endpoints[2]]), "the new endpoint")
        self.wait_paid(len(self.paid()) + 2)

    def test_commands_beside_a_running_host_and_without_one(self):
        self.start()
        secret = self.made()["secret"]

        def command(*words):
            code, out, err = self.host.run("orchestrator", *words, "--json")
            self.assertEqual(code, 0, err)
            return json.loads(out)

        listed = command("list")["registrations"]
        self.assertEqual([(one["orchestrator_id"], one["state"], one["has_secret"]) for one in listed],
                         [(NEW, "unapproved", True)])
        self.assertEqual(command("approve", NEW)["state"], "approved")
        self.wait_paid()
        fresh = command("rotate-secret", NEW)["secret"]
        self.assert_problem(self.register(secret=secret), 401)
        self.assertEqual(self.register(secret=fresh).status, 200)
        self.assertEqual(command("rotate-secret", NEW, "--revoke")["state"], "approved")
        self.assert_problem(self.register(secret=fresh), 401)
        self.assertNotEqual(self.host.run("orchestrator", "approve", "unknown")[0], 0)
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual(command("disconnect", NEW)["state"], "disconnected")
        self.start()
        self.assertEqual(self.status_of(), "disconnected")
        self.assertEqual(self.gateway_list(), sorted(self.endpoints[:2]))
        self.assertEqual(command("remove", NEW)["state"], "removed")
        self.assertEqual(command("list")["registrations"], [])


class Proofs(RegistryTest):
    """Where proofs are required, an orchestrator is paid while they come, and its checks fail while they do not."""

    def setUp(self):
        super().setUp()
        self.listen(self.endpoints[2])

    def listen(self, endpoint):
        """The orchestrator's own port, where its manager connects to after a proof."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        certificate, key = folder.name + "/cert.pem", folder.name + "/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=orchestrator", "-days", "2", "-keyout", key, "-out", certificate], check=True,
                       capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        host, port = endpoint.removeprefix("https://").rsplit(":", 1)
        listener = socket.create_server((host, int(port)))
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)  # ends the wait below, which would keep the port

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    raw, _ = listener.accept()
                    with contextlib.suppress(OSError), raw:
                        raw.settimeout(10)
                        context.wrap_socket(raw, server_side=True).close()

        threading.Thread(target=serve, daemon=True).start()

    def answer(self, challenge, secret):
        response = hashlib.sha256(f"{challenge}:{NEW}:{secret}".encode()).hexdigest()
        return self.ask("POST", f"{LIST}/{NEW}/proof", {"orchestrator_id": NEW, "manager_challenge": challenge,
                                                        "orchestrator_response": response}, token=secret)

    def test_it_is_paid_while_it_proves(self):
        self.host.environment.update(PROOF_INTERVAL="2", HEARTBEAT_TIMEOUT="2")
        self.host.edit("  # proofs: required ", "  proofs: required #")
        self.start()
        made = self.made()
        self.order("approve")
        wait_for(lambda: self.status_of() == "connected", "the approved orchestrator")
        challenge, due = [made["challenge"]], [0]

        def proven():
            reply = self.answer(challenge[0], made["secret"])
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual(reply.json()["next_proof_required"], 2)
            challenge[0] = reply.json()["challenge"]

        def paid_so_far(count):
            if time.monotonic() >= due[0]:
                proven()
                due[0] = time.monotonic() + 1
            return len(self.paid()) >= count

        wait_for(lambda: paid_so_far(2), "pay while proofs come")
        self.assertIsNotNone(self.get(f"{LIST}/{NEW}/status", self.token).json()["last_proof"])
        wait_for(lambda: self.status_of() == "unhealthy", "a check that fails without a proof")
        last = [line for line in self.host.decisions() if line["orchestrator"] == NEW][-1]
        self.assertEqual(last["action"], "skip")
        self.assertIn("no proof for more than 4s", last["reason"])
        self.assert_problem(self.answer(challenge[0], "0" * 64), 401)
        # The others owe none.
        configured = self.host.decisions()[0]["orchestrator"]
        self.wait_paid(len(self.paid(configured)) + 1, configured)
        self.assertTrue(self.host.verified())

    def test_after_a_start_it_is_held_until_it_can_be_late(self):
        self.host.environment.update(PROOF_INTERVAL="3600")
        self.host.edit("  # proofs: required ", "  proofs: required #")
        self.start()
        made = self.made()
        self.order("approve")
        wait_for(lambda: self.get(f"{LIST}/{NEW}/status", self.token).json()["held"], "a hold")
        self.assertEqual([line for line in self.host.decisions() if line["orchestrator"] == NEW], [])
        self.assertEqual(self.answer(made["challenge"], made["secret"]).status, 200)
        self.wait_paid()
        self.assertEqual(self.host.stop(), 0)
        count = len(self.paid())
        self.start()
        wait_for(lambda: self.get(f"{LIST}/{NEW}/status", self.token).json()["held"], "a hold")
        self.assertEqual(len(self.paid()), count)
        challenge = self.made(secret=made["secret"])["challenge"]
        self.assertEqual(self.answer(challenge, made["secret"]).status, 200)
        self.wait_paid(count + 1)


class Imports(RegistryTest):
    def run_import(self, text, *options):
        file = self.host.folder / "orchestrators.yaml"
        file.write_text(text)
        return self.host.run("orchestrator", "import", file, *options)

    def entry(self, id, endpoint, **more):
        lines = [f"- id: {id}", f"endpoint: {endpoint}", *(f"{key}: {value}" for key, value in more.items())]
        return "\n  ".join(lines) + "\n"

    def registered(self):
        return {one["orchestrator_id"]: one for one in json.loads(self.host.run("orchestrator", "list", "--json")[1])
                ["registrations"]}

    def test_all_or_nothing_with_each_error_named(self):
        self.start()
        good = self.entry(NEW, self.endpoints[2], approved="true", payout_address=f'"{address("a")}"',
                          capabilities="[agent-net]", worker_key=f'"{"ab" * 32}"')
        other = self.entry("second", "https://127.0.1.99:1")
        code, out, err = self.run_import(good + other + self.entry(NEW, "https://127.0.1.98:1") +
                                         self.entry("third", "https://10.0.0.1:1") +
                                         self.entry("fourth", self.endpoints[0]) +
                                         self.entry("fifth", "https://127.0.1.99:1") +
                                         self.entry("sixth", "https://127.0.1.97:1", payout_address='"0x12"'))
        self.assertEqual(code, 1)
        for line in (':9:7: [2].id: "id": it is in the list twice, want it once',
                     ':12:13: [3].endpoint: "endpoint": it leads to a private network, want a public address',
                     ":13:3: [4]: an orchestrator of the configuration has the endpoint already",
                     ":15:3: [5]: another orchestrator has the endpoint already",
                     ':19:19: [6].payout_address: "payout_address": want 0x and 40 hex digits'):
            self.assertIn(line, err)
        self.assertEqual(self.registered(), {})
        code, out, err = self.run_import(good + "- {id: x, endpoint: 1, aproved: true}\n")
        self.assertEqual(code, 1)
        self.assertIn("did you mean \"approved\"", err)
        self.assertEqual(self.registered(), {})

        code, out, err = self.run_import(good + other, "--dry-run")
        self.assertEqual((code, self.registered()), (0, {}), err)
        self.assertIn("created    approved     " + NEW, out)
        self.assertNotIn("secret ", out.replace("Secrets", ""))
        code, out, err = self.run_import(good + other, "--json")
        self.assertEqual(code, 0, err)
        made = {one["orchestrator_id"]: one for one in json.loads(out)["registrations"]}
        self.assertEqual([made[id]["state"] for id in (NEW, "second")], ["approved", "unapproved"])
        self.wait_paid()
        self.assertEqual(self.made(secret=made["second"]["secret"], id="second", endpoint="https://127.0.1.99:1")["state"],
                         "unapproved")
        self.assertFalse(self.host.said(made[NEW]["secret"]))

        # What is there is changed only where that is asked for.
        moved = self.entry("second", "https://127.0.1.96:1", approved="true")
        code, out, err = self.run_import(moved)
        self.assertEqual(code, 1)
        self.assertIn("--update", err)
        code, out, err = self.run_import(moved + self.entry("seventh", "https://127.0.1.95:1"), "--update")
        self.assertEqual(code, 0, err)
        found = self.registered()
        self.assertEqual((found["second"]["endpoint"], found["second"]["state"], found["seventh"]["state"]),
                         ("https://127.0.1.96:1", "approved", "unapproved"))
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual(self.run_import(moved, "--update")[0], 1)  # it wants a running host


class Configuration(RegistryTest):
    def test_without_a_secret_only_accounts_register(self):
        del self.host.environment["ORCHESTRATOR_SECRET"]
        self.start()
        for secret in ("", COMMON, None):
            self.assert_problem(self.register(secret=secret), 401)
        self.assertEqual(self.host.run("user", "add", "v@example.com", "--generate")[0], 0)
        made = json.loads(self.host.run("user", "add", "o@example.com", "--role", "operator", "--generate", "--json")[1])
        operator = self.log_in("o@example.com", made["password"])["access_token"]
        made = json.loads(self.host.run("api-key", "add", "v", "--role", "viewer", "--json")[1])
        self.assert_problem(self.register(secret=made["key"]), 403)
        self.assertEqual(self.made(secret=operator)["state"], "unapproved")  # whose role may not approve
        for action in ("approve", "remove", "secret"):
            self.assert_problem(self.order(action, token=operator), 403)
        self.assertEqual(self.made(secret=self.token)["state"], "approved")
        self.wait_paid()
        self.assertEqual(self.order("disconnect", token=operator).json()["state"], "disconnected")

    def test_closed_takes_no_common_secret(self):
        self.host.edit("  # mode: closed                              # none registers", "  mode: closed")
        self.start()
        self.assert_problem(self.register(), 401)

    def test_what_the_configuration_lists_wins(self):
        self.start()
        configured = self.endpoints[0].split("://")[1]
        self.assertIn("the id", self.assert_problem(self.register(id=configured), 409))
        self.assertIn("the endpoint", self.assert_problem(self.register(endpoint=self.endpoints[0]), 409))
        self.assertIn("the endpoint", self.assert_problem(
            self.register(secret=self.token, endpoint=self.endpoints[0] + "/"), 409))
        for action in ("approve", "disconnect", "remove", "secret"):
            self.assert_problem(self.order(action, id=configured), 409)
            self.assert_problem(self.order(action, id="unknown"), 404)
        # The operator lists the endpoint of one that is approved: it is paid once, under the file's id.
        self.made()
        self.order("approve")
        self.wait_paid()
        self.host.edit("orchestrators: []", f"orchestrators:\n  - {{ address: \"{self.endpoints[2]}\", id: listed }}")
        self.assertEqual(self.host.run("reload", "--accept-spend")[0], 0)
        wait_for(lambda: self.status_of("listed") == "connected", "the listed one")
        self.assertEqual(self.status_of(), "disconnected")
        self.assertEqual(self.gateway_list(), sorted(self.endpoints))
        self.assertIn("registrations", [alert["id"] for alert in self.host.status()["alerts"]])
        self.wait_paid(id="listed")

    def test_an_approval_takes_no_edit_of_the_file_with_it(self):
        self.start()
        self.made()
        self.host.config.write_text(self.host.config.read_text() + "\nwrong: true\n")
        self.order("approve")
        self.wait_paid()
        self.assertNotEqual(self.host.run("reload")[0], 0)
        self.assertEqual(self.status_of(), "connected")

    def test_a_registry_that_cannot_be_used_stops_no_other_pay(self):
        self.start()
        self.made()
        self.order("approve")
        self.wait_paid()
        self.assertEqual(self.host.stop(), 0)
        (self.host.folder / "state" / "registry.db").chmod(0o644)
        count = len(self.host.decisions())
        super().start()
        self.wait_for_decisions(count + 2)
        self.assertIn("registry", [alert["id"] for alert in self.host.status()["alerts"]])
        self.assertEqual(self.host.stop(), 0)
        (self.host.folder / "state" / "registry.db").chmod(0o600)
        self.start()
        wait_for(lambda: self.status_of() == "connected", "it is back")


class Attacks(RegistryTest):
    def test_it_reads_what_is_its_own_and_nothing_else(self):
        self.spread()
        self.start()
        secret = self.made()["secret"]
        other = self.made(id="other", endpoint="https://other.example:1", digit="b", worker_key="cd" * 32)["secret"]
        self.order("approve")
        self.wait_paid()
        name = urllib.parse.quote(NEW, safe="")
        own = (f"{LIST}/{name}/status", f"{PAYMENTS}?orchestrator={name}", f"{PAYMENTS}?orchestrator={name}&format=csv")
        for path in own:
            with self.subTest(path):
                self.assertEqual(self.get(path, secret).status, 200)
                self.assertEqual(self.get(path, secret).body, self.get(path, self.token).body)
                self.assert_problem(self.get(path, other), 401)
                self.assert_problem(self.get(path, COMMON), 401)
                self.assert_problem(self.get(path), 401)
        for path in (LIST, PAYMENTS, f"{PAYMENTS}?orchestrator=other", f"{LIST}/other/status", "/api/v1/events"):
            with self.subTest(path):
                self.assert_problem(self.get(path, secret), 401)
        self.order("remove")
        self.assert_problem(self.get(own[0], secret), 401)

    def test_what_another_has_is_not_taken(self):
        self.spread()
        self.start()
        secret = self.made(endpoint=self.endpoints[2], worker_key="ab" * 32)["secret"]
        other = self.made(id="other", endpoint="https://other.example:1", digit="b", worker_key="cd" * 32)["secret"]
        mine = self.get(f"{LIST}/{NEW}/status", self.token).json()
        attempts = {
            "the common secret moves the endpoint": dict(endpoint="https://evil.example:1"),
            "the common secret moves the address": dict(digit="e"),
            "the common secret moves the key": dict(worker_key="ee" * 32),
            "the common secret again": {},
        }
        for what, fields in attempts.items():
            with self.subTest(what):
                self.assert_problem(self.register(**fields), 409)
        for wrong in (other, "0" * 64, "", None, secret[:-1], secret + "0", "Bearer " + secret):
            with self.subTest(wrong=wrong):
                self.assert_problem(self.register(secret=wrong, endpoint="https://evil.example:1"), 401)
                for action in ("disconnect", "secret"):
                    self.assert_problem(self.order(action, token=wrong or "x"), 401)
        for action in ("approve", "remove"):
            self.assert_problem(self.order(action, token=secret), 401)
            self.assert_problem(self.order(action, token=COMMON), 401)
        self.assert_problem(self.order("disconnect", token=COMMON), 401)
        for fields in (dict(endpoint=self.endpoints[2].upper().replace("HTTPS", "https")), dict(worker_key="AB" * 32),
                       dict(service_addresses=[self.endpoints[2] + "/"])):
            with self.subTest(fields):
                want = {"endpoint": "https://third.example:1", "digit": "c", **fields}
                self.assert_problem(self.register(id="third", **want), 409)
                self.assert_problem(self.register(id="other", secret=other, **want), 409)
        self.assertEqual(self.get(f"{LIST}/{NEW}/status", self.token).json(), mine)
        # Approved, its payout address is an administrator's to change, even by its own secret.
        self.order("approve")
        self.assertIn("eth_address", self.assert_problem(
            self.register(secret=secret, digit="d", worker_key="ab" * 32), 403))
        self.assertEqual(self.made(secret=self.token, digit="d", worker_key="ab" * 32)["state"], "approved")

    def test_of_two_that_race_for_one_address_one_gets_it(self):
        self.start()
        answers = {}

        def one(i):
            answers[i] = self.register(id=f"racer-{i}").status

        threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers.values()), [200] + [409] * 7)

    def test_wrong_secrets_are_slowed_down_and_payments_go_on(self):
        self.start()
        secret = self.made()["secret"]
        before = len(self.host.decisions())
        answers = [self.register(secret=f"{i:064x}") for i in range(40)]
        self.assertEqual({answer.status for answer in answers}, {401, 429})
        self.assert_problem(answers[-1], 429)
        self.assertGreaterEqual(int(answers[-1].headers["Retry-After"]), 1)
        self.assert_problem(self.register(secret=secret), 429)
        self.assertEqual(self.get(LIST, self.token).status, 200)
        self.wait_for_decisions(before + 4)

    def test_endpoints_that_lead_inside_are_refused(self):
        self.spread()
        self.start()
        for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LocalHost.", "a.localhost",
                     "[::1]", "[::]", "0.0.0.0", "0", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "172.16.0.1",
                     "192.168.1.1", "100.64.0.1", "[fc00::1]", "[fe80::1]", "224.0.0.1", "[ff02::1]", "255.255.255.255",
                     "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "127.0.2.1"):
            with self.subTest(host):
                why = self.assert_problem(self.register(endpoint=f"https://{host}:8935"), 422)
                self.assertIn('"endpoint"', why)
                self.assert_problem(self.register(secret=self.token, endpoint="https://a.example:1",
                                                  service_addresses=[f"https://{host}:8935"]), 422)
        self.assertEqual(self.get(LIST, self.token).json()["unapproved"], 0)

    def test_malformed_fields_are_named(self):
        self.spread()
        self.start()
        for name in ("orchestrator_id", "endpoint", "capabilities", "eth_address"):
            body = {key: value for key, value in self.body().items() if key != name}
            self.assertIn(f'"{name}"', self.assert_problem(self.ask("POST", REGISTER, body, token=COMMON), 422))
        for fields, name in ((dict(id=""), "orchestrator_id"), (dict(id=1), "orchestrator_id"), (dict(id="x" * 129), "orchestrator_id"),
                             (dict(id="' OR 1=1 --"), "orchestrator_id"), (dict(id="\x1b[31mred"), "orchestrator_id"),
                             (dict(id="\u202eright"), "orchestrator_id"), (dict(id="a\0b"), "orchestrator_id"),
                             (dict(endpoint="ftp://a:1"), "endpoint"), (dict(endpoint="https://u:p@a.example"), "endpoint"),
                             (dict(endpoint="https://a.example/x"), "endpoint"), (dict(endpoint=[1]), "endpoint"),
                             (dict(endpoint="https://a.example\r\nX: y"), "endpoint"),
                             (dict(capabilities="agent-net"), "capabilities"), (dict(capabilities=[1]), "capabilities"),
                             (dict(capabilities=["a b"]), "capabilities"), (dict(capabilities=["a"] * 33), "capabilities"),
                             (dict(eth_address="0x0"), "eth_address"), (dict(eth_address=address("0")), "eth_address"),
                             (dict(worker_key="zz" * 32), "worker_key"), (dict(service_addresses={}), "service_addresses")):
            with self.subTest(fields):
                self.assertIn(f'"{name}"', self.assert_problem(
                    self.ask("POST", REGISTER, {**self.body(), **({"orchestrator_id": fields.pop("id")} if "id" in fields else {}),
                                                **fields}, token=self.token), 422))
        self.assertEqual(self.ask("POST", REGISTER, b" " * (65 << 10), token=COMMON).status, 413)
        # A name of the tables is a name like any other.
        odd = "x;DROP/**/TABLE/**/registration;--"
        self.assertEqual(self.made(id=odd)["orchestrator_id"], odd)
        self.assertEqual(self.status_of(odd), "unapproved")
        self.assertEqual(self.order("approve", id=odd).status, 200)
        self.wait_paid(id=odd)
        self.assertFalse(self.host.said("\x1b[31m"))

    def test_a_repeated_request_is_carried_out_once(self):
        self.start()
        once = {"headers": {"Idempotency_Key": "k-1"}}
        first = self.made(**once)
        self.assertEqual(self.host.stop(), 0)
        self.start()
        again = self.register(**once)
        self.assertEqual((again.status, again.headers["Idempotent-Replayed"]), (200, "true"))
        self.assertEqual(again.json(), {key: value for key, value in first.items() if key != "secret"})
        self.assertIn("Idempotency-Key", self.assert_problem(self.register(digit="b", **once), 422))
        # Of another principal it is another request.
        self.assert_problem(self.register(secret="0" * 64, **once), 401)
        other = self.register(secret=first["secret"], **once)
        self.assertEqual((other.status, other.headers["Idempotent-Replayed"]), (200, None))
        self.assertEqual(self.made(secret=self.token, **once)["state"], "approved")
        for key in ("", "x" * 256, "a b"):
            self.assert_problem(self.register(headers={"Idempotency_Key": key}), 400)


class Guard(RegistryTest):
    """A name whose address is inside is not connected to by the host, whatever it was at its registration."""

    def connections(self, allowed):
        name = socket.gethostname()
        inside = socket.gethostbyname(name)
        with socket.create_server((inside, 0)) as listener:
            listener.settimeout(0.05)
            networks = "127.0.1.0/24" + (f",{inside}" if allowed else "")
            self.host.environment["ALLOWED_ENDPOINT_NETWORKS"] = networks
            self.start()
            self.made(endpoint=f"http://{name}:{listener.getsockname()[1]}")
            self.order("approve")
            wait_for(lambda: self.status_of() != "unapproved", "the approved orchestrator")
            decided = len(self.host.decisions())
            taken = 0

            def seen():
                nonlocal taken
                try:
                    listener.accept()[0].close()
                    taken += 1
                except TimeoutError:
                    pass
                return taken > 0 if allowed else len(self.host.decisions()) >= decided + 8

            wait_for(seen, "jobs of some periods")
        return taken

    def test_it_is_not_connected_to(self):
        self.assertEqual(self.connections(allowed=False), 0)

    def test_where_it_is_allowed_it_is(self):
        self.assertGreater(self.connections(allowed=True), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
