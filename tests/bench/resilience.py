"""Network resilience: what faults of others cost, and what it costs to try a strange plugin safely."""
import socket
import statistics

from jobs import CONCURRENCY
from measure import Figure, alternate, divide
from payments import against


def dead_address():
    """An address without a listener."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def beside_silent_ones(site):
    """The engine's cycle, with orchestrators that take a job and never answer."""
    count = site.count(10_000)
    settle_s = 2 if site.quick else 30  # each silent one fails once, by its time-out
    healthy, tenth, half = site.devnet(), site.devnet(), site.devnet()
    for number in range(0, healthy.orchestrators, 10):
        tenth.fault(number, kind="hang")
    for number in range(0, healthy.orchestrators, 2):
        half.fault(number, kind="hang")
    with site.dispatcher(healthy.gateway, healthy.addresses, CONCURRENCY) as well, \
            site.dispatcher(tenth.gateway, tenth.addresses, CONCURRENCY) as with_tenth, \
            site.dispatcher(half.gateway, half.addresses, CONCURRENCY) as with_half:
        well.ask("cycle", count)
        for instrument in (with_tenth, with_half):
            instrument.ask("cycle-for", settle_s)
        good, *silent = alternate(site.pairs, *(one.rate("cycle", count) for one in (well, with_tenth, with_half)))
    for share, rates in zip(("10", "50"), silent):
        yield Figure(f"decisions of the healthy with {share} % of the orchestrators silent / none", divide(rates, good),
                     (">=", 0.8), note=against(rates, good))


def figures(site):
    count = site.count(4000)
    healthy, broken, silent = site.devnet(), site.devnet(), site.devnet()
    # One in ten fails: by an answer that bears its name and is none, or in a way for which the gateway is looked at,
    # once a second at most. An error status is of the second kind: a gateway does not say whose it is.
    for number in range(0, healthy.orchestrators, 10):
        broken.fault(number, kind="body", text="not json")
        silent.fault(number, kind="empty200")
    with site.dispatcher(healthy.gateway, healthy.addresses, CONCURRENCY) as well, \
            site.dispatcher(broken.gateway, broken.addresses, CONCURRENCY) as erring, \
            site.dispatcher(silent.gateway, silent.addresses, CONCURRENCY) as mute, \
            site.dispatcher(dead_address(), healthy.addresses, CONCURRENCY) as dead:
        instruments = (well, erring, mute)
        for instrument in instruments:
            instrument.ask("dispatcher", count)
        good, errors, empty = alternate(site.pairs, *(one.rate("dispatcher", count) for one in instruments))
        yield Figure("jobs with 10 % of the orchestrators answering nonsense / none", divide(errors, good),
                     note=against(errors, good))
        yield Figure("jobs with 10 % answering nothing, so that the gateway is looked at / none", divide(empty, good),
                     note=against(empty, good))
        # A dead gateway answers all that wait by one look a second: more than one fill of the places is only waiting.
        good, lost = alternate(site.pairs, *(one.rate("dispatcher-cpu", CONCURRENCY) for one in (well, dead)))
        cost_us = [1e6 / rate for rate in lost]
        yield Figure("CPU of a job at a dead gateway / at a healthy one", divide(good, lost),
                     note=f"{statistics.median(cost_us):.3g} us each")
    yield from beside_silent_ones(site)
    with site.policy() as plugins:
        probes, spawns = alternate(site.pairs, *(plugins.rate(name, site.count(10)) for name in ("probe", "spawn")))
        yield Figure("trying a plugin in a process of its own", [1e3 / rate for rate in probes], ("<=", 5), unit="ms")
        yield Figure("the same / starting /bin/true", divide(spawns, probes))
