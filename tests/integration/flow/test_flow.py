"""`stipend flow`: what the terminal shows is what the API says, live; and the terminal is as it was at the end."""
import decimal
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "host"))
from network import PATIENCE, STIPEND, Devnet, Host, wait_for  # noqa: E402
from ports import free_port  # noqa: E402
from terminal import Tmux  # noqa: E402

LIST = "/api/v1/livepeer/orchestrators"


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed (Debian: tmux)")
class FlowTest(unittest.TestCase):
    orchestrators = 3
    interval = 3

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="flow-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, self.interval)
        self.addCleanup(self.host.end)
        self.host.environment["API_LISTEN"] = f"127.0.0.1:{free_port()}"
        self.host.start()
        self.url = "http://" + self.host.environment["API_LISTEN"]
        code, out, err = self.host.run("api-key", "add", "flow", "--role", "viewer", "--json")
        self.assertEqual(code, 0, err)
        self.key = json.loads(out)["key"]
        (self.folder / "key").write_text(self.key + "\n")
        wait_for(lambda: all(one["epoch"] >= 2 for one in self.listed()), "two checks of each")

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        while True:
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise
                time.sleep(int(error.headers["Retry-After"]))

    def listed(self):
        return self.get(LIST)["orchestrators"]

    def standing(self, key):
        return self.get(f"{LIST}/{urllib.parse.quote(key, safe='')}/status")

    def payments(self, key):
        return self.get(f"/api/v1/livepeer/payments?limit=60&orchestrator={urllib.parse.quote(key, safe='')}")["payments"]

    def flow(self, *options, environment=None):
        return subprocess.run([STIPEND, "flow", "--url", self.url, "--key", self.folder / "key", *options],
                              capture_output=True, text=True, timeout=PATIENCE,
                              env=environment or dict(os.environ))

    def terminal(self, width, height, command=None):
        command = command or f"{STIPEND} flow --url {self.url} --key {self.folder / 'key'}"
        environment = {**os.environ, "PS1": "shell> ", "TERM": "screen", "LC_ALL": "C.UTF-8"}
        tmux = Tmux(self.folder, width, height, command + "; echo ended by $?", environment)
        self.addCleanup(tmux.end)
        return tmux

    def shows(self, tmux, key):
        """Waits for a moment at which each column has of `key` what the API said before and after it; returns them."""
        seen = []

        def agreed(_):
            before = self.standing(key)
            cells = columns(tmux.lines(), key)
            checks = self.payments(key)
            if not cells or self.standing(key) != before or checks[0]["epoch"] != before["epoch"]:
                return None
            seen[:] = [cells, wrong_columns(cells, before, checks)]
            return cells if not seen[1] else None
        try:
            return tmux.wait(agreed, f"the columns of {key}")
        except AssertionError as late:
            raise AssertionError(f"{late}\nlast compared: {seen}") from None


def columns(lines, key):
    """By title: the cell of each column of a lane. A heading begins with ">", but for the first of a line."""
    out = {}
    at = next((at for at, line in enumerate(lines) if re.match(f"[> ]{re.escape(key)} ", line)), None)
    if at is None or not lines[1].startswith(" ORCHESTRATOR"):
        return out
    # Below 148 columns a lane has two lines, and so have the headings.
    for heading, line in zip(lines[1:3], lines[at:at + 2]):
        edges = [0, *(found.start() for found in re.finditer(">", heading))]
        for begin, end in zip(edges, [*edges[1:], None]):
            if title := heading[begin + 1:end].strip():
                out[title] = line[begin + 1:end].strip()
    return out


