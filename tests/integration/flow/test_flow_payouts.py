"""`stipend flow` beside a host that pays on a chain: what is sent and what is final is what the API says of payouts."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import shutil
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("payouts", "flow")]
import test_payouts  # noqa: E402
import needed  # noqa: E402
from terminal import Tmux  # noqa: E402
from test_flow import STIPEND, in_units  # noqa: E402

SENT = ("reserved", "held", "bound", "sent", "mined", "confirmed", "frozen")


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed (Debian: tmux)")
class Paid(test_payouts.PayoutTest):
    def sums(self, key):
        """(sent, final) by the list of payouts."""
        mine = [one for one in self.payouts("--all") if one["orchestrator"] == key]
        add = lambda states: str(sum(int(one["amount_wei"]) for one in mine if one["state"] in states))  # noqa: E731
        return add(SENT), add(("paid",))

    def test_what_is_sent_becomes_final_on_the_screen(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="flow-"))
        self.addCleanup(shutil.rmtree, folder, True)
        self.host.start()
        url = "http://" + self.host.wait_line("the API is served at").split("http://")[1].strip()
        code, out, err = self.host.run("api-key", "add", "flow", "--role", "viewer", "--json")
        self.assertEqual(code, 0, err)
        (folder / "key").write_text(json.loads(out)["key"] + "\n")
        tmux = Tmux(folder, 200, 50, f"{STIPEND} flow --url {url} --key {folder / 'key'}",
                    {**os.environ, "TERM": "screen", "LC_ALL": "C.UTF-8"})
        self.addCleanup(tmux.end)

        def amounts(lines, key):
            """What is owed, sent and final, as the lane has them."""
            lane = next((line for line in lines if re.match(f"[> ]{key} ", line)), "")
            return re.findall(r"(\S+) ETH", lane)
        # While payouts are under way: no block makes one final meanwhile, once it waits for blocks.
        def on_the_way(lines):
            sent, final = self.sums("orch-1")
            shown = amounts(tmux.lines(), "orch-1")
            return sent != "0" and self.sums("orch-1") == (sent, final) and shown[1:2] == [in_units(sent, 18)]
        tmux.wait(on_the_way, "a payout on the way")
        self.until_paid(2)
        self.settle()
        for key in ("orch-1", "orch-2", "orch-3"):
            sent, final = self.sums(key)
            self.assertEqual(sent, "0")
            tmux.wait(lambda lines: amounts(lines, key)[1:] == [in_units(sent, 18), in_units(final, 18)], f"{final} of {key} is final")
        done = subprocess.run([STIPEND, "flow", "--json", "--url", url, "--key", folder / "key"], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for one in json.loads(done.stdout)["orchestrators"]:
            self.assertEqual((one["sent_wei"], one["final_wei"], one["payout_asset"]), (*self.sums(one["orchestrator_id"]), "ETH"))


if __name__ == "__main__":
    needed.main()
