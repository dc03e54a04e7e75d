#!/usr/bin/env python3
"""Compares the ABI with tests/abi/anchor.abi by abidiff, which reads types out of what the compiler has made of them: a
second opinion beside layout.golden, by a reader that is not ours.

    tests/abi/anchor.py             compare (CTest: abi_anchor)
    tests/abi/anchor.py --renew     write the file, after a deliberate change

A plugin reaches its tables through `void*`, so abidiff sees no type of it and calls every change compatible. The anchor
is a library with one exported function for each record, of which it sees all.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

import abi_headers
import layout

HERE = pathlib.Path(__file__).resolve().parent
STORED = HERE / "anchor.abi"
PROGRAMS = ("gcc", "abidw", "abidiff")
SKIPPED = 77


def build(include, folder):
    """The anchor library of these headers."""
    source, library = folder / "anchor.c", folder / "libstipend_abi_anchor.so"
    source.write_text(layout.anchor(abi_headers.read_folder(include / "stipend" / "abi")), encoding="utf-8")
    subprocess.run(["gcc", "-std=c11", "-g", "-shared", "-fPIC", "-I", include, source, "-o", library], check=True)
    return library


def renew(library):
    subprocess.run(["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", library, "--out-file", STORED],
                   check=True)


def report(library):
    """What abidiff says; empty where nothing differs."""
    done = subprocess.run(["abidiff", STORED, library], text=True, capture_output=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr or f"abidiff: exit status {done.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--include", type=pathlib.Path, default=HERE.parents[1] / "sdk" / "include")
    parser.add_argument("--renew", action="store_true", help="write tests/abi/anchor.abi")
    args = parser.parse_args()
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        print(f"not in the path: {', '.join(missing)}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="stipend-anchor-") as folder:
        library = build(args.include, pathlib.Path(folder))
        if args.renew:
            renew(library)
        said = report(library)
    if said:
        print(f"{said}\nThe ABI is not the one of {STORED.name}. If that is meant, see docs/abi-policy.md: "
              "python3 tests/abi/anchor.py --renew", file=sys.stderr)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
