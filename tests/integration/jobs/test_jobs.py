"""`stipend jobs`: what each fault of a network is called, and whether the figures are true."""
import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "host")]
from network import BUILD, STIPEND, Devnet, Host  # noqa: E402
from server import Server  # noqa: E402
from terminal import Tmux  # noqa: E402

JOBS = BUILD / "bin" / "stipend-jobs"
FIRST = "https://127.0.1.1:9995"
SECOND = "https://127.0.1.2:9995"


def load(gateway, *options, expect=0, program=(JOBS,)):
    """The JSON report of a load."""
    done = subprocess.run([*program, "load", "--gateway", gateway, "--report", "json", *options], text=True,
                          capture_output=True, timeout=120)
    if done.returncode != expect:
        raise AssertionError(f"exit status {done.returncode}, want {expect}: {done.stderr}{done.stdout}")
    return json.loads(done.stdout)


def classes(report):
    return {name: count for name, count in report["failed_by_class"].items() if count}


class JobsTest(unittest.TestCase):
    def devnet(self, orchestrators=2, *options):
        devnet = Devnet(orchestrators, *options)
        self.addCleanup(devnet.end)
        return devnet

    def server(self, **options):
        server = Server(**options)
        self.addCleanup(server.end)
        return server


class Faults(JobsTest):
    # Each fault of an orchestrator, and the classes that its jobs may have.
    ORCHESTRATOR = [
        ({"kind": "none"}, {"succeeded"}),
        ({"kind": "slow", "delay": "20ms"}, {"succeeded"}),
        ({"kind": "gzip"}, {"succeeded"}),
        ({"kind": "down"}, {"no_orchestrators"}),
        ({"kind": "blackhole"}, {"no_orchestrators"}),
        ({"kind": "token_slow", "delay": "800ms"}, {"no_orchestrators"}),
        ({"kind": "token_refused"}, {"no_orchestrators"}),
        ({"kind": "unknown"}, {"no_orchestrators"}),
        ({"kind": "hold_slots", "slots": 1000}, {"no_orchestrators"}),
        ({"kind": "capability_lost"}, {"no_orchestrators"}),
        ({"kind": "gateway_text"}, {"no_orchestrators"}),  # the worker's words are those of a gateway
        ({"kind": "error", "status": 429, "text": "busy"}, {"4xx"}),
        ({"kind": "error", "status": 503, "text": "busy"}, {"empty_200"}),
        ({"kind": "empty200"}, {"empty_200"}),
        ({"kind": "worker_truncated"}, {"empty_200"}),
        ({"kind": "gzip", "broken": True}, {"empty_200"}),
        ({"kind": "worker_refused"}, {"empty_200", "no_orchestrators"}),
        ({"kind": "status401"}, {"empty_200", "no_orchestrators"}),
        ({"kind": "redirect_loop"}, {"empty_200", "no_orchestrators"}),
        ({"kind": "truncated"}, {"5xx"}),
        ({"kind": "body", "text": "hello"}, {"body_check"}),
        ({"kind": "uptime", "raw": '"99"'}, {"body_check"}),
        ({"kind": "uptime", "percent": 100}, {"succeeded"}),
        ({"kind": "another", "orchestrator": 1}, {"other_orchestrator"}),
        ({"kind": "reset"}, {"broken"}),
        ({"kind": "closed"}, {"broken"}),
        ({"kind": "cut"}, {"broken"}),
        ({"kind": "header_flood", "bytes": 1000000}, {"broken"}),
        ({"kind": "huge", "bytes": 2000000}, {"broken"}),
        ({"kind": "endless", "bytes": 1000000000}, {"broken", "timeout"}),
        ({"kind": "stream_flood"}, {"broken", "timeout"}),
        ({"kind": "hang"}, {"timeout"}),
        ({"kind": "stall"}, {"timeout"}),
        ({"kind": "flap", "up": "60s", "down": "60s"}, {"succeeded"}),
        ({"kind": "flap", "up": "1ms", "down": "60s"}, {"no_orchestrators", "succeeded"}),
        ({"kind": "unfinished_stream", "bytes": 1000000}, {"broken", "timeout"}),
        ({"kind": "new_certificate"}, {"succeeded"}),  # the gateway trusts any
        ({"kind": "heal"}, {"succeeded"}),
        # The first token after a pause comes too late; the next do not.
        ({"kind": "cold_connection", "round_trip": "250ms", "idle": "60s", "limit": "500ms"}, {"no_orchestrators", "succeeded"}),
        # Of live runners only: a gateway's jobs do not meet them.
        ({"kind": "runner_unhealthy"}, {"succeeded"}),
        ({"kind": "runner_full"}, {"succeeded"}),
        ({"kind": "payment_refused"}, {"succeeded"}),
        ({"kind": "price", "wei": 0}, {"succeeded"}),
        ({"kind": "announce", "address": "https://orch.example:9995"}, {"other_orchestrator"}),
        ({"kind": "crash", "for": "60s"}, {"no_orchestrators", "broken"}),  # the last one: nothing ends it
    ]

    def test_each_kind_of_the_fixture_has_a_class(self):
        listed = subprocess.run([STIPEND, "devnet", "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
        kinds = {line.split()[0] for line in listed.split("Faults, for scenarios")[1].splitlines()[1:] if re.match(r"  \w+ ", line)}
        self.assertEqual(kinds, {fault["kind"] for fault, _ in self.ORCHESTRATOR})

    def test_each_fault_of_an_orchestrator_has_its_class(self):
        devnet = self.devnet()
        for fault, expected in self.ORCHESTRATOR:
            with self.subTest(fault=fault):
                devnet.fault(0, kind="none")
                devnet.fault(0, kind="announce", address=FIRST)
                devnet.fault(0, **fault)
                report = load(devnet.gateway, "--orchestrator", FIRST, "--rate", "20/s", "--duration", "0.2",
                              "--deadline", "1200ms", "--check", "uptime")
                got = classes(report)
                if report["succeeded"]:
                    got["succeeded"] = report["succeeded"]
                self.assertEqual((report["sent"], sum(got.values())), (4, 4))
                self.assertLessEqual(set(got), expected, report["first_errors"])
                self.assertEqual(set(report["first_errors"]), set(classes(report)))

    def test_each_fault_of_a_gateway_has_its_class(self):
        devnet = self.devnet()
        for fault, expected in (("down", "connect"), ("hang", "timeout"), ("error", "5xx"), ("malformed", "4xx")):
            with self.subTest(fault=fault):
                devnet.gateway_fault(fault)
                report = load(devnet.gateway, "--rate", "20/s", "--duration", "0.2", "--deadline", "500ms")
                self.assertEqual(classes(report), {expected: 4})

    def test_a_gateway_without_a_deposit_pays_for_no_job(self):
        devnet = self.devnet()
        devnet.fault(0, kind="price", wei=1000)
        devnet.gateway_fault("deposit_empty")
        options = (devnet.gateway, "--orchestrator", FIRST, "--rate", "20/s", "--duration", "0.2", "--timeout", "120")
        report = load(*options)
        self.assertLessEqual(set(classes(report)), {"empty_200", "no_orchestrators"})
        self.assertEqual(report["succeeded"], 0)
        devnet.gateway_fault("none")
        for deposit, paid in (("0", False), ("100000000000000000", True)):  # before it has paid anything: no balance is left
            devnet.gateway_fault({"kind": "funds", "deposit": deposit, "reserve": "360000000000000000"})
            self.assertEqual(load(*options)["succeeded"] > 0, paid, deposit)


class Servers(JobsTest):
    def test_a_port_that_refuses_is_connect(self):
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
        self.assertEqual(classes(load(f"http://127.0.0.1:{port}", "--rate", "20/s", "--duration", "0.2")), {"connect": 4})

    def test_a_certificate_that_nobody_known_has_signed_is_tls(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-jobs-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        key, certificate = folder / "key.pem", folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=gateway", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True,
                       timeout=60)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        server = self.server(tls=tls)
        options = (server.url, "--rate", "20/s", "--duration", "0.2")
        self.assertEqual(classes(load(*options)), {"tls": 4})
        report = load(*options, "--ca-file", certificate)
        self.assertEqual(report["succeeded"], 4, report["first_errors"])
        other = server.url.replace("127.0.0.1", "localhost")
        self.assertEqual(classes(load(other, *options[1:], "--ca-file", certificate)), {"tls": 4})

    def test_a_name_without_an_address_sends_nothing(self):
        done = subprocess.run([JOBS, "load", "--gateway", "http://gateway.invalid:1"], text=True, capture_output=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no address of gateway.invalid", done.stderr)

    def test_a_connection_that_the_server_closed_is_not_used_again(self):
        server = self.server(closes=True)
        report = load(server.url, "--rate", "20/s", "--duration", "0.5", "--connections", "1")
        self.assertEqual((classes(report), report["connections"]["opened"]), ({}, 10))

    def test_a_terminal_shows_how_it_goes_in_one_line(self):
        server = self.server()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        subprocess.run([JOBS, "load", "--gateway", server.url, "--rate", "20/s", "--duration", "1"], check=True,
                       stderr=theirs, stdout=subprocess.DEVNULL, timeout=60)
        os.close(theirs)
        shown = ""
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 65536):
                shown += part.decode()
        self.assertRegex(shown, r"^\r0 s of 1 s: \d+ sent, 0 failed, p50 [\d.-]+ ms, p99 [\d.-]+ ms, \d+ under way\x1b\[K\r")
        self.assertTrue(shown.endswith("\r\x1b[K"))
        self.assertNotIn("\n", shown)

    def last(self, lines):
        return next((line for line in reversed(lines) if line.strip()), "")

    @unittest.skipUnless(shutil.which("tmux"), "tmux is not installed (Debian: tmux)")
    def test_the_line_fits_the_terminal_and_follows_its_size(self):
        server = self.server(each=0.05)
        command = f"{JOBS} load --gateway {server.url} --rate 50/s --duration 86400 --connections 200; echo ended by $?"
        figures = [r"\d+ s of 86400 s: \d+ sent", r", \d+ failed", r", p50 [\d.]+ ms, p99 [\d.]+ ms", r", \d+ under way"]
        for width, height in ((80, 24), (200, 50)):
            with self.subTest(width=width), tempfile.TemporaryDirectory(prefix="stipend-jobs-") as folder:
                tmux = Tmux(pathlib.Path(folder), width, height, f"clear; {command}",
                            {**os.environ, "PS1": "", "TERM": "screen", "LC_ALL": "C.UTF-8"})
                self.addCleanup(tmux.end)
                for columns, least, most in ((width, 3, 4), (50, 2, 2), (width, 3, 4)):
                    tmux.resize(columns, height)
                    shown = ["".join(figures[:count]) for count in range(least, most + 1)]
                    # The last line is whole: nothing of it ran over from the one before.
                    tmux.wait(lambda lines: any(re.fullmatch(one, self.last(lines)) for one in shown),
                              f"a line within {columns} columns")
                tmux.send("C-c")
                tmux.wait(lambda lines: any("ended by" in line for line in lines), "the end")

    def test_a_stall_is_not_hidden(self):
        # A second of every ten, at a fifth of the time.
        server = self.server(stall=0.2, period=2)
        report = load(server.url, "--rate", "100/s", "--duration", "6", "--connections", "1")
        latency = report["latency_ms"]
        self.assertEqual(classes(report), {})
        self.assertGreater(latency["corrected"]["p99"], 160, latency)
        # One connection: few jobs meet the stall, and what waits for them is not counted from the send.
        self.assertLess(latency["service"]["p99"], latency["corrected"]["p99"] / 2, latency)
        self.assertEqual(report["sent"], 600)

    def test_an_open_model_sends_on_while_the_server_stalls(self):
        server = self.server(stall=0.5, period=3)
        report = load(server.url, "--rate", "100/s", "--duration", "3.5")
        self.assertGreaterEqual(report["connections"]["most_at_once"], 40)
        self.assertGreater(report["latency_ms"]["service"]["p99"], 400)
        self.assertEqual((report["sent"], report["succeeded"]), (350, 350))

    def test_the_generator_says_that_it_was_the_bottleneck(self):
        server = self.server(each=0.05)
        report = load(server.url, "--rate", "200/s", "--duration", "1", "--connections", "2", "--deadline", "10s")
        self.assertTrue(report["generator_bound"], report)
        self.assertEqual(report["bound_by"], "all 2 connections were busy (--connections)")
        self.assertGreater(report["late_starts"], 100)
        self.assertEqual((report["planned"], report["succeeded"]), (200, 200))
        self.assertLess(report["rate_achieved"], 100)

    def test_what_is_never_sent_is_counted(self):
        server = self.server(each=0.2)
        report = load(server.url, "--rate", "100/s", "--duration", "1", "--connections", "1", "--deadline", "1s")
        self.assertEqual((report["planned"], report["sent"] + report["unsent"]), (100, 100))
        self.assertGreater(report["unsent"], 80)
        self.assertTrue(report["generator_bound"])

    def test_a_signal_ends_it_with_a_report_of_what_was(self):
        server = self.server()
        process = subprocess.Popen([JOBS, "load", "--gateway", server.url, "--rate", "50/s", "--report", "json"],
                                   text=True, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        server.wait_jobs(20)
        process.send_signal(signal.SIGINT)
        report = json.loads(process.communicate(timeout=60)[0])
        self.assertEqual(process.returncode, 130)
        self.assertTrue(report["interrupted"])
        self.assertEqual(report["succeeded"], report["sent"])
        self.assertLess(report["planned"], 100_000)


class Load(JobsTest):
    def test_a_rate_is_kept_and_jobs_take_turns(self):
        devnet = self.devnet()
        report = load(devnet.gateway, "--rate", "500/s", "--duration", "2", "--orchestrator", FIRST, "--orchestrator",
                      SECOND, "--check", "uptime", "--threshold", "success>99%,p99<5s")
        self.assertEqual((report["planned"], report["sent"], report["succeeded"]), (1000, 1000, 1000))
        self.assertEqual(report["rate_asked"], 500)
        self.assertAlmostEqual(report["rate_achieved"], 500, delta=25)
        self.assertEqual({name: one["succeeded"] for name, one in report["by_orchestrator"].items()},
                         {FIRST: 500, SECOND: 500})
        for latency in report["latency_ms"].values():
            self.assertEqual(list(latency), ["p50", "p90", "p99", "p999", "max"])
            self.assertLessEqual(latency["p50"], latency["max"])
        self.assertTrue(all(one["held"] for one in report["thresholds"]))

    def test_a_missed_threshold_is_exit_status_3(self):
        devnet = self.devnet()
        devnet.fault(0, kind="down")
        report = load(devnet.gateway, "--rate", "100/s", "--duration", "0.4", "--orchestrator", FIRST, "--orchestrator",
                      SECOND, "--threshold", "success>=50%,success>50%,no_orchestrators<1", expect=3)
        self.assertEqual([one["held"] for one in report["thresholds"]], [True, False, False])
        self.assertEqual(report["by_orchestrator"][FIRST]["failed_by_class"]["no_orchestrators"], 20)

    def test_random_arrivals_follow_the_seed(self):
        devnet = self.devnet()
        counts = [load(devnet.gateway, "--rate", "200/s", "--duration", "1", "--arrivals", "poisson", "--seed",
                       seed)["planned"] for seed in ("5", "5", "6")]
        self.assertEqual(counts[0], counts[1])
        self.assertNotEqual(counts[0], counts[2])

    def test_the_closed_model_keeps_its_connections_busy(self):
        server = self.server(each=0.02)
        report = load(server.url, "--closed", "--connections", "5", "--duration", "1")
        self.assertEqual((report["rate_asked"], report["connections"]["most_at_once"]), (None, 5))
        self.assertEqual(report["connections"]["opened"], 5)
        self.assertGreater(report["sent"], 50)
        self.assertLessEqual(report["sent"], 260)

    def test_jobs_that_are_not_pinned_count_for_what_answered(self):
        devnet = self.devnet(3)
        report = load(devnet.gateway, "--rate", "200/s", "--duration", "0.5")
        self.assertLessEqual(set(report["by_orchestrator"]), {FIRST, SECOND, "https://127.0.1.3:9995"})
        self.assertEqual(sum(one["succeeded"] for one in report["by_orchestrator"].values()), 100)

    def test_an_announced_address_is_accepted_where_it_is_named(self):
        devnet = self.devnet()
        devnet.fault(0, kind="announce", address="https://orch.example:9995")
        options = ("--rate", "20/s", "--duration", "0.2", "--orchestrator")
        self.assertEqual(classes(load(devnet.gateway, *options, FIRST)), {"other_orchestrator": 4})
        self.assertEqual(classes(load(devnet.gateway, *options, FIRST + "=https://orch.example:9995")), {})

    def test_a_body_of_ones_own_reaches_the_worker(self):
        devnet = self.devnet()
        devnet.fault(0, kind="body", text='{"reversed":"cba"}')
        options = ("--rate", "20/s", "--duration", "0.1", "--orchestrator", FIRST, "--body", '{"text":"abc"}')
        self.assertEqual(classes(load(devnet.gateway, *options, "--check", "contains:cba")), {})
        self.assertEqual(classes(load(devnet.gateway, *options, "--check", "contains:xyz")), {"body_check": 2})

    def test_it_is_a_command_of_stipend(self):
        devnet = self.devnet()
        report = load(devnet.gateway, "--rate", "20/s", "--duration", "0.1", program=(STIPEND, "jobs"))
        self.assertEqual(report["succeeded"], 2)

    def test_what_cannot_be_is_refused_before_anything_is_sent(self):
        gateway = ("--gateway", "http://127.0.0.1:1")
        for options, said in (((), "no gateway: want --gateway URL, or -c FILE that names one"),
                              ((*gateway, "--rate", "0"), 'bad rate: got "0": want a number above 0'),
                              ((*gateway, "--duration", "2d"), "--duration: got 2d, want 1ms to 24h"),
                              ((*gateway, "--rate", "200000/s", "--duration", "24h"), "more than 100000000 jobs"),
                              ((*gateway, "--threshold", "p98<1s"), 'bad threshold: got "p98<1s"'),
                              ((*gateway, "--check", "xml"), 'bad check: got "xml"'),
                              ((*gateway, "--orchestrator", "o1"), "--orchestrator: bad URL"),
                              ((*gateway, "--connections", "60001"), "--connections: got 60001, want 1 to 60000"),
                              ((*gateway, "--timeout", "1500ms"), "--timeout: got 1500ms, want whole seconds"),
                              ((*gateway, "--body", "@/nowhere/body"), "--body: "),
                              (("--gateway", "ftp://x"), 'bad URL: got "ftp://x"'),
                              (("-c", "/nowhere/config.yaml"), "/nowhere/config.yaml")):
            with self.subTest(options=options):
                done = subprocess.run([JOBS, "load", *options], text=True, capture_output=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, done.stderr)


class Send(JobsTest):
    def send(self, *options, expect=0):
        done = subprocess.run([JOBS, "send", *options], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
        return done.stdout

    def listening(self, *options):
        """A devnet whose first orchestrator has a listener, and its address."""
        with socket.create_server(("127.0.0.1", 0)) as one:
            place = "127.0.0.1:%d" % one.getsockname()[1]
        return self.devnet(2, "--orchestrator-listen", place, *options), f"https://{place}"

    def test_a_job_is_shown_decoded_with_its_orchestrator_price_and_balance(self):
        devnet, orchestrator = self.listening("--every-sender-has-reserve")
        devnet.fault(0, kind="price", wei=1000)
        worker = self.server()
        report = json.loads(self.send("--gateway", devnet.gateway, "--orchestrator", orchestrator, "--worker", worker.url,
                                      "--check", "uptime", "--json"))
        directly, through = report["ways"]
        self.assertEqual((directly["way"], directly["url"]), ("worker", worker.url + "/agent-net"))
        self.assertEqual((through["class"], through["status"], through["served_by"]), ("succeeded", 200, orchestrator))
        self.assertEqual((directly["class"], directly["uptime_percent"], through["uptime_percent"]), ("succeeded", 100, 100))
        self.assertEqual(json.loads(json.loads(through["livepeer"])["parameters"])["orchestrators"]["include"],
                         [orchestrator, orchestrator + "/"])
        self.assertRegex(through["balance_wei"], r"^[1-9]\d*$")
        token = report["tokens"][orchestrator]
        self.assertEqual((token["price_wei_per_second"], token["free_slots"], token["problem"]), ("1000", 16, ""))

    def test_the_same_for_people(self):
        devnet, orchestrator = self.listening()
        out = self.send("--gateway", devnet.gateway, "--orchestrator", orchestrator)
        for said in ('{"request":"{}","parameters":', f"served by  {orchestrator}", "uptime     100 %", "result     succeeded",
                     f"token of {orchestrator}", "price      0 wei per second", "free slots 16"):
            self.assertIn(said, out)

    def test_a_job_that_fails_is_exit_status_1_with_its_class(self):
        devnet = self.devnet()
        devnet.fault(0, kind="down")
        out = self.send("--gateway", devnet.gateway, "--orchestrator", FIRST, expect=1)
        self.assertIn('result     no_orchestrators: status 400: "No orchestrators found for capability agent-net"', out)
        # 127.0.1.1 is a name in the gateway's pool, and nothing listens there.
        self.assertIn("problem    Connection refused", out)

    def test_a_worker_that_is_not_there_is_said(self):
        devnet = self.devnet()
        with socket.create_server(("127.0.0.1", 0)) as one:
            worker = "http://127.0.0.1:%d" % one.getsockname()[1]
        self.assertIn("result     connect: Connection refused",
                      self.send("--gateway", devnet.gateway, "--worker", worker, expect=1))


class Pricing(JobsTest):
    def test_orchestrators_are_compared_by_what_a_success_costs(self):
        ports = []
        for _ in range(2):
            with socket.create_server(("127.0.0.1", 0)) as one:
                ports.append("127.0.0.1:%d" % one.getsockname()[1])
        options = [word for port in ports for word in ("--orchestrator-listen", port)]
        devnet = self.devnet(2, *options, "--every-sender-has-reserve")
        cheap, dear = (f"https://{port}" for port in ports)
        devnet.fault(0, kind="price", wei=1000)
        devnet.fault(1, kind="price", wei=3000)
        devnet.fault(1, kind="slow", delay="20ms")
        report = load(devnet.gateway, "--rate", "40/s", "--duration", "1", "--orchestrator", cheap, "--orchestrator", dear,
                      "--pricing", "--timeout", "120")
        cheap, dear = report["pricing"][cheap], report["pricing"][dear]
        self.assertEqual((cheap["price_wei_per_second"], dear["price_wei_per_second"]), ("1000", "3000"))
        self.assertEqual((cheap["free_slots"], dear["free_slots"]), (16, 16))
        for one, price in ((cheap, 1000), (dear, 3000)):
            self.assertGreaterEqual(one["succeeded"], 19)  # the first job may be refused, since it pays for the balance
            self.assertGreaterEqual(int(one["cost_per_success_wei"]), price)
        self.assertGreater(cheap["weight_percent"], dear["weight_percent"])
        self.assertEqual(cheap["weight_percent"] + dear["weight_percent"], 100)

    def test_it_wants_orchestrators_to_compare(self):
        done = subprocess.run([JOBS, "load", "--gateway", "http://127.0.0.1:1", "--pricing"], text=True, capture_output=True,
                              timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--pricing: got no orchestrator", done.stderr)


class Paid(JobsTest):
    def test_a_load_on_what_a_running_host_pays_wants_yes(self):
        devnet = self.devnet(3)
        host = Host(devnet)
        self.addCleanup(host.end)
        options = ("load", "-c", host.config, "--rate", "20/s", "--duration", "0.1")

        def run(*more):
            return subprocess.run([JOBS, *options, *more], env=host.environment, text=True, capture_output=True, timeout=60)

        self.assertEqual(run().returncode, 0)
        host.start()
        for pinned in ((), ("--orchestrator", FIRST)):
            done = run(*pinned)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("by jobs that this load competes with: want --yes", done.stderr)
        self.assertEqual(run("--orchestrator", "https://127.0.9.9:9995").returncode, 0)
        done = run("--yes", "--orchestrator", FIRST)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 succeeded", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
