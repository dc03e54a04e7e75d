"""Checks decisions one after the other: each must be the one that its predecessors, its evidence and the rules demand."""
import bisect
import collections
import time

from model import NS, Account
from rows import JOB_OK, PAY

CLOCK_TOLERANCE_NS = NS // 20  # between this process's reading of the clock and the host's
AWAY = "the host was not running"


class Run:
    """One life of the host. It read its clock somewhere between `spawned_at` and `ready_at`."""

    def __init__(self):
        self.spawned_at = time.time_ns()
        self.ready_at = None

    def ready(self):
        self.ready_at = time.time_ns()


class Chain:
    """The decisions of all orchestrators, as far as they were seen."""

    def __init__(self, ledger, policy, findings):
        self.ledger = ledger
        self.policy = policy
        self.findings = findings
        self.rows = []  # as they were first seen: what was seen was committed, and must stay
        self.by_key = {}  # (orchestrator's key, epoch) -> row
        self.last = {}  # orchestrator -> its last row
        self.accounts = collections.defaultdict(Account)
        self.jumps = {}  # (orchestrator, from) -> to: due times that were not the ones decided
        self.owed = collections.Counter()
        self.orchestrators = {}
        self.generations = []

    def extend(self, runs):
        """Takes what was decided since the last call."""
        fresh = self.ledger.decisions(self.rows[-1].seq if self.rows else 0)
        if not fresh:
            return
        self.orchestrators = self.ledger.orchestrators()
        self.generations = self.ledger.generations()
        published = [generation.at for generation in self.generations]
        spawned = [run.spawned_at for run in runs]
        for row in fresh:
            self._take(row, published, runs[max(0, bisect.bisect_right(spawned, row.decided_at) - 1)])
        self.rows += fresh

    def check_kept(self):
        """What was seen before is there, byte for byte."""
        now = self.ledger.decisions()
        if now[:len(self.rows)] == self.rows:
            return
        kept = set(now)
        for row in self.rows:
            if row not in kept:
                self.findings.add(f"{self._name(row)}: committed, and now lost or changed")

    def check_gaps(self, causes=(AWAY,)):
        """Each due time that was passed over is one gap, and each gap is such a time."""
        interval_ns = self.policy.interval_s * NS
        closed = {}
        for gap in self.ledger.gaps():
            name = f"gap of orchestrator {gap.orchestrator} from {gap.from_at}"
            if gap.cause not in causes and not any(gap.cause.startswith(cause) for cause in causes):
                self.findings.add(f"{name}: got cause \"{gap.cause}\", want one of {', '.join(causes)}")
            if gap.to_at is None:
                continue
            if (gap.orchestrator, gap.from_at) in closed:
                self.findings.add(f"{name}: it is there twice")
            closed[gap.orchestrator, gap.from_at] = gap.to_at
            at_stake = (gap.to_at - gap.from_at) // interval_ns * self.policy.base_usd_e8
            if gap.usd_e8 != at_stake:
                self.findings.add(f"{name}: got {gap.usd_e8} at stake, want {at_stake}")
        # The host goes on deciding while this reads: what is newer than the rows that were taken is left for later.
        newest = {orchestrator: row.due_at for orchestrator, row in self.last.items()}
        closed = {key: to for key, to in closed.items() if to <= newest.get(key[0], 0)}
        for orchestrator, start in closed.keys() ^ self.jumps.keys():
            self.findings.add(f"orchestrator {orchestrator}, from {start}: got gap to "
                              f"{closed.get((orchestrator, start))}, want {self.jumps.get((orchestrator, start))}")
        for key in closed.keys() & self.jumps.keys():
            if closed[key] != self.jumps[key]:
                self.findings.add(f"orchestrator {key[0]}, gap from {key[1]}: got to {closed[key]}, "
                                  f"want {self.jumps[key]}")

    def _name(self, row):
        one = self.orchestrators.get(row.orchestrator)
        return f"{one.key if one else row.orchestrator} epoch {row.epoch}"

    def _take(self, row, published, run):
        before = self.last.get(row.orchestrator)
        name = self._name(row)
        key = (self.orchestrators[row.orchestrator].key, row.epoch)

        def want(what, got, wanted):
            if got != wanted:
                self.findings.add(f"{name}: {what}: got {got}, want {wanted}")

        if key in self.by_key:
            self.findings.add(f"{name}: it is there twice")
        want("epoch", row.epoch, before.epoch + 1 if before else 1)
        want("generation", row.generation, self._generation_of(row.due_at, published))
        self._check_decision(row, want)
        self._check_times(row, before, run, want)
        self.by_key[key] = row
        self.last[row.orchestrator] = row
        self.owed[key[0]] += int.from_bytes(row.wei, "big")

    def _generation_of(self, due_at, published):
        """The one that stood when the pay period began."""
        at = bisect.bisect_right(published, due_at - self.policy.interval_s * NS) - 1
        return self.generations[max(0, at)].id

    def _check_decision(self, row, want):
        table = next((one.table for one in self.generations if one.id == row.generation), None)
        if table is None:
            return want("generation", row.generation, "one that is recorded")
        uptime_ppm = row.uptime_ppm if row.job == JOB_OK else None
        expected = self.policy.decide(table, self.accounts[row.orchestrator], uptime_ppm)
        want("tier", row.tier, expected.tier)
        want("paid", row.action == PAY, expected.paid)
        want("USD", row.usd_e8, expected.usd_e8)
        want("wei", int.from_bytes(row.wei, "big"), expected.wei)
        want("delay", row.delay_ns, expected.delay_ns)
        want("penalty", row.penalty_ns, expected.penalty_ns)
        want("consecutive failures", row.consecutive_failures, expected.failures)
        want("suspended", bool(row.suspended), expected.suspended)
        want("next due time", row.next_at,
             row.due_at + self.policy.interval_s * NS + expected.delay_ns + expected.penalty_ns)

    def _check_times(self, row, before, run, want):
        interval_ns = self.policy.interval_s * NS
        due_at = before.next_at if before else self.orchestrators[row.orchestrator].first_seen_at
        if row.decided_at < row.due_at:
            want("decided at", row.decided_at, f"not before it was due at {row.due_at}")
        if before and row.period_from < before.decided_at:
            want("period from", row.period_from, f"not before the last decision at {before.decided_at}")
        passed_ns = row.due_at - due_at
        if passed_ns < 0 or passed_ns % interval_ns != 0:
            want("due at", row.due_at, f"{due_at} and whole intervals")
        if passed_ns != 0:
            self.jumps[row.orchestrator, due_at] = row.due_at
        self.check_passed(row, due_at, run, want)

    def check_passed(self, row, due_at, run, want):
        """Just those intervals are passed over that were missed when the host started, and none is caught up."""
        interval_ns = self.policy.interval_s * NS
        latest = run.ready_at + CLOCK_TOLERANCE_NS
        earliest = run.spawned_at - CLOCK_TOLERANCE_NS
        if row.due_at != due_at and row.due_at > latest:
            want("due at", row.due_at, f"{due_at}: the host has run since {run.spawned_at}")
        if row.due_at <= earliest - interval_ns:
            want("due at", row.due_at, f"later than {earliest - interval_ns}: whole intervals before the start are "
                                       "not caught up")
