#!/usr/bin/env python3
"""The benchmarks run, and every figure is there under its heading. What the figures are is no test."""
import json
import math
import pathlib
import shutil
import subprocess
import sys
import unittest

BENCH = pathlib.Path(__file__).with_name("bench.py")
HEADINGS = ["Concurrent orchestrators", "Job rate", "Payment throughput", "Network resilience", "Watching containers",
            "The manager's API", "Payouts", "The tester of a network", "History decided again", "The web page",
            "Plugins in processes of their own", "What assertions cost"]
sys.path.insert(0, str(BENCH.parents[1] / "integration"))
BUILD = sys.argv.pop()

import engine  # noqa: E402


def bench(*arguments):
    return subprocess.run([sys.executable, "-B", BENCH, BUILD, *arguments], check=False, capture_output=True, text=True,
                          timeout=280)


class Smoke(unittest.TestCase):
    def test_all_figures_are_there_under_their_headings(self):
        done = bench("--quick", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual([section["title"] for section in report["sections"]], HEADINGS)
        for section in report["sections"]:
            if section["title"] == "Watching containers" and engine.why_not():
                continue
            if section["title"] in ("The manager's API", "The tester of a network") and (shutil.which("nginx") is None or shutil.which("wrk") is None):
                continue
            if section["title"] == "What assertions cost" and not (pathlib.Path(BUILD).parent / "unasserted/bench/replay_bench").exists():
                continue
            if section["title"] == "The web page" and shutil.which("chromium") is None:
                continue
            self.assertGreater(len(section["figures"]), 0, section["title"])
            for figure in section["figures"]:
                low, high = figure["quartiles"]
                self.assertTrue(all(map(math.isfinite, (low, figure["median"], high))), figure)
                self.assertLessEqual(low, figure["median"])
                self.assertLessEqual(figure["median"], high)
                self.assertIn(figure["pairs"], (1, report["pairs"]))
                if "goal" in figure:
                    self.assertIn(figure["goal"]["verdict"], ("met", "missed"))

    def test_a_section_that_is_not_there_is_refused(self):
        done = bench("--quick", "nonsense")
        self.assertEqual(done.returncode, 2)
        self.assertIn("got nonsense, want one of orchestrators, jobs, payments, resilience, watching, api, money, load, replay, web, plugins, assertions", done.stderr)


if __name__ == "__main__":
    unittest.main()
