"""What a Dockerfile says: its stages, and the last one's instructions."""
import json
import pathlib
import re

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def stages():
    """Each stage as a list of (instruction, its text on one line)."""
    text = (PROJECT / "packaging/Dockerfile").read_text()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    out = []
    for line in filter(str.strip, text.splitlines()):
        instruction, rest = line.split(None, 1)
        if instruction == "FROM":
            out.append([])
        out[-1].append((instruction, " ".join(rest.split())))
    return out


def runtime(instruction):
    """The texts of one instruction in the last stage."""
    return [text for name, text in stages()[-1] if name == instruction]


def words(text):
    """The words of an instruction in its exec form."""
    return json.loads(text[text.index("["):])
