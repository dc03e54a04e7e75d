#!/usr/bin/env python3
"""What orchestrators offer, as columns of their table in a real browser: as the API lists it, with when it was seen."""
import decimal
import sys
import unittest
import unittest.mock

import steered
from network import Devnet, wait_for
from steered import WebTest, free_address
from test_api import LIST

PRICES = (3_000_000_000, 1_000_000_000)  # wei a second, of the two that are configured


class Offers(WebTest):
    def setUp(self):
        places = [free_address() for _ in PRICES]
        listen = [word for one in places for word in ("--orchestrator-listen", one)]
        with unittest.mock.patch("test_api.Devnet", lambda count: Devnet(count, "--every-sender-has-reserve", *listen)):
            super().setUp()
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ",".join("https://" + one for one in places)

    def listed(self):
        return {one["orchestrator_id"]: one["offer"] for one in self.get(LIST, self.token).json()["orchestrators"]}

    def cells(self, column):
        return self.browser.value(code=f"[...document.querySelectorAll('[data-row]')].map(row => [row.dataset.row, row.querySelector('[data-column={column}]').innerText.trim()])")

    def test_prices_are_those_of_the_api_and_sort(self):
        for at, wei in enumerate(PRICES):
            self.devnet.fault(at, kind="price", wei=wei)
        self.start()
        wait_for(lambda: len(self.listed()) == 2 and all(self.listed().values()), "what both offer")
        offers = self.listed()
        asked = {id: self.get(f"{LIST}/{id.replace('/', '%2F')}/offer", self.token).json() for id in offers}
        for id, offer in offers.items():
            self.assertEqual({name: offer[name] for name in ("reachable", "price_wei_per_second", "capacity")},
                             {name: asked[id][name] for name in ("reachable", "price_wei_per_second", "capacity")})
        self.assertTrue(all(offer["reachable"] for offer in offers.values()), offers)
        gwei = {id: f"{(decimal.Decimal(offer['price_wei_per_second']) / 10**9).normalize():f} gwei/s" for id, offer in offers.items()}
        self.assertEqual(len(set(gwei.values())), 2, gwei)
        self.begin()
        self.enter()
        self.show("orchestrators?columns=id,price,capacity", "[data-column=price]")
        rising = sorted(offers, key=lambda id: int(offers[id]["price_wei_per_second"]))
        self.browser.click(at="[role=columnheader] button:has-text('Price offered')")
        for order in (rising, rising[::-1]):
            self.browser.until(code=f"document.querySelector('[data-row]').dataset.row === '{order[0]}'")
            self.assertEqual([id for id, _ in self.cells("price")], order)
            self.browser.click(at="[role=columnheader] button:has-text('Price offered')")
        for id, text in self.cells("price"):
            self.assertRegex(text, rf"^{gwei[id]}\s+seen [0-9]+ min ago$")
        self.assertEqual(dict(self.cells("capacity")), {id: "–" if offer["capacity"] is None else str(offer["capacity"]) for id, offer in offers.items()})
        self.browser.fill(at="input[type=search]", text=gwei[rising[1]])
        self.browser.until(code="document.querySelectorAll('[data-row]').length === 1")
        self.assertEqual([id for id, _ in self.cells("price")], rising[1:])
        self.look("offers")
        self.assert_quiet()


class Evidence(WebTest):
    def test_keys_and_dispatchers_are_those_of_the_api(self):
        self.start()
        file = self.host.folder / "new.yaml"
        file.write_text(f"- {{ id: keyed, endpoint: 'https://127.0.1.200:9995', approved: true, worker_key: '{'ab' * 32}' }}\n")
        code, out, err = self.host.run("orchestrators", "import", str(file))
        self.assertEqual(code, 0, out + err)
        listed = lambda: {one["orchestrator_id"]: one for one in self.get(LIST, self.token).json()["orchestrators"]}
        wait_for(lambda: listed().get("keyed", {}).get("dispatcher") is not None, "one that was approved")
        self.begin()
        self.enter()
        self.show("orchestrators?columns=id,evidence,dispatcher", "[data-row=keyed] [data-column=evidence] .hash")
        for column, name in (("evidence", "worker_key"), ("dispatcher", "dispatcher")):
            shown = self.browser.value(code=f"Object.fromEntries([...document.querySelectorAll('[data-row]')].map(row => [row.dataset.row, "
                                            f"row.querySelector('[data-column={column}] .hash')?.title ?? row.querySelector('[data-column={column}]').innerText.trim()]))")
            self.assertEqual(shown, {id: one[name] or "–" for id, one in listed().items()})
        self.assert_quiet()


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
