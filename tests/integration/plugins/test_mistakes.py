"""Every mistake of mistakes.py: `inspect` and `check` name it, no host starts with it, and one that runs stays as it is.

The files are replaced under hosts that run, each many times, by a link that is swapped: no host ends, decides by what was
refused, or is silent."""
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "host"))

from mistakes import ALL, ANSWERS, ELSEWHERE, LATER  # noqa: E402
from network import BUILD, PROJECT, STIPEND, Devnet, Host, wait_for  # noqa: E402

DEFECTS = BUILD / "tests" / "defects"
SANITIZED = os.environ.get("STIPEND_SANITIZE", "") not in ("", "OFF")
# A sanitizer takes crash signals, accesses out of bounds and clocks for itself; unit_plugin tests what it leaves.
OF_SANITIZERS = re.compile("signal |got a (read|write) at|clock_in|instance_in|leaks_memory|takes_crash")
COMMANDS = 6  # at a time
GROUPS = 4  # hosts at a time
REFUSED, WARNED, TAKEN, LEFT_OUT = "xw.-"

farm = None  # the folder with all the files
replacements = None


def setUpModule():
    global replacements
    make_farm()
    replacements = Replacements()


def tearDownModule():
    replacements.end()
    shutil.rmtree(farm)


def make_farm():
    global farm
    farm = pathlib.Path(tempfile.mkdtemp(prefix="stipend-mistakes-"))
    for file in DEFECTS.glob("*.so"):
        shutil.copyfile(file, farm / file.name)
    whole = (DEFECTS / "sound.so").read_bytes()
    (farm / "half.so").write_bytes(whole[:len(whole) // 2])
    (farm / "text.so").write_text("#!/bin/sh\necho this is a script, and long enough to hold the header of a library\n")
    (farm / "empty.so").write_bytes(b"")
    (farm / "other_machine.so").write_bytes(whole[:18] + (183).to_bytes(2, "little") + whole[20:])
    for file in farm.iterdir():
        file.chmod(0o644)
    shutil.copyfile(DEFECTS / "sound.so", farm / "writable.so")
    (farm / "writable.so").chmod(0o666)
    (farm / "folder.so").mkdir()
    os.mkfifo(farm / "fifo.so")


def chosen(way):
    """The mistakes that are made in that way, 0 to 3, each with what is wanted."""
    for one in ALL:
        if one.ways[way] != LEFT_OUT and not (SANITIZED and OF_SANITIZERS.search(one.says + one.file)):
            yield one, one.ways[way]


def with_policy(text, plugin):
    return re.sub(r"    plugin: payment\n    config:\n(      .*\n)+", f"    plugin: {plugin}\n", text)


class ByCommand(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-mistakes-"))
        self.addCleanup(shutil.rmtree, self.folder)
        text = (PROJECT / "config.yaml").read_text().replace('folder: ""', f"folder: {BUILD}/lib/stipend/plugins")
        self.text = text.replace("orchestrators: []", "orchestrators: [{ address: https://127.0.0.1:9001, id: one }]")
        self.environment = dict(os.environ, GATEWAY_URL="http://127.0.0.1:9", METRICS_LISTEN="127.0.0.1:0", API_LISTEN="127.0.0.1:0",
                                ORCHESTRATOR_ADDRESSES="")

    def config(self, mistake):
        """A configuration whose policy is that file."""
        file = self.folder / f"{mistake.file}.yaml"
        file.write_text(with_policy(self.text, farm / f"{mistake.file}.so"))
        return file

    def each(self, way, command):
        """Runs `command` for all that are made in that way: status, output, errors."""
        slowest_first = sorted(chosen(way), key=lambda each: "hangs" not in each[0].says)
        with concurrent.futures.ThreadPoolExecutor(COMMANDS) as pool:
            running = [(one, wanted, pool.submit(command, one)) for one, wanted in slowest_first]
        for one, wanted, ended in running:
            with self.subTest(one.what, file=one.file):
                code, out, err = ended.result()
                says = one.says.replace("{F}", str(farm / f"{one.file}.so"))
                self.assertEqual(code, 1 if wanted == REFUSED else 0, out + err)
                if wanted == REFUSED:
                    self.assertEqual(out, "")
                    self.assertIn(says, err)
                    self.assertIn(f"{one.file}.so", err)
                elif wanted == WARNED:
                    self.assertIn(says, out + err)
                else:
                    self.assertNotIn("warning: /", out)

    def stipend(self, *arguments, state="state"):
        done = subprocess.run([STIPEND, *arguments], env=self.environment | {"STATE_DIRECTORY": str(self.folder / state)},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def test_inspect(self):
        config = self.folder / "config.yaml"
        config.write_text(self.text)
        self.each(0, lambda one: self.stipend("plugins", "inspect", str(farm / f"{one.file}.so"), "-c", config))

    def test_check(self):
        self.each(1, lambda one: self.stipend("check", "-c", self.config(one)))

    def test_start(self):
        self.each(2, self.start)

    def start(self, one):
        if one.ways[2] == REFUSED:
            return self.stipend("run", "-c", self.config(one), state=f"state-{one.file}")
        process = subprocess.Popen([STIPEND, "run", "-c", self.config(one)], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
                                   env=self.environment | {"STATE_DIRECTORY": str(self.folder / f"state-{one.file}")})
        limit = threading.Timer(120, process.kill)
        limit.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "largest possible fees" in line:  # the last line of a start
                process.terminate()
        process.stdout.close()
        code = process.wait()
        limit.cancel()
        return code, "", "".join(lines)


class Running:
    """A host whose policy is a link into the farm; with `price` its price is one as well."""

    def __init__(self, devnet, price):
        self.host = Host(devnet)
        self.trigger = self.host.folder / "trigger"
        self.host.environment["STIPEND_DEFECT_TRIGGER"] = str(self.trigger)
        text = with_policy(self.host.config.read_text(), "policy")
        if price:
            text = re.sub(r"  plugin: price\n  config:\n(    .*\n)+", "  plugin: quote\n", text)
            self.point("quote", "price_sound")
        self.host.config.write_text(text.replace("every: 60s", "every: 1s"))
        self.point("policy", "sound_paying")
        self.taken = {"sound_paying"}

    def point(self, place, file):
        new = self.host.folder / "new-link"
        new.symlink_to(farm / f"{file}.so")
        os.replace(new, self.host.plugins / f"{place}.so")

    def swap(self, place, file, wanted):
        """Replaces the file; the number of lines before what the host says of it."""
        since = len(self.host.lines)
        self.point(place, file)
        self.host.wait_line(wanted, since)
        self.taken.add(file)
        return since

    def said(self, text, since):
        wait_for(lambda: text in "".join(self.host.lines[since:]), f"{text} in\n{''.join(self.host.lines[since:])}")

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}

    def decided(self, tier, since_epoch=0):
        return [line for line in self.host.decisions() if line["tier"] == tier and line["epoch"] > since_epoch]

    def last_epoch(self):
        return max((line["epoch"] for line in self.host.decisions()), default=0)

    def end(self):
        """What must be true of each host: it ends well, and no decision is lost, doubled, or of what was refused."""
        wait_for(lambda: self.decided("paid", self.last_epoch() - 2), "a decision of the sound policy at last")
        problems = [] if self.host.stop() == 0 else [f"the host ended with status {self.host.process.returncode}"]
        self.host.verified()
        builds = {hashlib.sha256((farm / f"{file}.so").read_bytes()).hexdigest(): file for file in self.taken}
        epochs = collections.defaultdict(list)
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as database:
            for payee, epoch, action, tier, so in database.execute(
                    "SELECT orchestrator, epoch, action, tier, so_sha256 FROM decision JOIN generation "
                    "ON generation.id = decision.generation ORDER BY decision.seq"):
                epochs[payee].append(epoch)
                if so not in builds:
                    problems.append(f"{payee} epoch {epoch}: decided by {so}, which was refused")
                elif (action, tier) != ((1, "paid") if builds[so] == "sound_paying" else (2, "")):
                    problems.append(f"{payee} epoch {epoch}: got {action} {tier} of {builds[so]}")
        for payee, listed in epochs.items():
            if listed != list(range(1, len(listed) + 1)):
                problems.append(f"{payee}: epochs {listed}")
        return problems


class Replacements:
    """All at once, while the commands are tested: most of the time is the patience of the hosts."""

    def __init__(self):
        self.devnet = Devnet(2, "--capacity", "100000")
        self.hosts = []
        self.pool = concurrent.futures.ThreadPoolExecutor(GROUPS + 2)
        mistakes = list(chosen(3))
        self.groups = [self.pool.submit(self.replace_all, mistakes[at::GROUPS]) for at in range(GROUPS)]
        self.later = self.pool.submit(self.replace_later)
        self.answers = self.pool.submit(self.replace_answers)

    def end(self):
        self.pool.shutdown()
        for one in self.hosts:
            one.host.end()
        self.devnet.end()

    def begin(self, price=False):
        running = Running(self.devnet, price)
        self.hosts.append(running)
        running.host.start()
        return running

    def replace_all(self, mistakes):
        running = self.begin()
        problems = []
        for one, wanted in mistakes:
            says = one.says.replace("{F}", str(running.host.plugins / "policy.so"))
            try:
                if wanted == REFUSED:
                    since = running.swap("policy", one.file, "reload: rejected")
                    running.taken.discard(one.file)
                    running.said(says, since)
                    wait_for(lambda: says in running.alerts().get("plugins:differs:policy", ""), "the alert")
                else:
                    since = running.swap("policy", one.file, " is in force")
                    if wanted == WARNED:
                        running.said(says, since)
                    running.swap("policy", "sound_paying", " is in force")
            except AssertionError as error:
                problems.append(f"{one.what} ({one.file}): {error}")
                if running.host.process.poll() is not None:
                    return problems
        running.swap("policy", "sound", " is in force")  # a good file heals whatever was refused last
        wait_for(lambda: not running.alerts(), "no alerts")
        running.swap("policy", "sound_paying", " is in force")
        return problems + running.end()

    def replace_later(self):
        running = self.begin()
        for one in LATER:
            epoch = running.last_epoch()
            running.swap("policy", one.file, " is in force")
            wait_for(lambda: running.decided("", epoch), f"a decision of {one.file} while it is well")
            before = running.host.status()
            unpaid = len(before["unpaid"])
            running.trigger.touch()
            wait_for(lambda: any(id.startswith(one.alert) and one.says in text for id, text in running.alerts().items()),
                     f"{one.file}: the alert {one.alert}")
            # Both orchestrators, for more than an interval: only then is there time that is passed over.
            wait_for(lambda: running.host.status()["held"] >= before["held"] + 6, "periods on hold")
            assert "gateway" not in running.alerts()
            epoch = running.last_epoch()
            running.swap("policy", "sound_paying", " is in force")
            if one.cause is None:
                running.trigger.unlink()  # the call returns
            wait_for(lambda: running.decided("paid", epoch), f"a decision of the good file after {one.file}")
            if one.cause is not None:
                causes = {line["cause"] for line in running.host.status()["unpaid"][unpaid:]}
                assert one.cause in causes, f"{one.file}: unpaid: got {causes}, want {one.cause}"
                running.trigger.unlink()
            wait_for(lambda: not running.alerts(), f"no alerts after {one.file}")
        return running.end()

    def replace_answers(self):
        running = self.begin(price=True)
        for one in ANSWERS:
            since = running.swap("quote", one.file, " is in force")
            running.taken.discard(one.file)
            if one.says:
                running.said(one.says, since)
            assert running.host.process.poll() is None
        running.swap("quote", "price_sound", " is in force")
        wait_for(lambda: not running.alerts(), "no alerts")
        return running.end()


class Replaced(unittest.TestCase):
    def test_policies(self):
        for group in replacements.groups:
            self.assertEqual(group.result(), [])

    def test_policies_that_go_wrong_later(self):
        self.assertEqual(replacements.later.result(), [])

    def test_answers(self):
        self.assertEqual(replacements.answers.result(), [])


class Listed(unittest.TestCase):
    def test_each_file_is_used(self):
        """By this test, or by one that is named."""
        used = {one.file for one in (*ALL, *LATER, *ANSWERS)}
        tests = [file.read_text() for folder in ("unit", "integration", "soak") for suffix in ("*.py", "*.cpp")
                 for file in (PROJECT / "tests" / folder).rglob(suffix) if file.name != "mistakes.py"]
        for file in (PROJECT / "tests" / "defects").glob("*.c"):
            if file.stem not in used:
                self.assertTrue(any(re.search(rf"\b{file.stem}\b", text) for text in tests), file.stem)

    def test_each_mistake_that_another_test_makes_is_there(self):
        for what, file, text in ELSEWHERE:
            with self.subTest(what):
                self.assertIn(text, (PROJECT / "tests" / file).read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
