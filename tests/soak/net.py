"""The whole network, with faults drawn from the seed: managers, workers and devnets of both eras side by side."""
import sys
import time

from base import Findings, quantile
from net_client import Client
from net_plan import Plan
from net_scene import Net
from net_truth import INTERVAL

PRICED = (False, True, False, True)
ERAS = (("head", 1), ("v0.8.7", 60))  # with the age in seconds up to which the manager uses a price that it saw
CALM = 26.0  # longer than one interval
PAUSE = 25.0
SHORT = 120  # seconds
LOOK_EVERY = 0.25
READ_EVERY = 5.0


def minutes_of(options):
    if options.intervals:
        return options.intervals * INTERVAL / (60 * len(ERAS) * len(PRICED))
    return options.minutes or 9


class Whole:
    """`minutes` of it. A job waits for half of the interval, and a registration waits until 10 s after the one before it: with
    24 s, every restart of an orchestrator is over before a job gives up, so none may cost a payment."""

    def __init__(self, options, minutes):
        self.seed = options.seed
        self.keep = options.keep
        self.length = minutes * 60
        self.findings = Findings()
        self.nets = []
        self.client = None
        self.with_client = options.client

    def execute(self):
        print(f"network: {self.length:.0f} s of {len(ERAS)} networks with {len(PRICED)} orchestrators each, seed {self.seed}",
              flush=True)
        self.begun = time.monotonic()
        try:
            for number, (era, price_check) in enumerate(ERAS):
                plan = Plan(self.seed * len(ERAS) + number, self.length, PRICED, min(CALM, self.length / 5),
                            min(PAUSE, self.length / 10))
                plan.seed = self.seed  # as the command line has it
                self.nets.append(Net(era, plan, PRICED, price_check, self.seed, self.findings))
            for net in self.nets:
                net.start()
            if self.with_client:
                self.client = Client(self.nets)
            if self.length > SHORT:
                time.sleep(INTERVAL)  # a history that fills a window lets uptimes be checked from the first one on
            self.run()
            if self.client:
                self.client.check()
            for net in self.nets:
                net.look()
                if net.host.stop() != 0:
                    self.findings.add(f"{net.name}: the manager ended with status {net.host.process.returncode}")
                net.read_jobs()
                net.read_decisions(to_the_end=True)
                net.gaps = net.read_gaps()
                net.check_continuity()
                net.host.verified()
        except AssertionError as error:
            self.findings.add(str(error))
        finally:
            keep = self.keep or self.findings.count > 0 or sys.exc_info()[0] is not None
            if self.client:
                self.client.end()
            for net in self.nets:
                net.end(keep)
        self.report(keep)
        return self.findings.count == 0

    def run(self):
        for net in self.nets:
            net.begin(time.time())
        start = time.monotonic()
        steps = [(event.at, index, net.do, event) for net in self.nets for index, event in enumerate(net.plan.events)]
        steps += [(event.ends, index, net.undo, event) for net in self.nets
                  for index, event in enumerate(net.plan.events) if event.ends > event.at]
        steps.sort(key=lambda step: step[:2])
        self.events = len(steps)
        read_at = shown_at = 0.0
        self.late = 0.0
        while (now := time.monotonic() - start) < self.length:
            while steps and steps[0][0] <= now:
                at, _, step, event = steps.pop(0)
                step(event)
                self.late = max(self.late, time.monotonic() - start - at)
            for net in self.nets:
                net.look()
            if now - read_at >= READ_EVERY:
                read_at = now
                for net in self.nets:
                    net.read_jobs()
                    net.read_decisions()
                if self.client:
                    self.client.turn()
            if now - shown_at >= 30:
                shown_at = now
                print(f"  {now:6.0f}/{self.length:.0f} s  {sum(net.decided for net in self.nets)} decisions, "
                      f"{sum(net.failed for net in self.nets)} failed", flush=True)
            time.sleep(LOOK_EVERY)

    def report(self, kept):
        print(f"network: {'ok' if self.findings.count == 0 else 'FAILED'}, {self.findings.count} violations, "
              f"{time.monotonic() - self.begun:.0f} s")
        for net in self.nets:
            registered = [len(one.registered) for one in net.orchestrators]
            lost = max(one.capability.longest for one in net.orchestrators)
            print(f"  {net.name}: {net.decided} decisions {net.tiers}, {net.failed} failed jobs, {net.gaps} gaps, "
                  f"{net.jobs_seen} jobs at workers, {net.above_cap} charged above "
                  f"the cap by a price that rose within {net.price_age} s, {net.crashes} crashes, registrations {registered}, "
                  f"longest loss {lost:.1f} s, uptimes checked to {quantile(net.widths, 0.5) / 10_000:.1f} points (p90 "
                  f"{quantile(net.widths, 0.9) / 10_000:.1f})")
        if self.client:
            print(f"  client: {self.client.sent} jobs, {self.client.ok} answered")
        if kept:
            for net in (net for net in self.nets if net.host is not None):
                print(f"  {net.name}: state, configuration and host.log are left in {net.host.folder}")
