"""The policy's file is replaced again and again while the host decides: by whole files and torn ones, in place, by rename
and by links. Each decision must be the one of the build that its row names, and the last file always gets into force."""
import collections
import dataclasses
import hashlib
import os
import pathlib
import random
import re
import shutil
import statistics
import time

from base import Scenario
from chain import Chain, Run
from model import NS, Expected, Policy
from network import BUILD, wait_for
from rows import Generation, Ledger

BUILDS = 8
FILES = 300  # distinct ones; each is one of the builds
MEAN_BURST = 25  # replacements until one is waited for: the host takes a file that is the same for a second
NUMBER = re.compile(r"generation (\d+) is in force")
MAX_VERSIONS = 256  # distinct ones whose copies are kept, beside the last that were in force
# Code stays mapped until the host ends: a distinct file takes this much, and a reload of one that was there before this.
MAX_KIB_PER_FILE = 32
MAX_KIB_PER_RELOAD = 1
# The ledger keeps the pages that it wrote, up to its cache; a page takes a little more in memory than in the file.
CACHE_KIB = 16384
PAGE_SHARE = 1.1
SETTLED = 50  # bursts until the memory of a young process has settled


@dataclasses.dataclass(frozen=True)
class Builds(Policy):
    """What tests/soak/replaced.c promises of each build, worked out a second time."""

    def decide(self, build, account, uptime_ppm):
        good = uptime_ppm is not None
        account.failures = 0 if good else account.failures + 1
        usd = self.base_usd_e8 // 10 * (build + 1) if good else 0
        return Expected(tier=f"build-{build}", paid=good, usd_e8=usd, wei=usd * 10**18 // self.rate_e8, delay_ns=0,
                        penalty_ns=0 if good else 2 * self.interval_s * NS, failures=account.failures, suspended=False)


class Generations(Ledger):
    """The ledger; what a generation decides by is the build of its file, and none where no such file was ever whole."""

    def __init__(self, state_folder, build_of):
        super().__init__(state_folder)
        self.build_of = build_of  # by SHA-256

    def generations(self):
        return [Generation(number, at, so, self.build_of.get(so))
                for number, at, so in self._read("SELECT id, at, so_sha256 FROM generation ORDER BY id")]


class Decisions(Chain):
    """Also checks that the memory is handed from one generation to the next, and never to another plugin."""

    def _check_decision(self, row, want):
        super()._check_decision(row, want)
        before = self.last.get(row.orchestrator)
        same = before is not None and before.tier == row.tier
        want("decisions that it remembers", self._remembered(row), self._remembered(before) + 1 if same else 1)

    @staticmethod
    def _remembered(row):
        return int(row.reason.partition(":")[0])  # behind it is why a check failed


