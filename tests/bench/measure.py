"""Pairs, medians and goals; and the programs that measure."""
import dataclasses
import operator
import os
import statistics
import subprocess

GOALS = {">=": operator.ge, "<=": operator.le}


@dataclasses.dataclass
class Figure:
    """One line of the report: the median over the pairs, its quartiles, and what was wished for."""
    name: str
    samples: list
    goal: tuple = None  # (">=", 0.95); none: only reported
    unit: str = "x"
    note: str = ""      # absolute values, for orientation: they belong to the machine

    def quartiles(self):
        if len(self.samples) < 2:
            return self.samples[0], self.samples[0], self.samples[0]
        low, middle, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, middle, high

    def verdict(self):
        return "met" if GOALS[self.goal[0]](self.quartiles()[1], self.goal[1]) else "missed"

    def as_json(self):
        low, middle, high = self.quartiles()
        out = {"name": self.name, "median": middle, "quartiles": [low, high], "pairs": len(self.samples),
               "unit": self.unit, "note": self.note}
        if self.goal is not None:
            out["goal"] = {"is": self.goal[0], "value": self.goal[1], "verdict": self.verdict()}
        return out


def alternate(pairs, *measures):
    """Does all `measures`, `pairs` times; the first one changes from round to round. One list of results for each."""
    results = [[] for _ in measures]
    for number in range(pairs):
        order = range(len(measures)) if number % 2 == 0 else range(len(measures) - 1, -1, -1)
        for at in order:
            results[at].append(measures[at]())
    return results


def divide(above, below):
    return [a / b for a, b in zip(above, below, strict=True)]


def grouped(value):
    """12345.6 -> "12,346"; small values keep three digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


class Instrument:
    """A measuring program (instrument.hpp): asked by a line, it does a measurement once."""

    def __init__(self, *command):
        self.command = [str(part) for part in command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=60)

    def ask(self, name, count):
        """(operations done, nanoseconds, check)"""
        self.process.stdin.write(f"{name} {count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            raise RuntimeError(f"{os.path.basename(self.command[0])}: {name}: ended without an answer")
        return tuple(int(part) for part in answer)

    def rate(self, name, count):
        """A function that measures operations a second."""
        def measure():
            done, took_ns, _ = self.ask(name, count)
            return done * 1e9 / took_ns
        return measure


@dataclasses.dataclass
class Spent:
    cpu_s: float
    peak_bytes: int


def spend(command, environment=None):
    """Runs a program to its end: CPU time and peak memory, as the system counted them."""
    process = subprocess.Popen([str(part) for part in command], env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command[:3]))}: exit status {process.returncode}")
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