def wrong_columns(cells, standing, checks):
    """What a lane shows otherwise than the API: each title with its cell and what is wanted."""
    last = checks[0]
    exact = {"ORCHESTRATOR": standing["orchestrator_id"], "STATUS": standing["status"], "TIER": last["tier"],
             "UP %": number(last["uptime_percent"]), "SEEN %": number(last["coverage_percent"]), "x": last["multiplier"],
             "PENALTY": number(last["penalty_seconds"]), "USD": last["amount_usd"]}
    strip = "".join(check_cell(one) for one in reversed(checks))
    wrong = {title: (cells.get(title), want) for title, want in exact.items() if not is_cut(cells.get(title, ""), want)}
    if not cells.get("CHECKS") or not strip.endswith(cells["CHECKS"]):
        wrong["CHECKS"] = (cells.get("CHECKS"), strip)
    if not re.fullmatch(r"now|\d+s|\d+m\d\ds", cells.get("NEXT", "")):
        wrong["NEXT"] = (cells.get("NEXT"), standing["next_due"])
    for title, wei in (("OWED", standing["owed_wei"]), ("SENT", "0"), ("FINAL", "0")):
        number_of, _, symbol = cells.get(title, "").partition(" ")
        if not fits(number_of, wei, standing["decimals"]) or symbol not in ("", standing["asset"]):
            wrong[title] = (cells.get(title), in_units(wei, standing["decimals"]))
    return wrong


def is_cut(cell, want):
    """Whether a cell is that text, or its beginning where it did not fit."""
    return cell == want or (len(cell) > 1 and cell.endswith("~") and want.startswith(cell[:-1]))


def check_cell(payment):
    """A check's place in the strip."""
    if payment["job"] != "ok":
        return "x"
    if payment["uptime_percent"] is None:
        return "?"
    return next(cell for least, cell in ((99, "#"), (95, "+"), (50, "-"), (0, ".")) if payment["uptime_percent"] >= least)


def number(value):
    """As the API wrote it."""
    text = json.dumps(value)
    return text[:-2] if text.endswith(".0") else text


class Screen(FlowTest):
    def test_80_columns_show_what_the_api_says_and_follow_it(self):
        tmux = self.terminal(80, 24)
        keys = [one["orchestrator_id"] for one in self.listed()]
        lines = tmux.wait(lambda lines: all(any(key in line for line in lines) for key in keys) and lines, "all lanes")
        self.assertIn("3 orchestrators", lines[0])
        self.assertIn("q quit", lines[23])
        for key in keys:
            self.shows(tmux, key)
        # An orchestrator that fails shows it, by an event.
        self.devnet.fault(1, kind="error", status=500, text="broken")
        failed = tmux.wait(lambda lines: self.lane(lines, keys[1]) if "unhealthy" in self.lane(lines, keys[1]) else None,
                           "a lane of an orchestrator that fails")
        self.assertRegex(failed, r"x\s+(now|\d+s|\d+m\d\ds)\s+(unhealthy|suspended)")
        tmux.send("q")
        tmux.wait(lambda lines: any("ended by 0" in line for line in lines), "the end")

    def lane(self, lines, key):
        at = next((at for at, line in enumerate(lines) if re.match(f"[> ]{re.escape(key)} ", line)), None)
        return "" if at is None else " ".join(lines[at:at + 2])

    def test_keys_filter_sort_explain_scroll_and_resize(self):
        tmux = self.terminal(80, 24)
        keys = sorted(one["orchestrator_id"] for one in self.listed())
        tmux.wait(lambda lines: any(keys[2] in line for line in lines), "all lanes")
        shown = lambda lines: [key for line in lines for key in keys if re.match(f"[> ]{re.escape(key)} ", line)]  # noqa: E731
        self.assertEqual(shown(tmux.lines()), keys)
        tmux.send("-l", "/" + keys[1].split(":")[0])
        tmux.wait(lambda lines: shown(lines) == [keys[1]] and lines[23].startswith("/"), "one lane")
        tmux.send("Enter")
        tmux.wait(lambda lines: "1 of 3 orchestrators" in lines[0], "a filtered list")
        tmux.send("Escape")
        tmux.wait(lambda lines: shown(lines) == keys, "all lanes again")
        # By what is owed: a lane that fails is owed least in the end.
        self.devnet.fault(0, kind="error", status=500, text="broken")
        tmux.send("-l", "ss")
        tmux.wait(lambda lines: "by most owed" in lines[0], "another order")
        owed = lambda: {one["orchestrator_id"]: int(one["owed_wei"]) for one in self.listed()}  # noqa: E731

        def in_order(lines):
            now = owed()
            order = shown(lines)
            return len(order) == 3 and len(set(now.values())) > 1 and [now[key] for key in order] == sorted(now.values(), reverse=True)
        tmux.wait(in_order, "lanes by what is owed")
        # The explanation of the last decision of the selected lane.
        tmux.send("-l", "sss")
        tmux.wait(lambda lines: "by name" in lines[0], "the first order")
        tmux.send("Home")
        tmux.send("Down")
        tmux.wait(lambda lines: any(line.startswith(">" + keys[1]) for line in lines), "the second lane")
        tmux.send("Enter")
        lines = tmux.wait(lambda lines: any(line.startswith("epoch  ") for line in lines) and lines, "an explanation")
        epoch = next(line.split()[1] for line in lines if line.startswith("epoch  "))
        code, out, err = self.host.run("explain", "--orchestrator", keys[1], epoch, "--json")
        self.assertEqual(code, 0, err)
        explained = json.loads(out)
        self.assertIn(f"decision  {explained['decision']}", [line.rstrip() for line in lines])
        tmux.send("End")
        tmux.wait(lambda lines: any("recomputed.same  true" in line for line in lines), "the end of it")
        tmux.resize(60, 12)
        tmux.wait(lambda lines: len(lines) == 12 and max(map(len, lines)) <= 60 and "Esc back" in lines[11], "a smaller screen")
        tmux.send("Escape")
        tmux.wait(lambda lines: shown(lines) != [], "the list")
        tmux.resize(200, 50)
        tmux.wait(lambda lines: len(lines) == 50 and "q quit" in lines[49] and shown(lines) == keys, "a larger screen")


