#!/usr/bin/env python3
"""Long tests of the whole host against the devnet.

kill     the host is killed with SIGKILL at random moments (200 times), and must go on as if nothing had happened
reload   another tier table or another build of the policy is taken over under a running cycle (1,000 times)
replace  the policy's file is replaced among eight builds, in every way in which a file can be (10,000 times)
gateway  the gateway is gone for ten intervals: nothing is paid or punished, and all resumes by itself
swap     the dispatcher of 200 orchestrators is swapped under load, from the gateway to live runners and back (10 times)
network  managers, workers and orchestrators of both eras with random faults for ten minutes (--minutes or --intervals)
clients  the public Python client, which is installed for it: jobs of BYOC, and live runners, free and paid (not in "all")

`./dev soak mutants` is mutants.py.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys


def clients():
    """The tests of the public client, with its environment."""
    tests = pathlib.Path(__file__).resolve().parents[1] / "clients"
    sys.path.append(str(tests))
    from environment import Environment
    Environment(os.environ["STIPEND_BUILD"]).make()
    done = [subprocess.run([sys.executable, "-B", tests / f"test_{name}.py"], timeout=900, check=False).returncode
            for name in ("gateway_jobs", "gateway_runner")]
    return not any(done)


def main():
    parser = argparse.ArgumentParser(prog="soak", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="the folder that holds bin/stipend")
    parser.add_argument("scenario", nargs="?", default="all", choices=("kill", "reload", "replace", "gateway", "swap", "network", "clients", "all"))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31), help="of all chances")
    parser.add_argument("--count", type=int, help="how often; of intervals for gateway")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="of network")
    length.add_argument("--intervals", type=int, help="of network: over all orchestrators, instead of minutes")
    parser.add_argument("--client", action="store_true",
                        help="of network: also send jobs by the public Python client, which is installed for it")
    parser.add_argument("--keep", action="store_true", help="keep the state folder of a run that found nothing")
    options = parser.parse_args()
    os.environ["STIPEND_BUILD"] = str(pathlib.Path(options.build).resolve())

    from kill import Kill
    from gateway import Gateway
    from net import Whole, minutes_of
    from reload import Reload
    from replace import Replace
    from swap import Swap
    scenarios = {"kill": (Kill, 200), "reload": (Reload, 1000), "replace": (Replace, 10000), "gateway": (Gateway, 10), "swap": (Swap, 10)}
    chosen = [*scenarios, "network"] if options.scenario == "all" else [options.scenario]
    good = True
    for name in chosen:
        if name == "clients":
            good = clients() and good
            continue
        if name == "network":
            good = Whole(options, minutes_of(options)).execute() and good
            continue
        scenario, count = scenarios[name]
        good = scenario(options, options.count or count).execute() and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
