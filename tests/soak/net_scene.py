"""One network of the soak: a devnet, a worker beside each of its orchestrators, and a manager that pays them."""
import datetime
import json
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "network"))

from net_plan import CAP, GATEWAY, PRICE  # noqa: E402
from net_truth import CLOCK, INTERVAL, SPACING, Capability, Payer, Truth, Verdict, begin, end  # noqa: E402
from network import Devnet, Host  # noqa: E402
from rows import JOB_OK, Ledger  # noqa: E402
from scene import TABLE, Service, Worker, free_port, wait_for  # noqa: E402

# Of all that is stopped and comes back at its old port: connections take theirs at 127.0.0.1, so none is in the way.
HOST = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 250}.1"
FUNDS = "360000000000000000"
PATIENCE = 20  # seconds that a check may take
HANG_ENDS = 75  # seconds until a job at a gateway that hangs is given up
NS = 1_000_000_000


def unix_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class StoppableService(Service):
    """A port that refuses connections for a while, and takes them again."""

    running = True

    def close(self):
        if self.running:
            self.running = False
            super().close()

    def resume(self):
        self.running = True
        port = int(self.target.rsplit(":", 1)[1])
        self.socket = socket.create_server((HOST, port))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()


class SoakWorker(Worker):
    """One that can be ended in either way, and started again with what it has stored."""

    def halt(self, hard):
        if self.process.poll() is None:
            self.process.kill() if hard else self.process.terminate()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def restart(self):
        self.halt(hard=True)  # one that has not ended by itself
        self.process.wait(timeout=20)
        self.reader.join(timeout=20)
        self.process.stdout.close()
        self.start()


class Orchestrator:
    def __init__(self, number, address, priced, certified, folder, price_age):
        self.number = number
        self.key = f"orch-{number}"
        self.address = address
        self.priced = priced
        self.certificate = folder / str(number) / "cert.pem" if certified else None
        self.service = StoppableService(HOST)
        options = {"orchestrator_id": self.key}
        if priced:
            options["price_per_unit"] = PRICE
        if certified:
            options["orchestrator_cert"] = self.certificate
        self.worker = SoakWorker(address, self.service, host=HOST, **options)
        self.truth = Truth(price_age)
        self.capability = Capability()
        self.registered = []  # times
        self.refused = False  # its token route refuses
        self.jobs = []  # times of the manager's
        self.charged = priced  # it may ask a price, or did once