def in_units(smallest, decimals):
    """An amount in its asset, exactly."""
    with decimal.localcontext(decimal.Context(prec=100)):
        return f"{decimal.Decimal(smallest).scaleb(-decimals).normalize() + 0:f}"


def fits(text, smallest, decimals):
    """Whether a shortened amount is that one, rounded towards zero."""
    found = re.fullmatch(r"([~<]?)(\d+(?:\.\d+)?)", text)
    if not found:
        return False
    exact, shown = decimal.Decimal(in_units(smallest, decimals)), decimal.Decimal(found[2])
    if found[1] == "<":
        return 0 < exact < shown
    if found[1] == "~":
        return shown < exact < shown + decimal.Decimal(1).scaleb(shown.as_tuple().exponent)
    return exact == shown


class Wide(FlowTest):
    def test_200_columns_show_each_lane_in_one_line_with_all_digits(self):
        tmux = self.terminal(200, 50)
        for key in [one["orchestrator_id"] for one in self.listed()]:
            first = self.shows(tmux, key)
            self.assertNotRegex(first["OWED"], "[~<]")
            epoch = self.standing(key)["epoch"]
            wait_for(lambda: any(one["orchestrator"] == key and one["epoch"] > epoch
                                 for one in self.host.status()["orchestrators"]), "another check")
            self.assertNotEqual(self.shows(tmux, key), first)
            self.assertGreaterEqual(len(first["CHECKS"]), 2)

    def test_a_host_that_ends_is_said_and_one_that_comes_back_is_shown(self):
        tmux = self.terminal(200, 50)
        key = self.listed()[0]["orchestrator_id"]
        self.shows(tmux, key)
        self.host.kill()
        tmux.wait(lambda lines: "connecting again: no manager answers" in lines[49], "a lost connection")
        self.host.start()
        tmux.wait(lambda lines: "q quit" in lines[49], "a connection")
        self.shows(tmux, key)


