#!/usr/bin/env python3
"""Runs a document: its fenced blocks, in order, in an empty folder. The words after the language say what a block is.

    ```sh run                    is run by bash, which stops at the first failure
    ```text output               is how what the block before it printed ends
    ```text like                 is all that the block before it printed, but for figures: see like.py
    ```cpp file=PATH             is written to PATH; with same=PATH it is also that file of the checkout, to the letter

A block of sh without `run` is refused: what a reader would type is tried. STIPEND is the checkout. With --section only
what is under that heading of the second level.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from like import difference

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST_S = 600  # for one block; a build on a busy machine takes its time
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Failed(Exception):
    pass


def write_file(work, name, text, place):
    path = (work / name).resolve()
    if work.resolve() not in path.parents:
        raise Failed(f"{place}: got file={name}, want a path within the folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run_block(work, text, environment, place, sessions):
    process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=work, env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    sessions.append(process.pid)
    try:
        out, errors = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        raise Failed(f"{place}: no end within {LONGEST_S} s\n{text}") from None
    if process.returncode != 0:
        raise Failed(f"{place}: exit status {process.returncode}\n{text}\n{out}{errors}")
    return out


def end_sessions(sessions):
    """Ends what blocks left running, as after a block that failed."""
    for session in sessions:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)


def under(text, heading):
    """The text with all lines outside of that section empty, so that the numbers of lines stay."""
    begin = text.find(f"\n## {heading}\n")
    if begin < 0:
        raise Failed(f"got no section {heading!r}, want one")
    end = text.find("\n## ", begin + 1)
    lines = text[:begin].count("\n")
    return "\n" * lines + text[begin:end if end >= 0 else len(text)]


def run_document(document, work, environment, sessions, section=None):
    """The number of blocks that were run."""
    text = document.read_text(encoding="utf-8")
    if section:
        text = under(text, section)
    printed, runs = None, 0
    for found in FENCE.finditer(text):
        place = f"{document.name}:{text.count(chr(10), 0, found.start()) + 1}"
        language, words, block = found.group(1), found.group(2).split(), found.group(3)
        options = dict(word.split("=", 1) for word in words if "=" in word)
        if language in ("sh", "bash", "console") and words != ["run"]:
            raise Failed(f"{place}: got a block of {language} that is not run, want ```sh run")
        if words == ["run"]:
            printed = run_block(work, block, environment, place, sessions)
            runs += 1
        elif words == ["output"]:
            # The last lines: what a build prints before them differs from machine to machine.
            if printed is None or not ("\n" + printed).endswith("\n" + block):
                raise Failed(f"{place}: got\n{printed}\nwant it to end with\n{block}")
        elif words == ["like"]:
            if wrong := "nothing was run before it" if printed is None else difference(printed, block):
                raise Failed(f"{place}: {wrong}\ngot\n{printed}")
        elif "file" in options:
            write_file(work, options["file"], block, place)
            if "same" in options and (ROOT / options["same"]).read_text(encoding="utf-8") != block:
                raise Failed(f"{place}: got another text than {options['same']}, want the same")
        elif words:
            raise Failed(f"{place}: got {' '.join(words)}, want run, output, like, or file=PATH")
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--path", action="append", default=[], help="a folder of programs")
    parser.add_argument("--section", help="only what is under this heading")
    parser.add_argument("--link", action="append", default=[], metavar="NAME=PATH", help="what is there in the folder")
    args = parser.parse_args()
    environment = {**os.environ, "API_LISTEN": "127.0.0.1:0", "STIPEND": str(ROOT),
                   "PATH": os.pathsep.join([*args.path, os.environ["PATH"]])}
    if launcher := shutil.which("ccache"):
        environment |= {"CMAKE_C_COMPILER_LAUNCHER": launcher, "CMAKE_CXX_COMPILER_LAUNCHER": launcher}
    with tempfile.TemporaryDirectory(prefix="stipend-docs-") as folder:
        sessions = []
        for name, target in (link.split("=", 1) for link in args.link):
            place = pathlib.Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        try:
            runs = run_document(args.document, pathlib.Path(folder), environment, sessions, args.section)
        except Failed as failed:
            print(failed, file=sys.stderr)
            return 1
        finally:
            end_sessions(sessions)
    print(f"{args.document.name}: {runs} blocks run")
    return 0 if runs else 1


if __name__ == "__main__":
    sys.exit(main())
