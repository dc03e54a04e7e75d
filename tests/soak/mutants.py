#!/usr/bin/env python3
"""Puts small wrongs into the sources, one at a time, and reports those that no test finds.

The mutants are drawn from the seed, the same number for each folder. Each is built into the tests of its folder, in a
private copy of the tree under build/mutants, and run until the first failure. One that ends none of its tests in time is
found as well. mutants_equal.txt lists the changes that change no behaviour, each with its reason.
"""
import argparse
import fcntl
import json
import pathlib
import random
import signal
import sys
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from mutants_build import FOLDERS, HOME, TREE, Failed, Tree  # noqa: E402
from mutations import line_of, line_text, mutations  # noqa: E402

EQUAL = pathlib.Path(__file__).resolve().with_name("mutants_equal.txt")
WANTED = 95  # percent


class Mutant:
    def __init__(self, folder, file, source, mutation, change):
        self.folder, self.file, self.source, self.mutation, self.change = folder, file, source, mutation, change
        self.line = line_of(source, mutation.at)
        self.text = line_text(source, mutation.at)

    @property
    def key(self):
        return self.file, self.text, self.change

    def row(self):
        return {"file": self.file, "line": self.line, "text": self.text, "change": self.change,
                "kind": self.mutation.kind}


def mutants_of(folder, root, headers=True):
    """All that there are, in the order of the sources; equal changes of one line are numbered from the second on."""
    out = []
    for path in sorted((root / folder).glob("*.[ch]pp" if headers else "*.cpp")):
        if path.name in FOLDERS[folder].apart:
            continue
        source, seen = path.read_text(), Counter()
        file = str(path.relative_to(root))
        for mutation in sorted(mutations(source)):
            change = mutation.change(source)
            place = (line_of(source, mutation.at), change)
            seen[place] += 1
            if seen[place] > 1:
                change += f" (#{seen[place]})"
            out.append(Mutant(folder, file, source, mutation, change))
    return out


