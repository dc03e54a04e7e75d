#!/usr/bin/env python3
"""Each header of the ABI compiles alone, twice, in every language and compiler that an author may bring, without a
warning: C99, C11, C++11, C++20 and C++23 with gcc and clang. -Wpadded: a field that lands in padding would not change a struct's
size, and so a reader of `size` could not detect it."""

import argparse
import pathlib
import shutil
import subprocess
import sys

import abi_headers

WARNINGS = ["-Wall", "-Wextra", "-Wpadded", "-pedantic", "-Werror"]
# (compiler, language, standards: the first that the compiler knows is taken, none is no failure where optional)
MATRIX = [
    ("gcc", "c", ["c99"], False),
    ("clang", "c", ["c99"], False),
    ("gcc", "c", ["c11"], False),
    ("clang", "c", ["c11"], False),
    ("g++", "c++", ["c++11"], False),
    ("clang++", "c++", ["c++11"], False),
    ("g++", "c++", ["c++20"], False),
    ("clang++", "c++", ["c++20"], False),
    ("g++", "c++", ["c++23", "c++2b"], True),
    ("clang++", "c++", ["c++23", "c++2b"], True),
]


def compile_text(text, compiler, language, standard, include, warnings=WARNINGS):
    """What the compiler says; empty where it is content."""
    flags = [f"-std={standard}", *warnings, "-I", str(include), "-x", language]
    run = subprocess.run([compiler, *flags, "-c", "-", "-o", "/dev/null"], input=text, text=True, capture_output=True)
    return run.stderr if run.returncode != 0 else ""


def cells(include):
    """(compiler, language, standard) of each cell of the matrix that this machine can try."""
    for compiler, language, standards, optional in MATRIX:
        if shutil.which(compiler) is None:
            continue
        known = [s for s in standards if not compile_text("typedef int known;\n", compiler, language, s, include)]
        if known:
            yield compiler, language, known[0]
        elif not optional:
            yield compiler, language, standards[0]


def source(header):
    """Includes it twice, and takes the size of each struct: clang lays out, and so warns of, only what is used."""
    line = f'#include "stipend/abi/{header.path.name}"\n'
    sizes = "".join(f"extern const char size_of_{s.name}[sizeof({s.name})];\n" for s in header.structs)
    return line * 2 + sizes


def check(include, only=None):
    problems = []
    tried = list(cells(include))
    for header in abi_headers.read_folder(include / "stipend" / "abi"):
        for compiler, language, standard in tried:
            if only is None or compiler in only:
                said = compile_text(source(header), compiler, language, standard, include)
                if said:
                    problems.append(f"{header.path.name} alone, {compiler} -std={standard}:\n{said}")
    if not tried:
        problems.append("compilers: got none in the path, want gcc or clang")
    return problems


def check_helpers(include):
    """The helpers in stipend/c/ compile alone, twice, as C11 with the warnings that authors of C turn on."""
    problems = []
    strict = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-pedantic", "-Werror"]
    headers = sorted((include / "stipend" / "c").glob("*.h"))
    for header in headers:
        for compiler in filter(shutil.which, ("gcc", "clang")):
            text = f'#include "stipend/c/{header.name}"\n' * 2
            if said := compile_text(text, compiler, "c", "c11", include, strict):
                problems.append(f"c/{header.name} alone, {compiler} -std=c11:\n{said}")
    return problems or ([] if headers else [f"{include}/stipend/c: got no header, want some"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = pathlib.Path(__file__).resolve().parents[2] / "sdk" / "include"
    parser.add_argument("--include", type=pathlib.Path, default=default)
    args = parser.parse_args()
    try:
        problems = check(args.include) + check_helpers(args.include)
    except abi_headers.Refused as refused:
        problems = [str(refused)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print("compiled as", ", ".join(f"{c} -std={s}" for c, _, s in cells(args.include)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
