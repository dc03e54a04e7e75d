"""The page on troubleshooting: each message is in the sources, each command and option exists.

    troubleshooting.py ROOT STIPEND
"""
import pathlib
import re
import subprocess
import sys

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
MESSAGE = re.compile(r"^> `(.+)`$", re.MULTILINE)
COMMAND = re.compile(r"`stipend ([a-z][^`]*)`")


def literals(root):
    """The text literals of the product, adjacent ones joined, in one text."""
    out = []
    for folder in ("host", "livepeer", "plugins", "sdk", "tools"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp"):
                joined = re.sub(r'"\s*\n\s*"', "", path.read_text())
                out += [match.group(1).replace('\\"', '"') for match in LITERAL.finditer(joined)]
    return "\n".join(out)


def missing(message, known):
    """The parts of a message that no source has."""
    parts = [part.strip() for part in message.split("...")]
    parts = [part for part in parts if len(part) > 3]
    if sum(map(len, parts)) < 16:
        return ["(too little to be found by)"]
    return [part for part in parts if part not in known]


def refusals(command, program):
    """What of a command the program does not know."""
    words = command.split()
    path = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        path.append(word)
    shown = subprocess.run([program, *path, "--help"], capture_output=True, text=True, timeout=60)
    if shown.returncode != 0:
        return [" ".join(path)]
    return [word for word in words if word.startswith("--") and word not in shown.stdout]


def main():
    root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    page = (root / "docs" / "troubleshooting.md").read_text()
    known = literals(root)
    messages, commands = MESSAGE.findall(page), COMMAND.findall(page)
    bad = [f"not in the sources: {part!r} of {message!r}" for message in messages for part in missing(message, known)]
    bad += [f"no such command: {what!r} of {command!r}" for command in sorted(set(commands))
            for what in refusals(command, program)]
    if len(messages) < 30 or len(commands) < 10:
        bad.append(f"found {len(messages)} messages and {len(commands)} commands: is the page read as it is written?")
    print("\n".join(bad) if bad else f"{len(messages)} messages, {len(set(commands))} commands")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
