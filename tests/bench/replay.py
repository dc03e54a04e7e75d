"""Recorded history decided again, beside the policy's own work alone."""
from measure import Figure, Instrument, alternate, divide
from payments import against, per_second

MILLION = 1_000_000


def figures(site):
    folder = site.folder("replay")
    program = Instrument(site.program("replay_bench"), *site.plugin_host(), folder, site.count(MILLION), site.orchestrators)
    with program as replay:
        other, same, read, bare = alternate(site.pairs, *(replay.rate(name, 1) for name in ("replay", "same", "read", "bare")))
    for name, rates, goal in (("a million recorded decisions replayed, by another table and its schedule", other, ("<=", 2.0)),
                              ("the same by the table that decided them", same, ("<=", 2.0)),
                              ("of that: reading them from the ledger", read, None)):
        yield Figure(name, [MILLION / rate for rate in rates], goal, unit="s of one core", note=per_second(rates))
    yield Figure("decisions replayed, by another table / a bare loop over the policy", divide(other, bare), note=against(other, bare))
    yield Figure("the same by the table that decided them / the bare loop", divide(same, bare), note=against(same, bare))
