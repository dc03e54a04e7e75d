"""Two dispatchers at once: some orchestrators by the gateway and some by live runners, moved while the host runs."""
import json
import shutil
import subprocess
import sys
import unittest

from both import GATEWAY, RUNNER, Network
import scrape
from network import BUILD, wait_for
from scene import free_port
from swaps import Swaps

PRICE = 5_000_000_000  # wei of a call


class Both(unittest.TestCase):
    def network(self, orchestrators, **options):
        network = Network(orchestrators, **options)
        self.addCleanup(network.end)
        return network

    def mixed(self):
        """Two of the gateway, and two of live runners: one by its own entry, one by its capability."""
        network = self.network(4)
        ends = {2: ", dispatch: runner", 3: ", capability: agent-net"}
        network.write(GATEWAY, [("runner", RUNNER)], [("agent-net", "runner")], lambda number: ends.get(number, ""))
        return network

    def check_ways(self, rows, **ways):
        for row in rows:
            want = ways[row.key.replace("-", "_")]
            self.assertEqual((row.key, row.epoch, row.way, row.good), (row.key, row.epoch, want, True))

    def test_both_are_paid_in_one_ledger(self):
        network = self.mixed()
        network.host.environment["LOG_LEVEL"] = "debug"
        code, out, err = network.host.run("check")
        self.assertEqual(code, 0, out + err)
        self.assertNotIn("not used", out)
        network.host.start()
        network.more(3)
        status = network.host.status()
        self.assertEqual(status["alerts"], [])
        self.assertEqual([one["dispatcher"] for one in status["orchestrators"]],
                         ["dispatch", "dispatch", "runner", "runner"])
        page = scrape.read(network.host.wait_line("metrics at http").split(" at ")[1].strip())
        for name, plugin in (("dispatch", "org.stipend.byoc"), ("runner", "org.stipend.runner")):
            ended = {labels["outcome"]: value for labels, value in page.all("stipend_dispatcher_jobs_total", dispatcher=name,
                                                                            plugin=plugin)}
            self.assertGreaterEqual(ended["ok"], 6)
            self.assertEqual((ended["failed"], ended["unknown"]), (0, 0))
        code, out, err = network.host.run("plugins", "status")
        self.assertEqual(code, 0, err)
        self.assertIn("dispatch:runner", out)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()
        rows, left = network.matched()
        self.assertEqual(left, [])
        for row in rows:
            name = "dispatch:runner" if row.key in ("orch-2", "orch-3") else "dispatch"
            self.assertTrue(network.host.said(f" {name}: {row.key}: epoch {row.epoch}: ok"), (row.key, row.epoch))
        self.check_ways(rows, orch_0=GATEWAY, orch_1=GATEWAY, orch_2=RUNNER, orch_3=RUNNER)
        self.assertEqual(len({row.wei for row in rows}), 1)
        for number, counted in enumerate(network.counted()):
            decided = sum(row.key == f"orch-{number}" for row in rows)
            way, other = (GATEWAY, RUNNER) if number < 2 else (RUNNER, GATEWAY)
            self.assertEqual((counted[way], counted[other]), (decided, 0))

    def test_one_that_moves_keeps_its_epochs_and_its_failures(self):
        network = self.mixed()
        network.host.start()
        network.more(2)
        network.devnet.fault("0-3", kind="error", status=500, text="broken")
        wait_for(lambda: all(self.failures(network, key) >= 1 for key in ("orch-0", "orch-3")), "failures")
        before = {row.key: row for row in network.rows()}
        ends = {0: ", dispatch: runner", 2: ", dispatch: runner", 3: ", capability: agent-net, dispatch: dispatch"}
        network.write(GATEWAY, [("runner", RUNNER)], [("agent-net", "runner")], lambda number: ends.get(number, ""))
        out = network.reload()
        self.assertIn("generation 1 is in force", out)
        self.assertIn("the next jobs of 2 orchestrators go by another dispatcher", out)
        moved = len(network.rows())
        network.more(1, ["orch-0", "orch-3"])
        counts = {key: self.failures(network, key) for key in ("orch-0", "orch-3")}
        for key, count in counts.items():
            self.assertGreaterEqual(count, 2, key)
        network.devnet.fault("0-3", kind="none")
        network.more(2)
        self.assertEqual(network.host.stop(), 0)
        network.host.start()
        network.more(1)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()
        rows, _ = network.matched()
        for key in ("orch-0", "orch-1", "orch-2", "orch-3"):
            own = [row for row in rows if row.key == key]
            self.assertEqual([row.epoch for row in own], list(range(1, len(own) + 1)))
            for one, other in zip(own, own[1:]):
                self.assertEqual(one.next_at, other.due_at)
        last = {row.key: row for row in rows[moved:] if row.good}
        self.assertEqual({key: row.way for key, row in last.items()},
                         {"orch-0": RUNNER, "orch-1": GATEWAY, "orch-2": RUNNER, "orch-3": GATEWAY})
        self.assertTrue(all(last[key].epoch > before[key].epoch for key in before))
        self.check_owed(network)

    def check_owed(self, network):
        """What each is owed is the sum of its decisions, by whichever way their jobs went."""
        rows = network.rows()
        owed = {one["orchestrator"]: int(one["owed_wei"])
                for one in json.loads(network.host.run("ledger", "balance", "--json")[1])}
        self.assertEqual(set(owed), {f"orch-{number}" for number in range(len(network.addresses))})
        for key, wei in owed.items():
            self.assertEqual(wei, sum(row.wei for row in rows if row.key == key), key)
            self.assertGreater(wei, 0, key)

    def test_one_that_moves_there_and_back_stays_the_one_that_it_was(self):
        network = self.network(2)
        payout, key = "0x" + "5a" * 20, "ab" * 32
        own = f', payout_address: "{payout}", worker_key: "{key}"'
        others = [("runner", RUNNER)]

        def write(end):
            network.write(GATEWAY, others, (), lambda number: own + end if number == 0 else "")

        def identity():
            return network.read("SELECT id, address, payout_address, worker_key, first_seen_at, retired FROM orchestrator "
                                "WHERE key = 'orch-0'")

        def state():
            return network.read("SELECT epoch, consecutive_failures, suspended, checks_total, generation FROM engine_state "
                                "JOIN orchestrator ON orchestrator.id = engine_state.orchestrator WHERE key = 'orch-0'")[0]

        write("")
        network.host.start()
        network.more(2)
        first = identity()
        self.assertEqual(len(first), 1)
        self.assertEqual((first[0][2].lower(), first[0][3]), (payout, key))
        generation = state()[4]
        for end, way in ((", dispatch: runner", RUNNER), ("", GATEWAY)):
            network.devnet.fault(0, kind="error", status=500, text="broken")
            wait_for(lambda: self.failures(network, "orch-0") >= 1, "a failure")
            epoch, failures, _, checks, _ = state()
            write(end)
            self.assertIn("the next jobs of 1 orchestrator", network.reload())
            # Neither count begins anew.
            network.more(1, ["orch-0"])
            after = state()
            self.assertGreater(after[0], epoch)
            self.assertGreater(after[1], failures)
            self.assertGreater(after[3], checks)
            self.assertEqual(after[4], generation)
            network.devnet.fault(0, kind="none")
            network.more(2)
            self.assertEqual(network.rows()[-1].good, True)
            self.assertEqual([row.way for row in network.matched()[0] if row.key == "orch-0"][-1], way)
            self.assertEqual(identity(), first)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()
        rows = [row for row in network.matched()[0] if row.key == "orch-0"]
        self.assertEqual([row.epoch for row in rows], list(range(1, len(rows) + 1)))
        self.check_owed(network)

    def failures(self, network, key):
        found = [one for one in network.host.status()["orchestrators"] if one["orchestrator"] == key]
        return found[0]["consecutive_failures"]

    def test_a_job_that_is_under_way_at_a_move_ends_by_the_way_that_it_went(self):
        network = self.network(2)
        network.write(GATEWAY, [("runner", RUNNER)], (), lambda number: ", dispatch: runner" if number else "")
        network.host.start()
        network.more(1)
        network.devnet.fault("0-1", kind="slow", delay="3s")
        before = network.counted()
        wait_for(lambda: network.counted(0)[GATEWAY] > before[0][GATEWAY] and network.counted(1)[RUNNER] > before[1][RUNNER],
                 "a job of each under way")
        since = len(network.rows())
        under_way = network.counted()
        network.write(GATEWAY, [("runner", RUNNER)], (), lambda number: "" if number else ", dispatch: runner")
        network.reload()
        self.assertEqual(len(network.rows()), since, "decided before the move")
        network.devnet.fault("0-1", kind="slow", delay="0s")
        fresh = network.more(2)
        first = {}
        for row in fresh:
            first.setdefault(row.key, row)
        self.assertEqual((first["orch-0"].way, first["orch-1"].way), (GATEWAY, RUNNER))
        self.check_ways([row for row in fresh if row is not first[row.key]], orch_0=RUNNER, orch_1=GATEWAY)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()
        after = network.counted()
        self.assertEqual((after[0][GATEWAY], after[1][RUNNER]), (under_way[0][GATEWAY], under_way[1][RUNNER]))

    def test_what_one_goes_through_fails_and_the_other_goes_on(self):
        network = self.mixed()
        network.host.start()
        network.more(1)
        network.devnet.gateway_fault("down")
        line = network.host.wait_line("alert gateway: ")
        self.assertIn("payments by the dispatcher dispatch are on hold: the gateway cannot be used", line)
        held = [row.epoch for row in network.rows() if row.key == "orch-0"]
        network.more(3, ["orch-2", "orch-3"])
        self.assertEqual([row.epoch for row in network.rows() if row.key == "orch-0"], held)
        # It is moved away from what fails: it is paid, and once the last one is, the alert is over.
        network.write(GATEWAY, [("runner", RUNNER)], (), lambda number: ", dispatch: runner")
        network.reload()
        network.host.wait_line("alert gateway: resolved")
        rows = network.more(2)
        self.assertEqual({row.way for row in rows}, {RUNNER})
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()

    def test_the_file_of_one_is_replaced_and_the_other_stays(self):
        network = self.mixed()
        network.host.start()
        network.more(1)
        since = len(network.host.lines)
        file = network.host.plugins / "runner.so"
        fresh = network.host.folder / "runner.so"
        shutil.copyfile(file, fresh)
        with open(fresh, "ab") as build:
            build.write(b"another build")
        fresh.rename(file)
        network.host.wait_line("reload: ", since)
        rows = network.more(2)
        self.check_ways(rows, orch_0=GATEWAY, orch_1=GATEWAY, orch_2=RUNNER, orch_3=RUNNER)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()

    def test_those_that_registered_have_a_dispatcher_as_well(self):
        network = self.network(3)
        network.host.environment["ALLOWED_ENDPOINT_NETWORKS"] = "127.0.0.0/8"
        others, capabilities = [("runner", RUNNER)], [("own", "dispatch")]
        network.write(GATEWAY, others, capabilities, listed=1, registered="runner")
        network.host.start()
        file = network.host.folder / "new.yaml"
        file.write_text("".join(f"- {{ id: orch-{number}, endpoint: \"{network.addresses[number]}\", approved: true }}\n"
                                for number in (1, 2)))
        code, out, err = network.host.run("orchestrators", "import", str(file))
        self.assertEqual(code, 0, out + err)
        self.check_ways(network.more(2), orch_0=GATEWAY, orch_1=RUNNER, orch_2=RUNNER)
        # It changes without a restart; what their capability says counts before it.
        network.write(GATEWAY, others, capabilities, listed=1, registered="dispatch")
        self.assertIn("the next jobs of 2 orchestrators go by another dispatcher", network.reload())
        network.more(1)
        self.check_ways(network.more(1), orch_0=GATEWAY, orch_1=GATEWAY, orch_2=GATEWAY)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()

    def test_what_jobs_cost_and_what_dispatchers_store_stays_at_a_move(self):
        signer = f"127.0.0.1:{free_port()}"
        network = self.network(2, devnet=("--runner-price", str(PRICE), "--signer", signer))

        def write(end):
            network.write(GATEWAY, [("runner", RUNNER)], (), lambda number: "" if number else end)
            network.host.edit("config: { retry_after: 200ms, timeout: 10s }",
                              f"config: {{ retry_after: 200ms, signer: \"http://{signer}\", max_price: {PRICE} }}")

        def cost():
            return int(network.host.status()["orchestrators"][0]["fees_today_wei"])

        write(", dispatch: runner")
        network.host.start()
        network.more(2)
        first = cost()
        self.assertGreaterEqual(first, 2 * PRICE)
        write("")
        network.reload()
        network.more(2)
        second = cost()
        self.assertIn(second - first, (0, PRICE))  # one may have been under way
        write(", dispatch: runner")
        network.reload()
        network.more(2)
        self.assertGreaterEqual(cost(), second + PRICE)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()
        # What was paid for is stored for all dispatchers together.
        self.assertEqual({row[0] for row in network.read("SELECT instance FROM kv WHERE instance LIKE 'dispatch%'")},
                         {"dispatch"})

    def test_two_may_be_of_one_plugin(self):
        network = self.network(3)
        network.write(RUNNER, [("old", GATEWAY), ("other", GATEWAY)], (), lambda number: ("", ", dispatch: old", ", dispatch: other")[number])
        network.host.start()
        network.more(2)
        page = scrape.read(network.host.wait_line("metrics at http").split(" at ")[1].strip())
        for name, plugin in (("dispatch", "runner"), ("old", "byoc"), ("other", "byoc")):
            self.assertGreaterEqual(page.value("stipend_dispatcher_jobs_total", dispatcher=name, plugin=f"org.stipend.{plugin}",
                                               outcome="ok"), 2)
        self.assertEqual(network.host.stop(), 0)
        network.host.verified()
        rows = network.matched()[0]
        self.check_ways(rows, orch_0=RUNNER, orch_1=GATEWAY, orch_2=GATEWAY)
        # What asks by a gateway takes the first dispatcher that has one.
        done = subprocess.run([BUILD / "bin" / "stipend-jobs", "load", "-c", network.host.config, "--rate", "20/s", "--duration",
                               "1"], env=network.host.environment, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(sum(one[GATEWAY] for one in network.counted()), sum(row.way == GATEWAY for row in rows) + 10)

    def test_a_name_that_there_is_not_is_refused_and_changes_nothing(self):
        network = self.mixed()
        network.host.start()
        network.more(1)
        network.write(GATEWAY, [("other", RUNNER)], (), lambda number: ", dispatch: runner")
        code, out, err = network.host.run("reload")
        self.assertNotEqual(code, 0)
        self.assertIn('orchestrators[0].dispatch: got "runner", want a name that `dispatchers` has', out + err)
        rows = network.more(1)
        self.check_ways(rows, orch_0=GATEWAY, orch_1=GATEWAY, orch_2=RUNNER, orch_3=RUNNER)
        # Only its own orchestrators need what a dispatcher wants of each.
        network.write(GATEWAY, [("runner", RUNNER)], (), lambda number: ", dispatch: runner" if number == 1 else "")
        network.host.edit("config: { retry_after: 200ms, timeout: 10s }", "config: { evidence: signed }")
        code, out, err = network.host.run("check")
        self.assertNotEqual(code, 0)
        self.assertIn('dispatchers[0].config.evidence: got "signed", want a worker_key', out + err)
        self.assertIn("orch-1 has none", out + err)
        network.host.edit("dispatch: runner }", f'dispatch: runner, worker_key: "{"ab" * 32}" }}')
        code, out, err = network.host.run("check")
        self.assertEqual(code, 0, out + err)
        network.write(GATEWAY, [("other", RUNNER)])
        code, out, err = network.host.run("check")
        self.assertEqual(code, 0, out + err)
        self.assertIn('dispatchers: "other" is not used', out)


class Swap(unittest.TestCase):
    def test_the_way_of_all_is_swapped_under_load(self):
        swaps = Swaps(60, 4)
        self.addCleanup(swaps.network.end)
        swaps.run()
        print(swaps.numbers, file=sys.stderr)
        self.assertEqual(swaps.report(), "")
        # How many are under way at a swap, the machine decides; those of Both make sure of one.
        for what in ("by the gateway", "by live runners"):
            self.assertGreater(swaps.numbers[what], 0, what)


if __name__ == "__main__":
    unittest.main()