def draw(folders, count, seed, root, headers=False):
    """The same for each folder; the draw of one does not depend on which others there are."""
    lists = []
    for number, folder in enumerate(folders):
        found = mutants_of(folder, root, headers)
        random.Random(f"{seed} {folder}").shuffle(found)
        lists.append(found[:count // len(folders) + (number < count % len(folders))])
    return [mutants[turn] for turn in range(count) for mutants in lists if turn < len(mutants)]


def read_equal(text):
    """Blocks of four lines: the file, the line's text, the change, the reason, which may go on."""
    out = {}
    for block in text.split("\n\n"):
        lines = [" ".join(line.split()) for line in block.splitlines() if line.strip() and not line.startswith("#")]
        if not lines:
            continue
        if len(lines) < 4:
            raise Failed(f"{EQUAL.name}: a block wants a file, a line, a change and a reason: {lines}")
        out[tuple(lines[:3])] = " ".join(lines[3:])
    return out


class Report:
    """JSON lines: what was drawn, then one line for each mutant; of two for one mutant the later counts."""

    def __init__(self, path, drawn):
        self.path, self.drawn, self.results = path, drawn, {}

    @classmethod
    def resume(cls, path):
        first, *lines = path.read_text().splitlines()
        report = cls(path, json.loads(first))
        for line in lines:
            row = json.loads(line)
            report.results[(row["file"], row["text"], row["change"])] = row
        return report

    def begin(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.drawn) + "\n")

    def add(self, mutant, result, by, seconds):
        row = {**mutant.row(), "result": result, "by": by, "seconds": round(seconds, 1)}
        self.results[mutant.key] = row
        with self.path.open("a") as out:
            out.write(json.dumps(row) + "\n")


def summary(mutants, report, equal):
    """Prints the survivors and the score; whether it is good enough."""
    counts, folders = Counter(), {}
    for mutant in mutants:
        row = report.results.get(mutant.key)
        if row is None:
            continue
        result = row["result"]
        if result == "survived" and mutant.key in equal:
            result = "equal"
        counts[result] += 1
        folders.setdefault(mutant.folder, Counter())[result] += 1
        if result == "survived":
            print(f"survived: {mutant.file}:{mutant.line}: {mutant.change}\n    {mutant.text}")
    for folder, parts in folders.items():
        print(f"{folder}: {dict(sorted(parts.items()))}")
    counted = counts["killed"] + counts["survived"]
    missing = len(mutants) - sum(counts.values())
    print(f"{sum(counts.values())} mutants: {counts['killed']} killed, {counts['survived']} survived, {counts['equal']} equal, "
          f"{counts['invalid']} do not compile" + (f", {missing} not run" if missing else ""))
    if not counted:
        return False
    print(f"score: {100 * counts['killed'] / counted:.1f} % of {counted} (wanted: {WANTED} %); report: {report.path}")
    return not missing and 100 * counts["killed"] >= WANTED * counted


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="./dev soak mutants", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the draw")
    parser.add_argument("--count", type=int, default=300, help="how many, over all folders")
    parser.add_argument("--folder", action="append", choices=sorted(FOLDERS), help="instead of all; may be repeated")
    parser.add_argument("--headers", action="store_true",
                        help="draw from headers too, of which each mutant takes about a minute")
    parser.add_argument("--only", metavar="TEXT", help="of those drawn only the ones of files whose path contains it")
    parser.add_argument("--resume", metavar="FILE", type=pathlib.Path, help="go on with the run of this report")
    parser.add_argument("--again", action="store_true", help="with --resume: judge the survivors once more")
    parser.add_argument("--minutes", type=float, help="begin no mutant after this time")
    parser.add_argument("--jobs", type=int, default=1, help="of the first build")
    options = parser.parse_args(arguments)
    if options.resume and (options.seed is not None or options.folder or options.headers):
        parser.error("--resume takes the seed, the count and the folders from the report")
    if options.again and not options.resume:
        parser.error("--again needs --resume")
    return options


def report_of(options):
    if options.resume:
        return Report.resume(options.resume)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    drawn = {"seed": seed, "count": options.count, "folders": options.folder or list(FOLDERS),
             "headers": options.headers}
    report = Report(HOME / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}.jsonl", drawn)
    report.begin()
    return report


def run(options):
    begun = time.monotonic()
    HOME.mkdir(parents=True, exist_ok=True)
    lock = (HOME / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failed("another run uses build/mutants") from None
    equal = read_equal(EQUAL.read_text())
    report = report_of(options)
    print(f"{report.drawn}; report: {report.path}", flush=True)
    folders = [FOLDERS[name] for name in report.drawn["folders"]]
    tree = Tree(folders, options.jobs)
    try:
        tree.prepare()
        mutants = draw(report.drawn["folders"], report.drawn["count"], report.drawn["seed"], TREE,
                       report.drawn["headers"])
        for number, mutant in enumerate(mutants):
            before = report.results.get(mutant.key)
            if before and not (options.again and before["result"] == "survived"):
                continue
            if mutant.key in equal or (options.only and options.only not in mutant.file):
                if mutant.key in equal:
                    report.add(mutant, "survived", None, 0)
                continue
            if options.minutes is not None and time.monotonic() - begun > 60 * options.minutes:
                break
            begin = time.monotonic()
            result, by = tree.judge(FOLDERS[mutant.folder], mutant.file, mutant.mutation.apply(mutant.source))
            seconds = time.monotonic() - begin
            report.add(mutant, result, by, seconds)
            print(f"{number + 1}/{len(mutants)} {seconds:5.1f} s {result}: {mutant.file}:{mutant.line}: {mutant.change}"
                  + (f" [{by}]" if by else ""), flush=True)
        return summary(mutants, report, equal)
    finally:
        tree.close()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))  # what was begun is ended and put back
    try:
        return 0 if run(options_of(sys.argv[1:])) else 1
    except Failed as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
