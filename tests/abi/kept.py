#!/usr/bin/env python3
"""Plugins that were built once, and are kept as they were, still load, break no rule and decide as they did.

    tests/abi/kept.py --build FOLDER              compare (CTest: abi_kept)
    tests/abi/kept.py --build FOLDER --record     write kept/decided.json, where a library was added

Each is a sample project of the SDK (tests/templates/run.py --keep), from before the headers of today. So what this goes
red on is a host that no longer takes what authors have built. It is never mended by building the libraries anew, unless
docs/abi-policy.md allows the change. x86-64 only; elsewhere it ends with 77.
"""

import argparse
import json
import lzma
import pathlib
import platform
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE / "kept"
DECIDED = KEPT / "decided.json"
SKIPPED = 77
CONFIG = """\
payment: {{interval: 60s, base: 10 USD, policy: {{plugin: {library}, config: {{at_least: 95}}}}}}
"""
# One after the other: what a line does not say is as the lines before it left it.
SAMPLES = [
    {"job": "ok", "uptime_percent": 100},
    {"job": "ok", "uptime_percent": 97.5},
    {"job": "ok", "uptime_percent": 95},
    {"job": "ok", "uptime_percent": 94.9999},
    {"job": "failed"},
    {"job": "failed"},
    {"job": "unknown"},
    {"job": "ok", "uptime_percent": 99.9, "observed_percent": 12.5, "coverage_percent": 80},
    {"job": "ok", "uptime_percent": 0},
    {"job": "ok", "uptime_percent": 99, "base_usd": "0.00000001"},
    {"job": "ok", "uptime_percent": 99, "base_usd": "12345.67890123"},
    {"job": "ok", "uptime_percent": 96, "interval_seconds": 5, "suspended": True, "usd_per_unit": "1", "decimals": 6},
    {"job": "ok", "uptime_percent": 98, "demand": "1.5"},
]


class Failed(Exception):
    pass


def run(stipend, *arguments, text=""):
    done = subprocess.run([stipend, *map(str, arguments)], input=text, text=True, capture_output=True, timeout=120)
    if done.returncode != 0:
        raise Failed(f"stipend {' '.join(map(str, arguments))}: got exit status {done.returncode}, want 0\n"
                     f"{done.stdout}{done.stderr}")
    return done.stdout


def decisions(stipend, library, folder):
    config = folder / f"{library.stem}.yaml"
    config.write_text(CONFIG.format(library=library), encoding="utf-8")
    lines = "".join(json.dumps({"orchestrator": "o1"} | sample) + "\n" for sample in SAMPLES)
    return [json.loads(line) for line in run(stipend, "policy", "eval", "-c", config, text=lines).splitlines()]


def of_library(stipend, packed, folder):
    """What this host finds out about a kept library: its kinds, and what a policy decides."""
    library = folder / packed.stem
    library.write_bytes(lzma.decompress(packed.read_bytes()))
    described = json.loads(run(stipend, "plugins", "inspect", library, "--json"))
    if described["warnings"]:
        raise Failed(f"{packed.name}: got {described['warnings']}, want no warning")
    run(stipend, "plugins", "test", library)
    kinds = described["plugins"][0]["kinds"]
    out = {"id": described["plugins"][0]["id"], "kinds": kinds}
    if any(kind.startswith("stipend.policy/") for kind in kinds):
        out["decisions"] = decisions(stipend, library, folder)
    return out


def first_difference(name, got, want):
    for at, (one, other) in enumerate(zip(got.get("decisions", []), want.get("decisions", []))):
        if one != other:
            return f"{name}: {json.dumps(SAMPLES[at])}:\ngot  {json.dumps(one)}\nwant {json.dumps(other)}"
    return f"{name}: got {json.dumps(got)}\nwant {json.dumps(want)}"


def written(got):
    """The text of decided.json: a line for each decision."""
    parts = []
    for name, one in got.items():
        head = json.dumps({"id": one["id"], "kinds": one["kinds"]})[:-1]
        lines = ",\n  ".join(json.dumps(decision) for decision in one.get("decisions", []))
        parts.append(f"{json.dumps(name)}: {head}" + (f', "decisions": [\n  {lines}]}}' if lines else "}"))
    return "{" + ",\n".join(parts) + "}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the tree's build folder")
    parser.add_argument("--record", action="store_true", help="write what is decided now")
    args = parser.parse_args()
    if platform.machine() != "x86_64":
        print(f"the kept libraries are for x86_64, this machine is {platform.machine()}")
        return SKIPPED
    packed = sorted(KEPT.glob("*.so.xz"))
    try:
        with tempfile.TemporaryDirectory(prefix="stipend-kept-") as folder:
            got = {one.name: of_library(args.build / "bin/stipend", one, pathlib.Path(folder)) for one in packed}
        if args.record:
            DECIDED.write_text(written(got), encoding="utf-8")
        want = json.loads(DECIDED.read_text(encoding="utf-8"))
        if list(got) != sorted(want):
            raise Failed(f"libraries: got {list(got)}, want {sorted(want)}")
        for name, one in got.items():
            if one != want[name]:
                raise Failed(first_difference(name, one, want[name]))
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    print(f"{len(packed)} libraries decide as they did")
    return 0


if __name__ == "__main__":
    sys.exit(main())
