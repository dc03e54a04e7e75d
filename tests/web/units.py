#!/usr/bin/env python3
"""The parts of the web page that compute, run by node."""
import subprocess
import sys
import tempfile

from packages import PROJECT, staged

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="stipend-web-") as scratch:
        web = staged(scratch)
        sys.exit(subprocess.run(["node", PROJECT / "tests" / "web" / "units.mjs", web], timeout=120, check=False).returncode)
