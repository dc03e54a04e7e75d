#!/usr/bin/env python3
"""Runs the fuzz targets one after the other, each for some minutes: `fuzz.py TREE [--minutes N] [--target NAME]...`.

TREE is the build of the preset fuzz. Each target begins with its inputs in corpus/NAME and with those that earlier runs
stored in TREE/fuzz/NAME because they reach further code. An input that ends a target (a crash, a statement that does not
hold, a leak, more than 10 s or 2 GB) is stored in TREE/fuzz, its path is printed, and the exit status is 1.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MAX_BYTES = {"http_request": 4096, "plugin_record": 2048, "ledger_file": 4096, "schema": 8192}  # of an input
MAX_BYTES_OTHERS = 16384
SECONDS_OF_ONE = 10
MAX_MB = 2048
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def targets():
    return sorted(path.name for path in (HERE / "corpus").iterdir() if path.is_dir())


def figure(name, output):
    found = re.search(rf"^stat::{name}:\s*(\d+)", output, re.MULTILINE)
    return int(found.group(1)) if found else 0


def command(tree, target, seconds):
    stored = tree / "fuzz" / target
    stored.mkdir(parents=True, exist_ok=True)
    return [str(tree / "tests" / f"fuzz_{target}"), f"-max_total_time={max(1, round(seconds))}",
            f"-timeout={SECONDS_OF_ONE}", f"-rss_limit_mb={MAX_MB}",
            f"-max_len={MAX_BYTES.get(target, MAX_BYTES_OTHERS)}", "-print_final_stats=1", "-verbosity=1",
            f"-artifact_prefix={tree / 'fuzz' / target}-", str(stored), str(HERE / "corpus" / target)]


def run(tree, target, seconds):
    """Runs one target; true where nothing was found."""
    try:
        done = subprocess.run(command(tree, target, seconds), env=os.environ | SANITIZERS, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=seconds + 300)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, status = (late.stdout or b"").decode(errors="replace"), "no end"
    print(f"{target}: {figure('number_of_executed_units', output)} inputs, "
          f"{figure('average_exec_per_sec', output)} a second, {figure('new_units_added', output)} stored, "
          f"{figure('peak_rss_mb', output)} MB", flush=True)
    if status == 0:
        return True
    print("\n".join(output.splitlines()[-60:]))
    stored = re.findall(r"Test unit written to (\S+)", output)
    print(f"{target}: FAILED ({status}); the input: {stored[-1] if stored else 'none was stored'}", flush=True)
    return False


def main():
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path, help="the build of the preset fuzz")
    parser.add_argument("--minutes", type=float, default=5, help="for each target")
    parser.add_argument("--target", action="append", choices=targets(), help="only this one; may be given again")
    options = parser.parse_args()
    good = [run(options.tree.resolve(), target, 60 * options.minutes) for target in options.target or targets()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
