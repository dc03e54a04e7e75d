"""`stipend verify`: which step each fault fails, what is said where all is well, and that nothing is paid without --pay."""
import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "jobs"), str(HERE.parent / "host")]
from network import BUILD, STIPEND, Devnet, Host, wait_for  # noqa: E402
from ports import free_port  # noqa: E402
from server import Server  # noqa: E402

VERIFY = BUILD / "bin" / "stipend-verify"
FIRST = "https://127.0.1.1:9995"  # a name in the gateway's pool, without a listener
SECOND = "https://127.0.1.2:9995"
NAMES = ["dns", "tcp", "tls", "route", "sentinel", "token", "capacity", "price", "job", "served_by", "uptime", "tier",
         "amount", "ledger_row", "settlement", "audit"]
OF_ALL = {"dns", "tcp", "tls", "route", "sentinel", "audit"}
STEP_MEMBERS = ["step", "name", "orchestrator", "verdict", "duration_ms", "evidence", "next"]
NEEDS_A_FILE = {"tier", "amount", "ledger_row", "settlement", "audit"}
# Behind a step that fails, these are skipped for it.
BEHIND = {"dns": 1, "tcp": 2, "tls": 3, "route": 4, "sentinel": 5, "token": 6, "capacity": 7, "price": 8, "job": 9,
          "served_by": 10, "uptime": 11}


def free_place():
    return f"127.0.0.1:{free_port()}"


