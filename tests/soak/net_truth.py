"""What was true of a network, by the clock of the soak, and what may be decided then."""
import dataclasses
import typing

INTERVAL = 24.0  # seconds
WAIT = INTERVAL / 2  # how long a job waits for an orchestrator that is on its way back
SPACING = 10.0  # between two registrations
LOST = 40.0  # the longest that a capability may be lost while its worker and its orchestrator are well
CLOCK = 0.3  # between the moment that is written down and the one that is meant
EXCELLENT_PPM = 950_000  # above it
# What a change of a service costs in accuracy: it is seen at the next look, a second later.
SERVICE_EDGE = 1.6
# A worker that comes back begins to look after its start, and one that is killed has not stored the last ten seconds.
WORKER_START = 3.5
WORKER_LOSS = 10.5


@dataclasses.dataclass
class Span:
    kind: str
    start: float
    end: typing.Optional[float] = None  # none: it still lasts

    def meets(self, start, end):
        return self.start <= end and (self.end is None or self.end >= start)

    def covers(self, start, end):
        return self.start <= start and (self.end is None or self.end >= end)


def overlap(spans, start, end):
    """How long any of the spans lasts between the two times."""
    total, reached = 0.0, start
    for span in sorted(spans, key=lambda one: one.start):
        begin = max(span.start, reached)
        finish = min(end if span.end is None else span.end, end)
        if finish > begin:
            total += finish - begin
            reached = finish
    return total


def begin(spans, kind, at):
    span = Span(kind, at)
    spans.append(span)
    return span


def end(spans, at, *kinds):
    """Of those that still last, or of those of these kinds."""
    for span in spans:
        if span.end is None and (not kinds or span.kind in kinds):
            span.end = at


@dataclasses.dataclass
class Verdict:
    """A decision, or a gap, as the ledger has it; times in seconds."""
    due_at: float
    decided_at: float
    ok: bool
    uptime_ppm: int
    tier: str
    window: float  # seconds that the worker was asked about, to one second
    job_at: typing.Optional[float] = None  # when the last job for it reached the worker
    reason: str = ""


class Truth:
    """Of one orchestrator."""

    def __init__(self, price_age):
        self.price_age = price_age
        self.unwell = []  # the orchestrator or its worker: no job can be served
        self.away = []  # the worker's process: nothing is watched
        self.stopped = []  # the service
        self.charging = []  # it asks another price than the registered one
        self.began = 0.0  # the worker's first start

    def check(self, verdict):
        """What is wrong with a decision."""
        start, end = verdict.due_at - CLOCK, verdict.decided_at + CLOCK
        found = []
        if not verdict.ok:
            self._check_failed(verdict, start, end, found)
        else:
            self._check_paid(verdict, found)
        if verdict.ok:
            want = "excellent" if verdict.uptime_ppm > EXCELLENT_PPM else "warning" if verdict.uptime_ppm else "offline"
            if verdict.tier != want:
                found.append(f"tier: got {verdict.tier}, want {want} for {verdict.uptime_ppm} ppm")
        return found

    def _check_failed(self, verdict, start, end, found):
        met = [span for span in self.unwell if span.meets(start, end)]
        if not met:
            found.append("it was well all the time, and its check failed")
        elif len(met) == 1 and met[0].kind == "crash" and met[0].end is not None and \
                met[0].end - met[0].start < WAIT - 0.5:
            found.append(f"it was restarted once, lost its capability for {met[0].end - met[0].start:.1f} s, and its "
                         f"check failed, though a job waits {WAIT:.0f} s")

    def _check_paid(self, verdict, found):
        # A worker that was away for a moment may have lost nothing; while it is away it answers nothing.
        for span in [one for one in self.unwell if one.kind != "worker"] + self.away:
            late = self.price_age + 1 if span.kind == "price_high" else 0.5  # what was seen of a price is used for a while
            if Span(span.kind, span.start + late, None if span.end is None else span.end - 0.5).covers(
                    verdict.due_at - CLOCK, verdict.decided_at + CLOCK):
                found.append(f"{span.kind} from {span.start:.1f} to {span.end or 0:.1f}, and its check is ok")
        if verdict.job_at is None:
            found.append("its check is ok, and no job reached its worker")
        low, high = self.bounds(verdict)
        if not low <= verdict.uptime_ppm <= high:
            found.append(f"uptime: got {verdict.uptime_ppm} ppm, want {low} to {high}: the service was stopped "
                         f"{overlap(self.stopped, verdict.decided_at - verdict.window, verdict.decided_at):.1f} s of "
                         f"{verdict.window:.0f} s")

    def bounds(self, verdict):
        """The least and the most uptime that a worker can have reported in that time."""
        least, most = 1_000_000, 0
        first, last = (verdict.due_at, verdict.decided_at) if verdict.job_at is None else (verdict.job_at, verdict.job_at)
        at, last = first - CLOCK, last + CLOCK
        while True:
            for window in (verdict.window, verdict.window + 1):
                low, high = self._bounds_at(at, window)
                least, most = min(least, low), max(most, high)
            if at >= last:
                return least, most
            at = min(at + 0.2, last)

    def _bounds_at(self, at, window):
        start = at - window
        away = [Span("before", start - 1, self.began)] if self.began > start else []
        away += self.away
        up = window - overlap(self.stopped + away, start, at)
        edges = sum(start - SERVICE_EDGE <= edge <= at for span in self.stopped for edge in (span.start, span.end or 0))
        returns = sum(start - WORKER_START <= (span.end or at) and span.start <= at for span in away)
        slack = SERVICE_EDGE * edges + 0.5
        low = up - slack - (WORKER_START + WORKER_LOSS) * returns
        high = up + slack + WORKER_START * returns
        scale = 1_000_000 / window
        return max(0, int(low * scale)), min(1_000_000, int(high * scale) + 1)


class Payer:
    """The gateway and its account."""

    def __init__(self):
        self.faults = []  # of the gateway
        self.unfunded = []  # of its account

    def check_gap(self, start, end, charges, unwell):
        """What is wrong with time that nothing was decided about: each job that was held needs a fault of the payer's own.
        Its account is one for a job that may cost something: where a price was asked for, or none could be seen."""
        due = start
        while due < end - 1:
            unseen = any(span.meets(due - CLOCK, due + INTERVAL) for span in unwell)
            spans = self.faults + (self.unfunded if charges or unseen else [])
            if not any(span.meets(due - CLOCK, due + INTERVAL) for span in spans):
                return [f"held at {due:.1f}, and nothing was wrong with the gateway or its account"]
            due += INTERVAL
        return []


class Capability:
    """Whether one capability is lost for too long."""

    def __init__(self):
        self.lost_since = None
        self.reported = False
        self.longest = 0.0

    def look(self, at, offered, both_well):
        """True once for each loss that lasts too long."""
        if offered or not both_well:
            self.lost_since = None
            self.reported = False
            return False
        if self.lost_since is None:
            self.lost_since = at
        self.longest = max(self.longest, at - self.lost_since)
        if at - self.lost_since <= LOST or self.reported:
            return False
        self.reported = True
        return True
