#!/usr/bin/env python3
"""The whole way of a payment on this machine: a devnet, a chain, the signer, and a host that pays on it.

Usage: pay.py BUILD_FOLDER [PAYOUTS_OF_EACH]

Ends when each orchestrator was paid so often (2) and nothing is under way: compares what the receivers have on the chain with
the ledger, to the wei, and is 0 where all agree.
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


def main():
    os.environ["STIPEND_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    sys.path[:0] = [str(PROJECT / "tests" / "integration" / folder) for folder in ("host", "signer")]
    import rig
    from network import Devnet, Host

    if not rig.ANVIL.exists():
        print(f"pay: there is no chain to pay on: {rig.ANVIL} does not exist; npm installs it", file=sys.stderr)
        return 1

    with contextlib.ExitStack() as ends:
        chain = ends.enter_context(rig.Chain(mines=True))
        signer = ends.enter_context(rig.SignerProcess(per_day=3 * rig.ETHER))
        devnet = Devnet(len(RECEIVERS))
        ends.callback(devnet.end)
        host = Host(devnet)
        ends.callback(host.end)
        host.environment["ORCHESTRATOR_ADDRESSES"] = ""

        def configure(**more):
            plugin = {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": [chain.url], "signer": {"socket": str(signer.socket)},
                      "max_fee_per_gas_wei": 100 * rig.GWEI, "final": {"tag": "latest-depth", "depth": 2}}
            entries = [{"address": address, "id": f"orchestrator-{at}", "payout_address": receiver}
                       for at, (address, receiver) in enumerate(zip(devnet.addresses.split(","), RECEIVERS), 1)]
            text = (PROJECT / "config.yaml").read_text().replace('folder: ""', f"folder: {host.plugins}")
            text = text.replace("settlement: dry-run", "settlement: ethereum")
            text = text.replace("\norchestrators: []", "\norchestrators: " + json.dumps(entries))
            host.config.write_text(text + "\npayouts: " + json.dumps(RULES | more | {"config": plugin}) + "\n")

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
        print(f"pay: chain {rig.CHAIN} at {chain.url}, the payer is {rig.PAYER}; what is owed is paid from {RULES['min']} on",
              flush=True)
        host.echo = True
        host.start()
        blocks_until(all_paid)
        configure(min="0.5 ETH")  # nothing more becomes due
        host.run("reload")
        blocks_until(lambda: not payouts())
        host.echo = False
        good = True
        print(f"\n{'receiver':<44}{'by the ledger, wei':>26}{'on the chain, wei':>26}")
        for receiver in RECEIVERS:
            ledger = sum(int(one["amount_wei"]) for one in payouts("--all") if (one["to"], one["state"]) == (receiver, "paid"))
            balance = chain.balance(receiver)
            good = good and ledger == balance
            print(f"{receiver:<44}{ledger:>26}{balance:>26}  {'equal' if ledger == balance else 'DIFFERENT'}")
        for command in (["reconcile"], ["ledger", "verify"]):
            code, out, err = host.run(*command)
            print(f"\n$ stipend {' '.join(command)}\n{out}{err}", end="")
            good = good and code == 0
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
