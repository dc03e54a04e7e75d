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


def runtime(instruction, stage=-1):
    """The texts of one instruction in a stage: the last one is the host's, the one before it the signer's."""
    return [text for name, text in stages()[stage] if name == instruction]


def words(text):
    """The words of an instruction in its exec form."""
    return json.loads(text[text.index("["):])
