"""Plugins in processes of their own on a running host: the same decisions, and a process that dies costs no payee anything."""
import json
import os
import signal
import time
import unittest

from network import Devnet, Host, wait_for

OPTION = "\n  isolate: process"


class Isolated(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(2)
        self.addCleanup(self.devnet.end)

    def host(self):
        host = Host(self.devnet)
        self.addCleanup(host.end)
        return host

    def isolate(self, host, *names):
        for name in names:
            plugin = {"price": "price:\n  plugin: price", "dispatch": "dispatch:\n  plugin: byoc"}[name]
            host.edit(plugin, plugin + OPTION)

    def processes(self, host):
        code, out, err = host.run("plugins", "status", "--json")
        self.assertEqual(code, 0, err)
        return {one["instance"]: one for one in json.loads(out)["processes"]}

    def wait_for_decisions(self, host, more):
        wanted = len(host.decisions()) + more
        wait_for(lambda: len(host.decisions()) >= wanted, f"{more} further decisions")

    def test_price_and_dispatch_decide_as_they_do_in_the_host(self):
        decided = []
        for isolated in (False, True):
            host = self.host()
            if isolated:
                self.isolate(host, "price", "dispatch")
            host.start()
            self.wait_for_decisions(host, 4)
            if isolated:
                self.assertEqual(set(self.processes(host)), {"price", "dispatch"})
                shown = host.run("plugins", "status")[1]
                self.assertIn("price: org.stipend.price in a process of its own, pid ", shown)
            self.assertEqual(host.status()["plugins_unwell"], [])
            self.assertEqual(host.stop(), 0)
            host.verified()
            keys = ("action", "amount_wei", "tier", "uptime_ppm", "reason")
            decided.append([{key: one.get(key) for key in keys} for one in host.decisions()][:2])
        self.assertEqual(decided[0], decided[1])

    def test_a_dispatcher_that_is_killed_every_second_blames_no_orchestrator(self):
        host = self.host()
        self.isolate(host, "dispatch")
        host.start()
        self.wait_for_decisions(host, 2)
        end = time.monotonic() + 10
        killed = set()
        while time.monotonic() < end:
            pid = self.processes(host)["dispatch"]["pid"]
            if pid not in killed and pid != 0:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(1)  # the pace of the kills
        self.assertGreater(len(killed), 1)
        alerts = {one["id"]: one["text"] for one in host.status()["alerts"]}
        self.assertIn("got signal 9 (Killed)", alerts["dispatch:process"])
        self.wait_for_decisions(host, 4)
        self.assertGreaterEqual(self.processes(host)["dispatch"]["restarts"], 2)
        self.assertEqual({one["action"] for one in host.decisions()}, {"pay"})
        self.assertEqual([name for name in alerts if name.startswith(("suspended:", "failing:"))], [])
        self.assertEqual(host.stop(), 0)
        host.verified()

    def test_a_policy_cannot_be_isolated(self):
        host = self.host()
        host.edit("    plugin: payment\n", "    plugin: payment\n    isolate: process\n")
        code, out, err = host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("isolate", out + err)

    def test_a_reload_moves_a_plugin_into_a_process_and_back(self):
        host = self.host()
        host.start()
        self.wait_for_decisions(host, 2)
        plain = host.config.read_text()
        self.isolate(host, "price")
        code, out, err = host.run("reload")
        self.assertEqual(code, 0, out + err)
        wait_for(lambda: "price" in self.processes(host), "a process")
        self.wait_for_decisions(host, 2)
        host.config.write_text(plain)
        code, out, err = host.run("reload")
        self.assertEqual(code, 0, out + err)
        wait_for(lambda: self.processes(host) == {}, "no process")
        self.wait_for_decisions(host, 2)
        self.assertEqual(host.stop(), 0)
        host.verified()


if __name__ == "__main__":
    unittest.main()
