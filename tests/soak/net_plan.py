"""What happens to a network in a soak, drawn from its seed before it begins: the same seed is the same plan."""
import math
import random
import typing

from net_truth import INTERVAL

CAP = 20_000_000_000  # wei per second, max_price_per_second of the manager
PRICE = 10_000_000_000  # of a priced orchestrator: several tickets for one job
SLOTS = 10_000  # that a worker announces
AIMED = 0.7  # of the restarts
GATEWAY = None  # in place of an orchestrator's number


class Event(typing.NamedTuple):
    at: float  # seconds from the start
    target: typing.Optional[int]
    kind: str
    fault: dict  # for the devnet, or {}
    ends: float  # seconds from the start; `at` for what is over at once

    def __str__(self):
        where = "gateway" if self.target is GATEWAY else f"orch-{self.target}"
        more = "".join(f" {key}={value}" for key, value in self.fault.items() if key != "kind")
        return f"{self.at:7.2f} s {where} {self.kind}{more}" + (f" for {self.ends - self.at:.1f} s"
                                                                if self.ends > self.at else "")


def seconds(value):
    return f"{round(value * 1000)}ms"


class Plan:
    """All events of one network, in order. Faults of one track do not overlap; the tracks know nothing of each other.

    `calm` is the time at the start without an event, and the least pause of a track: a restart must not meet another one
    within the time that a registration has to wait after the one before it."""

    def __init__(self, seed, length, priced, calm, pause):
        self.seed = seed
        self.chance = random.Random(seed)
        self.length = length
        self.calm = calm
        self.pause = pause
        self.events = []
        for number, has_price in enumerate(priced):
            self._track(lambda at, n=number, p=has_price: self._network_fault(at, n, p))
            self._track(lambda at, n=number: self._machine_fault(at, n))
        self._track(self._gateway_fault, 2.0)
        self.events.sort(key=lambda event: event.at)

    def _track(self, draw, scale=1.0):
        at = self.calm + self.chance.uniform(0, self.pause)
        while at < self.length - self.calm:
            event = draw(at)
            if event.at > self.length - self.calm:
                break
            ends = min(event.ends, self.length - self.calm / 2)
            self.events.append(event._replace(ends=max(ends, event.at)))
            at = max(ends, event.at) + self.calm + self.chance.expovariate(1 / (self.pause * scale))

    def _network_fault(self, at, number, priced):
        chance = self.chance
        kind = chance.choices(("crash", "new_certificate", "hold_some", "hold_all", "price_low", "price_high",
                               "price_zero", "token_refused", "cold_connection"), (8, 2, 1, 2, 2, 2, 1, 2, 3))[0]
        length = chance.uniform(8, 50)
        if kind == "crash":
            if chance.random() < AIMED:  # so that a job meets it; jobs are sent at the start and after each interval
                at = max(at, math.ceil(at / INTERVAL) * INTERVAL - chance.uniform(-0.2, 2))
            return Event(at, number, kind, {"kind": "crash", "for": seconds(chance.uniform(0.2, 2))}, at)
        if kind == "new_certificate":
            return Event(at, number, kind, {"kind": "new_certificate"}, at)
        if kind == "hold_all" and not priced:  # what no probe sees is found by the absence of jobs, after minutes
            return Event(at, number, kind, {"kind": "hold_slots", "slots": SLOTS}, at)
        if kind in ("hold_some", "hold_all"):
            return Event(at, number, "hold_some", {"kind": "hold_slots", "slots": chance.randrange(16, 200)}, at)
        if kind.startswith("price"):
            wei = {"price_low": chance.randrange(1_000_000_000, CAP + 1), "price_zero": 0,
                   "price_high": chance.choice((CAP + 1, CAP + CAP // 50, 2 * CAP, 4 * CAP))}[kind]
            return Event(at, number, kind, {"kind": "price", "wei": wei}, at + length)
        if kind == "token_refused":
            return Event(at, number, kind, {"kind": kind, "status": chance.choice((503, 400))}, at + length)
        return Event(at, number, kind, {"kind": kind, "round_trip": "200ms", "idle": "2s", "limit": "500ms"}, at + length)

    def _machine_fault(self, at, number):
        chance = self.chance
        kind = chance.choices(("worker_killed", "worker_stopped", "service_stopped"), (3, 1, 4))[0]
        length = chance.uniform(0.3, 15) if kind != "service_stopped" else chance.uniform(2, 45)
        return Event(at, number, kind, {}, at + length)

    def _gateway_fault(self, at):
        chance = self.chance
        kind = chance.choices(("restart", "down", "error", "malformed", "hang", "deposit", "reserve", "deposit_hidden"),
                              (3, 2, 1, 1, 1, 3, 2, 1))[0]
        length = chance.uniform(0.5, 3) if kind == "restart" else chance.uniform(5, 40)
        fault = {"restart": {"kind": "down"}, "error": {"kind": "error", "status": 500, "text": "broken"},
                 "deposit": {"kind": "funds", "deposit": "0"}, "reserve": {"kind": "funds", "reserve": "0"},
                 "deposit_hidden": {"kind": "deposit_empty"}}.get(kind, {"kind": kind})
        return Event(at, GATEWAY, kind, fault, at + length)
