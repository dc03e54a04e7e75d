"""What the assertions cost: the same programs with them, as operators run them, and from a build without."""
from measure import Figure, Instrument, alternate, divide
from orchestrators import cycle
from payments import against

MOST = ("<=", 1.03)  # of the cost without
LEAST = (">=", 0.97)  # of the rate without


def figures(site):
    bare = site.unasserted()
    if bare is None:
        return
    size = site.cycle_sizes[1]
    ours, theirs = alternate(site.pairs, cycle(site, size), cycle(site, size, bare.stipend))
    yield Figure(f"CPU of a cycle of {size:,} orchestrators, with assertions / without",
                 [a.cpu_s / b.cpu_s for a, b in zip(ours, theirs, strict=True)], MOST)

    with (Instrument(site.program("ledger_bench"), site.folder("asserted")) as with_them,
          Instrument(bare.program("ledger_bench"), site.folder("unasserted")) as without):
        for batch, transactions in ((1, 2000), (64, 400)):
            count = batch * max(1, site.count(transactions))
            ours, theirs = alternate(site.pairs, with_them.rate(f"ledger-{batch}", count), without.rate(f"ledger-{batch}", count))
            yield Figure(f"durable decisions, batch {batch}, with assertions / without", divide(ours, theirs), LEAST,
                         note=against(ours, theirs))

    with site.policy() as with_them, bare.policy() as without:
        count = site.count(200_000)
        ours, theirs = alternate(site.pairs, with_them.rate("so-64", count), without.rate("so-64", count))
        yield Figure("decisions through the .so, batch 64, with assertions / without", divide(ours, theirs), LEAST,
                     note=against(ours, theirs))
