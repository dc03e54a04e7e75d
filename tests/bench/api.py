"""The manager's API: a page of a long list with a valid token, beside nginx with a file of the same size."""
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

import nginx
from measure import Figure, alternate, divide, grouped
from orchestrators import CONFIG

PASSWORD = "correct horse battery"
PAGE = "/api/v1/livepeer/orchestrators?limit=50"
# The rates of the API are for each client: so the load comes from many, behind a proxy.
CLIENTS = """\
local n = 0
request = function()
  n = n + 1
  wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", n % 7, math.floor(n / 7) % 250, math.floor(n / 1750) % 250)
  return wrk.format("GET")
end
"""
LOGINS = """\
local n = 0
request = function()
  n = n + 1
  wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", n % 7, math.floor(n / 7) % 250, math.floor(n / 1750) % 250)
  return wrk.format("POST", nil, nil, string.format('{"email":"a%d@example.com","password":"wrong password %d"}', n % 5000, n))
end
"""


def why_not():
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    return "no " + " and no ".join(missing) if missing else None


@contextlib.contextmanager
def manager(site, folder, orchestrators, interval="60s", pages=False):
    """The address of the API of a host with that many orchestrators, after the first check of each."""
    from network import wait_for
    config = folder / "config.yaml"
    instant = site.build / "bench/plugins/bench_instant.so"
    listing = "".join(f"  - address: https://10.{number >> 16}.{number >> 8 & 255}.{number & 255}:9995\n"
                      for number in range(orchestrators))
    config.write_text(CONFIG.format(state=folder / "state", instant=instant).replace("60s", interval) + listing +
                      "listen: {api: '127.0.0.1:0', metrics: none}\napi: {trusted_proxies: [127.0.0.1], token_lifetime: 1d" +
                      (", plugins: [{plugin: dashboard, prefix: /ui/}]" if pages else "") + "}\n")
    with (folder / "host.log").open("wb") as log:
        process = subprocess.Popen([site.stipend, "run", "-c", config], env={**os.environ, "ADMIN_PASSWORD": PASSWORD},
                                   stdout=log, stderr=log)
    try:
        def said(pattern):
            return re.search(pattern, (folder / "host.log").read_text(errors="replace"))
        wait_for(lambda: process.poll() is not None or said(r"the API is served at http://\S+"), "the API")
        found = said(r"the API is served at http://(\S+)")
        if found is None:
            raise RuntimeError((folder / "host.log").read_text(errors="replace")[-2000:])
        wait_for(lambda: sum(1 for _ in re.finditer(r"\bnext in ", (folder / "host.log").read_text(errors="replace")))
                 >= orchestrators, "the first checks")
        yield found.group(1)
    finally:
        process.terminate()
        process.wait(timeout=60)


def ask(address, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: status {answer.status}: {text[:200]}")
        return text
    finally:
        connection.close()


def load(url, seconds, script, *options):
    """A function that measures answers a second; an answer that is none of 2xx is an error."""
    def measure():
        done = subprocess.run(["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", script, *options, url], check=True,
                              capture_output=True, text=True, timeout=seconds + 60)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise RuntimeError(done.stdout)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    return measure


def lateness_ms(site, config, begun, ended):
    """How late each decision of that time was: after the due time that the one before it had set."""
    exported = subprocess.run([site.stipend, "ledger", "export", "--kind", "decisions", "-c", config], check=True,
                              capture_output=True, text=True).stdout
    due, late = {}, []
    for line in exported.splitlines():
        one = json.loads(line)
        at = time_of(one["decided_at"])
        if one["orchestrator"] in due and begun <= at < ended:
            late.append(1000 * (at - due[one["orchestrator"]]))
        due[one["orchestrator"]] = time_of(one["next_at"])
    return late


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def flooded(site, folder, seconds):
    """The 99th percentile of how late decisions are, in pairs: under a flood of logins, and without one."""
    orchestrators = 50 if site.quick else 1_000
    (folder / "logins.lua").write_text(LOGINS)
    windows = []
    with manager(site, folder, orchestrators, "1s") as address:
        def quiet():
            begun = time.time()
            time.sleep(seconds)
            windows.append((begun, time.time()))
            return len(windows) - 1

        def flood():
            begun = time.time()
            subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", folder / "logins.lua", "-H", "Content-Type: application/json",
                            f"http://{address}/api/v1/auth/login"], check=True, capture_output=True, timeout=seconds + 60)
            windows.append((begun, time.time()))
            return len(windows) - 1

        order = alternate(site.pairs, flood, quiet)
        percentiles = [statistics.quantiles(lateness_ms(site, folder / "config.yaml", *window), n=100)[98] for window in windows]
    return [[percentiles[at] for at in one] for one in order]


def figures(site):
    if why := why_not():
        print(f"  not measured: {why}", file=sys.stderr)
        return
    orchestrators = 100 if site.quick else 10_000
    folder = pathlib.Path(site.folder("api"))
    (folder / "clients.lua").write_text(CLIENTS)
    (folder / "nginx").mkdir()
    with manager(site, folder, orchestrators) as address:
        login = {"email": "admin@system.com", "password": PASSWORD}
        token = json.loads(ask(address, "POST", "/api/v1/auth/login", json.dumps(login)))["access_token"]
        page = ask(address, "GET", PAGE, Authorization=f"Bearer {token}")
        files = folder / "nginx" / "files"
        files.mkdir()
        (files / "page").write_bytes(page)
        with nginx.served(folder / "nginx", f"root {files};") as static:
            seconds = 1 if site.quick else 3
            rates = alternate(site.pairs,
                              load(f"http://{address}{PAGE}", seconds, folder / "clients.lua", "-H", f"Authorization: Bearer {token}"),
                              load(f"http://{static}/page", seconds, folder / "clients.lua"))
    yield Figure(f"pages of 50 of {orchestrators:,} orchestrators / nginx with a file of {len(page):,} bytes", divide(*rates),
                 (">=", 0.5), note=f"{grouped(statistics.median(rates[0]))} a second")
    late = flooded(site, pathlib.Path(site.folder("logins")), 1 if site.quick else 5)
    yield Figure("how late decisions are at the 99th percentile: a flood of logins / none", divide(*late), ("<=", 2),
                 note=f"{grouped(statistics.median(late[1]))} ms without")
