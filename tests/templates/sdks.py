#!/usr/bin/env python3
"""The tests of an SDK in another language, on a copy of its folder. 77: the language's compiler is not there.

    sdks.py rust | go
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = {"rust": ["cargo", "test", "--offline"], "go": ["go", "test", "-count=1", "."]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=list(COMMANDS))
    language = parser.parse_args().language
    command = COMMANDS[language]
    if shutil.which(command[0]) is None:
        print(f"no {command[0]} in the path")
        return 77
    environment = {**os.environ, "RUSTFLAGS": "-D warnings", "STIPEND_LAYOUT": str(ROOT / "tests/abi/layout.golden")}
    with tempfile.TemporaryDirectory(prefix="stipend-sdk-") as folder:
        work = pathlib.Path(folder)
        for part in (language, "include"):
            shutil.copytree(ROOT / "sdk" / part, work / part)
        done = subprocess.run(command, cwd=work / language, env=environment, timeout=500)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
