#!/usr/bin/env python3
"""clang-tidy over all C++ files of this tree: `tidy.py TREE [FILE...]`, where TREE holds compile_commands.json of clang.

A file that was clean is not read again while it, its headers and the rules are the same: what it comes to behind the
preprocessor, comments included, is remembered by its hash. Exit status 1 where anything was found.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEVER = "a file that no target compiles: name it in a CMakeLists.txt"


def commands_of(tree):
    """file -> the arguments that compile it; the first target that has it speaks for all."""
    out = {}
    for entry in json.loads((tree / "compile_commands.json").read_text()):
        arguments = shlex.split(entry["command"])
        arguments = arguments[next(i for i, word in enumerate(arguments) if pathlib.Path(word).name.startswith("clang")):]
        # The SDK is a library to others, whose headers are not looked into; here it is ours.
        for i, word in enumerate(arguments[1:], 1):
            if word == "-isystem" and pathlib.Path(arguments[i + 1]).is_relative_to(ROOT):
                arguments[i] = "-I"
        out.setdefault(entry["file"], {"directory": entry["directory"], "file": entry["file"], "arguments": arguments})
    return out


def fingerprint(command, rules):
    """What decides the findings, as one hash; none where the preprocessor fails: clang-tidy says why."""
    arguments = command["arguments"]
    without_output = [word for i, word in enumerate(arguments) if word not in ("-c", "-o") and arguments[i - 1] != "-o"]
    done = subprocess.run([*without_output, "-E", "-CC"], cwd=command["directory"], capture_output=True, check=False)
    if done.returncode != 0:
        return None
    return hashlib.sha256(rules + done.stdout).hexdigest()


def look(file, command, tree, rules):
    """The findings in a file, as text; empty where there are none."""
    if command is None:
        return f"{file}: {NEVER}\n"
    mark = fingerprint(command, rules)
    clean = tree / "clean" / mark if mark else None
    if clean and clean.exists():
        return ""
    done = subprocess.run(["clang-tidy", "--quiet", "-p", tree, ROOT / file], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        return done.stdout or done.stderr
    if clean:
        clean.touch()
    return done.stdout


def main():
    tree = pathlib.Path(sys.argv[1]).resolve()
    files = sys.argv[2:] or subprocess.run(["git", "ls-files", "*.cpp"], cwd=ROOT, text=True, capture_output=True,
                                           check=True).stdout.split()
    commands = commands_of(tree)
    tidy = tree / "tidy"
    (tidy / "clean").mkdir(parents=True, exist_ok=True)
    (tidy / "compile_commands.json").write_text(json.dumps(list(commands.values())))
    rules = (ROOT / ".clang-tidy").read_bytes()
    found, seen, lock = 0, 0, threading.Lock()

    def one(file):
        nonlocal found, seen
        text = look(file, commands.get(str(ROOT / file)), tidy, rules)
        with lock:
            seen += 1
            found += bool(text)
            if text:
                print(text, end="", flush=True)
            if sys.stderr.isatty() or seen % 50 == 0:
                print(f"{seen} of {len(files)} files", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    jobs = int(os.environ.get("STIPEND_JOBS", os.cpu_count()))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(one, file) for file in files]:
            done.result()
    print(f"{len(files)} files, findings in {found}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
