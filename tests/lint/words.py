#!/usr/bin/env python3
"""Plain technical English in comments, messages and documents (docs/glossary.md, "How we write").

The subject of a sentence is the code element, not a person: a few words mark sentences that are written otherwise, and
metaphors that an engineer could not search for. `words.py [FILE...]` prints each as file:line: got, want; without files
it reads all that git tracks. A line that needs such a word carries one of ALLOWED.
"""

import pathlib
import re
import subprocess
import sys

PEOPLE = r"(?:people|persons?|operators?|authors?|users?|readers?|engineers?|administrators?|newcomers?|anyone|those|others?)"
RULES = [
    (re.compile(r"\b(?:whoever|whomever|nobody|somebody|someone|everybody|anybody)\b", re.I), "the thing's own name"),
    (re.compile(r"\bwhom?\b", re.I), "the thing's own name; `who` is for people"),
    (re.compile(r"\b(?:told|tells|tell)\b", re.I), "reported, returned, says"),
    (re.compile(r"\bstands?\b(?! for\b)", re.I), "is, lies, remains, applies"),
    (re.compile(r"\bfor want of\b", re.I), "because there is no"),
    (re.compile(r"\b(?:workshops?|shops?|doors?|houses?|coats?|pulse|strangers?)\b", re.I), "the field's term"),
    (re.compile(r"\brooms?\b", re.I), "layer, folder, module"),
]
PERSON_BEFORE = re.compile(PEOPLE + r"(?:\s+\w+){0,3},?\s+$", re.I)

# Lines where such a word is right: it is in a text that ledgers hold, in a name that users write, or no such word at all.
ALLOWED = [
    "removed while nobody watched",
    "nobody answers for it",
    '"stranger"',
    '\\"stranger\\"',
    "out.stranger",
    "--kill-who",
    "self.who",
    "nobody:",  # a user, a secret or an orchestrator of that name
    "{told}",
    "nobody.getsockname",
    "${secret:nobody}",
]

EXAMPLES = ("words.py", "selftest.py")  # files that hold such words as examples
# Not written here: inputs of the fuzz targets, what the web page is built into, what npm writes.
FOREIGN = ("tests/fuzz/corpus/", "plugins/dashboard/www/", "plugins/dashboard/web/package-lock.json")
CODE = {".c", ".h", ".cpp", ".hpp", ".sol", ".json"}
WEB = {".ts", ".tsx"}
SCRIPT = {".py", ".sh", ".cmake", ".yaml", ".yml", ".service", ""}
DOCUMENT = {".md", ".txt", ".html"}

TOKEN = re.compile(r'R"(\w*)\((?P<raw>.*?)\)\1"|"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'|'
                   r'/\*(?P<block>.*?)\*/|//(?P<line>[^\n]*)', re.DOTALL)
SCRIPT_TOKEN = re.compile(r'"""(?P<doc>.*?)"""|"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?P<other>(?:[^\'\\\n]|\\.)*)\'|'
                          r'(?:^|(?<=\s))#(?P<line>[^\n]*)', re.DOTALL)
# `between`: the text between tags and expressions. A text in backquotes may have expressions in it.
WEB_TOKEN = re.compile(r'"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?P<other>(?:[^\'\\\n]|\\.)*)\'|`(?P<template>(?:[^`\\]|\\.)*)`|'
                       r'/\*(?P<block>.*?)\*/|//(?P<line>[^\n]*)|(?<=[>}])(?P<between>[^<>{}"`=();]+)(?=[<{])', re.DOTALL)


def kind_of(path):
    """What decides how the file is read: its suffix, without the .in of a template; CMakeLists.txt is a script."""
    if path.name == "CMakeLists.txt":
        return ".cmake"
    return pathlib.Path(path.stem).suffix if path.suffix == ".in" else path.suffix


def prose_of(path, text):
    """(position, text) of each comment, string or document line."""
    kind = kind_of(path)
    if kind in DOCUMENT:
        fenced = re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S | re.M)
        yield 0, re.sub(r"`[^`\n]*`", lambda m: " " * len(m.group()), fenced)
        return
    token = TOKEN if kind in CODE else WEB_TOKEN if kind in WEB else SCRIPT_TOKEN
    for found in token.finditer(text):
        for name, value in found.groupdict().items():
            if value is not None:
                yield found.start(name), value


def check(path, text):
    lines = text.splitlines()
    for start, prose in prose_of(path, text):
        for rule, want in RULES:
            for found in rule.finditer(prose):
                word = found.group()
                if word.lower() in ("who", "whom") and PERSON_BEFORE.search(prose[:found.start()]):
                    continue
                number = text.count("\n", 0, start + found.start()) + 1
                line = lines[number - 1]
                if any(allowed in line for allowed in ALLOWED):
                    continue
                yield f'{path}:{number}: got "{word}", want {want}: {line.strip()[:120]}'


def tracked():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    return [pathlib.Path(name) for name in listed.stdout.splitlines()]


def main(arguments):
    problems = 0
    for path in [pathlib.Path(name) for name in arguments] or tracked():
        if kind_of(path) not in CODE | WEB | SCRIPT | DOCUMENT or path.name in EXAMPLES or path.is_symlink():
            continue
        if path.as_posix().startswith(FOREIGN):
            continue
        if path.name in ("LICENSE", ".gitignore", ".dockerignore", ".clang-format", ".clang-tidy"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for problem in check(path, text):
            print(problem)
            problems += 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
