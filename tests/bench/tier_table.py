"""The payment rule as a plain Python script would hold it: a table, integers, dictionaries in and out. The yardstick of
the plugin; it decides the same of the same, down to the reason."""

SAMPLES = 4096
E8 = 100_000_000
ONE_PPM = 1_000_000
MAX_CONSECUTIVE_FAILURES = 5
MAX_PENALTY_SECONDS = 3600

# (tier, least uptime in parts per million, multiplier in parts per million, delay in seconds)
TIERS = [
    ("excellent", 950_001, 1_200_000, 0),
    ("good", 800_000, 1_000_000, 0),
    ("warning", 600_000, 700_000, 30),
    ("poor", 400_000, 300_000, 120),
    ("critical", 1, 100_000, 300),
    ("offline", 0, 0, 600),
]


def percent(ppm):
    whole, fraction = divmod(ppm, 10_000)
    return f"{whole}.{fraction:04}".rstrip("0") if fraction else str(whole)


def decide(sample):
    uptime = sample["uptime_ppm"]
    for tier, least, multiplier, delay in TIERS:
        if uptime >= least:
            break
    failures = 0
    penalty = 0
    suspended = False
    reason = f"uptime {percent(uptime)} %"
    if not sample["ok"]:
        failures = sample["consecutive_failures"] + 1
        penalty = min(sample["interval_s"] * 2**failures, MAX_PENALTY_SECONDS)
        suspended = failures >= MAX_CONSECUTIVE_FAILURES
        reason = "check failed; suspended" if suspended else "check failed"
    paid = sample["base_usd_e8"] * multiplier
    return {
        "action": "pay" if multiplier else "skip",
        "tier": tier,
        "multiplier_ppm": multiplier,
        "uptime_ppm": uptime,
        "amount_usd_e8": paid // ONE_PPM,
        "delay_s": delay,
        "penalty_s": penalty,
        "consecutive_failures": failures,
        "suspended": suspended,
        "reason": reason,
    }


def samples():
    """The same ones as policy_bench.cpp makes."""
    out = []
    state = 1
    for number in range(SAMPLES):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        ok = number % 16 != 15
        out.append({"ok": ok, "uptime_ppm": state % 1_000_001 if ok else 0, "consecutive_failures": number % 7,
                    "interval_s": 60, "base_usd_e8": 10 * E8})
    return out


def run(checks, clock):
    """Decides all once: (decisions, nanoseconds, digest)"""
    begin = clock()
    decisions = [decide(sample) for sample in checks]
    took_ns = clock() - begin
    digest = sum(one["amount_usd_e8"] + one["delay_s"] + one["penalty_s"] + len(one["reason"]) for one in decisions)
    return len(decisions), max(took_ns, 1), digest % 2**64
