"""A manager whose jobs go by two dispatchers to one devnet: the gateway's way and the live runners'."""
import json
import pathlib
import sqlite3
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "network"), str(HERE.parent / "host")]
from network import Devnet, Host, wait_for  # noqa: E402
from scene import TABLE, free_port  # noqa: E402

GATEWAY, RUNNER = "the gateway", "a live runner"


def dispatcher(way, gateway, blanks):
    """The keys of a dispatcher of that way, as lines of the configuration."""
    pad = " " * blanks
    if way == RUNNER:
        return f"{pad}plugin: runner\n{pad}id: org.stipend.runner\n{pad}config: {{ retry_after: 200ms, timeout: 10s }}\n"
    return (f"{pad}plugin: byoc\n{pad}id: org.stipend.byoc\n"
            f"{pad}config: {{ gateway: \"{gateway}\", capability: agent-net, retry_after: 200ms, price_unseen: refuse }}\n")


class Row:
    """A decision; `jobs` are those that its orchestrator got for it, each as when and by which way."""

    def __init__(self, key, epoch, due_at, decided_at, next_at, job, wei):
        self.key, self.epoch, self.due_at, self.decided_at, self.next_at = key, epoch, due_at, decided_at, next_at
        self.good, self.wei = job == 1, int.from_bytes(wei, "big")
        self.jobs = []

    @property
    def way(self):
        return self.jobs[0][1] if self.jobs else None


class Network:
    """The devnet, whose orchestrators all listen, and a host that pays them; `end` of both is the caller's."""

    def __init__(self, orchestrators, interval=2, scheme="https", devnet=()):
        ports = set()
        while len(ports) < orchestrators:
            ports.add(free_port())
        self.addresses = [f"{scheme}://127.0.0.1:{port}" for port in sorted(ports)]
        listen = [address.removeprefix("https://") for address in self.addresses]
        options = [text for address in listen for text in ("--orchestrator-listen", address)]
        self.devnet = Devnet(orchestrators, "--live-runners", "--capacity", "1000000", "--job-log", "1000000", *options, *devnet)
        self.host = Host(self.devnet, interval=interval)
        self.host.environment.update(ORCHESTRATOR_ADDRESSES="", PRICE_UNSEEN="refuse")

    def write(self, first, others=(), capabilities=(), entry=lambda number: "", listed=None, registered=""):
        """`first` is the way of `dispatch`, `others` are pairs of a name and a way, `entry` the end of an entry, and the
        configuration has the first `listed` orchestrators; `registered` is the dispatcher of the others."""
        lines = self.shipped().splitlines()
        begin = lines.index("dispatch:")
        end = next(at for at in range(begin + 1, len(lines)) if lines[at].startswith("  max_in_flight"))
        text = "\n".join(lines[:begin + 1]) + "\n" + dispatcher(first, self.devnet.gateway, 2)
        text += "\n".join(lines[end:]) + "\n"
        line = next(line for line in lines if line.startswith("      table: default"))
        text = text.replace(line, TABLE)
        entries = "".join(f"  - {{ address: \"{address}\", id: orch-{number}{entry(number)} }}\n"
                          for number, address in enumerate(self.addresses[:listed]))
        text = text.replace("orchestrators: []\n", "orchestrators:\n" + entries)
        if others:
            text = text.replace("dispatchers: []\n", "dispatchers:\n" + "".join(
                f"  - name: {name}\n{dispatcher(way, self.devnet.gateway, 4)}" for name, way in others))
        if capabilities:
            text = text.replace("capabilities: {}\n",
                                "capabilities:\n" + "".join(f"  {name}: {{ dispatch: {way} }}\n" for name, way in capabilities))
        if registered:
            text = text.replace("registration:\n", f"registration:\n  dispatch: {registered}\n")
        self.host.config.write_text(text)

    def shipped(self):
        if not hasattr(self, "text"):
            self.text = self.host.config.read_text()
        return self.text

    def reload(self):
        code, out, err = self.host.run("reload")
        assert code == 0, out + err
        return out

    def rows(self):
        """All decisions in their order, read beside the host."""
        return [Row(*row) for row in self.read(
            "SELECT key, epoch, due_at, decided_at, next_at, job, wei FROM decision "
            "JOIN orchestrator ON orchestrator.id = decision.orchestrator ORDER BY decision.seq")]

    def sent(self):
        """All jobs that orchestrators got: when, whose, and by which way, in their order."""
        out = []
        for way, path in ((GATEWAY, "/jobs"), (RUNNER, "/calls")):
            with urllib.request.urlopen(f"{self.devnet.control}{path}?limit=1000000", timeout=60) as answer:
                found = json.load(answer)
            assert len(found["jobs"]) == found["total"], "the devnet has forgotten some"
            out += [(one["unix_ns"], f"orch-{one['orchestrator']}", way) for one in found["jobs"]]
        return sorted(out)

    def matched(self, rows=None):
        """Gives each decision the jobs that its orchestrator got since its last decision, and until this one: the rows,
        and the jobs that no decision follows."""
        if rows is None:
            rows = self.rows()
        by_key = {}
        for row in rows:
            by_key.setdefault(row.key, []).append(row)
        left, places = [], dict.fromkeys(by_key, 0)
        for at, key, way in self.sent():
            own, place = by_key.get(key, []), places.get(key, 0)
            while place < len(own) and own[place].decided_at < at:
                place += 1
            places[key] = place
            if place < len(own):
                own[place].jobs.append((at, way))
            else:
                left.append((at, key, way))
        return rows, left

    def read(self, sql):
        file = self.host.folder / "state" / "ledger.db"
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def gaps(self):
        return self.read("SELECT key, from_at, to_at, cause FROM gap JOIN orchestrator ON orchestrator.id = orchestrator")

    def more(self, count, keys=None):
        """Waits until each of these orchestrators has that many more decisions; the rows that were made meanwhile."""
        keys = keys or [f"orch-{number}" for number in range(len(self.addresses))]
        before = len(self.rows())

        def enough():
            fresh = [row.key for row in self.rows()[before:]]
            return all(fresh.count(key) >= count for key in keys)
        wait_for(enough, f"{count} more decisions of each of {len(keys)} orchestrators")
        return self.matched()[0][before:]

    def counted(self, number=None):
        """What the orchestrators got: jobs of the gateway, and calls of their live runners."""
        with urllib.request.urlopen(self.devnet.control + "/state", timeout=30) as answer:
            all_of_them = json.load(answer)["orchestrators"]
        pairs = [{GATEWAY: one["jobs"], RUNNER: one["live_runners"]["calls"]} for one in all_of_them]
        return pairs if number is None else pairs[number]

    def end(self):
        self.host.end()
        self.devnet.end()
