"""A real Prometheus reads a running host: its target is up, each query of the dashboard and each rule's expression is
valid there, and those that have to have data have it."""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

from network import PROJECT, Devnet, Host, wait_for

MONITORING = PROJECT / "packaging" / "monitoring"
VARIABLES = {"$__rate_interval": "30s", "$instance": ".*", "$orchestrator": ".*"}
# Of what does not happen in this run: the panels may be empty.
EMPTY = ("stipend_disk_left_seconds", "stipend_plugin_slow_calls_total", "stipend_service_", "stipend_alert_firing",
         "stipend_orchestrator_suspended", "stipend_orchestrator_held", "stipend_orchestrator_consecutive_failures",
         "stipend_orchestrator_fees_today_eth")


class Prometheus:
    def __init__(self, target, rules):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-prometheus-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        shutil.copy(rules, self.folder / "rules.yml")
        (self.folder / "prometheus.yml").write_text(f"""global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: [rules.yml]
scrape_configs:
  - job_name: stipend
    static_configs: [{{ targets: ["{target}"] }}]
""")
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             "--storage.tsdb.retention.size=64MB", f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=subprocess.STDOUT, cwd=self.folder)

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.loads(answer.read())["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from error

    def query(self, text):
        return self.get("query", query=text)["result"]

    def up(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=20).close()
        except OSError:  # it does not listen yet, or answers 503
            return False
        return [one["health"] for one in self.get("targets")["activeTargets"]] == ["up"]

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def concrete(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    assert "$" not in text, text
    return text


def dashboard_queries():
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    return [(panel["title"], concrete(target["expr"])) for panel in dashboard["panels"] for target in panel.get("targets", [])]


class Reads(unittest.TestCase):
    def setUp(self):
        if shutil.which("prometheus") is None:
            self.fail("there is no prometheus: `./dev test` installs it (Debian package prometheus)")
        self.devnet = Devnet(3)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, 1)
        self.addCleanup(self.host.end)

    def test_the_dashboard_and_the_rules_find_what_they_ask_for(self):
        self.devnet.fault(1, kind="uptime", percent="99.5")
        self.host.start()
        target = self.host.wait_line("metrics at http").split("http://")[1].strip().removesuffix("/metrics")
        prometheus = Prometheus(target, MONITORING / "prometheus-rules.yml")
        self.addCleanup(prometheus.end)
        wait_for(prometheus.up, "a target that is up")
        # Rates need two samples with a change between them.
        wait_for(lambda: any(float(one["value"][1]) > 0 for one in prometheus.query(
            'rate(stipend_orchestrator_decisions_total{action="pay"}[30s])')), "a rate of decisions")
        wait_for(lambda: len(prometheus.query("stipend_orchestrator_tier")) == 3, "a tier for each")

        queries = dashboard_queries()
        self.assertGreater(len(queries), 30)
        for title, text in queries:
            if any(name in text for name in EMPTY):
                prometheus.query(text)
                continue
            wait_for(lambda text=text: prometheus.query(text), f"data for {title}: {text}")

        groups = prometheus.get("rules")["groups"]
        self.assertEqual({group["name"] for group in groups},
                         set(re.findall(r"- name: (\S+)", (MONITORING / "prometheus-rules.yml").read_text())))
        wait_for(lambda: all(rule["health"] == "ok" for group in prometheus.get("rules")["groups"] for rule in group["rules"]),
                 "an evaluation of each rule")
        firing = [one for one in prometheus.get("alerts")["alerts"]]
        self.assertEqual(firing, [])

        # What each rule compares is there: the names of its expression, without the comparison.
        for group in groups:
            for rule in group["rules"]:
                for name in set(re.findall(r"\bstipend_\w+", rule["query"])):
                    if not name.startswith(("stipend_alert", "stipend_service", "stipend_disk")):
                        self.assertTrue(prometheus.query(name), f"{rule['name']}: {name}")

        # And an alert goes all the way.
        self.devnet.gateway_fault("down")
        wait_for(lambda: any(one["labels"].get("id") == "gateway" for one in prometheus.get("alerts")["alerts"]),
                 "StipendCriticalAlert for the gateway")
        self.assertTrue(prometheus.query('stipend_alert_firing{severity="critical"}'))


if __name__ == "__main__":
    unittest.main()
