"""Another tier table, or another build of the policy, is taken over again and again while the host goes on deciding."""
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import time

from base import Scenario, quantile
from chain import Chain, Run
from network import BUILD

KEPT = re.compile(r"kept the control thread for (\d+) us")
TABLES = ("default", "flat-95")
PAUSE_GOAL_US = 1000
MAX_BYTES_PER_RELOAD = 1024
# The ledger keeps the pages that it wrote, up to its cache; that grows by decisions and not by reloads. A page takes
# a little more in memory than in the file.
CACHE_KIB = 16384
PAGE_SHARE = 1.1
# From here on the memory of a young process has settled.
SETTLED = 100
WAITS = "waits until"


class Reload(Scenario):
    name = "reload"
    orchestrators = 40
    seconds_per_step = 5

    def run(self):
        self.chance = random.Random(self.options.seed)
        self.chain = Chain(self.ledger, self.policy, self.findings)
        self.faults((20, None), (6, {"kind": "uptime", "percent": "87.5"}), (4, {"kind": "uptime", "percent": "70"}),
                    (2, {"kind": "uptime", "percent": "30"}), (3, {"kind": "error", "status": 500, "text": "broken"}),
                    (2, {"kind": "empty200", "chance": 50}), (3, {"kind": "flap", "up": "3s", "down": "2s"}))
        self.builds = (BUILD / "lib" / "stipend" / "plugins" / "payment.so", BUILD / "tests" / "soak" / "payment_other.so")
        self.table, self.build = 0, 0
        self.ways, self.busy, self.pauses_us = collections.Counter(), 0, []
        self.memory_kib, self.own_kib = [], []  # after each reload: in all; without the ledger's pages
        self.runs.append(Run())
        self.host.start()
        self.host.wait_line(" wei  next in ")
        self.runs[0].ready()
        for step in range(1, self.count + 1):
            self.reload()
            self.memory_kib.append(self.resident_kib())
            self.own_kib.append(self.memory_kib[-1] - int(PAGE_SHARE * min(self.ledger.size_kib(), CACHE_KIB)))
            if step % 50 == 0:
                self.chain.extend(self.runs)
            self.progress(step, f"{len(self.chain.rows)} decisions, {self.busy} times busy, "
                                f"{self.memory_kib[-1]} KiB")
        self.host.wait_line(" wei  next in ", len(self.host.lines))
        self.check()

    def reload(self):
        """One change and one way to have it taken; where three generations are still needed, the same again later."""
        way = self.chance.choice((self.by_command, self.by_signal, self.by_rename, self.by_overwrite))
        since = len(self.host.lines)
        answer = way(since)
        self.ways[way.__name__[3:]] += 1
        while WAITS in answer:
            self.busy += 1
            # The pay periods that the oldest generation must decide end by themselves: there is no event to wait for.
            time.sleep(self.chance.uniform(0.1, 0.4))
            since = len(self.host.lines)
            answer = self.chance.choice((self.order, self.signal))(since)
        if "is in force" not in answer:
            raise AssertionError(f"reload by {way.__name__[3:]}: got: {answer.strip()}")
        kept = KEPT.search(self.host.wait_line("kept the control thread", since))
        self.pauses_us.append(int(kept.group(1)))

    def by_command(self, since):
        self.flip_table()
        return self.order(since)

    def by_signal(self, since):
        self.flip_table()
        return self.signal(since)

    def by_rename(self, since):
        new = self.host.folder / "payment.so.new"
        shutil.copyfile(self.other_build(), new)
        os.rename(new, self.host.plugins / "payment.so")
        return self.host.wait_line("reload: ", since)

    def by_overwrite(self, since):
        shutil.copyfile(self.other_build(), self.host.plugins / "payment.so")
        return self.host.wait_line("reload: ", since)

    def order(self, since):
        code, out, err = self.host.run("reload", "--json")
        report = json.loads(out) if out else {"text": err, "taken": False}
        if report.get("valid", False) != (code == 0):
            self.findings.add(f"stipend reload: got status {code} where valid is {report.get('valid')}")
        return report["text"]

    def signal(self, since):
        os.kill(self.host.process.pid, signal.SIGHUP)
        return self.host.wait_line("reload: ", since)

    def flip_table(self):
        old, self.table = self.table, 1 - self.table
        self.host.edit(f"      table: {TABLES[old]}", f"      table: {TABLES[self.table]}")

    def other_build(self):
        self.build = 1 - self.build
        return self.builds[self.build]

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.host.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def check(self):
        self.chain.extend(self.runs)
        self.chain.check_kept()
        self.chain.check_gaps()
        if self.chain.jumps:
            self.findings.add(f"got {len(self.chain.jumps)} due times that were passed over, want none")
        generations = self.chain.generations
        if len(generations) != self.count + 1:
            self.findings.add(f"generations in the ledger: got {len(generations)}, want {self.count + 1}")
        builds = {one.so_sha256 for one in generations}
        tables = {one.table for one in generations}
        if len(builds) != 2 or tables != set(TABLES):
            self.findings.add(f"got {len(builds)} builds and the tables {tables}, want 2 and {TABLES}")
        deciding = len({row.generation for row in self.chain.rows})
        pause_us = quantile(self.pauses_us, 0.99)
        if self.count >= 2 * SETTLED and pause_us >= PAUSE_GOAL_US:
            self.findings.add(f"pause of the control thread, p99: got {pause_us} us, want less than {PAUSE_GOAL_US}")
        self.numbers.update({
            "reloads": self.count, "by": ", ".join(f"{count} {way}" for way, count in self.ways.items()),
            "busy and tried again": self.busy, "decisions": len(self.chain.rows),
            "generations that decided something": deciding,
            "pause of the control thread": f"p50 {quantile(self.pauses_us, 0.5)} us, p99 {pause_us} us, "
                                           f"longest {max(self.pauses_us)} us"})
        self.check_memory()

    def check_memory(self):
        if self.count < 3 * SETTLED:
            self.numbers["memory"] = f"{self.memory_kib[0]} KiB at first, {self.memory_kib[-1]} KiB at last"
            return
        early = statistics.median(self.own_kib[SETTLED:2 * SETTLED])
        late = statistics.median(self.own_kib[-SETTLED:])
        allowed = MAX_BYTES_PER_RELOAD * (self.count - 2 * SETTLED) / 1024
        self.numbers["memory without the ledger's pages"] = (
            f"{early:.0f} KiB (median of reloads {SETTLED} to {2 * SETTLED}), {late:.0f} KiB (of the last {SETTLED}); "
            f"{allowed:.0f} KiB more are allowed")
        self.numbers["memory in all"] = (f"{statistics.median(self.memory_kib[SETTLED:2 * SETTLED]):.0f} KiB, "
                                         f"{statistics.median(self.memory_kib[-SETTLED:]):.0f} KiB")
        if late > early + allowed:
            self.findings.add(f"memory: got {late:.0f} KiB, want at most {early + allowed:.0f} KiB")
