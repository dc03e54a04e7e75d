#!/usr/bin/env python3
"""plugins/dashboard/www is byte by byte what `./dev web` makes of its sources; it is small, and asks no other host."""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from packages import PROJECT, WEB, WWW, staged

LARGEST = 150_000  # bytes of all files, compressed
VOCABULARY = re.compile(rb"http://www\.w3\.org/\d{4}/[\w/]+|http://www\.w3\.org/XML/1998/namespace")  # names of XML, which no browser asks for


def files_of(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def compare(want, have):
    problems = [f"{name}: not in plugins/dashboard/www" for name in want.keys() - have.keys()]
    problems += [f"{name}: in plugins/dashboard/www, and not made of the sources" for name in have.keys() - want.keys()]
    problems += [f"{name}: is other than what the sources give" for name in want.keys() & have.keys() if want[name] != have[name]]
    return problems


def look_at(files):
    problems = []
    size = sum(len(gzip.compress(data, mtime=0)) for data in files.values())
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes, {size} compressed")
    if size > LARGEST:
        problems.append(f"got {size} bytes compressed, want at most {LARGEST}")
    for name, data in files.items():
        if name == "licenses.txt":
            continue
        others = {one for one in re.findall(rb"https?://[^\s\"'`)\\]+", data) if not VOCABULARY.fullmatch(one)}
        problems += [f"{name}: names {other.decode()}" for other in sorted(others)]
    page = files["index.html"].decode()
    if re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page):
        problems.append("index.html: has inline code or an inline style, which the content security policy refuses")
    return problems


def lock_problems():
    lock = json.loads((WEB / "package-lock.json").read_text())
    wanted = json.loads((WEB / "package.json").read_text())
    problems = [f"package-lock.json: {name} has no integrity" for name, one in lock["packages"].items()
                if name and "integrity" not in one]
    problems += [f"package-lock.json: {name} names a registry" for name, one in lock["packages"].items() if "resolved" in one]
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            problems.append(f"package.json: {name}: got {version}, want one version")
    return problems


def main():
    with tempfile.TemporaryDirectory(prefix="stipend-web-") as scratch:
        web = staged(scratch)
        subprocess.run(["node", web / "node_modules/typescript/bin/tsc", "--project", web], check=True, timeout=120)
        made = pathlib.Path(scratch) / "www"
        subprocess.run(["node", web / "build.mjs", made], check=True, timeout=120)
        built = files_of(made)
    problems = compare(built, files_of(WWW)) + look_at(built) + lock_problems()
    for problem in problems:
        print(problem)
    if problems:
        print(f"type `./dev web` in {PROJECT}, and commit what it makes")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
