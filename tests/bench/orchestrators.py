"""Concurrent orchestrators: one whole cycle of the real host, with answers that come at once."""
import statistics

from measure import Figure, alternate, divide, spend

CONFIG = """\
state: {state}
payment: {{interval: 60s, base: 1.00 USD, policy: {{plugin: payment, config: {{table: default}}}}}}
price: {{plugin: price, config: {{usd_per_eth: 2000}}}}
dispatch: {{plugin: {instant}, config: {{}}}}
orchestrators:
"""


def cycle(site, orchestrators):
    """A function that runs one cycle on a fresh ledger."""
    def measure():
        with site.fresh_folder() as folder:
            config = folder / "config.yaml"
            with config.open("w") as out:
                out.write(CONFIG.format(state=folder / "state", instant=site.build / "bench/plugins/bench_instant.so"))
                for number in range(orchestrators):
                    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
                    out.write(f"  - address: https://{address}:9995\n")
            return spend([site.stipend, "run", "--once", "-c", config])
    return measure


def figures(site):
    sizes = site.cycle_sizes
    rounds = alternate(site.pairs, *(cycle(site, size) for size in sizes))
    cpu_us = [[spent.cpu_s * 1e6 / size for spent in of_size] for size, of_size in zip(sizes, rounds, strict=True)]
    for size, costs, of_size in zip(sizes, cpu_us, rounds, strict=True):
        peak = statistics.median(spent.peak_bytes for spent in of_size)
        total = statistics.median(spent.cpu_s for spent in of_size)
        yield Figure(f"CPU for each of {size:,} orchestrators, start and stop included", costs,
                     ("<=", 20) if size > sizes[0] else None, unit="us",
                     note=f"{total:.3g} s in all, peak {peak / 2**20:.0f} MiB")
    small, large = sizes[-2:]
    yield Figure(f"CPU for each, {large:,} / {small:,} orchestrators", divide(cpu_us[-1], cpu_us[-2]), ("<=", 1.1))
    slope = [(more.peak_bytes - less.peak_bytes) / (large - small)
             for less, more in zip(rounds[-2], rounds[-1], strict=True)]
    yield Figure(f"peak memory for each further one, {small:,} to {large:,}", slope, ("<=", 640), unit="bytes")
