"""Plugins in processes of their own: what a call costs there, and how long the validator takes."""
import statistics
import subprocess
import time

from measure import Figure, Instrument, alternate, divide, grouped

CALLS = {"price": "rates of the price plugin", "dispatch": "jobs that are answered at once"}


def calls(site):
    program = [site.program("plugin_bench"), *site.plugin_host(), site.build / "bin/stipend-plugin",
               site.build / "bench/plugins/bench_instant.so"]
    with Instrument(*program) as plugins:
        for kind, what in CALLS.items():
            for window, full in ((1, 20_000), (64, 100_000)):
                count = site.count(full)
                for way in ("host", "process"):
                    done, _, good = plugins.ask(f"{way}-{kind}-{window}", count)
                    if good != done:
                        raise RuntimeError(f"{way}-{kind}-{window}: {good} of {done} calls were answered")
                isolated, inside = alternate(site.pairs, plugins.rate(f"process-{kind}-{window}", count),
                                             plugins.rate(f"host-{kind}-{window}", count))
                each = 1e6 / statistics.median(isolated) - 1e6 / statistics.median(inside)
                yield Figure(f"{what}, {window} under way, in a process of its own / in the host",
                             divide(isolated, inside),
                             note=f"{grouped(statistics.median(isolated))}/s against "
                                  f"{grouped(statistics.median(inside))}/s: {each:.3g} us more for each")


def validator(site):
    def seconds():
        begun = time.monotonic()
        subprocess.run([site.stipend, "plugins", "test", site.build / "lib/stipend/plugins/payment.so"], check=True,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - begun
    yield Figure("the validator on the payment policy", alternate(site.pairs, seconds)[0], ("<=", 5), unit="s")


def figures(site):
    yield from calls(site)
    yield from validator(site)
