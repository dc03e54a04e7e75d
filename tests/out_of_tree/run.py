#!/usr/bin/env python3
"""Installs the SDK, builds the plugins beside this file against what was installed and nothing else, and has the host's
own loader decide with them. Everything happens under a folder whose name has spaces."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPILERS = [("gcc", "g++"), ("clang", "clang++")]
CONFIG = '{"at_least": 95, "pay_usd": 7.50}'
# plugin, configuration, uptimes in ppm, what is decided
CASES = [
    ("threshold", CONFIG, ["950000", "949999"], ["pay 7.5 USD", "skip 0 USD"]),
    ("threshold_c", "{}", ["950000", "949999"], ["pay 1 USD", "skip 0 USD"]),
]


class Failed(Exception):
    pass


def run(command, **options):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, timeout=600, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(p) for p in command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(what, got, want):
    if got != want:
        raise Failed(f"{what}: got {got!r}, want {want!r}")


def configure(cmake, source, build, *arguments):
    """Configures with this machine's compiler cache, if it has one; finds no package of the tree's own build."""
    launcher = shutil.which("ccache")
    cached = [f"-DCMAKE_{lang}_COMPILER_LAUNCHER={launcher}" for lang in ("C", "CXX")] if launcher else []
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STIPEND")}
    return run([cmake, "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=RelWithDebInfo", *cached, *arguments],
               env=environment)


def install(args, work):
    """The prefix of an installation from the tree's build, and of one that was configured from sdk/ alone."""
    from_tree, alone = work / "from tree", work / "alone"
    run([args.cmake, "--install", args.build, "--component", "sdk", "--prefix", from_tree])
    configure(args.cmake, HERE.parents[1] / "sdk", work / "sdk build", f"-DCMAKE_INSTALL_PREFIX={alone}")
    run([args.cmake, "--install", work / "sdk build"])

    def listing(prefix):
        return sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file())

    expect("files of the two installations", listing(alone), listing(from_tree))
    for path in from_tree.rglob("*.cmake"):
        for part in (HERE.parents[1], args.build):
            if str(part) in path.read_text(encoding="utf-8"):
                raise Failed(f"{path.name}: got the path {part} in it, want a package that can be moved")
    return from_tree


def build_plugin(args, prefix, name, compilers, build):
    c, cxx = compilers
    source = build.parent / name
    shutil.copytree(HERE / name, source, dirs_exist_ok=True)
    language = f"-DCMAKE_C_COMPILER={c}" if name == "threshold_c" else f"-DCMAKE_CXX_COMPILER={cxx}"
    configure(args.cmake, source, build, language, f"-DCMAKE_PREFIX_PATH={prefix}",
              "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    run([args.cmake, "--build", build])
    return build / f"{name}.so"


def check_plugin(args, library, case):
    name, config, uptimes, want = case
    symbols = [line.split()[-1] for line in run(["nm", "-D", "--defined-only", library]).splitlines()]
    expect(f"symbols of {library.name}", symbols, ["stipend_entry_v1"])
    said = run([args.decide, args.probe, library, config, *uptimes]).splitlines()
    expect(f"decisions of {name}", said, want)


def check_versions(args, prefix, work):
    """The package takes a request for its own minor version, and refuses its neighbours."""
    for version, fits in (("0.1", True), ("0.1.0", True), ("0.0", False), ("0.2", False), ("1.0", False)):
        source = work / f"asks for {version}"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(
            f"cmake_minimum_required(VERSION 3.25)\nproject(asks NONE)\nfind_package(stipend-sdk {version} QUIET)\n"
            'if(stipend-sdk_FOUND)\n  message("found")\nendif()\n', encoding="utf-8")
        done = subprocess.run([args.cmake, "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={prefix}"],
                              text=True, capture_output=True, timeout=60)
        expect(f"find_package(stipend-sdk {version})", "found" in done.stderr, fits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the tree's build folder")
    parser.add_argument("--decide", type=pathlib.Path, required=True)
    parser.add_argument("--probe", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stipend out of tree ") as folder:
        work = pathlib.Path(folder)
        try:
            prefix = install(args, work)
            check_versions(args, prefix, work)
            for compilers in COMPILERS:
                if shutil.which(compilers[1]) is None:
                    continue
                for case in CASES:
                    library = build_plugin(args, prefix, case[0], compilers, work / f"{case[0]} with {compilers[0]}")
                    check_plugin(args, library, case)
                    print(f"{case[0]}: built by {compilers[0]}, loaded, decided")
        except Failed as failed:
            print(failed, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
