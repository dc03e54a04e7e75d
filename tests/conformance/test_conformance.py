"""The devnet beside recorded answers of real nodes, for both eras at once.

The recorded answers (answers/*.jsonl, a question each line) are those of full gateway and orchestrator processes. What the
devnet answers otherwise is listed with the reason in tests/devnet/README.md, and must be exactly that.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import time
import unittest

import network
import questions

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parent / "devnet" / "README.md"
DEVNET = pathlib.Path(os.environ["STIPEND_BUILD"]) / "bin" / "stipend-devnet"
ERAS = ("head", "v0.8.7")


def recorded(era):
    with open(HERE / "answers" / f"{era}.jsonl", encoding="utf-8") as lines:
        return {line["case"]: line["answers"] for line in map(json.loads, lines)}


def listed_differences():
    """By era, from the table in the README: | era | question | reason |."""
    found = collections.defaultdict(set)
    _, _, section = README.read_text(encoding="utf-8").partition("## What differs from recorded answers\n")
    for line in section.partition("\n## ")[0].splitlines():
        row = re.fullmatch(r"\| `(.+?)` \| `(.+)` \| (.+) \|", line)
        if row:
            found[row[1]].add(row[2])
    return found


def answer_of(net, question):
    """What a question's function returns, as a list of comparable answers."""
    answer = question(net)
    several = isinstance(answer, list) and any(isinstance(one, dict) for one in answer)
    return json.loads(json.dumps([net.comparable(one) for one in (answer if several else [answer])]))


def ask_all(era):
    net = network.Network(DEVNET, era)
    answers = {}
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for name, question in questions.QUESTIONS:
                if name in answers:
                    continue
                names = questions.TOGETHER if name in questions.TOGETHER else {name}
                asked = {one: pool.submit(answer_of, net, function) for one, function in questions.QUESTIONS
                         if one in names}
                answers.update((one, future.result()) for one, future in asked.items())
    finally:
        net.end()
    return answers


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            cls.answers = dict(zip(ERAS, pool.map(ask_all, ERAS)))
        print(f"asked in {time.monotonic() - started:.1f} s", file=sys.stderr)

    def test_every_recorded_question_is_asked(self):
        names = [name for name, _ in questions.QUESTIONS]
        self.assertEqual(len(names), len(set(names)))
        for era in ERAS:
            self.assertEqual(names, list(recorded(era)))

    def test_the_answers_differ_where_the_readme_says_so_and_nowhere_else(self):
        listed = listed_differences()
        self.assertLessEqual(set(listed), set(ERAS))
        for era in ERAS:
            with self.subTest(era=era):
                want = recorded(era)
                different = {name for name, got in self.answers[era].items() if got != want[name]}
                print(f"{era}: {len(want) - len(different)} of {len(want)} agree", file=sys.stderr)
                self.assertEqual(different, listed[era], "\n" + "\n".join(
                    f"{name}\n  want {json.dumps(want[name])[:2000]}\n  got  {json.dumps(self.answers[era][name])[:2000]}"
                    for name in sorted(different ^ listed[era])))


if __name__ == "__main__":
    unittest.main(verbosity=2)
