"""Payment throughput: deciding, and making decisions durable."""
import statistics
import time

import tier_table
from measure import Figure, Instrument, alternate, divide, grouped

BATCHES = (1, 64, 4096)


def per_second(rates):
    return f"{grouped(statistics.median(rates))}/s"


def against(ours, theirs):
    return f"{per_second(ours)} against {per_second(theirs)}"


def deciding(site):
    with site.policy() as policy:
        checks = {policy.ask(f"{way}-{batch}", 1)[2] for way in ("so", "abi", "linked") for batch in BATCHES}
        plain = tier_table.samples()
        checks.add(tier_table.run(plain, time.thread_time_ns)[2])
        if len(checks) != 1:
            raise RuntimeError("the .so, the linked code and the Python table decide differently")
        for batch in BATCHES:
            count = site.count(200_000)
            so, abi, linked = alternate(
                site.pairs, *(policy.rate(f"{way}-{batch}", count) for way in ("so", "abi", "linked")))
            # The goal applies to both: at the crossing alone, and at what the host really does with an untrusted plugin.
            goal = (">=", 0.95) if batch >= 64 else None
            yield Figure(f"decisions through the .so / linked in, batch {batch}", divide(abi, linked), goal,
                         note=against(abi, linked))
            yield Figure(f"the same with the host's check of each decision, batch {batch}", divide(so, linked), goal,
                         note=per_second(so))

        def python():
            done, took_ns, _ = tier_table.run(plain, time.thread_time_ns)
            return done * 1e9 / took_ns

        so, python_rates = alternate(site.pairs, policy.rate("so-4096", site.count(100_000)), python)
        yield Figure("decisions through the .so / a plain Python table", divide(so, python_rates), (">=", 20),
                     note=against(so, python_rates))


def recording(site):
    with Instrument(site.program("ledger_bench"), site.folder("ledger")) as ledger:
        # From 64 up so many that in each sample both write-ahead logs are moved into their databases more than once.
        for batch, transactions in ((1, 2000), (64, 400), (4096, 14)):
            count = batch * max(1, site.count(transactions))
            ours, bare = alternate(site.pairs, ledger.rate(f"ledger-{batch}", count), ledger.rate(f"bare-{batch}", count))
            yield Figure(f"durable decisions / bare rows of 1 KiB, batch {batch}", divide(ours, bare), (">=", 0.4),
                         note=against(ours, bare))

        def growth():
            done, grown, _ = ledger.ask("bytes", site.count(6400))
            return grown / done

        yield Figure("bytes that a decision adds to the database file", alternate(site.pairs, growth)[0],
                     ("<=", 1200), unit="bytes")


def figures(site):
    yield from deciding(site)
    yield from recording(site)
