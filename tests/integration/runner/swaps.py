"""The way of all jobs is swapped again and again under a running cycle: no epoch is lost, doubled or paid by the wrong way."""
import collections
import time

from both import GATEWAY, RUNNER, Network
from network import wait_for

MOST_WRONG = 20  # that are reported


class Swaps:
    """`swaps` reloads, each after every orchestrator was decided `between` times more."""

    def __init__(self, orchestrators, swaps, between=2, interval=1):
        self.swaps, self.between, self.interval = swaps, between, interval
        self.network = Network(orchestrators, interval=interval)
        self.keys = [f"orch-{number}" for number in range(orchestrators)]
        self.moments = []  # of each swap: begun at, in force at, the way from then on
        self.wrong = []
        self.numbers = {}

    def run(self, progress=lambda step, text: None):
        self.network.write(GATEWAY)
        # Half of them take most of the interval, so that jobs are under way at each swap.
        self.network.devnet.fault(f"0-{len(self.keys) // 2 - 1}", kind="slow", delay=f"{self.interval * 700}ms")
        self.network.host.start()
        self.network.more(self.between)
        way = GATEWAY
        for step in range(1, self.swaps + 1):
            way = RUNNER if way == GATEWAY else GATEWAY
            self.network.write(way)
            wait_for(lambda: self.jobs() - len(self.network.rows()) >= len(self.keys) // 4, "jobs under way")
            begun = time.time_ns()
            self.network.reload()
            self.moments.append((begun, time.time_ns(), way))
            self.network.more(self.between)
            progress(step, f"{len(self.network.rows())} decisions, now by {way}")
        status = self.network.host.stop()
        if status != 0:
            self.wrong.append(f"the host ended with status {status}")
        self.check()

    def jobs(self):
        return sum(sum(one.values()) for one in self.network.counted())

    def check(self):
        self.network.host.verified()
        rows, left = self.network.matched()
        self.check_left(left)
        by_key = collections.defaultdict(list)
        for row in rows:
            by_key[row.key].append(row)
        if sorted(by_key) != sorted(self.keys):
            self.wrong.append(f"got {len(by_key)} orchestrators with decisions, want {len(self.keys)}")
        for key in self.keys:
            self.check_order(key, by_key[key])
        for row in rows:
            self.check_way(row)
        counted = self.network.counted()
        for number, key in enumerate(self.keys):
            wanted = collections.Counter(row.way for row in by_key[key])
            wanted.update(way for _, of, way in left if of == key)
            for way in (GATEWAY, RUNNER):
                if counted[number][way] != wanted[way]:
                    self.wrong.append(f"{key}: by {way}: got {counted[number][way]} jobs, want {wanted[way]}")
        gaps = self.network.gaps()
        if gaps:
            self.wrong.append(f"got {len(gaps)} gaps, want none: {gaps[0]}")
        if len({row.wei for row in rows}) != 1:
            self.wrong.append(f"got the amounts {sorted({row.wei for row in rows})[:5]}, want one")
        ways = collections.Counter(row.way for row in rows)
        self.numbers = {
            "orchestrators": len(self.keys), "swaps": len(self.moments), "decisions": len(rows),
            "by the gateway": ways[GATEWAY], "by live runners": ways[RUNNER],
            "jobs at the gateway's orchestrators": sum(one[GATEWAY] for one in counted),
            "calls of live runners": sum(one[RUNNER] for one in counted),
            "under way at the end": len(left),
            "under way at a swap": sum(self.under_way(row) for row in rows),
            "longest reload": f"{max(end - begun for begun, end, _ in self.moments) / 1e6:.0f} ms",
            "latest decision": f"{max(row.decided_at - row.due_at for row in rows) / 1e6:.0f} ms after it was due"}

    def check_left(self, left):
        """What was under way at the end of the host is decided by nothing: one job of an orchestrator at most."""
        for key, count in collections.Counter(key for _, key, _ in left).items():
            if count > 1:
                self.wrong.append(f"{key}: got {count} jobs without a decision, want 1 at most")
        last = self.moments[-1][2]
        self.wrong += [f"{key}: under way at the end: by {way}, want {last}" for _, key, way in left if way != last]

    def check_order(self, key, rows):
        """Each epoch once, and each due at the time that the one before decided."""
        for at, row in enumerate(rows):
            if row.epoch != at + 1:
                return self.wrong.append(f"{key}: got epoch {row.epoch}, want {at + 1}")
            if at > 0 and row.due_at != rows[at - 1].next_at:
                self.wrong.append(f"{key}, epoch {row.epoch}: due at {row.due_at}, want {rows[at - 1].next_at}")
            if not row.good:
                self.wrong.append(f"{key}, epoch {row.epoch}: its job failed")
        return None

    def ways_of(self, row):
        """By which its job may have gone: it was sent when it was due or later, and before its orchestrator got it."""
        ways = set()
        before, since = GATEWAY, 0
        for begun, in_force, way in [*self.moments, (None, None, None)]:
            # `before` was in force from `since` on, and ended between `begun` and `in_force`.
            if row.jobs and row.jobs[0][0] >= since and (in_force is None or row.due_at <= in_force):
                ways.add(before)
            before, since = way, begun
        return ways

    def check_way(self, row):
        if len(row.jobs) != 1 or row.way not in self.ways_of(row):
            self.wrong.append(f"{row.key}, epoch {row.epoch}: got the jobs {row.jobs}, want one by {self.ways_of(row)}")

    def under_way(self, row):
        """Sent before a swap began, and decided after it was in force."""
        return any(row.jobs[0][0] < begun and row.decided_at > in_force for begun, in_force, _ in self.moments if row.jobs)

    def report(self):
        return "\n".join(self.wrong[:MOST_WRONG]) + f"\n{len(self.wrong)} in all" if self.wrong else ""
