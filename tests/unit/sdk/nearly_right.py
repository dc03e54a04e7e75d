"""Each class of nearly_right.cpp is refused by the compiler with what is wanted; the good one compiles.

    nearly_right.py CXX ROOT
"""
import concurrent.futures
import pathlib
import subprocess
import sys

WANTED = {
    "Good": None,
    "DecideIsNotConst": "decide: want void or stipend::Result<void> decide(const stipend_sample&, stipend_decision&) const",
    "DecideIsMissing": "decide is missing: a policy has decide, bounds, revision and memory_version",
    "BoundsReturnsAnInteger": "bounds: want stipend::Result<stipend::Bounds> bounds(const stipend_terms&) const",
    "SubmitTakesAValue": "submit: want stipend::Result<void> submit(const stipend_job&,",
    "InspectAlone": "submit is missing: a dispatcher has submit, and may have inspect",
    "WatchTakesOne": "watch: want stipend::Result<void> watch(std::span<const stipend_target>, stipend::Observer,",
    "FetchWithoutDeadline": "fetch: want stipend::Result<void> fetch(",
    "DeliverTakesOne": "deliver: want stipend::Result<void> deliver(const stipend::AlertMessage&,",
    "StartReturnsNothing": "start: want stipend::Result<void> start()",
    "QuiesceMisspelt": "a misspelt name: want quiesce",
    "CancelTakesText": "cancel: want void cancel(stipend_op)",
}


def compiled(cxx, root, name):
    source = pathlib.Path(__file__).with_name("nearly_right.cpp")
    return subprocess.run([*cxx, "-std=c++20", "-fsyntax-only", f"-I{root}/sdk/include", f"-DSTIPEND_TEST_CLASS={name}",
                           source], capture_output=True, text=True, timeout=300)


def main():
    cxx, root = sys.argv[1].split(";"), pathlib.Path(sys.argv[2])
    bad = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, done in zip(WANTED, pool.map(lambda name: compiled(cxx, root, name), WANTED)):
            want = WANTED[name]
            # A compiler may quote the text over several lines, and escape it.
            if want is None and done.returncode != 0:
                bad.append(f"{name}: does not compile: {done.stderr[:2000]}")
            elif want is not None and (done.returncode == 0 or want not in done.stderr):
                bad.append(f"{name}: want an error with {want!r}, got {done.stderr[:2000] or 'none'}")
    print("\n".join(bad) if bad else f"{len(WANTED)} classes")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
