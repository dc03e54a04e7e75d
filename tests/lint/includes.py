#!/usr/bin/env python3
"""Includes within a folder: no cycles between its units, and no header, of C++ or C, with a standard header it does not use.

A unit is a header with the .cpp files that implement it: those whose first include it is. `includes.py [ROOT]` prints
each violation.
"""

import pathlib
import re
import sys

from layers import Source, sources

FOLDERS = ("ethereum", "livepeer", "host", "plugins", "sdk")

# What each standard header is included for.
USES = {
    "algorithm": r"std::(?:ranges::)?(?:min|max|clamp|sort|find|any_of|all_of|none_of|count|copy|equal|transform|"
                 r"lower_bound|upper_bound|push_heap|pop_heap|reverse|remove|erase|fill|swap_ranges|mismatch|search|"
                 r"binary_search|is_sorted|move|lexicographical)\w*",
    "array": r"std::array\b",
    "atomic": r"std::atomic",
    "chrono": r"std::chrono",
    "compare": r"<=>|_ordering",
    "concepts": r"std::(?:same_as|integral|convertible_to|invocable|derived_from|constructible_from|unsigned_integral|"
                r"signed_integral)\b",
    "condition_variable": r"std::condition_variable",
    "csignal": r"sig|SIG",
    "cstddef": r"size_t|ptrdiff_t|nullptr_t|std::byte",
    "cstdint": r"u?int\w*_t|U?INT\d+_M|SIZE_MAX",
    "cstdio": r"std::(?:f?printf|FILE|fputs|puts|snprintf|f\w+)|stderr|stdout",
    "cstdlib": r"std::(?:abort|exit|getenv|free|strto\w+|_Exit)",
    "cstring": r"std::(?:mem|str)\w+|strnlen",
    "deque": r"std::deque",
    "exception": r"std::(?:exception|terminate|current_exception)",
    "filesystem": r"std::filesystem",
    "functional": r"std::(?:function|less|greater|hash|invoke|ref|equal_to|bind|plus|identity)\b",
    "future": r"std::(?:promise|future|async|packaged_task)",
    "iosfwd": r"std::[io]?stream",
    "limits": r"std::numeric_limits",
    "list": r"std::list\b",
    "map": r"std::(?:multi)?map\b",
    "memory": r"std::(?:unique_ptr|shared_ptr|weak_ptr|enable_shared|make_\w+|static_pointer|addressof|allocator)",
    "mutex": r"std::(?:mutex|lock_guard|unique_lock|scoped_lock|once|call_once|recursive)",
    "optional": r"std::(?:optional|nullopt|make_optional)",
    "queue": r"std::(?:priority_)?queue\b",
    "semaphore": r"std::\w+_semaphore",
    "set": r"std::(?:multi)?set\b",
    "shared_mutex": r"std::shared_(?:mutex|lock)",
    "span": r"std::span",
    "string": r"std::(?:string\b|to_string|char_traits|getline|basic_string)",
    "string_view": r"string_view",
    "thread": r"std::(?:thread|this_thread|jthread)",
    "tuple": r"std::(?:tuple|tie|apply|make_tuple|get<)",
    "type_traits": r"std::(?:is_|remove_|conditional|decay|enable_if|invoke_result|void_t|underlying|true_type|false_type)",
    "unordered_map": r"std::unordered_(?:multi)?map",
    "unordered_set": r"std::unordered_(?:multi)?set",
    "utility": r"std::(?:move|pair|exchange|forward|swap|declval|in_place|index_sequence|make_pair|as_const|cmp_|unreachable)",
    "variant": r"std::(?:variant|visit|get_if|holds_alternative|monostate)",
    "vector": r"std::vector",
}
# The same of the headers in C. Where only a comment names NULL, that is a value of the interface, which plugins write.
USES_IN_C = {
    "stddef.h": r"\b(?:NULL|size_t|ptrdiff_t|offsetof|max_align_t)\b",
    "stdint.h": r"\bu?int\w*_t\b|\bU?INT\w*_(?:MAX|MIN|C)\b|\bSIZE_MAX\b",
    "stdbool.h": r"\b(?:bool|true|false)\b",
    "stdarg.h": r"\bva_\w+",
    "string.h": r"\b(?:mem|str)\w+\(",
    "stdlib.h": r"\b(?:malloc|calloc|realloc|free|abort|exit|getenv|strto\w+)\(",
    "stdio.h": r"\b(?:\w*printf|FILE|fputs|puts|stderr|stdout)\b",
}


def unused(source):
    if source.path.suffix not in (".hpp", ".h"):
        return
    for at, whole, name, quoted in source.includes():
        use = USES_IN_C.get(name) if source.path.suffix == ".h" else USES.get(name)
        text = source.text if name == "stddef.h" else source.code
        if not quoted and use and not re.search(use, text):
            yield source.refuse(at, whole, "a header that is used")


def unit_of(source, headers):
    """The header that the file is, or implements."""
    if source.path.suffix == ".hpp":
        return str(source.path)
    for _, _, name, _ in source.includes():
        return name if name in headers else str(source.path)
    return str(source.path)


def cycles(files):
    """Units of one folder that include each other, in a circle."""
    headers = {str(source.path) for source in files if source.path.suffix == ".hpp"}
    graph = {}
    for source in files:
        unit = unit_of(source, headers)
        targets = {name for _, _, name, _ in source.includes() if name in headers}
        graph.setdefault(unit, set()).update(targets - {unit})
    done, path = set(), []

    def visit(unit):
        if unit in path:
            yield path[path.index(unit):] + [unit]
            return
        if unit in done:
            return
        path.append(unit)
        for target in sorted(graph.get(unit, ())):
            yield from visit(target)
        path.pop()
        done.add(unit)

    for unit in sorted(graph):
        yield from visit(unit)


def check(root):
    problems, folders = [], {}
    for source in sources(root):
        if source.path.parts[0] not in FOLDERS or source.path.suffix not in (".cpp", ".hpp", ".h"):
            continue
        problems += unused(source)
        if source.path.suffix == ".h":
            continue
        folders.setdefault(source.path.parent, []).append(source)
    for folder, files in sorted(folders.items()):
        problems += [f"{folder}: got the circle {' -> '.join(circle)}, want includes in one direction"
                     for circle in cycles(files)]
    return problems


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    problems = check(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
