"""The price of ETH from several sources on a running host: what they agree upon decides, and nothing is paid without it."""
import http.server
import json
import threading
import unittest

from network import Devnet, Host, wait_for


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


if __name__ == "__main__":
    unittest.main()
