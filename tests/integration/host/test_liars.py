"""Plugins whose records cannot be: nothing is decided by them, no orchestrator and no gateway is blamed, and an alert
names plugin, call, field, got and want. They go wrong while the host runs."""
import json
import shutil
import types
import unittest
import urllib.request

from network import BUILD, Host, wait_for

PLUGIN = BUILD / "tests" / "plugins" / "liar.so"
NETWORK = types.SimpleNamespace(gateway="http://127.0.0.1:9", addresses="")


class Liars(unittest.TestCase):
    def begin(self, kind, lie):
        """A host whose plugin of that kind goes wrong once `tell` is called; the others are always right."""
        self.host = Host(NETWORK, 1)
        self.addCleanup(self.host.end)
        self.switch = self.host.folder / "lie"
        shutil.copy(PLUGIN, self.host.plugins / "liar.so")

        def config(of):
            return json.dumps({"lie": lie if of == kind else "", "switch": str(self.switch)})

        lines = self.host.config.read_text().splitlines()

        def replace(section, until, new):
            begin = lines.index(section)
            end = next(at for at in range(begin + 1, len(lines)) if lines[at].startswith(until))
            lines[begin + 1:end] = new

        replace("dispatch:", "  max_in_flight", ["  plugin: liar", "  id: org.stipend.test.liar.jobs", f"  config: {config('jobs')}"])
        replace("price:", "  every", ["  plugin: liar", "  id: org.stipend.test.liar.rate", f"  config: {config('rate')}"])
        lines[lines.index("  every: 60s")] = "  every: 1s"
        replace("  policy:", "price:", ["    plugin: liar", "    id: org.stipend.test.liar.pays", f"    config: {config('pays')}", ""])
        text = "\n".join(lines) + "\n"
        text = text.replace("monitors: []", f"monitors: [{{ name: own, plugin: liar, id: org.stipend.test.liar.looks, "
                            f"config: {config('looks')} }}]")
        text = text.replace("orchestrators: []", "orchestrators:\n  - address: https://127.0.0.1:9001\n    id: one\n"
                            "    checks: [{ monitor: own, target: \"https://127.0.0.1:9\", every: 1s }]")
        self.host.config.write_text(text)
        self.host.start()
        wait_for(self.host.decisions, "a decision while all is well")

    def tell(self):
        self.switch.touch()

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}

    def wait_alert(self, name, *texts):
        wait_for(lambda: all(text in self.alerts().get(name, "") for text in texts),
                 f"alert {name} with {texts}; there are {self.alerts()}")

    def ends_well(self, *alerts):
        """Once the plugin is right again the alerts end, pay goes on, and the ledger is right."""
        before = len(self.host.decisions())
        self.switch.unlink()
        wait_for(lambda: len(self.host.decisions()) > before, "a decision after it")
        wait_for(lambda: not set(alerts) & set(self.alerts()), f"the end of {alerts}")
        self.assertTrue(all(line["consecutive_failures"] == 0 and line["action"] == "pay" for line in self.host.decisions()))
        self.host.verified()
        self.assertEqual(self.host.stop(), 0)

    def held(self, kind, lie, alert, *texts):
        with self.subTest(kind=kind, lie=lie):
            self.begin(kind, lie)
            self.tell()
            self.wait_alert(alert, *texts)
            # What was under way before may still be decided; from here on the number stays.
            wait_for(lambda: self.host.status()["held"] > 0, "a period on hold")
            self.assertNotIn("gateway", self.alerts())
            self.ends_well(alert)

    def test_a_result_of_a_job_that_cannot_be_is_unknown(self):
        name = "submit: org.stipend.test.liar.jobs: "
        self.held("jobs", "outcome", "plugin:dispatch", name + "outcome: got 55, want OK, FAILED or UNKNOWN")
        self.held("jobs", "uptime", "plugin:dispatch", name + "reported_ppm: got 4000000000, want 0 .. 1000000")
        self.held("jobs", "flags", "plugin:dispatch", name + "flags: got ")
        self.held("jobs", "latency", "plugin:dispatch", name + "latency_ns: got -1, want 0 .. ")

    def test_a_quote_that_cannot_be_is_no_price(self):
        self.held("rate", "pair", "price", 'fetch: org.stipend.test.liar.rate: base: got "BTC", want "ETH"')
        self.held("rate", "negative", "price", "fetch: org.stipend.test.liar.rate: mantissa: got -2000, want 1 .. ")
        self.held("rate", "exponent", "price", "fetch: org.stipend.test.liar.rate: exponent: got 400000000, want -30 .. 30")

    def test_a_decision_that_cannot_be_is_held(self):
        name = "org.stipend.test.liar.pays: "
        self.held("pays", "uptime", "policy:one", name + "uptime_ppm: got 1000001, want 0 .. 1000000")
        self.held("pays", "failures", "policy:one", name + "consecutive_failures: got more than one above the sample's")
        self.held("pays", "amount", "policy:one", name + "got 2 USD, ", "want at most 1 USD")
        self.held("pays", "action", "policy:one", name + "action: got 99, want PAY, SKIP or HOLD")

    def test_an_observation_that_cannot_be_counts_as_not_seen(self):
        for lie, text in (("verdict", "verdict: got 77, want UP, DOWN, DEGRADED, UNKNOWN or FOUND"),
                          ("target", 'target_id: got "another", want "'),
                          ("future", "ended_at: got a time 2h ahead, want none of the future"),
                          ("past", "started_at: got a time 1h before the look began")):
            with self.subTest(lie=lie):
                self.begin("looks", lie)
                self.tell()
                self.wait_alert("plugin:own", "org.stipend.test.liar.looks: " + text)
                url = self.host.wait_line("metrics at http").split(" at ")[1].strip()
                with urllib.request.urlopen(url, timeout=10) as answer:
                    metrics = answer.read().decode()
                count = next(line for line in metrics.splitlines() if line.startswith("stipend_refused_observations_total"))
                self.assertGreater(float(count.split()[-1]), 0)
                self.ends_well("plugin:own")

    def test_texts_of_plugins_forge_no_line_and_break_no_export(self):
        self.begin("jobs", "text")
        self.tell()
        wait_for(lambda: any("bad<U+000A>" in line["reason"] for line in self.host.decisions()), "a decision with the reason")
        line = next(line for line in self.host.decisions() if "bad<U+000A>" in line["reason"])
        self.assertEqual(line["reason"], "bad<U+000A>2026-01-01T00:00:00.000Z info forged <U+001B>[2J<0xFF>")
        self.assertEqual(line["evidence"]["served_by"], "https://a<U+000A><0xC3>")
        self.assertFalse(any(line.startswith("2026-01-01") for line in self.host.lines))
        self.assertEqual(self.host.stop(), 0)
        self.begin("pays", "text")
        self.tell()
        wait_for(lambda: any(line["tier"] == "t<U+000A><U+001B><0xFF>" for line in self.host.decisions()), "a decision with the tier")
        self.ends_well()


if __name__ == "__main__":
    unittest.main(verbosity=2)
