"""The host is killed at random moments, again and again; its ledger must read as if nothing had happened."""
import collections
import random
import re
import time

from base import Scenario
from chain import Chain, Run
from model import Policy, table_yaml
from rows import JOB_OK

# A decision as the host prints it, once it is durable.
DECIDED = re.compile(r" info +(\S+) +uptime +(?:\S+ %|-) +(\S+) +\S+ USD +(\d+) wei .* epoch (\d+)")

STEADY = {"excellent": 8, "good": 4, "warning": 4, "poor": 4, "critical": 4}  # by tier: so many that never change
CHANGING = 4


def soak_table(host):
    """Has the host pay by a table whose delays are short enough to pass many times within a test."""
    host.edit("      table: default  ", "      table: soak\n      recovery_checks: 2\n      tables:\n"
              + table_yaml("soak", "        ") + "  ")


class Kill(Scenario):
    name = "kill"
    orchestrators = 48
    policy = Policy(interval_s=1, base_usd_e8=150_000_000, rate_e8=180_050_000_000, punishment_milli=1500,
                    max_failures=3, recovery_checks=2)

    def make_host(self):
        host = super().make_host()
        soak_table(host)
        return host

    def run(self):
        self.chance = random.Random(self.options.seed)
        self.chain = Chain(self.ledger, self.policy, self.findings)
        self.moments = collections.Counter()
        self.told = 0  # lines of the host that were looked at
        self.faults((8, None), (4, {"kind": "uptime", "percent": "87.5"}), (4, {"kind": "uptime", "percent": "60"}),
                    (4, {"kind": "uptime", "percent": "59.9999"}), (4, {"kind": "uptime", "percent": "0.0001"}),
                    (4, {"kind": "uptime", "percent": "0"}), (4, {"kind": "error", "status": 500, "text": "broken"}),
                    (4, {"kind": "error", "status": 503, "text": "busy", "chance": 40}),
                    (4, {"kind": "empty200", "chance": 50}), (4, {"kind": "flap", "up": "3s", "down": "2s"}),
                    (CHANGING, None))
        for step in range(1, self.count + 1):
            self.live()
            self.look()
            self.progress(step, f"{len(self.chain.rows)} decisions")
        self.live(to_the_end=True)
        self.stop()
        self.look()
        self.check_steady()
        decided_runs = sum(1 for run in self.runs if run.decided)
        failed = sum(1 for row in self.chain.rows if row.job != JOB_OK)
        self.numbers.update({
            "kills": self.count, "of them": ", ".join(f"{count} {what}" for what, count in self.moments.items()),
            "decisions": len(self.chain.rows), "runs with decisions": decided_runs, "failed jobs": failed,
            "longest row of failures": max(row.consecutive_failures for row in self.chain.rows),
            "suspended": sum(row.suspended for row in self.chain.rows), "gaps": len(self.chain.jumps)})

    def live(self, to_the_end=False):
        """One life of the host, from its start to its violent end."""
        run = Run()
        run.decided = False
        self.runs.append(run)
        moment = "to the end" if to_the_end else self.chance.choices(
            ("at the start", "at any time", "behind a decision", "behind a read"), (25, 35, 25, 15))[0]
        since = len(self.host.lines)
        self.host.spawn()
        if moment == "at the start":
            time.sleep(self.chance.uniform(0, 0.4))
        else:
            self.host.wait_line(" wei  next in ", since)
            run.ready()
            run.decided = True
            if self.chance.random() < 0.3:
                self.change()
            if self.chance.random() < 0.3:
                self.host.verified()  # beside the running host
            self.wait_for(moment)
        if not to_the_end:
            self.moments[moment] += 1
            self.host.kill()
        if run.ready_at is None:
            run.ready()

    def wait_for(self, moment):
        """A moment has no event of its own: that it is any is the point."""
        if moment == "behind a decision":
            time.sleep(self.chance.uniform(0, 1))
            since = len(self.host.lines)
            self.host.wait_line(" wei  next in ", since)
            time.sleep(self.chance.uniform(0, 0.005))
        elif moment == "to the end":
            time.sleep(3 * self.policy.interval_s)
        else:
            time.sleep(self.chance.uniform(0, 2.5))
        if moment == "behind a read":
            self.chain.extend(self.runs)  # what is read is committed: it must still be there afterwards

    def change(self):
        """Another fault for one of those that change; what it does is seen in the evidence of its decisions."""
        who = self.orchestrators - 1 - self.chance.randrange(CHANGING)
        fault = self.chance.choice(({"kind": "none"}, {"kind": "uptime", "percent": "70"}, {"kind": "reset"},
                                    {"kind": "uptime", "percent": "100"}, {"kind": "truncated"},
                                    {"kind": "error", "status": 500, "text": "broken"}))
        self.devnet.fault(who, **fault)

    def look(self):
        """At the ledger that was left behind; or, as often, only at the next one, which only the host has opened."""
        if self.chance.random() < 0.4 and self.count > len(self.runs):
            return
        self.chain.check_kept()
        self.chain.extend(self.runs)
        self.chain.check_gaps()
        if self.ledger.file.exists() and self.chain.rows:
            code, out, err = self.host.run("ledger", "verify")
            if code != 0:
                self.findings.add(f"ledger verify after run {len(self.runs)}: {out}{err}")
        self.check_told()

    def check_told(self):
        """What the host said was decided is in the ledger."""
        lines = list(self.host.lines)
        for line in lines[self.told:]:
            told = DECIDED.search(line)
            if not told or not line.endswith("\n"):
                continue
            key, tier, wei, epoch = told.groups()
            row = self.chain.by_key.get((key, int(epoch)))
            if row is None:
                self.findings.add(f"{key} epoch {epoch}: the host said so, and it is not in the ledger")
            elif (row.tier, int.from_bytes(row.wei, "big")) != (tier, int(wei)):
                self.findings.add(f"{key} epoch {epoch}: got {row.tier}, the host said {tier}")
        self.told = len(lines)

    def check_steady(self):
        """An orchestrator that behaves the same all the time is decided the same all the time, whatever happens to the host."""
        tiers = [tier for tier, count in STEADY.items() for _ in range(count)]
        for row in self.chain.rows:
            number = int(self.chain.orchestrators[row.orchestrator].key.split(":")[0].split(".")[3]) - 1
            if number < len(tiers) and row.tier != tiers[number]:
                self.findings.add(f"{self.chain.orchestrators[row.orchestrator].key} epoch {row.epoch}: got tier "
                                  f"{row.tier}, want {tiers[number]} at all times: {row.reason}")
        decided = collections.Counter(row.orchestrator for row in self.chain.rows)
        if len(decided) != self.orchestrators:
            self.findings.add(f"got decisions of {len(decided)} orchestrators, want {self.orchestrators}")
