#!/usr/bin/env python3
"""clang-tidy over all C++ files of this tree: `tidy.py TREE [FILE...]`, where TREE holds compile_commands.json of clang.

Headers cost nearly all of the time, so files of one kind are read together, as parts of one source; those that will not
go together (two of them have a helper of the same name) are read apart. What was clean is not read again while it, its
headers and the rules are the same: what it comes to behind the preprocessor, comments included, is remembered by its
hash. Exit status 1 where anything was found.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
AT_ONCE = 8
OWN = r"(ethereum|livepeer|host|plugins|tools|tests|sdk)/.*\.[hc]pp$"  # a part of a source is a header to clang-tidy
PARTS = "--checks=-bugprone-suspicious-include"  # beside the checks of .clang-tidy: parts are .cpp files
NO_COMPILE = re.compile(r"error: .*\[clang-diagnostic-error")


class Sources:
    def __init__(self, tree):
        self.home = tree / "tidy"
        self.rules = (ROOT / ".clang-tidy").read_bytes()
        self.commands = {}  # file -> its directory and the arguments that compile it, but for the file
        for entry in json.loads((tree / "compile_commands.json").read_text()):
            # The first target that has a file speaks for all.
            self.commands.setdefault(entry["file"], (entry["directory"], tuple(self.flags(entry))))
        for folder in ("clean", "apart"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)

    @staticmethod
    def flags(entry):
        words = shlex.split(entry["command"])
        words = words[next(i for i, word in enumerate(words) if pathlib.Path(word).name.startswith("clang")):]
        out = []
        for i, word in enumerate(words):
            # The SDK is a library to others, whose headers are not looked into; here it is ours.
            if word == "-isystem" and pathlib.Path(words[i + 1]).is_relative_to(ROOT):
                out.append("-I")
            elif word not in ("-c", "-o", entry["file"]) and words[i - 1] != "-o":
                out.append(word)
        return out

    def batches(self, files):
        """Lists of files that are compiled alike."""
        alike = {}
        for file in files:
            alike.setdefault(self.commands[file], []).append(file)
        return [group[at:at + AT_ONCE] for group in alike.values() for at in range(0, len(group), AT_ONCE)]

    def look(self, batch):
        """The findings in these files, as text; empty where there are none."""
        directory, flags = self.commands[batch[0]]
        source = "".join(f'#include "{file}"\n' for file in batch)
        whole = self.home / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.cpp"
        if not whole.exists():
            whole.write_text(source)
        read = subprocess.run([*flags, "-E", "-CC", whole], cwd=directory, capture_output=True, check=False)
        mark = hashlib.sha256(self.rules + read.stdout).hexdigest()
        if read.returncode == 0 and (self.home / "clean" / mark).exists():
            return ""
        if len(batch) > 1 and (self.home / "apart" / mark).exists():
            return self.look_apart(batch)
        done = subprocess.run(["clang-tidy", "--quiet", f"--header-filter={OWN}", PARTS, whole, "--", *flags[1:]], cwd=directory,
                              text=True, capture_output=True, check=False)
        if len(batch) > 1 and NO_COMPILE.search(done.stdout):
            (self.home / "apart" / mark).touch()
            return self.look_apart(batch)
        if done.returncode == 0:
            (self.home / "clean" / mark).touch()
            return done.stdout
        return done.stdout or done.stderr

    def look_apart(self, batch):
        middle = len(batch) // 2
        return self.look(batch[:middle]) + self.look(batch[middle:])


def main():
    sources = Sources(pathlib.Path(sys.argv[1]).resolve())
    names = sys.argv[2:] or subprocess.run(["git", "ls-files", "*.cpp"], cwd=ROOT, text=True, capture_output=True,
                                           check=True).stdout.split()
    files = [str(ROOT / name) for name in names]
    found = [f"{file}: no target compiles it: name it in a CMakeLists.txt" for file in files if file not in sources.commands]
    for text in found:
        print(text)
    batches = sources.batches(file for file in files if file in sources.commands)
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("STIPEND_JOBS", os.cpu_count()))) as pool:
        work = [pool.submit(sources.look, batch) for batch in batches]
        for at, done in enumerate(concurrent.futures.as_completed(work), 1):
            if done.result():
                found.append(done.result())
                print(done.result(), end="", flush=True)
            print(f"[{at}/{len(batches)}]", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
