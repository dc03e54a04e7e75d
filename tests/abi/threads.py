#!/usr/bin/env python3
"""Every function of the ABI says on which thread and in which state it may be called, in one closed grammar:

    tag    = "[" thread [" & " state {"|" state}] "]"
    thread = "control" | "pool" | "any" | "pure"
    state  = "created" | "started" | "quiesced"

Functions are the function pointers of every struct and the callback typedefs. The tag is, exactly once, in the
comment directly above a function or behind it on its line. No other bracket may be in a comment of the ABI.
"""

import argparse
import pathlib
import re
import sys

import abi_headers

STATES = ("created", "started", "quiesced")
GRAMMAR = re.compile(rf"\[(control|pool|any|pure)(?: & ((?:{'|'.join(STATES)})(?:\|(?:{'|'.join(STATES)}))*))?\]")
WANT = "want [control], [pool], [any] or [pure], and after ` & ` created, started, quiesced, joined by |"


def valid(tag):
    found = GRAMMAR.fullmatch(tag)
    states = (found.group(2) or "").split("|") if found else []
    return found is not None and len(set(states)) == len(states)


def misspelled(header):
    """Brackets in comments that are no tag."""
    for comment in header.comments:
        for found in re.finditer(r"\[[^\]]*\]?", comment.text):
            if not valid(found.group()):
                line = comment.first_line + comment.text.count("\n", 0, found.start())
                yield f"{header.path}:{line}: got {found.group()}, {WANT}"


def functions(header):
    """(name for a person, declaration) of each."""
    for struct in header.structs:
        yield from ((f"{struct.name}.{f.name}", f) for f in struct.fields if f.parameters is not None)
    yield from ((t.name, t) for t in header.typedefs if t.parameters is not None)


def untagged(header):
    for name, function in functions(header):
        place = f"{header.path}:{function.first_line}: {name}"
        above = [c for c in header.comments if c.last_line == function.first_line - 1 and not c.trails]
        behind = [c for c in header.comments if c.first_line == function.last_line and c.trails]
        tags = [t for c in above + behind for t in re.findall(r"\[[^\]]*\]", c.text)]
        if len(tags) != 1:
            got = " and ".join(tags) or "no tag"
            yield f"{place}: got {got}, want exactly one in the comment above it or behind it"
        for parameter in function.parameters:
            if parameter.parameters is not None:
                yield f"{place}: got the callback {parameter.name} without a typedef, want one, with a tag of its own"


def check(folder):
    """All that is wrong, a line each."""
    problems = []
    for header in abi_headers.read_folder(folder):
        problems += [*misspelled(header), *untagged(header)]
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = pathlib.Path(__file__).resolve().parents[2] / "sdk" / "include" / "stipend" / "abi"
    parser.add_argument("--headers", type=pathlib.Path, default=default)
    try:
        problems = check(parser.parse_args().headers)
    except abi_headers.Refused as refused:
        problems = [str(refused)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
