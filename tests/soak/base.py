"""What the scenarios share: a network and a host of their own, findings, progress, and what is left for inspection."""
import json
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "host"))

from network import Devnet, Host  # noqa: E402
from model import Policy  # noqa: E402
from rows import Ledger  # noqa: E402

MAX_SHOWN = 40


class Findings:
    """Violations; the first ones are shown as they come."""

    def __init__(self):
        self.count = 0

    def add(self, text):
        self.count += 1
        if self.count <= MAX_SHOWN:
            print(f"VIOLATION: {text}", flush=True)


def quantile(values, share):
    """The value below which that share of the values lies; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


class Scenario:
    """One long test. A subclass has `name`, `orchestrators` and `run`, which fills `numbers`."""

    name = ""
    orchestrators = 16
    policy = Policy(interval_s=1, base_usd_e8=150_000_000, rate_e8=180_050_000_000, punishment_milli=2000, max_failures=5)
    seconds_per_step = 15  # more is a hang

    def __init__(self, options, count):
        self.options = options
        self.count = count
        self.findings = Findings()
        self.runs = []  # lives of the host
        self.numbers = {}
        self.begun = time.monotonic()
        self.shown = 0.0

    def execute(self):
        """True where nothing was found."""
        print(f"{self.name}: {self.count} times, seed {self.options.seed}", flush=True)
        # A client that hangs up costs a worker one of its places for ever; so many kills must not use them up.
        self.devnet = Devnet(self.orchestrators, "--seed", str(self.options.seed), "--capacity", "1000000")
        self.host = None
        try:
            self.host = self.make_host()
            self.ledger = Ledger(self.host.folder / "state")
            self.run()
            self.stop()
            self.check_at_rest()
        except AssertionError as error:
            self.findings.add(str(error))
        finally:
            keep = self.findings.count > 0 or self.options.keep or sys.exc_info()[0] is not None
            if self.host is not None:
                self.host.end(keep)
            self.devnet.end()
        self.report(keep)
        return self.findings.count == 0

    def make_host(self):
        host = Host(self.devnet, self.policy.interval_s)
        policy = self.policy
        host.environment.update(BASE_PAYMENT_USD=f"{policy.base_usd_e8 / 10**8:.8f}",
                                ETH_TO_USD=f"{policy.rate_e8 / 10**8:.8f}",
                                PUNISHMENT_MULTIPLIER=f"{policy.punishment_milli / 1000:.3f}",
                                MAX_CONSECUTIVE_FAILURES=str(policy.max_failures))
        host.edit("    capability: ${CAPABILITY_NAME:-agent-net}",
                  "    capability: ${CAPABILITY_NAME:-agent-net}\n    retry_after: 100ms")
        return host

    def faults(self, *groups):
        """Scripts the network: each group is (count, fault), in the order of the orchestrators."""
        first = 0
        for count, fault in groups:
            if fault:
                self.devnet.fault(f"{first}-{first + count - 1}", **fault)
            first += count
        assert first == self.orchestrators, first

    def stop(self):
        """Ends the host as an operator does; what it decided to the last is taken too."""
        if self.host.stop() != 0:
            self.findings.add(f"the host ended with status {self.host.process.returncode}")
        self.chain.extend(self.runs)

    def check_at_rest(self):
        """The ledger by its own words, and the debts by the sum of the decisions."""
        self.host.verified()
        balance = json.loads(self.command("ledger", "balance", "--json"))
        owed = {one["orchestrator"]: int(one["owed_wei"]) for one in balance}
        for key, wei in self.chain.owed.items():
            if owed.get(key) != wei:
                self.findings.add(f"{key}: owed: got {owed.get(key)} wei, want {wei}")
        exported = [(one["orchestrator"], one["epoch"]) for one in self.host.decisions()]
        if exported != list(self.chain.by_key):
            self.findings.add(f"ledger export: got {len(exported)} decisions, want the {len(self.chain.by_key)} that "
                              "were read")

    def command(self, *arguments):
        code, out, err = self.host.run(*arguments)
        assert code == 0, f"stipend {' '.join(arguments)}: got status {code}, want 0: {out}{err}"
        return out

    def progress(self, step, text):
        """A line now and then; and the end of a run that takes too long."""
        now = time.monotonic()
        assert now - self.begun < 120 + self.seconds_per_step * self.count, "took too long: something hangs"
        if now - self.shown < 10 and step != self.count:
            return
        self.shown = now
        print(f"  {now - self.begun:6.0f} s  {step}/{self.count}  {text}", flush=True)

    def report(self, kept):
        print(f"{self.name}: {'ok' if self.findings.count == 0 else 'FAILED'}, "
              f"{self.findings.count} violations, {time.monotonic() - self.begun:.0f} s", flush=True)
        for what, value in self.numbers.items():
            print(f"  {what}: {value}")
        if kept and self.host is not None:
            print(f"  state, configuration and host.log are left in {self.host.folder}")
