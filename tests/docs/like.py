"""Compares what a command printed with a document's sample of it. Figures differ from run to run; words, lines, their
order and the number of columns do not.

Masked on both sides: times, durations (`now` is one), hashes and keys, numbers, and the folders of plugins. Not masked:
addresses with their ports, statuses of HTTP, and digits within a name, as in empty_200. Runs of blanks count as one, since
a column is as wide as its figures; empty lines at both ends do not count. A line of `...` in the sample is any number of
lines, also none; within a line `...` is the rest of a hash that is cut.
"""
import re

KEPT = r"\d+\.\d+\.\d+\.\d+(?::\d+)?|\bstatus \d{3}\b"
MASKED = (  # the first that matches counts
    ("TIME", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\b\d\d:\d\d:\d\dZ"),
    ("HEX", r"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{8}\.\.\.|\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{32,}\b"),
    ("DURATION", r"(?<![\w.])(?:\d+(?:\.\d+)?(?:ms|us|ns|s|m|h|d))+\b|(?<!\S)now(?!\S)"),
    ("NUMBER", r"(?<![\w.])\d+(?:\.\d+)*"),
    ("FOLDER/", r"(?<!\S)/\S*/(?=[\w.-]+\.so\b)"),  # where this machine has its plugins
    ("#", r"#+"),  # a strip has as many marks as there were checks
)
TOKEN = re.compile("|".join([f"(?P<kept>{KEPT})", *(f"(?P<m{at}>{one})" for at, (_, one) in enumerate(MASKED))]))


def masked(line):
    def replaced(found):
        return found.group() if found.lastgroup == "kept" else MASKED[int(found.lastgroup[1:])][0]
    return re.sub(r"\s+", " ", TOKEN.sub(replaced, line.rstrip()))


def matches(got, want):
    """Whether the masked lines are those of the sample, `...` being any."""
    reached = {0}  # how many lines of `got` may be used up
    for line in want:
        if line == "...":
            reached = set(range(min(reached), len(got) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(got) and got[at] == line}
    return len(got) in reached


def difference(printed, sample):
    """What is not alike, in words; nothing where all is."""
    got, want = [[masked(line) for line in text.splitlines()] for text in (printed.strip("\n"), sample.strip("\n"))]
    if matches(got, want):
        return ""
    number = next((at for at, line in enumerate(want) if line == "..." or got[at:at + 1] != [line]), len(want))
    line_of = lambda lines: repr(lines[number]) if number < len(lines) else "no more lines"  # noqa: E731
    return f"line {number + 1}: got {line_of(got)}, want {line_of(want)}"
