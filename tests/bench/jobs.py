"""Job rate: the dispatcher against a bare libcurl loop that sends the same requests to the same gateway."""
from measure import Figure, alternate, divide
from payments import against, per_second

CONCURRENCY = 256


def figures(site):
    count = site.count(4000)
    devnet = site.devnet()
    with site.dispatcher(devnet.gateway, devnet.addresses, CONCURRENCY) as jobs:
        for way in ("dispatcher", "bare-poll", "bare-epoll"):  # once beforehand, so that all connections are open
            done, _, good = jobs.ask(way, count)
            if good != done:
                raise RuntimeError(f"{way}: {done - good} of {done} jobs failed on a healthy network")
        ours, poll, epoll = alternate(
            site.pairs, *(jobs.rate(way, count) for way in ("dispatcher", "bare-poll", "bare-epoll")))
        yield Figure(f"jobs through byoc / a bare libcurl multi loop, {CONCURRENCY} at once", divide(ours, poll),
                     (">=", 0.9), note=against(ours, poll))
        yield Figure("the same against a bare loop driven by epoll", divide(ours, epoll), note=per_second(epoll))
