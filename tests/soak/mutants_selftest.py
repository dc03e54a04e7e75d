"""The mutants, checked: which changes a source gives, how they are drawn, and what the report counts."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from mutants import EQUAL, Report, draw, mutants_of, read_equal, summary  # noqa: E402
from mutants_build import FOLDERS, ROOT, Failed  # noqa: E402
from mutations import mutations  # noqa: E402

SOURCE = '''#include <limits>  // 1 < 2
namespace a {
constexpr std::size_t most = 1'000;
std::vector<int> all(const Thing& x, Other&& y) {
    STIPEND_ASSERT(x.size() > 3);
    static_assert(sizeof(int) == 4);
    log.info("got {}", 5 + 6);
    const char* text = "a < b && c";  // a < b
    if (const auto found = find(x); found != end && y.good()) return {};
    if (x.bad()) {
        drop(x);
        return all(x, 1);
    }
    Thing copy = x;
    copy.count += 2;
    for (int i = 0; i < 8; ++i) add(i - 1);
    case 3: return {}; break;
    return std::array<char, 64>{};
}
}  // namespace a
'''


def changes(source):
    return sorted((one.kind, one.change(source)) for one in mutations(source))


class Mutations(unittest.TestCase):
    def test_all_of_a_source(self):
        self.assertEqual(changes(SOURCE), sorted([
            ("constant", "1'000 -> 1001"), ("constant", "1'000 -> 999"),
            ("turned", "!= -> =="), ("logic", "&& -> ||"), ("guard", "found != end && y.good() -> false"),
            ("guard", "x.bad() -> false"), ("removed", "drop(x); -> {}"),
            ("constant", "1 -> 2"), ("constant", "1 -> 0"),
            ("removed", "copy.count += 2; -> {}"), ("sign", "+= -> -="), ("constant", "2 -> 1"), ("constant", "2 -> 3"),
            ("constant", "0 -> 1"), ("turned", "< -> >="), ("shifted", "< -> <="), ("constant", "8 -> 7"),
            ("constant", "8 -> 9"), ("removed", "add(i - 1); -> {}"), ("sign", "- -> +"),
            ("constant", "1 -> 2"), ("constant", "1 -> 0"), ("removed", "break; -> {}"),
        ]))

    def test_a_change_is_put_where_it_belongs(self):
        source = "int f() {\n    return a + b;\n}\n"
        self.assertEqual([one.apply(source) for one in mutations(source)], ["int f() {\n    return a - b;\n}\n"])

    def test_members_and_signatures_are_no_statements(self):
        self.assertEqual(changes("struct A {\n    int x;\n    void f(int) const;\n    B b;\n};\nvoid g(A);\n"), [])

    def test_a_declaring_guard_stays(self):
        self.assertEqual(changes("void f() {\n    if (const auto x = g()) return;\n}\n"), [])

    def test_no_statement_within_a_lambda_is_lost(self):
        self.assertEqual(changes("void f() {\n    const auto g = [&](int x) -> int {\n        h(x);\n        return x;\n    };\n}\n"),
                         [("removed", "h(x); -> {}")])


class Drawing(unittest.TestCase):
    def test_the_same_seed_gives_the_same_mutants_of_each_folder(self):
        names = list(FOLDERS)
        both = [one.key for one in draw(names[:2], 40, 7, ROOT)]
        self.assertEqual(both, [one.key for one in draw(names[:2], 40, 7, ROOT)])
        self.assertNotEqual(both, [one.key for one in draw(names[:2], 40, 8, ROOT)])
        self.assertEqual([key for key in both if key[0].startswith(names[1])],
                         [one.key for one in draw([names[1]], 20, 7, ROOT)])

    def test_each_mutant_has_a_key_of_its_own(self):
        for folder in FOLDERS:
            found = [(one.line, one.key) for one in mutants_of(folder, ROOT)]
            self.assertEqual(len(found), len(set(found)), folder)


class Equal(unittest.TestCase):
    def test_blocks(self):
        self.assertEqual(read_equal("# a comment\na.cpp\nx <  y\n< -> <=\nfirst,\nsecond\n"),
                         {("a.cpp", "x < y", "< -> <="): "first, second"})
        with self.assertRaises(Failed):
            read_equal("a.cpp\nx < y\n< -> <=\n")

    def test_each_of_the_list_is_a_mutant_of_the_sources(self):
        keys = {one.key for folder in FOLDERS for one in mutants_of(folder, ROOT)}
        self.assertEqual([key for key in read_equal(EQUAL.read_text()) if key not in keys], [])


class Reports(unittest.TestCase):
    def judged(self, results, equal=()):
        mutants = draw(["host/uptime"], len(results), 7, ROOT)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report"
            report = Report(path, {"seed": 7, "count": len(results), "folders": ["host/uptime"], "headers": False})
            report.begin()
            for mutant, result in zip(mutants, results):
                if result:
                    report.add(mutant, result, None, 1)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                good = summary(mutants, Report.resume(path), {mutants[number].key: "reason" for number in equal})
            return good, out.getvalue()

    def test_95_percent_are_enough(self):
        self.assertTrue(self.judged(["killed"] * 19 + ["survived"])[0])
        self.assertFalse(self.judged(["killed"] * 18 + ["survived"])[0])

    def test_what_is_equal_or_does_not_compile_counts_nowhere(self):
        good, out = self.judged(["survived", "invalid", "killed"], equal=[0])
        self.assertTrue(good)
        self.assertIn("3 mutants: 1 killed, 0 survived, 1 equal, 1 do not compile", out)
        self.assertIn("score: 100.0 % of 1", out)

    def test_a_run_that_is_not_complete_is_not_good(self):
        good, out = self.judged(["killed", None])
        self.assertFalse(good)
        self.assertIn("1 not run", out)

    def test_no_mutants_are_no_score(self):
        self.assertFalse(self.judged(["invalid"])[0])


if __name__ == "__main__":
    unittest.main()
