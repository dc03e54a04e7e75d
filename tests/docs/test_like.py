#!/usr/bin/env python3
"""What a sample of output may differ in from what was printed, and what it may not."""
import unittest

from like import difference

PRINTED = """\
ORCHESTRATOR    CHECKS  OWED       SEEN
127.0.1.1:9995       8  0.03 ETH     7s
127.0.1.2:9995      12     0 ETH      -
since 2026-11-29T00:59:41.017Z: status 200, empty_200 17, sha256 45b3c920c0f0617a22df4c3be477484ab021ac15fc5ea49379de09451aafb27c
"""


class Like(unittest.TestCase):
    def alike(self, old, new, printed=PRINTED):
        self.assertIn(old, printed)
        self.assertEqual(difference(printed, printed.replace(old, new)), "")

    def differs(self, old, new):
        self.assertIn(old, PRINTED)
        self.assertRegex(difference(PRINTED, PRINTED.replace(old, new)), r"^line \d: got '.*', want '")

    def test_figures_times_hashes_and_widths_may_differ(self):
        self.alike("       8  0.03", "   12345  0.0000001")
        self.alike("7s", "1m07s")
        self.alike("7s", "now")
        self.alike("2026-11-29T00:59:41.017Z", "2027-01-01T12:00:00Z")
        self.alike("45b3c920c0f0617a22df4c3be477484ab021ac15fc5ea49379de09451aafb27c", "0123abcd...")
        self.alike("####", "##", "strip ####  5s\n")
        self.alike("/build/lib/", "/usr/lib/stipend/", "by /build/lib/payment.so\n")

    def test_words_may_not(self):
        for old, new in (("OWED", "SENT"), ("ETH", "LPT"), ("127.0.1.2", "127.0.1.3"), (":9995", ":9996"), ("status 200", "status 503"),
                         ("empty_200", "empty_404"), ("sha256", "keccak256"), ("since", "since:")):
            with self.subTest(old=old):
                self.differs(old, new)
        self.assertNotEqual(difference("by /usr/payment.so", "by /usr/other.so"), "")

    def test_the_form_of_a_figure_may_not(self):
        for old, new in (("0.03 ETH", "1.8e16"), ("  -", "  0"), ("7s", "7"), ("7s", "7 s"), ("17", "-17"), ("17", "17 %")):
            with self.subTest(new=new):
                self.differs(old, new)

    def test_columns_and_lines_may_not_be_missing_more_or_in_another_order(self):
        head, first, second, last = PRINTED.splitlines(True)
        for sample in (head + first + second, first + second + last, PRINTED + last, head + second + first + last, "",
                       PRINTED.replace("  SEEN", ""), PRINTED.replace("  SEEN", "  SEEN NEXT"), PRINTED.replace("8  0.03", "8 8 0.03")):
            with self.subTest(sample=sample):
                self.assertNotEqual(difference(PRINTED, sample), "")
        self.assertIn("line 1: got no more lines, want 'ORCH", difference("", PRINTED))
        self.assertIn("line 5: got 'NUMBER more', want no more lines", difference(PRINTED + "1 more\n", PRINTED))

    def test_three_dots_are_any_lines_and_only_where_they_are(self):
        head, first, second, last = PRINTED.splitlines(True)
        for sample in (head + "...\n" + last, PRINTED + "...\n", "...\n" + second + last, "...\n" + first + "...\n"):
            with self.subTest(sample=sample):
                self.assertEqual(difference(PRINTED, sample), "")
        for sample in (head + "...\n", head + "...\n" + head, "...\n" + last + "...\n" + first, first + "...\n"):
            with self.subTest(sample=sample):
                self.assertEqual(difference(PRINTED, sample) == "", sample == head + "...\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
