#!/usr/bin/env python3
"""Each check of the ABI goes red on the change that it is there for: a copy of the headers is changed in one place."""

import pathlib
import shutil
import tempfile
import unittest

import abi_headers
import anchor
import headers
import layout
import threads

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "sdk" / "include"
ONE_BUILD = [build for build in layout.builds() if build[1] == "c"][:1]


class Changed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="stipend-abi-")
        self.addCleanup(self.folder.cleanup)
        self.include = pathlib.Path(self.folder.name)
        self.abi = self.include / "stipend" / "abi"
        shutil.copytree(INCLUDE / "stipend" / "abi", self.abi)

    def change(self, name, old, new):
        path = self.abi / name
        text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count(old), 1, f"{name} holds {old!r} once")
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def layout_of(self):
        return layout.check(self.include, HERE / "layout.golden", ONE_BUILD)


class Layout(Changed):
    def goes_red(self, *expected):
        said = self.layout_of()
        for text in (*expected, layout.RENEW):
            self.assertIn(text, said)

    def refused(self, name, line, text):
        said = self.layout_of()
        self.assertIn(f"{name}:{line}: ", said)
        self.assertIn(text, said)

    def test_unchanged_headers_are_the_golden_ones(self):
        self.assertEqual(self.layout_of(), "")

    def test_an_inserted_field(self):
        self.change("lifecycle.h", "    int64_t interval_ns;", "    int64_t grace_ns;\n    int64_t interval_ns;")
        self.goes_red("@@ struct stipend_terms", "+      8   8  grace_ns", "+     16   8  interval_ns")

    def test_reordered_fields(self):
        self.change("policy.h", "    int64_t delay_ns; ", "    int64_t swapped; ")
        self.change("policy.h", "    int64_t penalty_ns; ", "    int64_t delay_ns; ")
        self.change("policy.h", "    int64_t swapped; ", "    int64_t penalty_ns; ")
        self.goes_red("@@ struct stipend_decision", "-     16   8  delay_ns", "+     16   8  penalty_ns")

    def test_a_changed_signedness(self):
        self.change("dispatch.h", "    int64_t capacity;", "    uint64_t capacity;")
        self.goes_red("@@ struct stipend_offer", "+      8   8  capacity                 uint64_t")

    def test_a_changed_pointer_type(self):
        self.change("types.h", "    const uint8_t* ptr;", "    const char* ptr;")
        self.goes_red("@@ struct stipend_bytes", "const uint8_t*")

    def test_a_changed_scalar_behind_a_typedef(self):
        self.change("types.h", "typedef uint64_t stipend_op;", "typedef int64_t stipend_op;")
        self.goes_red("+typedef stipend_op = int64_t")

    def test_a_changed_constant(self):
        self.change("monitor.h", "STIPEND_DEGRADED = 3,", "STIPEND_DEGRADED = 6,")
        self.goes_red("+enum STIPEND_DEGRADED = 6")

    def test_a_changed_interface_id(self):
        self.change("policy.h", '"stipend.policy/1"', '"stipend.policy/2"')
        self.goes_red('+define STIPEND_POLICY = "stipend.policy/2"')

    def test_a_changed_prototype(self):
        self.change("price.h", "stipend_mono_ns deadline,", "stipend_mono_ns deadline, uint32_t hops,")
        self.goes_red("@@ struct stipend_price_v1", "uint32_t hops")

    def test_swapped_parameters_of_one_type(self):
        self.change("dispatch.h", "stipend_str address, stipend_str capability, stipend_completion",
                    "stipend_str capability, stipend_str address, stipend_completion")
        self.goes_red("@@ struct stipend_dispatch_v1")

    def test_a_changed_callback(self):
        self.change("monitor.h", "const stipend_host* h, stipend_op op, const stipend_observation* o);",
                    "const stipend_host* h, stipend_op op, stipend_observation* o);")
        self.goes_red("+typedef stipend_observe")

    def test_a_removed_function(self):
        self.change("host.h", "    stipend_status (*erase)(const stipend_host* h, stipend_str key);", "")
        self.goes_red("-     16   8  erase")

    def test_a_new_header(self):
        text = (self.abi / "price.h").read_text(encoding="utf-8")
        (self.abi / "rate.h").write_text(text.replace("PRICE", "RATE").replace("stipend_price", "stipend_rate")
                                         .replace("stipend_quote", "stipend_rates"), encoding="utf-8")
        self.goes_red("+# rate.h", "+struct stipend_rates")

    def test_what_the_reader_does_not_know_is_refused(self):
        cases = [
            ("    int32_t http_status;", "    int32_t http_status : 1;", "':'"),
            ("    int32_t http_status;", "    union { int32_t a; } http_status;", "'union'"),
            ("    int32_t http_status;", "    struct { int32_t a; } http_status;", "'{'"),
            ("    int32_t http_status;", "    int32_t http_status, again;", "','"),
            ("    int32_t http_status;", "    int http_status;", "'int'"),
            ("    int32_t http_status;", "    size_t http_status;", "'size_t'"),
            ("    int32_t http_status;", "    unsigned long http_status;", "'unsigned'"),
            ("    int32_t http_status;", "    int32_t http_status[COUNT];", "'COUNT'"),
            ("STIPEND_RESULT_SIGNED = 2,", "STIPEND_RESULT_SIGNED,", "','"),
            ("STIPEND_RESULT_SIGNED = 2,", "STIPEND_RESULT_SIGNED = 1 + 1,", "'+'"),
            ("    int32_t http_status;", "#if 1\n    int32_t http_status;\n#endif", "'#if 1'"),
            ("    int32_t http_status;", "    FIELD(http_status)", "'FIELD'"),
            ("    int32_t http_status;", "    // http_status", "//"),
            ("    int32_t http_status;", "    double http_status;", "'double'"),
        ]
        original = (self.abi / "dispatch.h").read_text(encoding="utf-8")
        for old, new, got in cases:
            with self.subTest(new):
                line = self.change("dispatch.h", old, new)
                self.refused("dispatch.h", line, f"got {got}")
                (self.abi / "dispatch.h").write_text(original, encoding="utf-8")

    def test_a_field_that_the_reader_overlooked_leaves_a_gap(self):
        source = layout.program(abi_headers.read_folder(self.abi))
        without = "\n".join(line for line in source.split("\n") if "FIELD(stipend_terms, reserved0)" not in line)
        self.assertNotEqual(source, without)
        with self.assertRaisesRegex(abi_headers.Refused, r"stipend_terms: bytes 4\.\.8 belong to no field"):
            layout.run_program(without, self.include, ONE_BUILD[0])


