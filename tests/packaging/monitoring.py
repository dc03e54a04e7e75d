"""The alert rules and the dashboard: checked by Prometheus' own tool, and held against what the documents list."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
MONITORING = PROJECT / "packaging" / "monitoring"
RULES = MONITORING / "prometheus-rules.yml"
TESTS = HERE / "prometheus-rules_test.yml"


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], text=True, capture_output=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


class Rules(unittest.TestCase):
    def setUp(self):
        if shutil.which("promtool") is None:
            self.fail("there is no promtool: `./dev test` installs it (Debian package prometheus)")

    def test_they_are_valid(self):
        code, text = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, text)

    def test_each_fires_where_it_has_to_and_not_beside_that(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "test.yml"
            file.write_text(TESTS.read_text().replace("[RULES]", f"[{RULES}]"))
            code, text = promtool("test", "rules", file)
        self.assertEqual(code, 0, text)

    def test_no_rule_is_without_a_test(self):
        rules = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
        text = TESTS.read_text()
        self.assertEqual(set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:", text)), rules)
        self.assertEqual(set(re.findall(r"eval_time: 8h, alertname: (\w+)", text)), rules)


class Installed(unittest.TestCase):
    def test_an_installation_has_both_beside_its_documents(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "--install", os.environ["STIPEND_BUILD"], "--component", "host", "--prefix", folder],
                           check=True, capture_output=True, timeout=60)
            found = {file.name: file.read_bytes() for file in (pathlib.Path(folder) / "share/doc/stipend").iterdir()}
        self.assertEqual({name: text for name, text in found.items() if not name.endswith(".md") and name != "copyright"},
                         {file.name: file.read_bytes() for file in MONITORING.iterdir()})
        self.assertIn("monitoring.md", found)


class Names(unittest.TestCase):
    def test_rules_and_dashboard_name_only_documented_metrics(self):
        listed = set(re.findall(r"^\| `(stipend_\w+)` \|", (PROJECT / "docs" / "metrics.md").read_text(), re.M))
        for file in sorted(MONITORING.iterdir()):
            used = {re.sub("_(bucket|sum|count)$", "", name) for name in re.findall(r"\bstipend_\w+", file.read_text())}
            self.assertTrue(used)
            self.assertLessEqual(used, listed, file.name)

    def test_no_panels_of_the_dashboard_overlap(self):
        panels = json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells


if __name__ == "__main__":
    unittest.main()
