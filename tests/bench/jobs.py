"""Job rate: the dispatchers against a bare libcurl loop that sends the same requests to the same network."""
from measure import Figure, alternate, divide
from payments import against, per_second

CONCURRENCY = 256
WAYS = ("dispatcher", "bare-poll", "bare-epoll")


def beside_bare_loops(site, instrument, what):
    count = site.count(4000)
    with instrument as jobs:
        for way in WAYS:  # once beforehand, so that all connections are open
            done, _, good = jobs.ask(way, count)
            if good != done:
                raise RuntimeError(f"{what}: {way}: {done - good} of {done} jobs failed on a healthy network")
        ours, poll, epoll = alternate(site.pairs, *(jobs.rate(way, count) for way in WAYS))
        yield Figure(f"jobs through {what} / a bare libcurl multi loop, {CONCURRENCY} at once", divide(ours, poll), (">=", 0.9),
                     note=against(ours, poll))
        yield Figure(f"the same against a bare loop driven by epoll ({what})", divide(ours, epoll), note=per_second(epoll))


def figures(site):
    devnet = site.devnet()
    yield from beside_bare_loops(site, site.dispatcher(devnet.gateway, devnet.addresses, CONCURRENCY), "byoc")
    # A slot is free again a little after its answer has come.
    runner = site.live_runner(4 * CONCURRENCY)
    yield from beside_bare_loops(site, site.runner_dispatcher(runner, CONCURRENCY), "runner")