class Since(Changed):
    """What may change of an ABI that plugins were built with, and what may not."""

    def taken_away(self):
        _, now = next(layout.layouts(self.include, ONE_BUILD))
        return layout.taken_away((HERE / "layout.golden").read_text(encoding="utf-8"), now)

    def breaks(self, *expected):
        said = "\n".join(self.taken_away())
        for text in expected:
            self.assertIn(text, said)

    def test_nothing_is_gone_of_the_abi_of_the_kept_libraries(self):
        self.assertEqual(self.taken_away(), [])

    def test_a_record_with_a_size_may_grow_at_its_end(self):
        self.change("policy.h", "} stipend_decision;", "    int64_t more;\n} stipend_decision;")
        self.assertEqual(self.taken_away(), [])

    def test_the_entry_may_grow_at_its_end(self):
        self.change("entry.h", "} stipend_entry;", "    void (*more)(void);\n} stipend_entry;")
        self.assertEqual(self.taken_away(), [])

    def test_a_constant_and_a_record_may_come_to_it(self):
        self.change("monitor.h", "STIPEND_DEGRADED = 3,", "STIPEND_DEGRADED = 3, STIPEND_MORE = 9,")
        self.change("price.h", "typedef struct stipend_price_v1", "typedef struct stipend_more {\n    int64_t more;\n} stipend_more;\n"
                                                                  "typedef struct stipend_price_v1")
        self.assertEqual(self.taken_away(), [])

    def test_a_table_never_grows(self):
        self.change("price.h", "} stipend_price_v1;", "    void (*more)(stipend_instance* i);\n} stipend_price_v1;")
        self.breaks("stipend_price_v1: got size 24, want size 16: it does not say its own size")

    def test_a_record_without_a_size_never_grows(self):
        self.change("lifecycle.h", "} stipend_completion;", "    int64_t more;\n} stipend_completion;")
        self.breaks("stipend_completion: got size 32, want size 24")

    def test_an_inserted_field(self):
        self.change("lifecycle.h", "    int64_t interval_ns;", "    int64_t grace_ns;\n    int64_t interval_ns;")
        self.breaks("stipend_terms: got 8 8 grace_ns int64_t, want 8 8 interval_ns int64_t")

    def test_a_changed_type_of_the_same_size(self):
        self.change("dispatch.h", "    int64_t capacity;", "    uint64_t capacity;")
        self.breaks("stipend_offer: got 8 8 capacity uint64_t, want 8 8 capacity int64_t")

    def test_what_is_gone(self):
        self.change("host.h", "    stipend_status (*erase)(const stipend_host* h, stipend_str key);", "")
        self.change("monitor.h", "STIPEND_DEGRADED = 3,", "STIPEND_DEGRADED = 6,")
        self.change("policy.h", '"stipend.policy/1"', '"stipend.policy/2"')
        self.breaks("stipend_host_kv_v1: got align 8 and 2 fields", "gone, or changed: enum STIPEND_DEGRADED = 3",
                    'gone, or changed: define STIPEND_POLICY = "stipend.policy/1"')

    def test_a_field_that_is_gone_from_the_end_of_a_record(self):
        self.change("policy.h", "    uint32_t demand_ppm;\n    uint32_t reserved; /* 0 */\n} stipend_sample;", "} stipend_sample;")
        self.breaks("stipend_sample: got align 8 and ")


