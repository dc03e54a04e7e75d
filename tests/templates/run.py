#!/usr/bin/env python3
"""A project of each template, made as an author makes it: `stipend plugins new`, against an SDK that is installed elsewhere.
Each is built with all warnings, runs its own tests, is tried by `plugins inspect` without a warning, breaks no rule of
`plugins test`, refuses a wrong configuration at its line, and decides on the devnet by its own script. All policies must
decide alike. One that needs a process of its own is refused by the host by name, and decides in a small program. What a
generation leaves is printed.

    run.py --build FOLDER --cmake CMAKE LANGUAGE [KIND]    77: the language's compiler is not there

With `--keep FOLDER` what was built is written there, stripped and compressed, for tests/abi/kept.
"""

import argparse
import fractions
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = "night-rate"
# Of the devnet's scenario `demo`: uptime in percent, as each of the first orchestrators reports it. At 10 USD for all of a
# period, from 50 % on.
PAID = ["10", "9.75", "9.5", "8.5", "7", "5", "0", "0"]
COMPILERS = {"c++": "c++", "c": "cc", "rust": "cargo", "go": "go"}


class Failed(Exception):
    pass


def run(command, work, status=0, **options):
    done = subprocess.run([str(part) for part in command], cwd=work, text=True, capture_output=True, timeout=300, **options)
    if done.returncode != status:
        raise Failed(f"{' '.join(str(p) for p in command)}: got exit status {done.returncode}, want {status}\n"
                     f"{done.stdout}{done.stderr}")
    return done


def expect(what, got, want):
    if got != want:
        raise Failed(f"{what}: got {got!r}, want {want!r}")


def install(args, prefix):
    """The SDK, and the host's program beside it: a project finds both where a package puts them."""
    run([args.cmake, "--install", args.build, "--component", "sdk", "--prefix", prefix], ROOT)
    (prefix / "bin").mkdir()
    for program in ("stipend", "stipend-plugin", "stipend-probe", "stipend-devnet"):
        shutil.copy2(args.build / "bin" / program, prefix / "bin" / program)
    for kind in ("lib/stipend/plugins", "share/stipend/scenarios"):
        (prefix / kind).parent.mkdir(parents=True, exist_ok=True)
        (prefix / kind).symlink_to(args.build / kind)


def build_with_cmake(args, project, environment):
    run([args.cmake, "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON"],
        project, env=environment)
    run([args.cmake, "--build", "build"], project, env=environment)
    run(["ctest", "--test-dir", "build", "--output-on-failure", "--no-tests=error"], project, env=environment)


def build_with_cargo(args, project, environment):
    run(["./build.sh"], project, env=environment | {"RUSTFLAGS": "-D warnings"})
    done = run(["cargo", "test", "--offline", "--target-dir", "build/cargo"], project, env=environment)
    if "test result: ok. 3 passed" not in done.stdout:
        raise Failed(f"cargo test: got\n{done.stdout}, want 3 tests")


def build_with_go(args, project, environment):
    run(["./build.sh"], project, env=environment)
    done = run(["go", "test", "-v", "."], project, env=environment)
    if done.stdout.count("--- PASS: ") != 3:
        raise Failed(f"go test: got\n{done.stdout}, want 3 tests")


BUILD = {"c++": build_with_cmake, "c": build_with_cmake, "rust": build_with_cargo, "go": build_with_go}


def check_refusals(args, work, environment):
    """What `plugins new` refuses, and that it leaves alone what is there."""
    new = ["stipend", "plugins", "new"]
    for words, status, said in (
            (["Night"], 2, 'NAME: got "Night", want lower case letters'),
            (["a--b"], 2, 'NAME: got "a--b", want'),
            (["../x"], 2, 'NAME: got "../x", want'),
            (["a\x1b[2J"], 2, 'NAME: got "a<U+001B>[2J", want'),
            (["x", "--lang", "cobol"], 2, "template: got policy in cobol, want one of policy in c++, price in c++"),
            (["x", "--kind", "../c/policy"], 2, "template: got ../c/policy in c++, want one of"),
            (["x", "--folder", NAME], 1, f"folder: {NAME}: got something there already")):
        done = run([*new, *words], work, status=status, env=environment)
        if said not in done.stderr:
            raise Failed(f"plugins new {words}: got {done.stderr!r}, want {said!r}")
    expect("folders after refusals", sorted(path.name for path in work.iterdir()), [NAME, "prefix"])
    moved = work / "prefix/share/stipend/templates.away"
    (work / "prefix/share/stipend/templates").rename(moved)
    done = run([*new, "x"], work, status=1, env=environment)
    moved.rename(work / "prefix/share/stipend/templates")
    if "want it there: it comes with the package stipend-sdk" not in done.stderr:
        raise Failed(f"plugins new without templates: got {done.stderr!r}")


