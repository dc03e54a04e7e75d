"""The gateway is gone for some intervals: nothing is paid or punished, one alert, and all resumes by itself."""
import json
import time

from base import Scenario
from chain import Chain, Run
from kill import soak_table
from model import NS, Policy

NOT_SEEN = "the payer could not look"
GRACE_NS = 2 * NS  # for what was under way


class Outage(Chain):
    """Due times may be passed over while the gateway is gone, and at no other time."""

    gone_at = None
    back_at = None

    def check_passed(self, row, due_at, run, want):
        if row.due_at == due_at:
            return
        if self.gone_at is None or row.due_at < self.gone_at or row.due_at - self.policy.interval_s * NS > (
                self.back_at or time.time_ns()) + GRACE_NS:
            want("due at", row.due_at, f"{due_at}: the gateway was gone from {self.gone_at} to {self.back_at}")


class Gateway(Scenario):
    name = "gateway"
    orchestrators = 24
    policy = Policy(interval_s=2, base_usd_e8=150_000_000, rate_e8=180_050_000_000, punishment_milli=1500,
                    max_failures=3, recovery_checks=2)
    healthy = 10

    def make_host(self):
        host = super().make_host()
        soak_table(host)
        return host

    def run(self):
        self.chain = Outage(self.ledger, self.policy, self.findings)
        self.runs.append(Run())
        self.faults((self.healthy, None), (3, {"kind": "uptime", "percent": "87.5"}),
                    (3, {"kind": "uptime", "percent": "60"}), (2, {"kind": "uptime", "percent": "45"}),
                    (2, {"kind": "uptime", "percent": "20"}), (2, {"kind": "uptime", "percent": "0"}),
                    (2, {"kind": "error", "status": 500, "text": "broken"}))
        self.host.start()
        self.runs[0].ready()
        self.wait_for_all(0, 2)
        self.go()
        self.come_back()
        self.check_outage()
        self.adjust()

    def wait_for_all(self, since_ns, decisions):
        """Until every orchestrator that is well was decided so often since then."""
        key = lambda number: f"127.0.1.{number + 1}:9995"
        waiting = {key(number) for number in range(self.healthy)}
        while waiting:
            seen = len(self.host.lines)
            self.chain.extend(self.runs)
            counted = [name for (name, _), row in self.chain.by_key.items() if row.decided_at >= since_ns]
            waiting = {name for name in waiting if counted.count(name) < decisions}
            if waiting:
                self.host.wait_line(" wei  next in ", seen)

    def go(self):
        self.before = {one["orchestrator"]: one for one in self.status()["orchestrators"]}
        since = len(self.host.lines)
        self.chain.gone_at = time.time_ns()
        self.devnet.gateway_fault("down")
        self.host.wait_line("alert gateway", since)
        for interval in range(self.count):
            time.sleep(self.policy.interval_s)  # the outage itself
            self.progress(interval + 1, f"{self.status()['held']} held")
        status = self.status()
        alerts = [one["id"] for one in status["alerts"] if not one["id"].startswith("suspended:")]
        if alerts != ["gateway"]:
            self.findings.add(f"alerts while the gateway is gone: got {alerts}, want the gateway's alone")
        self.numbers["held"] = status["held"]
        self.chain.extend(self.runs)
        inside = [row for row in self.chain.rows if row.decided_at > self.chain.gone_at + GRACE_NS]
        if inside:
            self.findings.add(f"got {len(inside)} decisions while the gateway was gone, want none")
        # An orchestrator without a decision since then is where it was.
        last = {self.chain.orchestrators[row.orchestrator].key: row for row in self.chain.last.values()}
        for one in status["orchestrators"]:
            decided = last.get(one["orchestrator"])  # none yet where its first jobs all failed
            want = decided.consecutive_failures if decided else 0
            if one["consecutive_failures"] != want:
                self.findings.add(f"{one['orchestrator']}: failures in a row: got {one['consecutive_failures']}, "
                                  f"want {want} as before the outage")

    def come_back(self):
        since = len(self.host.lines)
        self.chain.back_at = time.time_ns()
        self.devnet.gateway_fault("none")
        self.host.wait_line("alert gateway: resolved", since)
        self.wait_for_all(self.chain.back_at, 2)
        self.numbers["back after"] = f"{(time.time_ns() - self.chain.back_at) / NS:.1f} s: all decided twice"

    def check_outage(self):
        raised = [line for line in self.host.lines if "alert gateway" in line]
        if len(raised) != 2:
            self.findings.add(f"alerts of the gateway: got {len(raised)}, want one, and its end: {raised}")
        if any("alert all-failed" in line for line in self.host.lines):
            self.findings.add("got the alert that all fail, want none: none failed")
        self.chain.check_kept()
        self.chain.check_gaps((NOT_SEEN,))
        interval_ns = self.policy.interval_s * NS
        keys = {number: one.key for number, one in self.chain.orchestrators.items()}
        self.gaps = {keys[number]: (start, end) for (number, start), end in self.chain.jumps.items()}
        for number in range(self.healthy):
            start, end = self.gaps.get(f"127.0.1.{number + 1}:9995", (0, 0))
            if not self.count - 1 <= (end - start) // interval_ns <= self.count + 2:
                self.findings.add(f"127.0.1.{number + 1}:9995: got {(end - start) // interval_ns} intervals unpaid, "
                                  f"want about {self.count}")
        listed = {(one["orchestrator"], one["at_stake_usd"]) for one in self.status()["unpaid"] if one["to"]}
        for key, (start, end) in self.gaps.items():
            stake = (end - start) // interval_ns * self.policy.base_usd_e8
            if not any(name == key and int(round(float(usd) * 10**8)) == stake for name, usd in listed):
                self.findings.add(f"{key}: `stipend status` does not list {stake} USD e-8 as unpaid")
        self.numbers.update({"decisions": len(self.chain.rows), "gaps": len(self.gaps),
                             "intervals unpaid": sum((end - start) // interval_ns for start, end in self.gaps.values())})

    def adjust(self):
        """One is paid what stayed unpaid, once; another is excused. Neither is listed any more."""
        unpaid = {one["orchestrator"]: one for one in self.status()["unpaid"] if one["to"]}
        paid, excused = "127.0.1.1:9995", "127.0.1.2:9995"
        start, end = self.gaps[paid]
        usd_e8 = (end - start) // (self.policy.interval_s * NS) * self.policy.base_usd_e8
        wei = usd_e8 * 10**18 // self.policy.rate_e8

        def order(key, *more):
            return ("adjust", "--orchestrator", key, "--from", unpaid[key]["from"], "--to", unpaid[key]["to"],
                    "--reason", "our gateway was gone", "--json", *more)

        done = json.loads(self.command(*order(paid)))
        if int(done["amount_wei"]) != wei:
            self.findings.add(f"adjust {paid}: got {done['amount_wei']} wei, want {wei}")
        self.chain.owed[paid] += wei
        if self.host.run(*order(paid))[0] != 1:
            self.findings.add(f"adjust {paid}: the same once more was not refused")
        self.command(*order(excused, "--excuse"))
        left = {one["orchestrator"] for one in self.status()["unpaid"]}
        if left & {paid, excused} or len(left) != len(unpaid) - 2:
            self.findings.add(f"unpaid after both were adjusted: got {sorted(left)}, want neither {paid} nor {excused}")
        self.numbers["adjusted"] = f"{done['amount_usd']} USD, {done['amount_wei']} wei"

    def status(self):
        return self.host.status()