@unittest.skipIf(any(shutil.which(program) is None for program in anchor.PROGRAMS), "no abidiff")
class Anchor(Changed):
    def said(self):
        return anchor.report(anchor.build(self.include, pathlib.Path(self.folder.name)))

    def test_unchanged_headers(self):
        self.assertEqual(self.said(), "")

    def test_a_changed_type_of_the_same_size(self):
        self.change("dispatch.h", "    int64_t capacity;", "    uint64_t capacity;")
        self.assertIn("stipend_offer", self.said())

    def test_an_inserted_field(self):
        self.change("policy.h", "    int64_t delay_ns; ", "    int64_t more;\n    int64_t delay_ns; ")
        self.assertIn("stipend_decision", self.said())


class Headers(Changed):
    def said(self, compiler):
        return "\n".join(headers.check(self.include, {compiler}))

    def test_padding_is_refused_by_each_compiler(self):
        self.change("monitor.h", "    uint32_t reserved0;\n", "")
        for compiler in (c for c, *_ in headers.cells(self.include)):
            with self.subTest(compiler):
                self.assertIn("monitor.h alone", self.said(compiler))
                self.assertIn("padded", self.said(compiler).replace("padding", "padded"))

    def test_a_header_that_leans_on_another_include_is_refused(self):
        self.change("routes.h", '#include "host.h"\n', "")
        self.assertIn("routes.h alone", self.said("gcc"))

    def test_what_is_only_c_is_refused(self):
        self.change("price.h", "    stipend_str source;", "    stipend_str template;")
        self.assertEqual(self.said("gcc"), "")
        self.assertIn("price.h alone, g++ -std=c++20", self.said("g++"))


class Threads(Changed):
    def goes_red(self, name, line, text):
        said = threads.check(self.abi)
        self.assertTrue(any(f"{name}:{line}: " in problem and text in problem for problem in said), said)

    def test_unchanged_headers_are_tagged(self):
        self.assertEqual(threads.check(self.abi), [])

    def test_a_function_without_a_tag(self):
        line = self.change("host.h", "The time for records. [any]", "The time for records.")
        self.goes_red("host.h", line + 1, "stipend_host_clock_v1.now: got no tag")

    def test_a_callback_without_a_tag(self):
        line = self.change("monitor.h", "An observation of a watch. [pool]", "An observation of a watch.")
        self.goes_red("monitor.h", line + 1, "stipend_observe: got no tag")

    def test_a_trailing_tag_that_is_gone(self):
        line = self.change("entry.h", "/* [control] */", "")
        self.goes_red("entry.h", line, "stipend_entry.deinit: got no tag")

    def test_a_comment_that_is_not_directly_above(self):
        line = self.change("host.h", "The time for records. [any] */\n", "The time for records. [any] */\n\n")
        self.goes_red("host.h", line + 2, "stipend_host_clock_v1.now: got no tag")

    def test_two_tags(self):
        line = self.change("host.h", "The time for records. [any]", "The time for records. [any] [pool]")
        self.goes_red("host.h", line + 1, "got [any] and [pool]")

    def test_every_other_spelling(self):
        wrong = ["[Any]", "[main]", "[any ]", "[pool&started]", "[pool & running]", "[pool & started | quiesced]",
                 "[pool & started|started]", "[pool & ]", "[pool, started]", "[started]", "[thread-safe]", "[any"]
        original = (self.abi / "host.h").read_text(encoding="utf-8")
        for tag in wrong:
            with self.subTest(tag):
                line = self.change("host.h", "The time for records. [any]", f"The time for records. {tag}")
                self.goes_red("host.h", line, f"got {tag}")
                (self.abi / "host.h").write_text(original, encoding="utf-8")

    def test_a_callback_that_is_no_typedef(self):
        line = self.change("host.h", "stipend_timer_fired cb", "void (*cb)(void* user)")
        self.goes_red("host.h", line, "got the callback cb without a typedef")


if __name__ == "__main__":
    unittest.main()
