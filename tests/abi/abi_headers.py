"""Reads the C headers of the ABI. They use a small part of C; whatever is outside it is refused with its place, so that
no struct, field or function can be overlooked by the checks that use this reader.

The part: include guards and the C++ linkage frame; `#include "sibling"`, <stddef.h> and <stdint.h>; `#define NAME` of a
string or an unsigned integer; anonymous enums in which each constant has a value; `typedef struct X {fields} X;`,
`typedef struct X X;`, `typedef <type> X;`, `typedef R (*X)(parameters);`. A field is `type name;`, `type name[N];` or
`R (*name)(parameters);`.
"""

import dataclasses
import pathlib
import re


class Refused(Exception):
    """A header says something that is outside the part of C above; the text begins with file:line."""


@dataclasses.dataclass
class Comment:
    text: str
    first_line: int
    last_line: int
    trails: bool  # there is code before it on its first line


@dataclasses.dataclass
class Declared:
    """A field, a typedef or a parameter. C writes the name amid its type: `before` name `after`."""

    name: str
    before: str  # e.g. "const char*", or "void (*" for a pointer to a function
    after: str  # e.g. "", "[128]", or ")" for a pointer to a function
    first_line: int
    last_line: int
    parameters: list | None = None  # of a pointer to a function: Declared

    @property
    def type(self):
        """The type alone, as a compiler takes it: `void (*)(void*)`."""
        types = "" if self.parameters is None else f"({', '.join(p.type for p in self.parameters) or 'void'})"
        return self.before + self.after + types

    @property
    def prototype(self):
        """The type with its parameters' names, since two of one type that change places change the meaning."""
        return self._spelled("")

    def _spelled(self, name):
        gap = " " if name and not self.before.endswith("(*") else ""
        if self.parameters is None:
            return self.before + gap + name + self.after
        inner = ", ".join(p._spelled(p.name) for p in self.parameters) or "void"
        return f"{self.before}{name}{self.after}({inner})"


@dataclasses.dataclass
class Struct:
    name: str
    line: int
    fields: list


@dataclasses.dataclass
class Header:
    path: pathlib.Path
    comments: list = dataclasses.field(default_factory=list)
    includes: list = dataclasses.field(default_factory=list)
    defines: list = dataclasses.field(default_factory=list)  # (name, text)
    constants: list = dataclasses.field(default_factory=list)  # names of enumerators
    structs: list = dataclasses.field(default_factory=list)
    opaque: list = dataclasses.field(default_factory=list)
    typedefs: list = dataclasses.field(default_factory=list)


TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|0[xX][0-9a-fA-F]+[uU]?|\d+[uU]?|[-{}()\[\];,*=]')
BASE_TYPES = {"void", "char", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t"}
KEYWORDS = {"typedef", "struct", "enum", "const", "union", "static", "inline", "volatile", "restrict", "extern"}
SYSTEM_INCLUDES = {"stddef.h", "stdint.h"}
LINKAGE_OPENS = ['#ifdef __cplusplus', 'extern "C" {', '#endif']
LINKAGE_CLOSES = ['#ifdef __cplusplus', '}', '#endif']


def read_folder(folder):
    """All headers of the folder, in an order in which each comes after those that it includes."""
    folder = pathlib.Path(folder)
    headers = {path.name: read_header(path) for path in sorted(folder.glob("*.h"))}
    if not headers:
        raise Refused(f"{folder}:1: got no header, want the ABI's")
    strays = sorted(p.name for p in folder.iterdir() if p.is_file() and p.suffix != ".h")
    if strays:
        raise Refused(f"{folder / strays[0]}:1: got a file that is no .h, want headers only")
    ordered, seen = [], set()

    def visit(name):
        if name in seen:
            return
        seen.add(name)
        for included in headers[name].includes:
            if included not in headers:
                raise Refused(f'{headers[name].path}:1: got #include "{included}", want a header beside it')
            visit(included)
        ordered.append(headers[name])

    for name in headers:
        visit(name)
    return ordered


def read_header(path):
    header = Header(pathlib.Path(path))
    code = _take_comments(header, header.path.read_text(encoding="utf-8"))
    code = _take_preprocessor(header, code)
    _Parser(header, code).run()
    return header


def guard_of(path):
    return f"STIPEND_ABI_{path.stem.upper()}_H"


def _take_comments(header, text):
    """Records the comments and returns the text with blanks in their places."""
    out, at = [], 0
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*|/\*', text, re.DOTALL):
        part, line = found.group(), text.count("\n", 0, found.start()) + 1
        if part.startswith('"'):
            continue
        if not part.endswith("*/") or part == "/*/":
            raise Refused(f"{header.path}:{line}: got {part[:2]}, want comments as /* ... */")
        before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        header.comments.append(Comment(part, line, line + part.count("\n"), bool(before.strip())))
        out.append(text[at : found.start()])
        out.append(re.sub(r"[^\n]", " ", part))
        at = found.end()
    out.append(text[at:])
    return "".join(out)


def _take_preprocessor(header, code):
    """Records defines and includes; returns the code with blanks in place of every directive."""
    lines = code.split("\n")
    solid = [k for k, line in enumerate(lines) if line.strip()]
    guard = guard_of(header.path)
    first = [lines[k].strip() for k in solid[:2]]
    if first != [f"#ifndef {guard}", f"#define {guard}"] or lines[solid[-1]].strip() != "#endif":
        raise Refused(f"{header.path}:1: got no include guard, want one of the name {guard}")
    for k in solid[:2] + solid[-1:]:
        lines[k] = ""
    solid = solid[2:-1]
    opened = closed = False
    while solid:
        frame = [lines[k].strip() for k in solid[:3]]
        if frame in (LINKAGE_OPENS, LINKAGE_CLOSES):
            opened, closed = opened or frame == LINKAGE_OPENS, closed or frame == LINKAGE_CLOSES
            for k in solid[:3]:
                lines[k] = ""
            solid = solid[3:]
            continue
        k = solid.pop(0)
        line = lines[k].strip()
        if line.startswith("#"):
            _directive(header, line, k + 1)
            lines[k] = ""
        elif "#" in line or line.endswith("\\"):
            raise Refused(f"{header.path}:{k + 1}: got {line!r}, want no macro tricks")
    if not (opened and closed):
        raise Refused(f'{header.path}:1: got no extern "C" frame, want one')
    return "\n".join(lines)


def _directive(header, line, number):
    if found := re.fullmatch(r'#include "([\w.]+)"', line):
        header.includes.append(found.group(1))
    elif (found := re.fullmatch(r"#include <([\w.]+)>", line)) and found.group(1) in SYSTEM_INCLUDES:
        pass
    elif found := re.fullmatch(r'#define (STIPEND_[A-Z0-9_]+) ("[^"\\]*"|0[xX][0-9a-fA-F]+u|\d+u)', line):
        header.defines.append((found.group(1), found.group(2)))
    else:
        raise Refused(f"{header.path}:{number}: got {line!r}, want a define of a string or an unsigned number")


class _Parser:
    def __init__(self, header, code):
        self.header = header
        self.tokens = []  # (text, line)
        at = 0
        for found in TOKEN.finditer(code):
            self._gap(code, at, found.start())
            self.tokens.append((found.group(), code.count("\n", 0, found.start()) + 1))
            at = found.end()
        self._gap(code, at, len(code))
        self.at = 0

    def _gap(self, code, begin, end):
        if stray := code[begin:end].strip():
            raise Refused(f"{self.header.path}:{code.count(chr(10), 0, end) + 1}: got {stray!r}, want plain C")

    def refuse(self, want):
        text, line = self.tokens[min(self.at, len(self.tokens) - 1)]
        got = repr(text) if self.at < len(self.tokens) else "the end of the file"
        raise Refused(f"{self.header.path}:{line}: got {got}, want {want}")

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead][0] if self.at + ahead < len(self.tokens) else ""

    def line(self):
        return self.tokens[min(self.at, len(self.tokens) - 1)][1]

    def take(self, want):
        if self.peek() != want:
            self.refuse(repr(want))
        self.at += 1

    def name(self, want="a name"):
        text = self.peek()
        if not re.fullmatch(r"[A-Za-z_]\w*", text) or text in KEYWORDS or text in BASE_TYPES:
            self.refuse(want)
        self.at += 1
        return text

    def run(self):
        while self.at < len(self.tokens):
            if self.peek() == "enum":
                self.enum()
            elif self.peek() == "typedef":
                self.typedef()
            else:
                self.refuse("an enum or a typedef")

    def enum(self):
        self.take("enum")
        self.take("{")
        while True:
            self.header.constants.append(self.name("a constant's name"))
            self.take("=")  # each constant has its value written: none moves when another is added before it
            if self.peek() == "-":
                self.at += 1
            if not re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", self.peek()):
                self.refuse("an integer")
            self.at += 1
            if self.peek() != ",":
                break
            self.at += 1
        self.take("}")
        self.take(";")

    def typedef(self):
        self.take("typedef")
        if self.peek() != "struct":
            self.header.typedefs.append(self.declaration())
            return
        line = self.line()
        self.take("struct")
        tag = self.name("the struct's name")
        if self.peek() == "{":
            self.take("{")
            fields = []
            while self.peek() != "}":
                fields.append(self.declaration())
            self.take("}")
            self.header.structs.append(Struct(tag, line, fields))
        else:
            self.header.opaque.append(tag)
        if self.peek() != tag:
            self.refuse(f"the typedef to be named as the struct: {tag}")
        self.at += 1
        self.take(";")

    def declaration(self):
        first = self.line()
        declared = self.declarator(self.base_type(), named=True)
        declared.first_line, declared.last_line = first, self.line()
        self.take(";")
        return declared

    def base_type(self):
        """`const`, a type's name, and the stars after it, in one spelling: `const char* const*`."""
        out = ""
        if self.peek() == "const":
            self.at += 1
            out = "const "
        if self.peek() == "struct":
            self.at += 1
            out += self.name("the struct's name")  # every struct has a typedef of its name
        elif self.peek() in BASE_TYPES:
            out += self.peek()
            self.at += 1
        else:
            out += self.name("a type: a fixed-width one, char, void or a typedef of the ABI")
            if not out.removeprefix("const ").startswith("stipend_"):
                self.at -= 1
                self.refuse("a type: a fixed-width one, char, void or a typedef of the ABI")
        while self.peek() == "*":
            self.at += 1
            out += "*"
            if self.peek() == "const":
                self.at += 1
                out += " const"
        return out

    def declarator(self, base, named):
        line = self.line()
        pointer = self.peek() == "(" and self.peek(1) == "*"
        if pointer:
            self.at += 2
        name = self.name() if named or re.match(r"\w", self.peek()) else ""
        if not pointer:
            return Declared(name, base, self.extent() if self.peek() == "[" else "", line, line)
        self.take(")")
        if self.peek() == "[":
            return Declared(name, f"{base} (*", ")" + self.extent(), line, line)
        return Declared(name, f"{base} (*", ")", line, line, self.parameters())

    def extent(self):
        self.take("[")
        extent = self.peek()
        if not re.fullmatch(r"[1-9]\d*", extent):
            self.refuse("a plain number")
        self.at += 1
        self.take("]")
        return f"[{extent}]"

    def parameters(self):
        self.take("(")
        if self.peek() == "void" and self.peek(1) == ")":
            self.at += 2
            return []
        out = []
        while True:
            out.append(self.declarator(self.base_type(), named=False))
            if self.peek() != ",":
                break
            self.at += 1
        self.take(")")
        return out
