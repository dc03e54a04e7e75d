"""Watching containers: what a worker costs beside a real Docker Engine, while nothing happens to its containers."""
import pathlib
import sys
import time

from measure import Figure

INTEGRATION = pathlib.Path(__file__).resolve().parents[1] / "integration"
sys.path[:0] = [str(INTEGRATION), str(INTEGRATION / "worker")]


def cpu_ns(pid):
    """Time on a core of all threads that live, to the nanosecond."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def figures(site):
    import engine as engines
    from worker import Worker, wait_for
    if why := engines.why_not():
        print(f"  not measured: {why}", file=sys.stderr)
        return
    containers, seconds = site.count(100), 2 if site.quick else 60
    with engines.Engine() as engine:
        for number in range(containers):
            engine.run(f"s1_{number}")
        worker = Worker(engine.address, services=["s1_*"])
        worker.start()
        try:
            wait_for(lambda: sum(one["running"] for one in worker.services().values()) == containers, "all containers")
            before, begun = cpu_ns(worker.process.pid), time.monotonic()
            time.sleep(seconds)
            spent = (cpu_ns(worker.process.pid) - before) / 1e9
            share = spent / (time.monotonic() - begun)
            yield Figure(f"CPU of a worker that watches {containers} containers / one core, {seconds} s", [share],
                         ("<=", 0.01), note=f"{1000 * spent:.3g} ms")
            yield Figure("its memory", [resident_mib(worker.process.pid)], unit="MiB")
        finally:
            worker.end()