class VerifyTest(unittest.TestCase):
    maxDiff = None

    def devnet(self, orchestrators=2, *options):
        devnet = Devnet(orchestrators, *options)
        self.addCleanup(devnet.end)
        return devnet

    def listening(self, *options):
        """A devnet whose first orchestrator has a listener, and its address."""
        place = free_place()
        return self.devnet(2, "--orchestrator-listen", place, *options), f"https://{place}"

    def run_verify(self, *options, expect=0, environment=None, program=(VERIFY,)):
        done = subprocess.run([*program, *options], text=True, capture_output=True, timeout=120, env=environment,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
        return done

    def report(self, *options, **more):
        """The JSON report, each of whose fields has been looked at."""
        report = json.loads(self.run_verify(*options, "--json", **more).stdout)
        self.assertEqual(list(report), ["gateway", "capability", "good", "passed", "failed", "skipped", "steps"])
        verdicts = [one["verdict"] for one in report["steps"]]
        self.assertEqual([report["passed"], report["failed"], report["skipped"]],
                         [verdicts.count(verdict) for verdict in ("PASS", "FAIL", "SKIP")])
        self.assertEqual(report["good"], report["failed"] == 0)
        for one in report["steps"]:
            self.assertEqual(list(one), STEP_MEMBERS)
            self.assertEqual(one["name"], NAMES[one["step"] - 1])
            unnamed = one["name"] in OF_ALL or not {"--orchestrator", "-c"} & set(options)
            self.assertEqual(unnamed, one["orchestrator"] is None, one)
            self.assertGreaterEqual(one["duration_ms"], 0)
            self.assertTrue(one["evidence"], one)
            self.assertTrue(one["next"] or one["verdict"] != "FAIL", one)
        return report

    def steps(self, *options, **more):
        """By name, of a report about one orchestrator."""
        report = self.report(*options, **more)
        self.assertEqual([one["step"] for one in report["steps"]], list(range(1, 17)))
        return {one["name"]: one for one in report["steps"]}

    def failing(self, name, *options):
        """The step that has to fail, as the only one: those before it do not, those behind it need it."""
        steps = self.steps(*options, expect=1)
        self.assertEqual([one["name"] for one in steps.values() if one["verdict"] == "FAIL"], [name], steps)
        at = NAMES.index(name)
        unrelated = {"token", "capacity", "price"} if at < NAMES.index("token") else set()
        beside = {"capacity", "price"} - {name} if name in ("capacity", "price") else set()
        for one in steps.values():
            if one["name"] in NEEDS_A_FILE | unrelated | beside or one["step"] <= BEHIND[name]:
                continue
            self.assertEqual(one["verdict"], "SKIP", one)
            self.assertRegex(one["evidence"], r"^needs step \d+$")
        return steps[name]


class Network(VerifyTest):
    def test_a_network_without_a_configuration_passes_up_to_step_11(self):
        devnet, orchestrator = self.listening()
        steps = self.steps("--gateway", devnet.gateway, "--capability", "agent-net", "--orchestrator", orchestrator)
        for name, one in steps.items():
            wanted = "SKIP" if name in NEEDS_A_FILE or name == "tls" else "PASS"
            self.assertEqual((name, one["verdict"]), (name, wanted), one)
        self.assertEqual(steps["job"]["orchestrator"], orchestrator)
        self.assertEqual(steps["served_by"]["evidence"], f"X-Orchestrator-Url is {orchestrator}")
        self.assertEqual(steps["capacity"]["evidence"], "16 free slots for agent-net")
        self.assertEqual(steps["price"]["evidence"], "0 wei per second of at most 0")
        self.assertEqual(steps["uptime"]["evidence"], "100 % over 60 s, not signed")
        self.assertEqual(steps["tier"]["next"], "name it: -c FILE")

    def test_without_an_orchestrator_the_gateway_chooses(self):
        devnet = self.devnet()
        steps = self.steps("--gateway", devnet.gateway, program=(STIPEND, "verify"))
        self.assertEqual([steps[name]["verdict"] for name in ("token", "capacity", "price", "job", "served_by", "uptime")],
                         ["SKIP"] * 3 + ["PASS"] * 3)

    def test_each_orchestrator_has_its_steps_and_one_that_fails_is_in_the_way_of_no_other(self):
        places = [free_place(), free_place()]
        devnet = self.devnet(2, *(word for place in places for word in ("--orchestrator-listen", place)))
        first, second = (f"https://{place}" for place in places)
        devnet.fault(0, kind="error", status=503, text="busy")
        report = self.report("--gateway", devnet.gateway, "--orchestrator", first, "--orchestrator", second, expect=1)
        self.assertEqual([(one["step"], one["orchestrator"]) for one in report["steps"]],
                         [(n, None) for n in range(1, 6)] + [(n, first) for n in range(6, 16)] +
                         [(n, second) for n in range(6, 16)] + [(16, None)])
        verdicts = {(one["name"], one["orchestrator"]): one["verdict"] for one in report["steps"]}
        self.assertEqual((verdicts["job", first], verdicts["uptime", first]), ("FAIL", "SKIP"))
        self.assertEqual((verdicts["job", second], verdicts["uptime", second]), ("PASS", "PASS"))

    def test_for_people_each_step_is_a_line_with_what_to_do_next(self):
        devnet, orchestrator = self.listening()
        devnet.fault(0, kind="empty200")
        out = self.run_verify("--gateway", devnet.gateway, "--orchestrator", orchestrator, expect=1).stdout
        lines = out.splitlines()
        self.assertEqual([int(line[:2]) for line in lines if line[2:8] in (" PASS ", " FAIL ", " SKIP ")], list(range(1, 17)))
        at = next(n for n, line in enumerate(lines) if line.startswith(" 9 FAIL  job"))
        self.assertIn("empty_200: status 200 with an empty body", lines[at])
        self.assertIn("next:  look at the logs of the orchestrator and of its worker; `stipend jobs send --gateway", lines[at + 1])
        self.assertEqual(lines[-1], "8 passed, 1 failed, 7 skipped".replace("8 passed", f"{out.count(' PASS ')} passed")
                         .replace("7 skipped", f"{out.count(' SKIP ')} skipped"))

    def test_a_job_that_costs_is_sent_only_where_that_is_said(self):
        devnet, orchestrator = self.listening("--every-sender-has-reserve")
        devnet.fault(0, kind="price", wei=1000)
        options = ("--gateway", devnet.gateway, "--orchestrator", orchestrator, "--timeout", "120")
        self.assertIn("1000 wei per second, want at most 0", self.failing("price", *options)["evidence"])
        self.assertEqual(devnet.jobs(), [])
        steps = self.steps(*options, "--max-price", "1000")
        self.assertEqual((steps["price"]["verdict"], steps["job"]["verdict"]), ("PASS", "PASS"), steps)
        self.assertIn("want at most 999", self.failing("price", *options, "--max-price", "999")["evidence"])

    def test_an_orchestrator_that_only_the_gateway_reaches_is_verified_where_that_is_said(self):
        devnet = self.devnet()
        options = ("--gateway", devnet.gateway, "--orchestrator", FIRST)
        self.assertIn("Connection refused", self.failing("token", *options)["evidence"])
        self.assertEqual(devnet.jobs(), [])
        steps = self.steps(*options, "--price-unseen")
        self.assertEqual([steps[name]["verdict"] for name in ("token", "capacity", "price", "job", "served_by", "uptime")],
                         ["SKIP"] * 3 + ["PASS"] * 3)

    def test_a_cold_connection_is_said_and_no_failure(self):
        devnet, orchestrator = self.listening()
        devnet.fault(0, kind="cold_connection")
        steps = self.steps("--gateway", devnet.gateway, "--orchestrator", orchestrator)
        self.assertRegex(steps["job"]["evidence"], r"^status 200, \d+ bytes; the first try: status 400: \"No orchestrators found")


class Faults(VerifyTest):
    # Each fault of an orchestrator, and the steps one of which has to fail, as the only one.
    ORCHESTRATOR = [
        ({"kind": "down"}, {"token"}),
        ({"kind": "blackhole"}, {"token"}),
        ({"kind": "token_refused"}, {"token"}),
        ({"kind": "hold_slots", "slots": 1000}, {"capacity"}),
        ({"kind": "capability_lost"}, {"capacity"}),
        ({"kind": "price", "wei": 1}, {"price"}),
        ({"kind": "token_slow", "delay": "800ms"}, {"job"}),
        ({"kind": "unknown"}, {"job"}),
        ({"kind": "gateway_text"}, {"job"}),
        ({"kind": "error", "status": 429, "text": "busy"}, {"job"}),
        ({"kind": "error", "status": 503, "text": "busy"}, {"job"}),
        ({"kind": "status401"}, {"job"}),
        ({"kind": "worker_refused"}, {"job"}),
        ({"kind": "worker_truncated"}, {"job"}),
        ({"kind": "redirect_loop"}, {"job"}),
        ({"kind": "empty200"}, {"job"}),
        ({"kind": "truncated"}, {"job"}),
        ({"kind": "reset"}, {"job"}),
        ({"kind": "closed"}, {"job"}),
        ({"kind": "cut"}, {"job"}),
        ({"kind": "header_flood", "bytes": 1000000}, {"job"}),
        ({"kind": "huge", "bytes": 2000000}, {"job"}),
        ({"kind": "hang"}, {"job"}),
        ({"kind": "stall"}, {"job"}),
        ({"kind": "another", "orchestrator": 1}, {"served_by"}),
        ({"kind": "announce", "address": "https://orch.example:9995"}, {"served_by"}),
        ({"kind": "body", "text": "hello"}, {"uptime"}),
        ({"kind": "body", "text": '{"reversed":"cba"}'}, {"uptime"}),
        ({"kind": "uptime", "raw": '"99"'}, {"uptime"}),
        ({"kind": "uptime", "raw": "100.5"}, {"uptime"}),
        ({"kind": "flap", "up": "1ms", "down": "60s"}, {"token"}),
        ({"kind": "crash", "for": "60s"}, {"token"}),
        ({"kind": "unfinished_stream", "bytes": 1000000}, {"job"}),
        ({"kind": "stream_flood"}, {"job"}),
        ({"kind": "endless", "bytes": 1000000000}, {"job"}),
        ({"kind": "gzip", "broken": True}, {"job"}),
    ]
    # Those that verify passes: the answer is right all the same, or it is not a gateway's job that meets them.
    PASSED = [{"kind": "none"}, {"kind": "heal"}, {"kind": "gzip"}, {"kind": "slow", "delay": "20ms"}, {"kind": "new_certificate"},
              {"kind": "runner_unhealthy"}, {"kind": "runner_full"}, {"kind": "payment_refused"}]
    ELSEWHERE = {"cold_connection"}  # it has a test of its own above

    def test_each_kind_of_the_fixture_is_in_a_list(self):
        listed = subprocess.run([STIPEND, "devnet", "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
        kinds = {line.split()[0] for line in listed.split("Faults, for scenarios")[1].splitlines()[1:] if re.match(r"  \w+ ", line)}
        self.assertEqual(kinds, {fault["kind"] for fault, _ in self.ORCHESTRATOR} | {fault["kind"] for fault in self.PASSED} | self.ELSEWHERE)

    def test_what_does_no_harm_passes(self):
        devnet, orchestrator = self.listening("--every-sender-has-reserve")
        for fault in self.PASSED:
            with self.subTest(fault=fault):
                devnet.fault(0, kind="none")
                devnet.fault(0, **fault)
                steps = self.steps("--gateway", devnet.gateway, "--orchestrator", orchestrator)
                self.assertEqual({name for name, one in steps.items() if one["verdict"] != "PASS"}, NEEDS_A_FILE | {"tls"}, steps)

    def test_each_fault_of_an_orchestrator_fails_its_step(self):
        for fault, expected in self.ORCHESTRATOR:
            with self.subTest(fault=fault):
                place = free_place()
                devnet = Devnet(2, "--orchestrator-listen", place, "--every-sender-has-reserve")
                try:
                    devnet.fault(0, **fault)
                    name, = expected
                    self.failing(name, "--gateway", devnet.gateway, "--orchestrator", f"https://{place}", "--timeout", "1")
                finally:
                    devnet.end()

    def test_an_address_that_is_announced_is_accepted_where_it_is_named(self):
        devnet, orchestrator = self.listening()
        devnet.fault(0, kind="announce", address="https://orch.example:9995")
        options = ("--gateway", devnet.gateway, "--orchestrator")
        self.assertIn('service_addresses: ["https://orch.example:9995"]',
                      self.failing("served_by", *options, orchestrator)["next"])
        steps = self.steps(*options, orchestrator + "=https://orch.example:9995")
        self.assertEqual(steps["served_by"]["verdict"], "PASS")

    def test_what_an_answer_says_never_reaches_a_terminal_raw(self):
        devnet, orchestrator = self.listening()
        devnet.fault(0, kind="error", status=429, text="a\x1b[2Jb")
        out = self.run_verify("--gateway", devnet.gateway, "--orchestrator", orchestrator, expect=1).stdout
        self.assertNotIn("\x1b", out)
        self.assertIn("status 429", out)


class Gateway(VerifyTest):
    def test_a_gateway_that_has_no_address_fails_step_1(self):
        self.assertIn("no address of gateway.invalid", self.failing("dns", "--gateway", "http://gateway.invalid:1",
                                                                    "--price-unseen", "--orchestrator", FIRST)["evidence"])

    def test_a_port_that_refuses_fails_step_2(self):
        self.assertIn("Connection refused", self.failing("tcp", "--gateway", "http://" + free_place())["evidence"])

    def test_each_fault_of_a_gateway_fails_its_step(self):
        devnet = self.devnet()
        for fault, expected in (("down", "tcp"), ("hang", "route"), ("error", "route"), ("malformed", "sentinel")):
            with self.subTest(fault=fault):
                devnet.gateway_fault(fault)
                self.failing(expected, "--gateway", devnet.gateway)

    def test_a_gateway_without_a_deposit_fails_the_job(self):
        devnet, orchestrator = self.listening("--every-sender-has-reserve")
        devnet.fault(0, kind="price", wei=1000)
        options = ("--gateway", devnet.gateway, "--orchestrator", orchestrator, "--max-price", "1000", "--timeout", "120")
        devnet.gateway_fault("deposit_empty")
        self.failing("job", *options)
        devnet.gateway_fault("none")
        devnet.gateway_fault({"kind": "funds", "deposit": "0", "reserve": "360000000000000000"})
        self.failing("job", *options)
        devnet.gateway_fault({"kind": "funds", "deposit": "100000000000000000", "reserve": "360000000000000000"})
        self.assertEqual(self.steps(*options)["job"]["verdict"], "PASS")

    def test_another_server_fails_step_4(self):
        server = Server()
        self.addCleanup(server.end)
        found = self.failing("route", "--gateway", server.url)
        self.assertIn('want 400 and "Unable to parse job request"', found["evidence"])

    def test_a_certificate_that_is_not_trusted_fails_step_3(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-verify-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        key, certificate = folder / "key.pem", folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=gateway", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True,
                       timeout=60)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        server = Server(tls=tls)
        self.addCleanup(server.end)
        found = self.failing("tls", "--gateway", server.url)
        self.assertIn(f"stipend byoc pin {server.url}", found["next"])
        other = server.url.replace("127.0.0.1", "localhost")
        self.failing("tls", "--gateway", other, "--ca-file", certificate)
        # Trusted: the step shows the certificate's own hash, and the next one fails, since this is no gateway.
        steps = self.steps("--gateway", server.url, "--ca-file", certificate, expect=1)
        fingerprint = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], check=True,
                                     capture_output=True, text=True, timeout=60).stdout.split("=")[1].strip()
        self.assertEqual(steps["tls"]["verdict"], "PASS")
        self.assertIn(fingerprint.replace(":", "").lower(), steps["tls"]["evidence"])
        self.assertEqual(steps["route"]["verdict"], "FAIL")

    def test_plain_http_at_a_port_without_it_fails_step_3(self):
        devnet = self.devnet()
        self.failing("tls", "--gateway", devnet.gateway.replace("http://", "https://"))


class HostTest(VerifyTest):
    def begin(self, interval, start=True):
        self.devnet_, self.orchestrator = self.listening("--every-sender-has-reserve")
        self.host = Host(self.devnet_, interval)
        self.addCleanup(self.host.end)
        self.host.environment.update(ORCHESTRATOR_ADDRESSES=self.orchestrator, PRICE_UNSEEN="refuse")
        if start:
            self.host.start()
            wait_for(lambda: self.host.decisions(), "a decision")

    def verify(self, *options, **more):
        return self.steps("-c", self.host.config, *options, environment=self.host.environment, **more)


class HostSide(HostTest):
    def test_with_a_running_host_all_steps_pass_and_nothing_is_paid(self):
        self.begin(3600)
        before = self.host.decisions()
        self.devnet_.fault(0, kind="uptime", percent=85.5)
        steps = self.verify()
        self.assertEqual({name for name, one in steps.items() if one["verdict"] != "PASS"}, {"tls"}, steps)
        self.assertIn("good: pay, x 1,", steps["tier"]["evidence"])
        self.assertIn("10 USD (10 x 1) = 5000000000000000 wei at 2000 USD for one ETH", steps["amount"]["evidence"])
        row = before[-1]
        self.assertEqual((row["amount_usd"], row["tier"], row["epoch"]), ("12", "excellent", 1))
        self.assertIn(f"epoch 1 of {row['orchestrator']}", steps["ledger_row"]["evidence"])
        self.assertIn("pay excellent, 12 USD, 0.006 ETH; computed again: the same", steps["ledger_row"]["evidence"])
        self.assertIn("nothing is ever paid", steps["settlement"]["evidence"])
        head = self.host.verified()
        self.assertIn(f"0 wrong; head {head['head_seq']}:{head['head_hash']}", steps["audit"]["evidence"])
        self.assertEqual(self.host.decisions(), before)

    def test_without_a_ledger_its_steps_are_skipped_with_the_command_to_type(self):
        self.begin(3600, start=False)
        steps = self.verify()
        for name in ("ledger_row", "audit"):
            self.assertEqual(steps[name]["verdict"], "SKIP")
            self.assertEqual(steps[name]["next"], f"begin one: stipend run -c {self.host.config}")
        self.assertEqual((steps["tier"]["verdict"], steps["amount"]["verdict"]), ("PASS", "PASS"))
        self.assertFalse((self.host.folder / "state" / "ledger.db").exists())

    def test_a_ledger_that_was_edited_fails_the_row_and_the_audit(self):
        self.begin(3600)
        self.host.stop()
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "ledger.db")) as ledger, ledger:
            ledger.execute("UPDATE decision SET usd_e8 = usd_e8 + 1")
        steps = self.verify(expect=1)
        self.assertEqual([name for name, one in steps.items() if one["verdict"] == "FAIL"], ["ledger_row", "audit"])
        self.assertIn("ledger verify", steps["audit"]["next"])

    def test_the_mode_of_settlement_is_said_and_a_frozen_payout_fails(self):
        self.begin(3600, start=False)
        self.host.edit("settlement: dry-run", "settlement: accrue")
        self.assertEqual(self.host.run("run", "--once")[0], 0)
        self.assertIn("accrue: debts are recorded", self.verify()["settlement"]["evidence"])
        plugin = {"chain_id": 42161, "payer": "0x" + "1" * 40, "rpc": ["http://127.0.0.1:1"],
                  "signer": {"socket": str(self.host.folder / "signer.sock")}, "max_fee_per_gas_wei": 10 ** 9}
        self.host.edit("settlement: accrue", "settlement: ethereum")
        with open(self.host.config, "a", encoding="utf-8") as config:
            config.write("\npayouts: " + json.dumps({"min": "0.02 ETH", "per_payment": "1 ETH", "per_payee_day": "1 ETH",
                                                      "per_day": "5 ETH", "config": plugin}) + "\n")
        self.assertIn("ethereum: 0 payouts open, none held or frozen", self.verify()["settlement"]["evidence"])
        # As where the chain contradicts the ledger; the row is not of the chain of rows, which is what step 16 is for.
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "ledger.db")) as ledger, ledger:
            payee, = ledger.execute("SELECT id FROM orchestrator").fetchone()
            ledger.execute("INSERT INTO payout(seq, id, orchestrator, to_address, wei, at, state, slot) "
                           "VALUES(1000, 7, ?, ?, ?, 1, 9, 0)", [payee, "0x" + "2" * 40, (10 ** 15).to_bytes(32, "big")])
            ledger.execute("INSERT INTO payout_step(seq, payout, state, slot, block_hash, block, reason, by, at) "
                           "VALUES(1001, 7, 9, 0, zeroblob(32), 0, 'the chain differs', '', 2)")
        steps = self.verify(expect=1)
        self.assertEqual([name for name, one in steps.items() if one["verdict"] == "FAIL"], ["settlement", "audit"])
        self.assertEqual((steps["settlement"]["evidence"], steps["settlement"]["next"]),
                         ("payout 7 is frozen: the chain differs", f"stipend payouts show 7 -c {self.host.config}"))

    def test_an_orchestrator_that_is_not_configured_has_no_tier(self):
        self.begin(3600)
        steps = self.verify("--orchestrator", SECOND, "--price-unseen")
        for name in ("tier", "ledger_row", "settlement"):
            self.assertEqual((steps[name]["verdict"], steps[name]["evidence"]),
                             ("SKIP", f"{SECOND} is not in the configuration"))
        self.assertEqual(steps["amount"]["evidence"], "needs step 12")

    def test_signed_evidence_is_demanded_where_the_configuration_does(self):
        self.begin(3600, start=False)
        self.host.environment["DISPATCH_EVIDENCE"] = "signed"
        steps = self.verify(expect=1)
        self.assertEqual(steps["uptime"]["verdict"], "FAIL")
        self.assertIn("signed evidence is demanded", steps["uptime"]["evidence"])
        self.assertEqual(steps["tier"]["evidence"], "needs step 11")


