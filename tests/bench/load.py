"""The tester: jobs against nginx that answers as an orchestrator would, beside a bare loop and wrk; and a rate that is kept."""
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/jobs"))
import nginx  # noqa: E402
from server import Server  # noqa: E402
from measure import Figure, Instrument, alternate, divide, grouped  # noqa: E402

CONNECTIONS = 32
PATH = "/process/request/agent-net"
BODY = ('{"status":"success","agent_id":"orch-1","capability":"agent-net","overall_uptime_percentage":99.5,'
        '"window_seconds":60,"services":{"total":7,"up":7,"down":0,"uptime_percentage":99.5,"eligible_for_payment":true}}')
WRK = """\
wrk.method = "POST"
wrk.body = '{"action":"service-monitoring","agent_id":"wrk","include_utilization":true,"window_seconds":60}'
wrk.headers["Content-Type"] = "application/json"
"""


def why_not():
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    return "no " + " and no ".join(missing) if missing else None


def jobs(site, url, *options):
    """The report of `stipend jobs load`."""
    done = subprocess.run([site.build / "bin/stipend-jobs", "load", "--gateway", url, "--check", "uptime", "--report", "json",
                           *map(str, options)], check=True, capture_output=True, text=True, timeout=300)
    report = json.loads(done.stdout)
    if any(report["failed_by_class"].values()):
        raise RuntimeError(f"failed: {report['failed_by_class']}")
    return report


def stalls(site):
    """A server that answers nothing for a tenth of the time: over one connection a job waits for the one before it, and
    few are sent into the stall, so that latencies from the send do not show it."""
    stall = 0.2 if site.quick else 1
    server = Server(stall=stall, period=10 * stall)
    try:
        report = jobs(site, server.url, "--rate", "100/s", "--connections", 1, "--duration", 60 * stall)
    finally:
        server.end()
    corrected, service = (report["latency_ms"][name]["p99"] for name in ("corrected", "service"))
    what = f"a server that stalls {stall:g} s of every {10 * stall:g} s"
    yield Figure(f"{what}: p99 from the planned start", [corrected], (">=", 800 * stall), unit=" ms",
                 note=f"{service:g} ms from the send")
    yield Figure(f"{what}: p99 from the send / from the planned start", [service / corrected], ("<=", 0.1))


def figures(site):
    yield from stalls(site)
    if why := why_not():
        print(f"  not measured: {why}", file=sys.stderr)
        return
    folder = pathlib.Path(site.folder("load"))
    (folder / "jobs.lua").write_text(WRK)
    seconds = 1 if site.quick else 4
    with nginx.served(folder, f"location / {{ add_header X-Orchestrator-Url https://127.0.0.1:9995; return 200 '{BODY}'; }}") as address:
        url = f"http://{address}"

        def ours():
            report = jobs(site, url, "--closed", "--connections", CONNECTIONS, "--duration", seconds)
            return report["succeeded"] / report["elapsed_seconds"]

        def wrk():
            done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", folder / "jobs.lua", url + PATH], check=True,
                                  capture_output=True, text=True, timeout=seconds + 60)
            if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
                raise RuntimeError(done.stdout)
            return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))

        with Instrument(site.program("load_bench"), address, PATH, CONNECTIONS) as bare:
            rates = alternate(site.pairs, ours, bare.rate("bare", site.count(100_000)), wrk)
        note = [f"{grouped(statistics.median(one))}/s" for one in rates]
        yield Figure("jobs with histogram and checks / a bare loop with the same parser", divide(rates[0], rates[1]), (">=", 0.9),
                     note=f"{note[0]} against {note[1]}")
        yield Figure("jobs with histogram and checks / wrk", divide(rates[0], rates[2]), (">=", 0.6), note=f"{note[0]} against {note[2]}")

        rate, seconds = (500, 1) if site.quick else (10_000, 60)
        kept = jobs(site, url, "--rate", f"{rate}/s", "--connections", 1000, "--duration", seconds)
        yield Figure(f"{rate:,} jobs a second for {seconds} s: how far the rate was off", [100 * abs(kept["rate_achieved"] / rate - 1)],
                     ("<=", 0.1), unit=" %", note=f"{kept['late_starts']} of {kept['sent']:,} began late")
