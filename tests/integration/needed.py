"""What a test needs and `./dev test` installs: without it the test is skipped, and where CI is set it fails.

    @needed.program(chain.ANVIL, "anvil")
    class Payouts(unittest.TestCase): ...

    if __name__ == "__main__":
        needed.main()
"""
import os
import sys
import unittest

SKIPPED = 77  # CTest shows a program that ends so as skipped


def in_ci():
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def missing(name):
    """Says why a test does not run; ends the program as failed where all tests have to run."""
    text = f"no {name}: ./dev test installs it"
    if in_ci():
        raise SystemExit(f"{text}, and where CI is set that is a failure")
    return text


def program(path, name):
    """A decorator of tests that need the file at `path`."""
    return unittest.skip(missing(name)) if not path.exists() else lambda test: test


def main():
    """unittest's, whose exit status says too that every test was skipped."""
    done = unittest.main(module="__main__", exit=False)
    if not done.result.wasSuccessful():
        sys.exit(1)
    count = done.test.countTestCases()
    sys.exit(SKIPPED if count and len(done.result.skipped) >= count else 0)
