"""What the payment policy promises, worked out a second time: in whole numbers, from the rules and not from the code."""
import dataclasses

NS = 1_000_000_000
PPM = 1_000_000
PENALTY_CAP_S = 3600


@dataclasses.dataclass(frozen=True)
class Tier:
    name: str
    from_ppm: int  # the least uptime that belongs to it
    multiplier_ppm: int
    delay_s: int = 0
    counts_as_failure: bool = False


# Best first. The shipped ones, and one whose delays are short enough to pass many times within a test.
TABLES = {
    "default": (Tier("excellent", 950_001, 1_200_000), Tier("good", 800_000, 1_000_000),
                Tier("warning", 600_000, 700_000, 30), Tier("poor", 400_000, 300_000, 120),
                Tier("critical", 1, 100_000, 300), Tier("offline", 0, 0, 600)),
    "flat-95": (Tier("paid", 950_001, 1_000_000), Tier("unpaid", 0, 0)),
    "soak": (Tier("excellent", 950_001, 1_200_000), Tier("good", 800_000, 1_000_000),
             Tier("warning", 600_000, 700_000, 1), Tier("poor", 400_000, 300_000, 2),
             Tier("critical", 1, 100_000, 3), Tier("offline", 0, 0, 1, True)),
}


def decimal(value, places):
    """A number of 10^-places as a decimal."""
    return f"{value // 10**places}.{value % 10**places:0{places}d}"


def table_yaml(name, indent):
    """One of the tables as an entry of the policy's `tables`."""
    lines = [f"{name}:"]
    for tier in TABLES[name]:
        lines.append(f"  - {{ tier: {tier.name}, at_least: {decimal(tier.from_ppm, 4)}, multiplier: "
                     f"{decimal(tier.multiplier_ppm, 6)}, delay: {tier.delay_s}s, counts_as_failure: "
                     f"{str(tier.counts_as_failure).lower()} }}")
    return "\n".join(indent + line for line in lines)


@dataclasses.dataclass
class Account:
    """What is remembered of an orchestrator from one decision to the next."""
    failures: int = 0
    suspended: bool = False
    recovered: int = 0  # good checks in a row since it was suspended


@dataclasses.dataclass(frozen=True)
class Expected:
    tier: str
    paid: bool
    usd_e8: int
    wei: int
    delay_ns: int
    penalty_ns: int
    failures: int
    suspended: bool


@dataclasses.dataclass(frozen=True)
class Policy:
    interval_s: int
    base_usd_e8: int
    rate_e8: int  # USD per ETH
    punishment_milli: int
    max_failures: int
    recovery_checks: int = 1

    def penalty_s(self, failures):
        if failures == 0:
            return 0
        return min(self.interval_s * self.punishment_milli**failures // 1000**failures, PENALTY_CAP_S)

    def decide(self, table, account, uptime_ppm):
        """One check; `uptime_ppm` is None where the job failed. Moves the account on."""
        tier = next(tier for tier in TABLES[table] if (uptime_ppm or 0) >= tier.from_ppm)
        pays = tier.multiplier_ppm > 0
        if uptime_ppm is None or tier.counts_as_failure:
            account.failures += 1
            account.recovered = 0
            account.suspended = account.suspended or account.failures >= self.max_failures
            pays = False
        else:
            account.failures = 0
            if account.suspended:
                account.recovered += 1
                if account.recovered >= self.recovery_checks:
                    account.suspended = False
                    account.recovered = 0
                else:
                    pays = False
        usd = self.base_usd_e8 * tier.multiplier_ppm
        return Expected(tier=tier.name, paid=pays, usd_e8=usd // PPM if pays else 0,
                        wei=usd * 10**18 // (PPM * self.rate_e8) if pays else 0, delay_ns=tier.delay_s * NS,
                        penalty_ns=self.penalty_s(account.failures) * NS, failures=account.failures,
                        suspended=account.suspended)