def check_project(project):
    for path in project.rglob("*"):
        if path.is_file() and "@" in path.read_text(encoding="utf-8").replace('"$@"', ""):
            raise Failed(f"{path.name}: got an '@' in it, want each place of the template filled")
    names = sorted(path.name for path in project.iterdir())
    for name in ("LICENSE", "README.md", "config.yaml", "devnet.sh"):
        if name not in names:
            raise Failed(f"project: got {names}, want {name}")


def check_symbols(project):
    said = run(["nm", "-D", "--defined-only", project / f"build/{NAME}.so"], project).stdout
    expect("symbols", [line.split()[-1] for line in said.splitlines()], ["stipend_entry_v1"])


def check_library(project, environment, kind):
    check_symbols(project)
    library = project / f"build/{NAME}.so"
    described = json.loads(run(["stipend", "plugins", "inspect", library, "--json"], project, env=environment).stdout)
    expect("warnings", described["warnings"], [])
    expect("id", described["plugins"][0]["id"], f"org.example.{NAME}")
    expect("kinds", described["plugins"][0]["kinds"], [f"stipend.{kind}/1"])
    run(["stipend", "plugins", "test", library], project, env=environment)  # no rule is broken


def check_configuration(project, environment):
    # What the schema lets pass and the plugin refuses is reported at its line.
    config = (project / "config.yaml").read_text(encoding="utf-8")
    (project / "wrong.yaml").write_text(config.replace("at_least: 50", "at_least: 50.00001"), encoding="utf-8")
    done = run(["stipend", "check", "-c", "wrong.yaml"], project, status=1, env=environment)
    if not done.stderr.startswith("wrong.yaml:9:17: payment.policy.config.at_least: ") or "50.00001" not in done.stderr:
        raise Failed(f"check: got {done.stderr!r}, want at_least refused at its line")


def decide_on_devnet(project, environment):
    """The decisions of one cycle on the devnet, by the project's own script, about the orchestrators without a fault: the
    first of the scenario, from 127.0.1.1 on. A job of another may end as unknown, which is held."""
    done = run(["./devnet.sh", "--once"], project, env=environment)
    if "warning: " in done.stderr:  # of `stipend check`, about a plugin
        raise Failed(f"devnet.sh: got\n{done.stderr}\nwant no warning about the plugin")
    decided = {one["orchestrator"]: one for one in map(json.loads, done.stdout.splitlines())}
    steady = [f"127.0.1.{number + 1}:9995" for number in range(len(PAID))]
    expect("decisions", [name for name in steady if name in decided], steady)
    return [decided[name] for name in steady]


def check_price_on_devnet(project, environment):
    """What is owed is converted at the rate that the project's own server answers with."""
    paid = [one for one in decide_on_devnet(project, environment) if one["action"] == "pay"]
    if len(paid) < 3:
        raise Failed(f"pay: got {len(paid)} orchestrators, want some")
    for one in paid:
        want = fractions.Fraction(one["amount_usd"]) * 10**18 // fractions.Fraction("2500.25")
        expect(f"wei of {one['amount_usd']} USD", int(one["amount_wei"]), want)


def check_policy_on_devnet(project, environment):
    """Each orchestrator is paid as its uptime says."""
    decided = decide_on_devnet(project, environment)
    expect("pay by uptime", [one["amount_usd"] for one in decided], PAID)
    expect("actions", [one["action"] for one in decided], ["pay"] * 6 + ["skip"] * 2)
    expect("tiers", [one["tier"] for one in decided], ["reached"] * 6 + ["below"] * 2)


