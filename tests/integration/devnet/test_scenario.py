"""`stipend devnet --scenario`: the network that a file describes, and its timeline as written."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "host"))
from network import BUILD, PROJECT, STIPEND, wait_for  # noqa: E402

SCENARIOS = PROJECT / "tests" / "devnet" / "scenarios"
FREE = ("--gateway", "127.0.0.1:0", "--control", "127.0.0.1:0")


class Running:
    """A devnet of a scenario. `text` is what it printed until it was ready, with what to type next."""

    def __init__(self, scenario, *options):
        read_end, write_end = os.pipe()
        self.started = time.monotonic()
        self.process = subprocess.Popen([STIPEND, "devnet", "--scenario", str(scenario), *options, "--ready-fd", str(write_end)],
                                        stdout=subprocess.PIPE, text=True, pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            line = ready.readline()
        self.fields = dict(field.split("=", 1) for field in line.split() if "=" in field)

    def state(self):
        with urllib.request.urlopen(self.fields["control"] + "/state", timeout=10) as answer:
            return json.loads(answer.read())

    def fault(self, number):
        return self.state()["orchestrators"][number]["fault"]

    def end(self):
        """What it printed."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=20)[0]


class ScenarioTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-scenario-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def written(self, text):
        file = self.folder / "net.yaml"
        file.write_text(text)
        return file

    def running(self, scenario, *options):
        devnet = Running(scenario, *options)
        self.addCleanup(devnet.end)
        return devnet

    def refused(self, *options):
        done = subprocess.run([STIPEND, "devnet", *options], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        return done.stderr

    def pinned(self, devnet, number):
        """The result of a job that is pinned to that orchestrator."""
        address = devnet.state()["orchestrators"][number]["address"]
        done = subprocess.run([STIPEND, "jobs", "send", "--json", "--gateway", devnet.fields["gateway"], "--orchestrator", address],
                              capture_output=True, text=True, timeout=60)
        return done.returncode

    def test_a_timeline_happens_at_its_times_and_ends_what_it_began(self):
        devnet = self.running(self.written(
            "orchestrators: 3\ntimeline:\n  - {at: 1500ms, for: 1500ms, orchestrator: 1, fault: down}\n"
            "  - {orchestrator: 2, fault: {kind: uptime, percent: 70}}\n  - {at: 4s, for: 1s, gateway: malformed}\n"), *FREE)
        self.assertEqual([one["uptime"] for one in devnet.state()["orchestrators"]], ["100.0", "100.0", "70"])
        wait_for(lambda: devnet.fault(1) == "down", "the fault of orchestrator 1")
        began = time.monotonic()
        self.assertGreaterEqual(began - devnet.started, 1.5)
        self.assertEqual(devnet.fault(0), "none")
        self.assertEqual(self.pinned(devnet, 0), 0)
        wait_for(lambda: devnet.fault(1) == "none", "its end")
        self.assertGreaterEqual(time.monotonic() - devnet.started, 3)
        self.assertEqual(self.pinned(devnet, 1), 0)
        wait_for(lambda: devnet.state()["gateway"]["fault"] == "malformed", "the gateway's fault")
        self.assertGreaterEqual(time.monotonic() - devnet.started, 4)
        wait_for(lambda: devnet.state()["gateway"]["fault"] == "none", "the end of the gateway's fault")
        self.assertGreaterEqual(time.monotonic() - devnet.started, 5)
        self.assertEqual(devnet.state()["orchestrators"][2]["uptime"], "70")

    def test_a_job_meets_the_fault_while_it_lasts(self):
        devnet = self.running(self.written("orchestrators: 1\ntimeline: [{for: 3s, orchestrator: 0, fault: down}]\n"), *FREE)
        if self.pinned(devnet, 0) == 0:
            self.assertGreaterEqual(time.monotonic() - devnet.started, 3, "a job succeeded while the orchestrator was down")
        wait_for(lambda: self.pinned(devnet, 0) == 0, "a job that succeeds after it")
        self.assertGreaterEqual(time.monotonic() - devnet.started, 3)

    def test_the_network_is_that_of_the_file_and_the_command_line_counts_before_it(self):
        file = self.written("orchestrators: 2\ncapability: text-to-speech\ncapacity: 3\nlisten: ['http://127.0.0.1:0']\n"
                            "gateway: 127.0.0.1:0\ncontrol: 127.0.0.1:0\ncli: 127.0.0.1:0\n")
        state = self.running(file).state()
        self.assertEqual(state["total"], 2)
        self.assertTrue(state["orchestrators"][0]["address"].startswith("http://127.0.0.1:"))
        capability, = state["orchestrators"][1]["capabilities"]
        self.assertEqual((capability["name"], capability["capacity"]), ("text-to-speech", 3))
        state = self.running(file, "-n", "5", "--capability", "other").state()
        self.assertEqual(state["total"], 5)
        self.assertEqual(state["orchestrators"][1]["capabilities"][0]["name"], "other")

    def test_what_it_prints_can_be_typed(self):
        devnet = self.running("one-down", *FREE)
        lines = []
        for line in devnet.process.stdout:
            lines.append(line.strip())
            if line.strip().startswith("stipend ledger verify"):
                break
        environment = dict(os.environ, PATH=f"{BUILD / 'bin'}:{os.environ['PATH']}")
        typed = [line for line in lines if line.startswith(("stipend jobs send", "stipend verify", "curl "))]
        self.assertEqual(len(typed), 4, lines)
        for line in typed:
            done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}{done.stderr}")
        self.assertEqual(devnet.fault(0), "down")  # by the last of them
        well = urllib.request.Request(devnet.fields["control"] + "/fault", json.dumps({"orchestrator": 0, "fault": "none"}).encode())
        urllib.request.urlopen(well, timeout=10).close()
        exports = "\n".join(line for line in lines if line.startswith("export "))
        shown = subprocess.run(["bash", "-c", f"{exports}\nstipend check -c {PROJECT / 'config.yaml'}"], env=environment,
                               capture_output=True, text=True, timeout=60, cwd=self.folder)
        self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)
        self.assertIn("a day for all 3", shown.stdout)
        shutil.copy(PROJECT / "config.yaml", self.folder)
        after = [line for line in lines if line.startswith(("stipend explain", "stipend ledger"))]
        self.assertEqual(len(after), 2, lines)
        script = "\n".join([exports, "export API_LISTEN=127.0.0.1:0", "stipend run --once -c config.yaml", *after])
        done = subprocess.run(["bash", "-ec", script], env=environment, capture_output=True, text=True, timeout=120,
                              cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("decision ", done.stdout)

    def test_each_installed_scenario_holds_and_every_fault_is_in_one(self):
        text = "".join(file.read_text() for file in SCENARIOS.glob("*.yaml"))
        for file in SCENARIOS.glob("*.yaml"):
            with self.subTest(scenario=file.stem):
                done = subprocess.run([STIPEND, "devnet", "--scenario", file.stem, "--print-addresses"], capture_output=True,
                                      text=True, timeout=30)
                self.assertEqual(done.returncode, 0, done.stderr)
        listed = subprocess.run([STIPEND, "devnet", "--help"], capture_output=True, text=True, timeout=30).stdout
        kinds = [line.split()[0] for line in listed.split("Faults, for scenarios")[1].splitlines()[1:] if re.match(r"  \w+ ", line)]
        self.assertGreater(len(kinds), 30)
        for kind in kinds:
            self.assertRegex(text, rf"(fault|kind|gateway): {kind}\b", f"no scenario has {kind}")

    def test_each_live_runner_of_the_scenario_answers_by_its_fault(self):
        listen = [word for _ in range(11) for word in ("--orchestrator-listen", "127.0.0.1:0")]
        devnet = self.running("live-runners", *FREE, *listen, "--signer", "127.0.0.1:0")
        state = devnet.state()
        wanted = ["", "has no runner of agent-net", "no capacity available for runner", "status 403", "want at most 5000000000",
                  "status 502", 'status 503: "busy"', "", "connect: discovery: ", "not JSON"]
        for number, words in enumerate(wanted):
            with self.subTest(orchestrator=number):
                done = subprocess.run(
                    [STIPEND, "jobs", "send", "--dispatch", "runner", "--orchestrator", state["orchestrators"][number]["address"],
                     "--check", "uptime", "--signer", devnet.fields["signer"], "--max-price", "5000000000"],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 1 if words else 0, done.stdout + done.stderr)
                self.assertIn(words, done.stdout)

    def test_a_mistake_is_reported_at_its_place(self):
        file = self.written("orchestrators: 2\ntimelin:\n  - {at: 1s, orchestrator: 0, fault: down}\n")
        error = self.refused("--scenario", file)
        self.assertIn(f'{file}:2:1: unknown key "timelin"', error)
        self.assertIn('did you mean "timeline"?', error)
        file = self.written("orchestrators: 2\ntimeline:\n  - {at: 1s, orchestrator: 0, fault: dwon}\n  - {orchestrator: 2, fault: down}\n")
        error = self.refused("--scenario", file)
        self.assertIn(f'{file}:3:38: timeline[0].fault: fault: unknown kind "dwon"; --help lists the kinds; did you mean "down"?', error)
        self.assertIn(f'{file}:4:20: timeline[1].orchestrator: orchestrator: got "2", want 0 to 1', error)

    def test_a_file_that_is_none_is_refused_with_the_names_that_there_are(self):
        error = self.refused("--scenario", "one-dwn")
        self.assertIn('--scenario: got "one-dwn", want a file or one of demo, every-fault, live-runners, one-down; did you mean "one-down"?', error)
        self.assertIn("got a folder", self.refused("--scenario", self.folder))
        error = self.refused("--scenario", "\x1b[2J")
        self.assertIn("<U+001B>", error)
        self.assertNotIn("\x1b", error)
        big = self.folder / "big.yaml"
        with open(big, "wb") as out:
            out.truncate((16 << 20) + 1)
        self.assertIn("want at most 16777216 bytes", self.refused("--scenario", big))


if __name__ == "__main__":
    unittest.main(verbosity=2)
