"""What a host prints for Prometheus, read as Prometheus' own tools do."""
import pathlib
import re
import subprocess
import urllib.request

PROJECT = pathlib.Path(__file__).resolve().parents[3]
SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)$')
PAYOUTS = re.compile(r"stipend_(?:payouts|payer)_")  # only with `settlement: ethereum`
LABEL = re.compile(r'([a-z_0-9]+)="((?:[^"\\]|\\.)*)"')


class Page:
    """One answer: the families with their types, and the samples by name and labels."""

    def __init__(self, text):
        self.text = text
        self.types = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
        self.samples = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            key = (name, frozenset(LABEL.findall(labels or "")))
            assert key not in self.samples, f"twice: {line}"
            self.samples[key] = float(value)

    def value(self, name, /, **labels):
        return self.samples.get((name, frozenset(labels.items())))

    def all(self, name, /, **labels):
        """Its samples that have at least these labels: the labels of each, and its value."""
        return [(dict(found), value) for (one, found), value in self.samples.items()
                if one == name and labels.items() <= dict(found).items()]


def read(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers
        return Page(answer.read().decode())


def check(page):
    """What promtool says against the text; empty where nothing."""
    done = subprocess.run(["promtool", "check", "metrics"], input=page.text, text=True, capture_output=True, timeout=60)
    return done.stdout + done.stderr if done.returncode != 0 else ""


def documented():
    """The metrics that docs/metrics.md lists, with their types."""
    rows = re.findall(r"^\| `(stipend_\w+)` \| (\w+) \|", (PROJECT / "docs" / "metrics.md").read_text(), re.M)
    assert len(rows) == len(dict(rows)), "a metric is listed twice"
    return dict(rows)
