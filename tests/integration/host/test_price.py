"""The price of ETH from several sources on a running host: what they agree upon decides, and nothing is paid without it."""
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import needed  # noqa: E402
from chain import ANVIL  # noqa: E402
from network import Devnet, Host, wait_for  # noqa: E402

FEED = "0x00000000000000000000000000000000000feed1"
# The code of a feed. decimals() returns 8; any other call the words at the storage's places 0 to 4.
FEED_CODE = ("0x6000" "35" "60e0" "1c" "63313ce567" "14" "603257" +  # the first four bytes of the call, and a jump for decimals()
             "".join(f"60{slot:02x}54" f"60{32 * slot:02x}52" for slot in range(5)) +
             "60a0" "6000" "f3" + "5b" "6008" "6000" "52" "6020" "6000" "f3")


class Chain:
    """A node of a chain with a feed on it (anvil)."""

    def __init__(self, chain_id):
        self.process = subprocess.Popen([ANVIL, "--port", "0", "--chain-id", str(chain_id)], text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        for line in self.process.stdout:
            if line.startswith("Listening on "):
                self.url = "http://" + line.split()[-1]
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.call("anvil_setCode", FEED, FEED_CODE)

    def call(self, method, *parameters):
        request = urllib.request.Request(self.url, json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.loads(answer.read())
        assert "error" not in found, found
        return found["result"]

    def answer(self, usd_e8, at, round_id=7, answered_in=7):
        for slot, value in enumerate((round_id, usd_e8, at, at, answered_in)):
            self.call("anvil_setStorageAt", FEED, f"0x{slot:064x}", f"0x{value:064x}")
        self.call("evm_mine")

    def end(self):
        self.process.kill()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class Source:
    """An HTTP server that quotes what the test says; None: it fails."""

    def __init__(self, rate):
        self.rate = rate
        source = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = json.dumps({"data": {"amount": source.rate}}).encode()
                self.send_response(503 if source.rate is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/price?key=hidden"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Sources(unittest.TestCase):
    def setUp(self):
        self.sources = [Source("1800.5"), Source(1801), Source(1802)]
        for source in self.sources:
            self.addCleanup(source.end)
        self.devnet = Devnet(1)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, 1)
        self.addCleanup(self.host.end)
        entries = ", ".join(f'{{name: {name}, url: "{source.url}", value: /data/amount}}'
                            for name, source in zip("abc", self.sources, strict=True))
        self.host.edit("    usd_per_eth: ${ETH_TO_USD:-2000.0} ", f"    sources: [{entries}] ")
        self.host.edit("  every: 60s\n  max_age: 1h", "  every: 1s\n  max_age: 4s")
        self.host.start()

    def rate(self):
        return self.host.status()["usd_per_eth"]

    def wait_rate(self, rate):
        wait_for(lambda: self.rate() == rate, f"a rate of {rate}, not {self.rate()}")

    def alert(self):
        return next((one["text"] for one in self.host.status()["alerts"] if one["id"] == "price"), None)

    def decided(self):
        return len(self.host.decisions())

    def wait_for_more_decisions(self):
        before = self.decided()
        wait_for(lambda: self.decided() > before + 1, "further decisions")

    def test_the_median_pays_a_liar_moves_nothing_and_disagreement_holds_at_once(self):
        self.wait_rate("1801")
        self.wait_for_more_decisions()
        last = self.host.decisions()[-1]
        self.assertEqual(int(last["amount_wei"]), 12 * 10**18 // 1801)

        self.sources[2].rate = "1000000"
        self.wait_rate("1800.75")
        self.wait_for_more_decisions()
        self.assertEqual(self.alert(), None)
        self.assertTrue(self.host.said("left out: c 1000000 (too far from the others)"))

        self.sources[1].rate = "1900"
        wait_for(lambda: self.alert() is not None, "an alert")
        self.assertIn("the sources of the price disagree: 1 of 3 are within 2 % of the median 1900", self.alert())
        held = self.decided()
        wait_for(lambda: self.host.status()["held"] > 0, "a held orchestrator")
        self.assertLessEqual(self.decided(), held + 1)

        self.sources[1].rate, self.sources[2].rate = "1802", "1803"
        self.wait_rate("1802")
        wait_for(lambda: self.alert() is None, "the end of the alert")
        self.wait_for_more_decisions()
        self.host.verified()
        self.assertFalse(self.host.said("hidden"))

    def test_without_a_quorum_the_last_rate_serves_until_it_is_too_old(self):
        self.wait_rate("1801")
        self.sources[0].rate = self.sources[1].rate = None
        wait_for(lambda: self.rate() is None, "no rate in force")
        wait_for(lambda: self.alert() is not None, "an alert")
        self.assertIn("1 of 3 sources of the price have one, want 2: a (status 503), b (status 503)", self.alert())
        wait_for(lambda: self.host.status()["held"] > 0, "a held orchestrator")
        self.sources[0].rate = 1800
        self.wait_rate("1801")
        self.wait_for_more_decisions()
        self.host.verified()


@needed.program(ANVIL, "anvil")
class Feed(unittest.TestCase):
    def test_a_feed_on_a_chain_decides_while_its_round_is_young_and_its_chain_is_the_one(self):
        chain = Chain(42161)
        self.addCleanup(chain.end)
        chain.answer(180_050_000_000, int(time.time()) - 30)
        devnet = Devnet(1)
        self.addCleanup(devnet.end)
        host = Host(devnet, 1)
        self.addCleanup(host.end)
        host.edit("    usd_per_eth: ${ETH_TO_USD:-2000.0} ", f'    sources: [{{name: chain, url: "{chain.url}", feed: "{FEED}", '
                  "chain_id: 42161, max_age: 10m}] ")
        host.edit("  every: 60s\n  max_age: 1h", "  every: 1s\n  max_age: 15m")
        host.start()

        def text():
            return next((one["text"] for one in host.status()["alerts"] if one["id"] == "price"), "")
        wait_for(lambda: host.status()["usd_per_eth"] == "1800.5", "the feed's rate")
        wait_for(lambda: len(host.decisions()) > 1, "decisions")
        self.assertEqual(int(host.decisions()[-1]["amount_wei"]), 12 * 10**18 * 10 // 18005)
        chain.answer(180_060_000_000, int(time.time()), answered_in=6)
        wait_for(lambda: host.said("the newest round of the feed was not answered"), "a refused round")
        chain.answer(180_060_000_000, int(time.time()))
        wait_for(lambda: host.status()["usd_per_eth"] == "1800.6", "the next rate")
        self.assertEqual(text(), "")
        host.verified()


if __name__ == "__main__":
    needed.main()
