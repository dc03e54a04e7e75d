"""A test whose chain or compiler is not there is shown as skipped, and fails where CI is set."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = """\
import pathlib, sys, unittest
sys.path.insert(0, sys.argv.pop(1))
import needed
@needed.program(pathlib.Path(sys.argv.pop(1)), "anvil")
class Needs(unittest.TestCase):
    def test_a(self): self.assertTrue(GOOD)
    def test_b(self): pass
MORE
needed.main()
"""
ANOTHER = "class Another(unittest.TestCase):\n    def test_c(self): pass"


class Needed(unittest.TestCase):
    def run_one(self, ci, path, good=True, more=""):
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(PROGRAM.replace("GOOD", str(good)).replace("MORE", more))
            file.flush()
            done = subprocess.run([sys.executable, "-B", file.name, pathlib.Path(__file__).parent, path], capture_output=True,
                                  text=True, timeout=60, check=False, env=os.environ | {"CI": ci})
            return done.returncode, done.stderr

    def test_what_is_missing_is_skipped_and_in_ci_a_failure(self):
        code, text = self.run_one("", "/none")
        self.assertEqual(code, 77, text)
        for ci in ("true", "1"):
            code, text = self.run_one(ci, "/none")
            self.assertEqual(code, 1, text)
            self.assertIn("no anvil: ./dev test installs it", text)
        self.assertEqual(self.run_one("false", "/none")[0], 77)

    def test_a_part_that_ran_counts(self):
        self.assertEqual(self.run_one("", "/none", more=ANOTHER)[0], 0)

    def test_what_is_there_runs(self):
        self.assertEqual(self.run_one("true", __file__)[0], 0)
        self.assertEqual(self.run_one("true", __file__, good=False)[0], 1)


if __name__ == "__main__":
    unittest.main()