def check_generations(args, project, prefix, environment):
    """The decisions of a library that a host does not load, and what each generation of it leaves in a process."""
    driver = project / "build/generations"
    run(["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", f"-I{prefix / 'include'}",
         HERE / "generations.c", "-o", driver, "-ldl"], project)
    library = project / f"build/{NAME}.so"
    copies = [project / f"build/generation-{k}.so" for k in range(4)]
    for copy in copies:
        shutil.copy2(library, copy)
    lines = run([driver, '{"at_least": 50}', "975000", *copies], project, env=environment).stdout.splitlines()
    before, *after = map(json.loads, lines)
    expect("amounts", [one["amount_usd_e8"] for one in after], [975_000_000] * len(copies))
    cost = {key: (after[-1][key] - before[key]) // len(copies) for key in ("threads", "size_kib", "resident_kib")}
    print(f"{args.language}: a generation leaves {cost['threads']} threads, {cost['size_kib'] >> 10} MiB of address space and "
          f"{cost['resident_kib']} KiB of memory in the process")
    done = run([driver, '{"at_least": 101}', "0", library], project, status=1, env=environment)
    want = "0 .. 100" if args.language == "c++" else "a number in 0 .. 100 with at most 4 decimals"
    expect("refusal", done.stderr.strip(), f"check_config: status -2: /at_least got 101, want {want}")
    return after[0]["flags"]


def check_panic(args, project, environment):
    """A panic in a call of the host, here by a pointer to nothing, is an error of that call."""
    source = project / "main.go"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("decision.UptimePpm = sample.ReportedPpm",
                                   "var none *plugin.Sample\n\tdecision.UptimePpm = none.ReportedPpm"), encoding="utf-8")
    run(["./build.sh"], project, env=environment)
    done = run([project / "build/generations", '{"at_least": 50}', "1", project / f"build/{NAME}.so"], project, status=1)
    expect("panic", done.stderr.strip(), "decide: status -9:  the plugin panicked: runtime error: invalid memory address or nil "
                                         "pointer dereference")


def check_refused_by_host(project, environment):
    """What needs a process of its own is refused by name, before its runtime starts in a host."""
    said = f"needs a process of its own: ./build/{NAME}.so: org.example.{NAME}: got the flag NEEDS_PROCESS, want none"
    for command in (["plugins", "inspect", f"./build/{NAME}.so"], ["check", "-c", "config.yaml"]):
        done = run(["stipend", *command], project, status=1, env=environment)
        if said not in done.stderr.replace(str(project), "."):
            raise Failed(f"{command}: got {done.stderr!r}, want {said!r}")


def try_language(args, work):
    prefix = work / "prefix"
    install(args, prefix)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STIPEND")}
    environment |= {"PATH": f"{prefix / 'bin'}:{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix)}
    if launcher := shutil.which("ccache"):
        environment |= {"CMAKE_C_COMPILER_LAUNCHER": launcher, "CMAKE_CXX_COMPILER_LAUNCHER": launcher}
    run(["stipend", "plugins", "new", "--kind", args.kind, "--lang", args.language, NAME], work, env=environment)
    project = work / NAME
    check_project(project)
    if args.language == "c":
        check_refusals(args, work, environment)
    BUILD[args.language](args, project, environment)
    if args.kind == "price":
        check_library(project, environment, args.kind)
        check_price_on_devnet(project, environment)
        return "quoted on the devnet"
    needs_process = check_generations(args, project, prefix, environment) == 1
    expect("NEEDS_PROCESS", needs_process, args.language == "go")
    if needs_process:
        check_symbols(project)
        check_refused_by_host(project, environment)
        check_panic(args, project, environment)
        return "refused by name"
    check_library(project, environment, args.kind)
    check_configuration(project, environment)
    check_policy_on_devnet(project, environment)
    return "decided on the devnet"


def keep(library, file):
    """A library as test data: without what a debugger wants, and small."""
    stripped = library.with_suffix(".stripped")
    run(["strip", "--strip-all", "-o", stripped, library], library.parent)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(lzma.compress(stripped.read_bytes(), preset=9))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the tree's build folder")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder that takes the library as test data")
    parser.add_argument("language", choices=list(BUILD))
    parser.add_argument("kind", nargs="?", choices=["policy", "price"], default="policy")
    args = parser.parse_args()
    if shutil.which(COMPILERS[args.language]) is None:
        print(f"no {COMPILERS[args.language]} in the path")
        return 77
    with tempfile.TemporaryDirectory(prefix="stipend templates ") as folder:
        try:
            end = try_language(args, pathlib.Path(folder))
            if args.keep is not None:
                keep(pathlib.Path(folder) / NAME / f"build/{NAME}.so",
                     args.keep / f"{args.kind}-{args.language.replace('+', 'p')}.so.xz")
        except Failed as failed:
            print(failed, file=sys.stderr)
            return 1
    print(f"{args.language}: made, built, tested, {end}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