class Pay(HostTest):
    def test_where_no_host_runs_one_decision_is_made_and_shown(self):
        self.begin(3600, start=False)
        options = ("--orchestrator", self.orchestrator)
        self.verify(*options)
        self.assertFalse((self.host.folder / "state").exists())
        steps = self.verify(*options, "--pay", "--yes")
        self.assertEqual(len(self.host.decisions()), 1)
        self.assertIn("epoch 1 of", steps["ledger_row"]["evidence"])
        self.assertIn("computed again: the same", steps["ledger_row"]["evidence"])
        self.assertEqual(steps["audit"]["verdict"], "PASS")
        # It is not due again, so that nothing more is paid.
        again = self.verify(*options, "--pay", "--yes", expect=1)
        self.assertIn("decided nothing of it", again["ledger_row"]["evidence"])
        self.assertEqual(len(self.host.decisions()), 1)

    def test_the_running_hosts_next_decision_is_waited_for(self):
        self.begin(2)
        steps = self.verify("--orchestrator", self.orchestrator, "--pay", "--yes", "--wait", "60s")
        epoch = int(steps["ledger_row"]["evidence"].split()[1])
        self.assertGreater(epoch, 1)
        self.assertIn(epoch, [one["epoch"] for one in self.host.decisions()])

    def test_a_decision_that_does_not_come_in_time_fails_the_row(self):
        self.begin(3600)
        steps = self.verify("--orchestrator", self.orchestrator, "--pay", "--yes", "--wait", "200ms", expect=1)
        self.assertIn("no decision came", steps["ledger_row"]["evidence"])
        self.assertEqual(len(self.host.decisions()), 1)

    def test_it_wants_yes_or_an_answer_at_a_terminal(self):
        self.begin(3600, start=False)
        options = ("-c", self.host.config, "--orchestrator", self.orchestrator, "--pay")
        done = self.run_verify(*options, expect=2, environment=self.host.environment)
        self.assertIn("--pay: want --yes, or y at a terminal", done.stderr)
        for answer, expect, count in (("n\n", 2, 0), ("y\n", 0, 1)):
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            os.write(ours, answer.encode())
            done = subprocess.run([VERIFY, *options], text=True, capture_output=True, timeout=120, stdin=theirs,
                                  env=self.host.environment)
            os.close(theirs)
            self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
            self.assertIn("and all others that are due are checked, and paid.", done.stderr)
            made = len(self.host.decisions()) if (self.host.folder / "state" / "ledger.db").exists() else 0
            self.assertEqual(made, count)


class Usage(VerifyTest):
    def test_what_cannot_be_is_refused_before_anything_is_sent(self):
        gateway = ("--gateway", "http://127.0.0.1:1")
        for options, said in (((), "no gateway: want --gateway URL, or -c FILE that names one"),
                              ((*gateway, "--max-price", "1.5"), "--max-price: not an amount of wei"),
                              ((*gateway, "--orchestrator", "o1"), "--orchestrator: bad URL"),
                              ((*gateway, "--wait", "soon"), "--wait: "),
                              ((*gateway, "--pay", "--yes"), "--pay: want -c FILE, the configuration that pays"),
                              ((*gateway, "--credential", "/nowhere/credential"), "--credential: "),
                              (("-c", "/nowhere/config.yaml"), "/nowhere/config.yaml"),
                              ((*gateway, "--nothing"), "--nothing")):
            with self.subTest(options=options):
                done = self.run_verify(*options, expect=2)
                self.assertEqual(done.stdout, "")
                self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