class Net:
    def __init__(self, era, plan, priced, price_check, seed, findings):
        self.name = era
        self.priced = priced
        self.seed = seed
        self.plan = plan
        self.findings = findings
        self.price_age = price_check
        self.payer = Payer()
        self.log = []  # (time, text)
        self.decided = self.failed = self.jobs_seen = self.crashes = self.above_cap = 0
        self.tiers = {}
        self.widths = []  # in ppm, of what an uptime is held to
        self.seq = 0
        self.looked_at = 0.0
        self.last_decided = {}
        self.rows = {}  # by orchestrator
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-netsoak-"))
        self.parts = []  # what ends them, in the order of their starts
        self.orchestrators = []
        self.host = None
        self.gaps = 0

    def start(self):
        """Starts all but the manager, until every capability is registered."""
        cli = f"{HOST}:{free_port(HOST)}"
        addresses = [f"https://{HOST}:{free_port(HOST)}" for _ in self.priced]
        listen = [option for one in addresses for option in ("--orchestrator-listen", one.removeprefix("https://"))]
        self.devnet = Devnet(len(self.priced), *listen, "--bare-listeners", "--cli", cli, "--certificate-dir", self.folder,
                             "--era", self.name, "--seed", str(self.seed), "--job-log", "5000", "--deposit", FUNDS,
                             "--reserve", FUNDS)
        self.parts.append(self.devnet.end)
        for number, has_price in enumerate(self.priced):
            one = Orchestrator(number, addresses[number], has_price, number % 2 == 1, self.folder, self.price_age)
            self.orchestrators.append(one)
            self.parts += [one.service.close, one.worker.end]
        self.host = self._make_host(cli)
        self.ledger = Ledger(self.host.folder / "state")
        for one in self.orchestrators:
            one.worker.start()
            one.truth.began = time.time()
        for one in self.orchestrators:
            one.worker.wait_count("registered agent-net", 1)

    def _make_host(self, cli):
        host = Host(self.devnet, interval=round(INTERVAL))
        text = host.config.read_text()
        line = next(line for line in text.splitlines() if line.startswith("      table: default"))
        text = text.replace(line, TABLE)
        entries = "".join(f"\n  - {{ address: {one.address}, id: {one.key} }}" for one in self.orchestrators)
        text = text.replace("orchestrators: []", "orchestrators:" + entries)
        options = {"retry_after": "1s", "timeout": "60s", "gateway_cli": f"http://{cli}", "max_price_per_second": CAP,
                   "price_check": f"{self.price_age}s", "quarantine": "1m"}
        pins = ", ".join(f'"{one.address}": {one.certificate}' for one in self.orchestrators if one.certificate)
        options["orchestrator_pins"] = f"{{ {pins} }}"
        lines = "".join(f"    {key}: {value}\n" for key, value in options.items())
        host.config.write_text(text.replace("    price_unseen:", lines + "    price_unseen:"))
        host.environment.update(ORCHESTRATOR_ADDRESSES="", PRICE_UNSEEN="refuse", PUNISHMENT_MULTIPLIER="1",
                                MAX_CONSECUTIVE_FAILURES="100000")
        return host

    def begin(self, at):
        self.begun = at
        self.host.start()

    def since(self, at):
        return at - self.begun

    # What happens.

    def do(self, event):
        """Begins one, and writes down when."""
        before = time.time()
        self.log.append((before, str(event)))
        if event.target is GATEWAY:
            self._gateway(event, before)
        else:
            self._orchestrator(self.orchestrators[event.target], event, before)

    def undo(self, event):
        self.log.append((time.time(), f"the end of: {event}"))
        if event.target is GATEWAY:
            self._gateway_end(event)
        else:
            self._orchestrator_end(self.orchestrators[event.target], event)

    def _gateway(self, event, at):
        funds = event.kind in ("deposit", "reserve", "deposit_hidden")
        spans = self.payer.unfunded if funds else self.payer.faults
        self.payer_span = begin(spans, event.kind, at)
        self.devnet.gateway_fault(event.fault)

    def _gateway_end(self, event):
        if event.kind in ("deposit", "reserve"):
            self.devnet.gateway_fault({"kind": "funds", "deposit": FUNDS, "reserve": FUNDS})
        else:
            self.devnet.gateway_fault("none")
        self.payer_span.end = time.time() + (HANG_ENDS if event.kind == "hang" else 0.5)

    def _orchestrator(self, one, event, at):
        truth = one.truth
        if event.kind in ("worker_killed", "worker_stopped"):
            begin(truth.unwell, "worker", at)
            begin(truth.away, event.kind, at)
            return one.worker.halt(hard=event.kind == "worker_killed")
        if event.kind == "service_stopped":
            begin(truth.stopped, event.kind, at)
            return one.service.close()
        if event.kind == "crash":
            self.crashes += 1
        if event.kind in ("crash", "hold_all", "price_high", "token_refused"):
            begin(truth.unwell, event.kind, at)
        one.refused = event.kind == "token_refused"
        if event.kind.startswith("price"):
            begin(truth.charging, event.kind, at)
        one.charged = one.charged or event.fault.get("wei", 0) > 0
        self.devnet.fault(event.target, **event.fault)

    def _orchestrator_end(self, one, event):
        truth = one.truth
        if event.kind in ("worker_killed", "worker_stopped"):
            one.worker.restart()
            end(truth.away, time.time())
        elif event.kind == "service_stopped":
            one.service.resume()
            end(truth.stopped, time.time())
        else:
            self.devnet.fault(event.target, kind="none")
            one.refused = False
            end(truth.charging, time.time())
            end(truth.unwell, time.time(), event.kind)

    # What is seen.

    def look(self):
        """At the devnet: registrations, capabilities."""
        with urllib.request.urlopen(self.devnet.control + "/state", timeout=20) as answer:
            state = json.loads(answer.read())
        at = self.looked_at = time.time()
        for one, seen in zip(self.orchestrators, state["orchestrators"]):
            for text in seen["registered_at"]:
                registered = unix_of(text)
                if one.registered and registered <= one.registered[-1]:
                    continue
                if one.registered and registered - one.registered[-1] < SPACING - 0.02:
                    self.violation(one, registered, f"registered {registered - one.registered[-1]:.2f} s after the last "
                                                    f"time, want at least {SPACING:.0f} s")
                one.registered.append(registered)
                self.log.append((registered, f"{one.key} registered"))
                for span in one.truth.unwell:
                    away = any(other.meets(span.start, registered) and other.end is None for other in one.truth.away)
                    if span.end is None and span.kind in ("crash", "hold_all", "worker") and registered > span.start \
                            and not (span.kind == "worker" and away):
                        span.end = registered
            offered = any(entry["name"] == "agent-net" and entry["capacity"] > entry["load"]
                          for entry in seen["capabilities"])
            if one.capability.look(at, offered, one.worker.alive() and not one.refused):
                self.violation(one, at, f"its capability is lost since {self.since(one.capability.lost_since):.1f} s, while "
                                        "worker and orchestrator are well")

    def read_jobs(self):
        """What each job was asked for; the devnet records it in the moment in which it sends the job to the worker."""
        with urllib.request.urlopen(self.devnet.control + "/jobs?limit=1000", timeout=20) as answer:
            jobs = json.loads(answer.read())
        fresh = jobs["total"] - self.jobs_seen
        for job in jobs["jobs"][-fresh:] if fresh else []:
            one, at = self.orchestrators[job["orchestrator"]], unix_of(job["at"])
            risen = [span.start for span in one.truth.unwell if span.kind == "price_high" and span.start <= at + 0.01]
            if f'"agent_id":"{one.key}"' in job["body"].replace('": "', '":"'):
                one.jobs.append(at)
            if job["price"] <= CAP:
                continue
            if risen and at - risen[-1] <= self.price_age + 1:
                self.above_cap += 1  # the price rose after it was seen, and within the time for which that counts
            else:
                self.violation(one, at, f"a job is charged {job['price']} wei per second, want at most {CAP}")
        self.jobs_seen = jobs["total"]

    def read_decisions(self, to_the_end=False):
        keys = {number: one.key for number, one in self.ledger.orchestrators().items()}
        for row in self.ledger.decisions(self.seq):
            if row.decided_at / NS > self.looked_at - 1 and not to_the_end:
                break  # the next look may show more of that time
            self.seq = row.seq
            one = self.orchestrators[int(keys[row.orchestrator].removeprefix("orch-"))]
            self.rows.setdefault(one.number, []).append(row)
            due_at, decided_at = row.due_at / NS, row.decided_at / NS
            last = self.last_decided.get(one.key)
            window = INTERVAL if last is None else max(due_at - last, INTERVAL)
            self.last_decided[one.key] = decided_at
            verdict = Verdict(due_at, decided_at, row.job == JOB_OK, row.uptime_ppm or 0, row.tier, window,
                              max((at for at in one.jobs if due_at - CLOCK < at < decided_at), default=None), row.reason)
            self.decided += 1
            self.failed += not verdict.ok
            if verdict.ok:
                low, high = one.truth.bounds(verdict)
                self.widths.append(high - low)
            self.tiers[row.tier] = self.tiers.get(row.tier, 0) + 1
            self.log.append((decided_at, f"{one.key} decided: {verdict}"))
            for text in one.truth.check(verdict):
                self.violation(one, decided_at, f"{text}\n    decision {row.epoch}: due {self.since(due_at):.2f}, decided "
                                                f"{self.since(decided_at):.2f}, {row.tier}, job {row.job}, "
                                                f"uptime {row.uptime_ppm}, reason: {row.reason}")

    def check_continuity(self):
        """At the end: all time is decided about, or is a gap in the ledger."""
        gaps = self.ledger.gaps()
        for number, rows in self.rows.items():
            one = self.orchestrators[number]
            ends = [(row.next_at, after.due_at) for row, after in zip(rows, rows[1:])]
            last = rows[-1].next_at / NS
            if not any(span.meets(last - CLOCK, last + PATIENCE) for span in self.payer.faults):  # its job may hang there
                ends.append((rows[-1].next_at, int((self.looked_at - PATIENCE) * NS)))
            for start, end in ends:
                held = any(gap.orchestrator == rows[0].orchestrator and gap.from_at <= start + NS // 10 and
                           (gap.to_at is None or gap.to_at >= end - NS // 10) for gap in gaps)
                if end - start > NS // 10 and not held:
                    self.violation(one, start / NS, f"from {self.since(start / NS):.2f} to {self.since(end / NS):.2f} nothing "
                                                    "is decided, and the ledger has no gap for it")

    def read_gaps(self):
        keys = {number: one.key for number, one in self.ledger.orchestrators().items()}
        gaps = self.ledger.gaps()
        for gap in gaps:
            one = self.orchestrators[int(keys[gap.orchestrator].removeprefix("orch-"))]
            start = gap.from_at / NS
            end = gap.to_at / NS if gap.to_at else self.looked_at - PATIENCE  # one that lasts to the end
            for text in self.payer.check_gap(start, end, one.charged, one.truth.unwell):
                self.violation(one, start, f"{text}: {gap.cause}")
        return len(gaps)

    def violation(self, one, at, text):
        lines = [f"{self.name} {one.key} at {self.since(at):.2f} s, seed {self.plan.seed}: {text}",
                 f"    unwell: {self.spans(one.truth.unwell)}", f"    worker away: {self.spans(one.truth.away)}",
                 f"    service stopped: {self.spans(one.truth.stopped)}",
                 f"    payer: {self.spans(self.payer.faults + self.payer.unfunded)}"]
        for moment, what in sorted(self.log):
            if at - 75 < moment < at + 15 and (one.key in what or "gateway" in what):
                lines.append(f"    {self.since(moment):8.2f} s  {what}")
        lines += ["    worker: " + line.rstrip() for line in one.worker.lines[-15:]]
        lines += ["    manager: " + line.rstrip() for line in self.host.lines if one.key in line][-8:]
        self.findings.add("\n".join(lines))

    def spans(self, spans):
        return ", ".join(f"{span.kind} {self.since(span.start):.2f} to "
                         f"{'now' if span.end is None else format(self.since(span.end), '.2f')}" for span in spans[-6:])

    def end(self, keep):
        if self.host is not None:
            self.host.end(keep)
        for part in reversed(self.parts):
            part()
        shutil.rmtree(self.folder, ignore_errors=True)
