"""Payouts: signing and recording them, and the gas that they take on a chain."""
import contextlib
import pathlib
import sys

from measure import Figure, Instrument, alternate, divide
from payments import against

INTEGRATION = pathlib.Path(__file__).resolve().parents[1] / "integration"
GOAL_OF_200 = 10_400


def recording(site):
    count = 200 if not site.quick else 20
    with Instrument(site.program("payout_bench"), site.folder("payouts")) as payouts:
        ways = ("single", "group", "batch", "bare")
        single, group, batch, bare = alternate(site.pairs, *(payouts.rate(way, count) for way in ways))
        yield Figure("payouts signed and recorded, four at a time / a bare signature and a durable row",
                     divide(single, bare), (">=", 0.7), note=against(single, bare))
        yield Figure(f"the same, {count} that are due at once", divide(group, bare), (">=", 1.4), note=against(group, bare))
        yield Figure("the same in batches of 200", divide(batch, bare), note=against(batch, bare))


def gas(site):
    sys.path[:0] = [str(INTEGRATION / folder) for folder in ("settlement", "contract", "signer")] + [str(INTEGRATION)]
    import batches
    import rig
    if not rig.ANVIL.exists():
        return
    with contextlib.ExitStack() as ends:
        chain = ends.enter_context(rig.Chain(mines=True))
        payer, *_ = chain.call("eth_accounts")
        case = batches.ContractCase()
        case.chain, case.payer = chain, payer
        contract = case.deploy(batches.solidity.committed("creation"))
        batch = 0
        for payees in (1, 20, 200):
            accounts = [f"0x{number:040x}" for number in range(1 << 40, (1 << 40) + payees)]
            for account in accounts:  # that exist
                chain.call("anvil_setBalance", account, "0x1")
            if payees == 1:
                data, to, value = b"", accounts[0], 1
            else:
                batch += 1
                data, to, value = case.pay_data(batch, [(account, 1) for account in accounts]), contract, payees
            receipt = case.transact(data, to=to, value=value, gas=16_000_000)
            assert receipt["status"] == "0x1", receipt
            name = "a single payment" if payees == 1 else f"a batch of {payees}"
            yield Figure(f"gas for each payee, {name}", [int(receipt["gasUsed"], 16) / payees],
                         ("<=", GOAL_OF_200) if payees == 200 else None, unit="gas")
    yield Figure("gas of a payee that is paid once a day / each minute", [1 / 1440], note="single payments")


def figures(site):
    yield from recording(site)
    yield from gas(site)
