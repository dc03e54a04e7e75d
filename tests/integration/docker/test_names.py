"""A check of a host by a name that Docker resolves: a container that is recreated under its name at another address is up as
soon as it answers there. The host is within a network of a real Docker Engine, and asks the engine's own name server."""
import datetime
import os
import pathlib
import shlex
import sqlite3
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "host")]
import engine as engines  # noqa: E402
import network  # noqa: E402

SECOND = 1_000_000_000
LANE = "10.88.0"
FIRST, SECOND_HOME = f"{LANE}.10", f"{LANE}.11"
UP, DOWN = 1, 2  # as abi/monitor.h has them
engines.APPLETS = (*engines.APPLETS, "httpd")


def at_ns(text):
    """Docker's time of day, with nine digits of a second."""
    whole, rest = text.rstrip("Z").split(".")
    day = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return int(day.timestamp()) * SECOND + int(rest.ljust(9, "0"))


class Names(unittest.TestCase):
    def setUp(self):
        self.docker = engines.Engine(networks=True)
        self.addCleanup(self.docker.close)
        self.docker.call("POST", "/networks/create", {
            "Name": "lane", "Driver": "bridge", "IPAM": {"Config": [{"Subnet": f"{LANE}.0/24"}]}})
        folder = tempfile.TemporaryDirectory(prefix="stipend-names-")
        self.addCleanup(folder.cleanup)
        self.run_container("home-of-host", f"{LANE}.9", "sleep", "100000")
        inside = self.docker.inspect("home-of-host")
        # What follows is started where that container is: its network, and its resolv.conf.
        for name in ("STIPEND", "DEVNET"):
            program = pathlib.Path(folder.name) / name.lower()
            program.write_text(f"""#!/bin/sh
exec nsenter --target {inside["State"]["Pid"]} --net -- unshare --mount -- sh -c 'mount --bind "$1" {os.path.realpath(
                "/etc/resolv.conf")} && shift && exec "$@"' sh {shlex.quote(inside["ResolvConfPath"])} \\
    {shlex.quote(str(getattr(network, name)))} "$@"
""")
            program.chmod(0o755)
            self.addCleanup(setattr, network, name, getattr(network, name))
            setattr(network, name, program)
        self.devnet = network.Devnet(1)
        self.addCleanup(self.devnet.end)
        self.host = network.Host(self.devnet, interval=2)
        self.addCleanup(self.host.end)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        # No wait beyond the interval: a period that was partly down would keep the next look at it away.
        self.host.edit("      table: default          # change it to flat-95 and reload: all or nothing at 95 %\n", """\
      table: even
      max_penalty: 0s
      tables: { even: [{ tier: paid, at_least: 1, multiplier: 1 },
                       { tier: none, at_least: 0, below: 1, multiplier: 0, counts_as_failure: true }] }
""")
        self.host.edit("monitors: []", "monitors: [{ name: web, plugin: monitor, id: org.stipend.monitor, "
                       "config: { timeout: 500ms } }]")
        self.host.edit("orchestrators: []", f"""orchestrators:
  - address: {self.devnet.addresses}
    id: watched
    checks: [{{ monitor: web, target: "http://svc:80/bin/", every: 1s, options: {{ status: "200-499" }} }}]""")

    def run_container(self, name, address, *command):
        made = self.docker.call("POST", f"/containers/create?name={name}", {
            "Image": engines.IMAGE, "Cmd": list(command), "StopTimeout": 1, "HostConfig": {"NetworkMode": "lane"},
            "NetworkingConfig": {"EndpointsConfig": {"lane": {"IPAMConfig": {"IPv4Address": address}}}}})
        self.docker.act(made["Id"], "start")

    def serve(self, address):
        """When it was started, in nanoseconds."""
        self.run_container("svc", address, "httpd", "-f", "-p", "80", "-h", "/")
        return at_ns(self.docker.inspect("svc")["State"]["StartedAt"])

    def seen(self):
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as database:
            return database.execute("SELECT from_at, to_at, verdict FROM observed ORDER BY from_at").fetchall()

    def whole_periods(self, count):
        wanted = len(self.host.decisions()) + count
        network.wait_for(lambda: len(self.host.decisions()) >= wanted and
                         self.host.decisions()[-1]["uptime_percent"] == 100, "a period that was up")

    def test_a_name_that_moved_is_up_within_two_seconds(self):
        self.serve(FIRST)
        took = []
        # Up to three moves: a bridge or a machine that is busy may cost one of them a look.
        for address in (SECOND_HOME, FIRST, SECOND_HOME):
            self.host.start()
            self.whole_periods(2)
            self.docker.remove("svc")
            started = self.serve(address)
            self.whole_periods(3)
            self.assertEqual(self.host.stop(), 0)
            # The last stretch is up. Before it began, the name led to where nothing was, unless no look fell into that time.
            *before, (up_from, _, verdict) = self.seen()
            self.assertEqual(verdict, UP)
            took.append((up_from - started) / SECOND if before and before[-1][2] == DOWN else 0)
            if took[-1] < 2:
                break
        self.assertLess(took[-1], 2, took)


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print(f"skipped: no Docker Engine can be started here: {reason}", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