class Replace(Scenario):
    name = "replace"
    orchestrators = 40
    policy = Builds(interval_s=1, base_usd_e8=150_000_000, rate_e8=180_050_000_000, punishment_milli=2000, max_failures=5)

    def make_host(self):
        host = super().make_host()
        text = re.sub(r"    plugin: payment\n    config:\n(      .*\n)+", "    plugin: replaced\n", host.config.read_text())
        host.config.write_text(text)
        return host

    def run(self):
        self.chance = random.Random(self.options.seed)
        self.place = self.host.plugins / "replaced.so"
        self.make_files()
        self.ledger = Generations(self.host.folder / "state", {one.stem: build for one, build in self.files.items()})
        self.chain = Decisions(self.ledger, self.policy, self.findings)
        # None that holds a period open: a generation that decides it would keep the next file waiting.
        self.faults((28, None), (5, {"kind": "uptime", "percent": "87.5"}),
                    (4, {"kind": "error", "status": 500, "text": "broken"}), (3, {"kind": "empty200", "chance": 50}))
        self.ways, self.slots, self.taken, self.bursts = collections.Counter(), 0, set(), 0
        self.memory = []  # after each burst: anonymous KiB without the ledger's pages, distinct files that were taken
        self.in_force = next(iter(self.files)).stem
        order = list(self.files)
        self.by_rename(order[0])
        self.runs.append(Run())
        self.host.start()
        self.host.wait_line(" wei  next in ")
        self.runs[0].ready()
        done = 0
        while done < self.count:
            length = min(self.count - done, self.chance.randrange(1, 2 * MEAN_BURST))
            self.burst(length, order[self.bursts % len(order)])
            done += length
            self.progress(done, f"{self.bursts} waited for, {len(self.ledger.generations())} generations, "
                                f"{self.memory[-1][0]} KiB")
        self.host.wait_line(" wei  next in ", len(self.host.lines))
        self.check()

    def make_files(self):
        """Distinct files of the eight builds in a folder of their own, each named by its hash."""
        folder = self.host.folder / "files"
        folder.mkdir()
        self.files = {}  # file -> build
        for number in range(FILES):
            build = number % BUILDS
            data = (BUILD / "tests" / "soak" / "replaced" / f"replaced_{build}.so").read_bytes() + b"%d" % number
            file = folder / (hashlib.sha256(data).hexdigest() + ".so")
            file.write_bytes(data)
            file.chmod(0o644)
            self.files[file] = build
        self.others = list(self.files)

    # --- replacements

    def burst(self, length, last):
        """Replacements in a row, faster than the host takes them; then `last`, until it is in force."""
        self.bursts += 1
        if last.stem == self.in_force:
            last = self.chance.choice([one for one in self.others if one != last])
        since = len(self.host.lines)
        for _ in range(length - 1):
            file = self.chance.choice(self.others)
            if file != last:
                self.replace(file)
            if self.chance.random() < 0.01:
                time.sleep(1.7)  # long enough to be taken
            elif self.chance.random() < 0.2:
                time.sleep(self.chance.uniform(0, 0.1))
        self.chance.choices((self.replace, self.half, self.slow), (3, 1, 1))[0](last)
        self.wait_in_force(last.stem, since)
        self.chain.extend(self.runs)
        self.check_copies()
        self.taken.update(one.so_sha256 for one in self.chain.generations)
        self.memory.append((self.own_kib(), len(self.taken), len(self.chain.generations)))

    def replace(self, file):
        way = self.chance.choice((self.by_rename, self.by_copy, self.in_place, self.torn, self.by_link, self.by_folder))
        way(file)
        self.ways[way.__name__.replace("_", " ")] += 1

    def by_rename(self, file):
        before = self.place.resolve().parent
        new = self.host.folder / "new.so"
        shutil.copyfile(file, new)
        os.replace(new, self.place)
        self.remove_slot(before)

    def by_copy(self, file):
        """As `cp` does it: cut to nothing, then written. Where a link is at the place, what it leads to is written."""
        shutil.copyfile(file, self.place)

    def in_place(self, file):
        data = file.read_bytes()
        with open(self.place, "r+b") as out:
            out.write(data)
            out.truncate()

    def torn(self, file):
        """In two halves with a pause; at times the file is closed between them, as a mixture of two builds."""
        data = file.read_bytes()
        middle = len(data) // 2
        if self.chance.random() < 0.5:
            with open(self.place, "r+b", buffering=0) as out:
                out.write(data[:middle])
                time.sleep(self.chance.uniform(0, 0.15))
                out.write(data[middle:])
                out.truncate()
            return
        with open(self.place, "r+b") as out:
            out.write(data[:middle])
        time.sleep(self.chance.uniform(0, 0.15))
        with open(self.place, "r+b") as out:
            out.seek(middle)
            out.write(data[middle:])
            out.truncate()

    def half(self, file):
        """Half a file is left until the host has refused it; then the whole one comes."""
        since = len(self.host.lines)
        data = file.read_bytes()
        self.place.write_bytes(data[:len(data) // 2])
        self.host.wait_line("rejected", since)
        self.ways["half, then whole"] += 1
        self.place.write_bytes(data)

    def slow(self, file):
        """Written in two halves with the file open for longer than a file has to be the same."""
        data = file.read_bytes()
        with open(self.place, "r+b", buffering=0) as out:
            out.write(data[:len(data) // 2])
            time.sleep(2)
            out.write(data[len(data) // 2:])
            out.truncate()
        self.ways["slowly"] += 1

    def slot(self, file):
        """A folder of its own with that file, outside the plugin folder."""
        self.slots += 1
        slot = self.host.folder / f"slot-{self.slots}"
        slot.mkdir()
        shutil.copyfile(file, slot / "replaced.so")
        return slot

    def point(self, link, target):
        """Swaps a link in one step."""
        new = self.host.folder / "new-link"
        new.symlink_to(target)
        os.replace(new, link)

    def by_link(self, file):
        before = self.place.resolve().parent
        self.point(self.place, self.slot(file) / "replaced.so")
        self.remove_slot(before)

    def by_folder(self, file):
        """As a ConfigMap: the file is a link through ..data, and that is what is swapped."""
        data = self.host.plugins / "..data"
        before = self.place.resolve().parent
        self.point(data, self.slot(file))
        if not (self.place.is_symlink() and os.readlink(self.place) == "..data/replaced.so"):
            self.point(self.place, "..data/replaced.so")
        self.remove_slot(before)

    def remove_slot(self, folder):
        if folder.name.startswith("slot-"):
            shutil.rmtree(folder)

    # --- what must come of it

    def wait_in_force(self, sha256, since):
        while True:
            line = self.host.wait_line(" is in force", since)
            since = self.host.lines.index(line, since) + 1
            number = int(NUMBER.search(line).group(1))
            wait_for(lambda: self.ledger.generations()[-1].id >= number, f"generation {number} in the ledger")
            if self.ledger.generations()[-1].so_sha256 == sha256:
                self.in_force = sha256
                return

    def check_copies(self):
        folder = self.host.folder / "state" / "plugins" / "replaced"
        served = {f"{one}.so" for one in (folder / "served").read_text().split()} | {"served"}
        there = {one.name for one in folder.iterdir()}
        generations = self.ledger.generations()
        newest = {one.so_sha256: one.id for one in generations}
        kept = sorted(newest, key=newest.get)[-MAX_VERSIONS:]
        deciding = {row.generation for row in self.chain.rows}
        decided = {one.so_sha256 for one in generations if one.id in deciding}
        may = served | {f"{one}.so" for one in kept}
        must = served | {f"{one}.so" for one in kept if one in decided}
        if not must <= there <= may:
            self.findings.add(f"copies: got {len(there - may)} that nothing refers to and {len(must - there)} missing, "
                              f"of {len(there)}")

    def own_kib(self):
        for line in pathlib.Path(f"/proc/{self.host.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) - int(PAGE_SHARE * min(self.ledger.size_kib(), CACHE_KIB))
        return 0

    def differing(self):
        return [alert["text"] for alert in self.host.status()["alerts"] if alert["id"].startswith("plugins:")]

    def check_alerts(self):
        """A file that waits is one alert, however often it is tried to put it in force."""
        raised = None
        for line in self.host.lines:
            if " was written: sha256 " in line:
                raised = None
            elif "alert plugins:differs:replaced: /" in line and "waits" in line:
                if raised is not None and raised in line:
                    self.findings.add(f"an alert is raised anew: {line.strip()}")
                raised = line.partition(" with sha256 ")[2][:64] or None

    def check(self):
        self.chain.extend(self.runs)
        self.chain.check_kept()
        self.chain.check_gaps()
        if self.chain.jumps:
            self.findings.add(f"got {len(self.chain.jumps)} due times that were passed over, want none")
        wait_for(lambda: not self.differing(), "no alert about plugins")
        self.check_alerts()
        if self.ledger.generations()[-1].so_sha256 != hashlib.sha256(self.place.read_bytes()).hexdigest():
            self.findings.add("what is on the disk is not what is in force")
        by_build = collections.Counter(row.tier for row in self.chain.rows)
        if self.bursts >= 3 * SETTLED and len(by_build) != BUILDS:
            self.findings.add(f"got decisions of the builds {sorted(by_build)}, want all {BUILDS}")
        self.numbers.update({
            "replacements": ", ".join(f"{count} {way}" for way, count in self.ways.items()),
            "waited for": self.bursts, "generations": len(self.chain.generations), "distinct files taken": len(self.taken),
            "decisions": f"{len(self.chain.rows)}: " + ", ".join(f"{n} of {tier}" for tier, n in sorted(by_build.items())),
            "copies": len(list((self.host.folder / "state" / "plugins" / "replaced").iterdir())) - 1})
        self.check_memory()

    def check_memory(self):
        (first, _, _), (last, files, reloads) = self.memory[0], self.memory[-1]
        self.numbers["anonymous memory without the ledger's pages"] = f"{first} KiB at first, {last} KiB at last"
        if len(self.memory) < 3 * SETTLED:
            return
        early = statistics.median(kib for kib, _, _ in self.memory[SETTLED:2 * SETTLED])
        late = statistics.median(kib for kib, _, _ in self.memory[-SETTLED:])
        _, files_before, reloads_before = self.memory[SETTLED]
        allowed = MAX_KIB_PER_FILE * (files - files_before) + MAX_KIB_PER_RELOAD * (reloads - reloads_before)
        self.numbers["its growth"] = f"{late - early:.0f} KiB for {files - files_before} files; {allowed} KiB are allowed"
        if late > early + allowed:
            self.findings.add(f"memory: got {late:.0f} KiB, want at most {early + allowed:.0f} KiB")