class Once(FlowTest):
    def test_json_has_what_the_api_has(self):
        for _ in range(20):
            before = self.listed()
            done = self.flow("--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            if self.listed() == before:
                break
        else:
            self.fail("no two answers of the API are the same")
        lanes = {one["orchestrator_id"]: one for one in json.loads(done.stdout)["orchestrators"]}
        self.assertEqual(len(lanes), self.orchestrators)
        for one in before:
            lane = lanes[one["orchestrator_id"]]
            self.assertEqual(lane["standing"], one)
            self.assertEqual(lane["owed_wei"], one["owed_wei"])
            self.assertEqual(lane["next_due"], one["next_due"])
            paid = [row for row in self.payments(one["orchestrator_id"]) if row["epoch"] <= one["epoch"]]
            self.assertEqual(lane["decision"], paid[0])
            self.assertEqual([check["epoch"] for check in lane["checks"]], sorted(row["epoch"] for row in paid))
            self.assertEqual((lane["sent_wei"], lane["final_wei"], lane["open_payouts"]), ("0", "0", []))

    def test_a_table_of_80_columns_without_colours_where_there_is_no_terminal(self):
        done = self.flow("--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 2 + 2 * self.orchestrators)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertNotIn("\x1b", done.stdout)
        for one in self.listed():
            self.assertTrue(any(line.startswith(" " + one["orchestrator_id"]) for line in lines))

    def test_a_terminal_gets_colours_unless_no_color_says_otherwise(self):
        command = f"{STIPEND} flow --once --url {self.url} --key {self.folder / 'key'}"
        for before, coloured in (("", True), ("NO_COLOR=1 ", False)):
            got = subprocess.run(["script", "-qec", before + command, "/dev/null"], capture_output=True, text=True,
                                 timeout=PATIENCE, stdin=subprocess.DEVNULL)
            self.assertEqual(got.returncode, 0, got.stdout)
            self.assertEqual("\x1b[32m" in got.stdout, coloured, got.stdout)

    def test_the_listener_of_a_configuration_is_found(self):
        environment = dict(self.host.environment, STIPEND_API_KEY=self.key)
        code, out, err = self.host.run("flow", "--json", environment=environment)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["url"], self.url)
        environment["API_LISTEN"] = "127.0.0.1:0"
        code, out, err = self.host.run("flow", "--json", environment=environment)
        self.assertEqual(code, 2, out)
        self.assertIn("listen.api: got 127.0.0.1:0, want an address with a port", err)

    def test_what_is_wrong_is_said(self):
        environment = {name: value for name, value in os.environ.items() if name != "STIPEND_API_KEY"}
        for options, status, text in (
                (["--url", self.url], 2, "no key: want --key FILE"),
                (["--url", "http://payer.example", "--key", self.folder / "key"], 2, "which sends the key unencrypted"),
                (["--url", f"http://127.0.0.1:{free_port()}", "--key", self.folder / "key", "--once"], 1, "no manager answers"),
                (["--url", self.url, "--key", self.folder / "key"], 1, "are no terminal: want one, or --once"),
                (["--frobnicate"], 2, "frobnicate")):
            done = subprocess.run([STIPEND, "flow", *options], capture_output=True, text=True, timeout=PATIENCE,
                                  env=environment, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(text, done.stderr)
        (self.folder / "wrong").write_text("no-such-key\n")
        done = self.flow("--once", "--key", self.folder / "wrong")
        self.assertNotEqual(done.returncode, 0)


class Ends(FlowTest):
    orchestrators = 1

    def test_the_terminal_is_as_it_was_after_each_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                folder = pathlib.Path(tempfile.mkdtemp(prefix="flow-", dir=self.folder))
                environment = {**os.environ, "PS1": "shell> ", "TERM": "screen", "LC_ALL": "C.UTF-8"}
                tmux = Tmux(folder, 80, 24, "true", environment)
                self.addCleanup(tmux.end)
                (folder / "run").write_text(
                    f"stty -g > {folder}/before\nsh -c 'echo $$ > {folder}/pid; exec {STIPEND} flow --url {self.url} "
                    f"--key {self.folder / 'key'}'\necho ended by $?\nstty -g > {folder}/after\n")
                tmux.send("-l", f". {folder}/run")
                tmux.send("Enter")
                tmux.wait(lambda lines: "q quit" in lines[-1], "a screen")
                os.kill(int((folder / "pid").read_text()), number)
                tmux.wait(lambda lines: any(f"ended by {128 + number}" in line for line in lines), "the end")
                wait_for(lambda: (folder / "after").exists() and (folder / "after").read_text(), "the terminal's settings")
                self.assertEqual((folder / "after").read_text(), (folder / "before").read_text())
                # The other screen is left: what was there before is there again.
                self.assertTrue(any(f". {folder}/run"[:40] in line for line in tmux.lines()))

    def test_a_key_that_is_refused_ends_it(self):
        (self.folder / "wrong").write_text("no-such-key\n")
        tmux = self.terminal(80, 24, f"{STIPEND} flow --url {self.url} --key {self.folder / 'wrong'}")
        lines = tmux.wait(lambda lines: any("ended by 2" in line for line in lines) and lines, "the end")
        self.assertIn("answered with status 401", "".join(lines))


if __name__ == "__main__":
    unittest.main(verbosity=2)
