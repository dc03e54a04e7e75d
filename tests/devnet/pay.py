#!/usr/bin/env python3
"""The whole way of a payment on this machine: a devnet, a chain, the signer, and a host that pays on it.

Usage: pay.py BUILD_FOLDER [PAYOUTS_OF_EACH] [--usdc]

With --usdc it decides and pays in a token with six decimals, which it deploys on the chain.

Ends when each orchestrator was paid so often (2) and nothing is under way: compares what the receivers have on the chain with
the ledger, to the wei, or to the smallest unit of the token, and is 0 where all agree.
"""
import contextlib
import json
import os
import pathlib
import sys
import threading

PROJECT = pathlib.Path(__file__).resolve().parents[2]
RECEIVERS = ["0x" + str(digit) * 39 + "e" for digit in (1, 2, 3)]
RULES = {"min": "0.015 ETH", "per_payment": "0.5 ETH", "per_payee_day": "1 ETH", "per_day": "3 ETH", "max_gas_price": "50 gwei",
         "max_fee_share": 0.05, "every": "1s", "look_every": "500ms", "confirmations": 1}


USDC = {"min": "30 USDC", "per_payment": "1000 USDC", "per_payee_day": "2000 USDC", "per_day": "6000 USDC", "max_fee": "0.01 ETH"}
SUPPLY = 10_000 * 10 ** 6


class Coin:
    """What is paid: the coin of the chain."""

    unit, rules, never = "wei", RULES, "0.5 ETH"
    network, price, plugin, signer, symbol = "", ("100 USD", "100000 USD"), {}, "", "ETH"

    def __init__(self, chain, rig):
        self.chain, self.rig = chain, rig

    def balance(self, who):
        return self.chain.balance(who)


class Usdc(Coin):
    """What is paid: a token, of which the payer is given SUPPLY."""

    unit, rules, never = "USDC units", RULES | USDC, "1000 USDC"
    price, symbol = ("0.9 USD", "1.1 USD"), "USDC"

    def __init__(self, chain, rig):
        super().__init__(chain, rig)
        from deployed import Token

        self.token = Token(chain, "Token", rig.PAYER, SUPPLY)
        self.plugin = {"asset": {"token": self.token.address, "decimals": 6}}
        self.network = f'  asset: {{token: "{self.token.address}", decimals: 6, symbol: USDC}}\n'
        self.signer = f"  - {{asset: {self.token.address}, per_payment: {SUPPLY}, per_payee_day: {SUPPLY}, per_day: {SUPPLY}}}\n"

    def balance(self, who):
        return self.token.balance(who)


def main():
    os.environ["STIPEND_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
    options = sys.argv[2:]
    usdc = "--usdc" in options
    times = next((int(one) for one in options if one != "--usdc"), 2)
    sys.path[:0] = [str(PROJECT / "tests" / folder) for folder in ("integration/host", "integration/signer", "contracts")]
    import rig
    import solidity
    from network import Devnet, Host

    for needed in (rig.ANVIL, solidity.SOLC) if usdc else (rig.ANVIL,):
        if not needed.exists():
            print(f"pay: there is no chain to pay on: {needed} does not exist; npm installs it", file=sys.stderr)
            return 1

    with contextlib.ExitStack() as ends:
        chain = ends.enter_context(rig.Chain(mines=True))
        asset = (Usdc if usdc else Coin)(chain, rig)
        rules = asset.rules
        signer = ends.enter_context(rig.SignerProcess(per_day=3 * rig.ETHER, more=asset.signer))
        devnet = Devnet(len(RECEIVERS))
        ends.callback(devnet.end)
        host = Host(devnet)
        ends.callback(host.end)
        host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        if usdc:
            host.environment["ETH_TO_USD"] = "1.0"

        def configure(**more):
            plugin = {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": [chain.url], "signer": {"socket": str(signer.socket)},
                      "max_fee_per_gas_wei": 100 * rig.GWEI, "final": {"tag": "latest-depth", "depth": 2}} | asset.plugin
            entries = [{"address": address, "id": f"orchestrator-{at}", "payout_address": receiver}
                       for at, (address, receiver) in enumerate(zip(devnet.addresses.split(","), RECEIVERS), 1)]
            text = (PROJECT / "config.yaml").read_text().replace('folder: ""', f"folder: {host.plugins}")
            text = text.replace("settlement: dry-run", "settlement: ethereum")
            text = text.replace("min: 100 USD", f"min: {asset.price[0]}").replace("max: 100000 USD", f"max: {asset.price[1]}")
            text = text.replace("    usd_per_eth:", f"    asset: {asset.symbol}\n    usd_per_eth:")
            text = text.replace("\norchestrators: []", "\norchestrators: " + json.dumps(entries))
            text = text.replace("\nnetwork:\n", "\nnetwork:\n" + asset.network)
            host.config.write_text(text + "\npayouts: " + json.dumps(rules | more | {"config": plugin}) + "\n")

        def payouts(*options):
            code, out, err = host.run("payouts", "list", "--json", *options)
            assert code == 0, err
            return [json.loads(line) for line in out.splitlines()]

        def blocks_until(condition):
            """Blocks come once a second, as on a chain that others use, until `condition()` holds."""
            tick = threading.Event()
            while not condition():
                chain.call("evm_mine")
                assert host.process.poll() is None, "the host has ended"
                tick.wait(1)

        def all_paid():
            paid = [one["to"] for one in payouts("--all") if one["state"] == "paid"]
            return all(paid.count(receiver) >= times for receiver in RECEIVERS)

        configure()
        print(f"pay: chain {rig.CHAIN} at {chain.url}, the payer is {rig.PAYER}; what is owed is paid from {rules['min']} on",
              flush=True)
        host.echo = True
        host.start()
        blocks_until(all_paid)
        configure(min=asset.never)  # nothing more becomes due
        host.run("reload")
        blocks_until(lambda: not payouts())
        host.echo = False
        good = True
        print(f"\n{'receiver':<44}{'by the ledger, ' + asset.unit:>28}{'on the chain, ' + asset.unit:>28}")
        for receiver in RECEIVERS:
            ledger = sum(int(one["amount_wei"]) for one in payouts("--all") if (one["to"], one["state"]) == (receiver, "paid"))
            balance = asset.balance(receiver)
            good = good and ledger == balance
            print(f"{receiver:<44}{ledger:>28}{balance:>28}  {'equal' if ledger == balance else 'DIFFERENT'}")
        for command in (["reconcile"], ["ledger", "verify"]):
            code, out, err = host.run(*command)
            print(f"\n$ stipend {' '.join(command)}\n{out}{err}", end="")
            good = good and code == 0
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
