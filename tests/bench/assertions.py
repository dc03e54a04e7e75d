"""What the assertions cost: the same programs with them, as operators run them, and from a build without."""
from measure import Figure, Instrument, alternate, divide
from payments import against

LEAST = (">=", 0.97)  # of the rate without


def figures(site):
    bare = site.unasserted()
    if bare is None:
        return
    count = site.count(100_000)

    def replay(of, name):
        return Instrument(of.program("replay_bench"), *of.plugin_host(), of.folder(name), count, of.orchestrators)

    with replay(site, "asserted-history") as with_them, replay(bare, "history") as without:
        ours, theirs = alternate(site.pairs, with_them.rate("replay", 1), without.rate("replay", 1))
        yield Figure("decisions replayed from the ledger, with assertions / without", divide(ours, theirs), LEAST,
                     note=against(ours, theirs))

    with (Instrument(site.program("ledger_bench"), site.folder("asserted")) as with_them,
          Instrument(bare.program("ledger_bench"), bare.folder("ledger")) as without):
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
