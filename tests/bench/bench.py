#!/usr/bin/env python3
"""Measures stipend, as ratios between two ways of doing the same in one run.

Every figure is the median over alternating pairs, with its quartiles; a goal is marked met or missed and never fails
the run. docs/benchmarks.md says what each one means.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "integration" / name) for name in ("host", "network")]


class Site:
    """Where the programs are, how much is measured, and what has to be ended afterwards."""

    def __init__(self, build, folder, quick, pairs, cleanup):
        self.build = build
        self.stipend = build / "bin" / "stipend"
        self.quick = quick
        self.pairs = pairs
        self.cycle_sizes = (50, 100, 300) if quick else (1_000, 10_000, 100_000)
        self.orchestrators = 100 if quick else 1_000
        self._folder = folder
        self._cleanup = cleanup

    def count(self, full):
        return max(1, full // 100) if self.quick else full

    def program(self, name):
        return self.build / "bench" / name

    def folder(self, name):
        made = self._folder / name
        made.mkdir()
        return made

    @contextlib.contextmanager
    def fresh_folder(self):
        made = pathlib.Path(tempfile.mkdtemp(dir=self._folder))
        try:
            yield made
        finally:
            shutil.rmtree(made)

    def devnet(self):
        from network import Devnet  # reads the environment when it is imported
        devnet = Devnet(self.orchestrators)
        self._cleanup.callback(devnet.end)
        return devnet

    def unasserted(self):
        """The same of the build without assertions; none where there is no such build, or only a part of it."""
        build = self.build.parent / "unasserted"
        needed = ("bin/stipend-probe", "bench/ledger_bench", "bench/policy_bench", "bench/replay_bench",
                  "lib/stipend/plugins/payment.so")
        if not all((build / name).is_file() for name in needed):
            return None
        return Site(build, self.folder("unasserted"), self.quick, self.pairs, self._cleanup)

    def live_runner(self, slots):
        """The address of an orchestrator with a free single-shot runner; without TLS, as the gateway is."""
        from network import Devnet
        from scene import free_port
        address = f"http://127.0.0.1:{free_port()}"
        devnet = Devnet(1, "--orchestrator-listen", address, "--live-runners", "--capacity", str(slots))
        self._cleanup.callback(devnet.end)
        return address

    def plugin_host(self):
        staging = self._folder / "staging"
        staging.mkdir(exist_ok=True)
        return self.build / "lib/stipend/plugins", staging, self.build / "bin/stipend-probe"

    def policy(self):
        from measure import Instrument
        return Instrument(self.program("policy_bench"), *self.plugin_host())

    def dispatcher(self, gateway, addresses, concurrency):
        from measure import Instrument
        return Instrument(self.program("dispatch_bench"), *self.plugin_host(), gateway, concurrency, addresses)

    def runner_dispatcher(self, orchestrator, concurrency):
        from measure import Instrument
        return Instrument(self.program("runner_bench"), *self.plugin_host(), orchestrator, concurrency)


def shown(figure):
    low, middle, high = figure.quartiles()
    digits = 0 if middle >= 100 else 2 if middle >= 0.1 else 4
    spread = f"({low:.{digits}f} .. {high:.{digits}f})"
    goal = f"goal {figure.goal[0]} {figure.goal[1]:g}: {figure.verdict()}" if figure.goal else ""
    unit = "" if figure.unit == "x" else " " + figure.unit
    note = f"  [{figure.note}]" if figure.note else ""
    return f"  {figure.name:<72} {middle:.{digits}f}{unit} {spread}  {goal}{note}".rstrip()


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("section", nargs="*", help="orchestrators, jobs, payments, resilience, watching, api, money, load, replay, web, plugins, assertions; default: all")
    parser.add_argument("--pairs", type=int, default=None, help="alternating pairs for each figure (25)")
    parser.add_argument("--quick", action="store_true", help="two pairs of almost nothing: does it run?")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--folder", type=pathlib.Path, help="the disk to measure on (default: the temporary folder)")
    options = parser.parse_intermixed_args()
    build = options.build.resolve()
    os.environ["STIPEND_BUILD"] = str(build)

    import api
    import assertions
    import jobs
    import load
    import money
    import orchestrators
    import payments
    import plugins
    import replay
    import resilience
    import watching
    import web
    sections = {
        "orchestrators": ("Concurrent orchestrators", orchestrators),
        "jobs": ("Job rate", jobs),
        "payments": ("Payment throughput", payments),
        "resilience": ("Network resilience", resilience),
        "watching": ("Watching containers", watching),
        "api": ("The manager's API", api),
        "money": ("Payouts", money),
        "load": ("The tester of a network", load),
        "replay": ("History decided again", replay),
        "web": ("The web page", web),
        "plugins": ("Plugins in processes of their own", plugins),
        "assertions": ("What assertions cost", assertions),
    }
    unknown = [name for name in options.section if name not in sections]
    if unknown:
        parser.error(f"section: got {unknown[0]}, want one of {', '.join(sections)}")

    pairs = options.pairs or (2 if options.quick else 25)
    report = {"machine": {"cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"},
              "pairs": pairs, "sections": []}
    if not options.json:
        print(f"{pairs} alternating pairs each; median (quartiles); {os.cpu_count()} cores. "
              "[Absolute values belong to this machine.]")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as on Ctrl-C: what was started is ended
    with contextlib.ExitStack() as cleanup:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-bench-", dir=options.folder))
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        site = Site(build, folder, options.quick, pairs, cleanup)
        for name in options.section or sections:
            title, module = sections[name]
            if not options.json:
                print(f"\n{title}", flush=True)
            section = {"title": title, "figures": []}
            for figure in module.figures(site):
                section["figures"].append(figure.as_json())
                if not options.json:
                    print(shown(figure), flush=True)
            report["sections"].append(section)
    if options.json:
        print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
