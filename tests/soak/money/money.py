#!/usr/bin/env python3
"""Payouts under faults: the payer is killed at each point by name while the network loses, delays and doubles, the chain is
reorganized, transactions are dropped, fees rise and payees reject; then ledger and chain have to agree to the wei.

With `--wrong`, wrong orders of steps are put in instead, each of which has to be found.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

ENOUGH_FOR_BATCHES = 300  # payouts


def next_point(scene, points, chance):
    """The one that was met least often."""
    least = min(scene.killed[one.name] for one in points)
    return chance.choice([one for one in points if scene.killed[one.name] == least])


def run(build, options):
    from audit import HOW
    from payer import copy_of
    from points import POINTS
    from scene import Scene

    begun = time.monotonic()
    scene = Scene(build, options.seed, geth=options.geth if options.node == "geth" else None)
    chance = random.Random(options.seed)
    found, keep, lives = {}, True, 0
    print(f"money: seed {options.seed}", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="soak-money-copy.") as old:
            scene.miner.wild = True
            shown = 0
            while lives != options.lives and not enough(scene, options, begun):
                lives += 1
                scene.live(next_point(scene, POINTS, chance))
                if scene.books.paid() and not os.listdir(old):
                    copy_of(scene.folder, pathlib.Path(old))
                if time.monotonic() - shown > 10:
                    shown = time.monotonic()
                    print(f"  {shown - begun:6.0f} s  {lives} lives  {scene.books.paid()} payouts  least killed "
                          f"{min(scene.killed[one.name] for one in POINTS)}", flush=True)
            unsettled = scene.settle()
            found = scene.audit()
            scene.paid, scene.batches = scene.books.paid(), scene.books.batches()
            if unsettled:
                found["I15"].insert(0, unsettled)
            if scene.paid >= ENOUGH_FOR_BATCHES and not scene.geth and not all(scene.batches):
                found["batches"].append("none was executed, or no payee has rejected within one")
            if os.listdir(old) and (fault := scene.old_backup(pathlib.Path(old))):
                found["restored backup"].append(fault)
        keep = bool(found)
    finally:
        scene.close(keep)
    report(scene, found, HOW, lives, time.monotonic() - begun)
    return not found


def run_several(build, options):
    """Each has its part of the kills and payouts, and its own seed."""
    share = [sys.executable, "-B", __file__, str(build), "--jobs", "1", "--kills", str(-(-options.kills // options.jobs)),
             "--payouts", str(-(-options.payouts // options.jobs)), "--node", options.node]
    if options.geth:
        share += ["--geth", str(options.geth)]
    if options.minutes:
        share += ["--minutes", str(options.minutes)]
    if options.lives:
        share += ["--lives", str(options.lives)]
    jobs = [subprocess.Popen([*share, "--seed", str(options.seed + at)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True) for at in range(options.jobs)]
    readers = [threading.Thread(target=show, args=(job.stdout, options.seed + at)) for at, job in enumerate(jobs)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return not any([job.wait() for job in jobs])


def show(lines, seed):
    for line in lines:
        print(f"[{seed}] {line}", end="", flush=True)


def enough(scene, options, begun):
    from points import POINTS
    if options.minutes and time.monotonic() - begun > options.minutes * 60:
        return True
    return (scene.books.file.exists() and scene.books.paid() >= options.payouts
            and min(scene.killed[one.name] for one in POINTS) >= options.kills)


def report(scene, found, how, lives, seconds):
    from points import POINTS
    print(f"money: {'FAILED' if found else 'ok'}, {lives} lives, {scene.paid} payouts, {seconds:.0f} s")
    print("  killed: " + ", ".join(f"{one.name} {scene.killed[one.name]}" for one in POINTS)
          + f", any moment {scene.killed['any moment']}")
    print(f"  batches: {scene.batches[0]} executed, {scene.batches[1]} payouts paid by them, {scene.batches[2]} not taken")
    for name, counts in (("network", scene.proxy.fates.counts), ("chain", scene.miner.counts), ("besides", scene.faults)):
        print(f"  {name}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    for name, what in how.items():
        good = "-" if what.startswith("not of this run") else "ok"
        print(f"  {name:4} {'FAILED' if name in found else good:6}  {what}")
    for name, texts in found.items():
        for text in texts[:5]:
            print(f"VIOLATION: {name}: {text}")
    if found:
        print(f"  ledger and logs are left in {scene.folder}")


def main():
    parser = argparse.ArgumentParser(prog="soak money", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="the folder that holds tests/soak-payer")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31), help="of all chances")
    parser.add_argument("--minutes", type=float, help="ends after this time, whatever was reached")
    parser.add_argument("--jobs", type=int, default=3, help="so many payers at once, each on a chain of its own")
    parser.add_argument("--lives", type=int, help="ends after so many, whatever was reached")
    parser.add_argument("--kills", type=int, default=20, help="at each point, at least")
    parser.add_argument("--payouts", type=int, default=2000, help="at least")
    parser.add_argument("--manager", action="store_true", help="the manager pays instead; 10 minutes, if nothing else is said")
    parser.add_argument("--wrong", action="store_true", help="wrong orders of steps instead, each of which has to be found")
    parser.add_argument("--node", choices=("anvil", "geth"), default="anvil", help="the chain that the payer pays on")
    parser.add_argument("--geth", help="the program; else that of the PATH, or one that is built from its Go module")
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    os.environ["STIPEND_BUILD"] = str(build)
    import rig_path  # noqa: F401
    import rig
    import needed
    if not rig.ANVIL.exists():
        print("skipped: " + needed.missing("anvil"))
        return needed.SKIPPED
    if options.node == "geth":
        if options.wrong or options.manager:
            parser.error("--node geth: neither with --wrong nor with --manager, which need what only anvil does")
        import geth
        options.geth = geth.program(options.geth, build)
    if options.wrong:
        import wrong
        return 0 if wrong.run(build, options.seed) else 1
    if options.manager:
        import manager
        return 0 if manager.run(options) else 1
    if options.jobs > 1:
        return 0 if run_several(build, options) else 1
    return 0 if run(build, options) else 1


if __name__ == "__main__":
    sys.exit(main())
