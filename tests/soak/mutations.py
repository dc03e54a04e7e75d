"""Small wrongs that can be put into a C++ source, found by its tokens.

The sources are formatted by clang-format: a binary operator has a space on each side, unlike a template's bracket, a
reference and a sign.
"""
import re
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<line>^\#(?:[^\n]*\\\n)*[^\n]*)
  | (?P<string>R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])+')
  | (?P<number>\d(?:'?[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<operator><=>|<<=|>>=|->\*|\.\.\.|::|->|\+\+|--|<<|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

OPERATORS = {
    "<": (("turned", ">="), ("shifted", "<=")),
    ">": (("turned", "<="), ("shifted", ">=")),
    "<=": (("turned", ">"), ("shifted", "<")),
    ">=": (("turned", "<"), ("shifted", ">")),
    "==": (("turned", "!="),),
    "!=": (("turned", "=="),),
    "&&": (("logic", "||"),),
    "||": (("logic", "&&"),),
    "+": (("sign", "-"),),
    "-": (("sign", "+"),),
    "+=": (("sign", "-="),),
    "-=": (("sign", "+="),),
}
# What these calls are given is no behaviour: a broken promise ends the program, and a log line is for reading.
APART = re.compile(r"\b(static_assert|STIPEND_ASSERT|log(?:\.|->)\w+|log)$")
# The same as a whole statement; and STIPEND_LET, which declares.
LOGS = re.compile(r"(STIPEND_LET|STIPEND_ASSERT|static_assert|log(?:\.|->)\w+|(?:\w+(?:\.|->))*log)\(")
NO_STATEMENT = frozenset("""auto break case catch class const constexpr continue default delete do else enum explicit extern for
    friend goto if inline namespace operator private protected public return static static_assert struct switch template
    throw try typedef union using virtual volatile while""".split())
NAME = re.compile(r"^\w+$")


class Token(NamedTuple):
    kind: str
    text: str
    at: int

    @property
    def end(self):
        return self.at + len(self.text)


class Mutation(NamedTuple):
    """The text from `at` to `end` becomes `new`."""
    kind: str
    at: int
    end: int
    new: str

    def apply(self, source):
        return source[:self.at] + self.new + source[self.end:]

    def change(self, source):
        """The change in one line, as it is reported."""
        return f"{squeeze(source[self.at:self.end])} -> {squeeze(self.new)}"


def squeeze(text):
    return " ".join(text.split())


def line_of(source, at):
    return source.count("\n", 0, at) + 1


def line_text(source, at):
    begin = source.rfind("\n", 0, at) + 1
    end = source.find("\n", at)
    return squeeze(source[begin:end if end >= 0 else len(source)])


def tokens_of(source):
    out = []
    for match in TOKEN.finditer(source):
        if match.lastgroup == "mark":  # the group of a raw string's mark ends inside the string
            out.append(Token("string", match.group(), match.start()))
        elif match.lastgroup not in ("skip", "line"):
            out.append(Token(match.lastgroup, match.group(), match.start()))
    return out


def closing(tokens):
    """For each bracket, where its counterpart is."""
    pairs, open_at = {}, []
    for index, token in enumerate(tokens):
        if token.kind != "operator":
            continue
        if token.text in "([{":
            open_at.append(index)
        elif token.text in ")]}":
            begin = open_at.pop()
            pairs[begin], pairs[index] = index, begin
    return pairs


def apart(source, tokens, pairs):
    """The indices of the tokens that no mutation may touch."""
    out = set()
    for index, token in enumerate(tokens):
        if token.text == "(" and APART.search(source[max(0, token.at - 60):token.at]):
            out.update(range(index, pairs[index] + 1))
    return out


def mutations(source):
    tokens = tokens_of(source)
    pairs = closing(tokens)
    hidden = apart(source, tokens, pairs)
    out = []
    for index, token in enumerate(tokens):
        if index in hidden:
            continue
        if token.kind == "operator" and token.text in OPERATORS:
            if source[token.at - 1].isspace() and source[token.end].isspace() and not is_name(tokens, index):
                out += [Mutation(kind, token.at, token.end, new) for kind, new in OPERATORS[token.text]]
        elif token.kind == "number" and re.fullmatch(r"\d[\d']*(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU]?)", token.text):
            # The length of a buffer is rarely a rule.
            if source[token.end:token.end + 1] != ">" and tokens[index - 1].text != "case":
                out += constant(token)
        elif token.text == "if" and tokens[index + 1].text == "(":
            out += guard(tokens, index + 1, pairs[index + 1])
    out += statements(source, tokens, pairs, hidden)
    return out


def is_name(tokens, index):
    return tokens[index - 1].text == "operator"


def constant(token):
    digits, suffix = re.fullmatch(r"([\d']+)(\D*)", token.text).groups()
    if len(digits) > 1 and digits.startswith("0"):
        return []
    value = int(digits.replace("'", ""))
    return [Mutation("constant", token.at, token.end, f"{changed}{suffix}")
            for changed in ((value + 1,) if value == 0 else (value + 1, value - 1))]


def guard(tokens, begin, end):
    """if (x) -> if (false && (x)): what x names stays used."""
    inside = tokens[begin + 1:end]
    depth, start = 0, 0
    for index, token in enumerate(inside):
        depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "operator" else 0
        if token.text == ";" and depth == 0:
            start = index + 1
    if start == 0 and declares(inside):
        return []
    at = inside[start].at
    return [Mutation("guard", at, tokens[end].at, "false")]


def declares(tokens):
    """Whether these tokens begin a declaration: `Type name`."""
    if tokens[0].text in ("const", "auto", "constexpr", "static"):
        return True
    if tokens[0].kind != "word":
        return False
    index, depth = 1, 0
    while index < len(tokens):
        text = tokens[index].text
        if text == "<" and tokens[index].at == tokens[index - 1].end:
            depth += 1
        elif text == ">" and depth:
            depth -= 1
        elif text == ">>" and depth:
            depth -= 2
        elif not depth and text not in ("::", "*", "&") and not (tokens[index].kind == "word" and tokens[index - 1].text == "::"):
            break
        index += 1
    return index < len(tokens) and tokens[index].kind == "word" and tokens[index - 1].text != "::"


def statements(source, tokens, pairs, hidden):
    """Expression statements, each removed as a whole."""
    out = []
    for index, token in enumerate(tokens):
        if not starts_statement(tokens, pairs, index) or index in hidden:
            continue
        end = index
        while end < len(tokens) and tokens[end].text not in (";", "}"):
            if tokens[end].text in ("(", "[", "{"):
                end = pairs[end]
            end += 1
        if end >= len(tokens) or tokens[end].text != ";":
            continue
        body = tokens[index:end]
        leaves = token.text in ("break", "continue")
        if not leaves and (not body or token.text in NO_STATEMENT or token.text in ";{}[#" or declares(body)
                           or LOGS.match(source[token.at:tokens[end].at])):
            continue
        if not in_function(tokens, pairs, index):
            continue
        out.append(Mutation("removed", token.at, tokens[end].end, "{}"))
    return out


def starts_statement(tokens, pairs, index):
    if index == 0:
        return False
    before = tokens[index - 1].text
    if before in (";", "{", "}", "else"):
        return tokens[index].kind in ("word", "operator") and tokens[index].text not in ";{}),.]:"
    if before == ")":
        opener = tokens[pairs[index - 1] - 1].text
        return opener in ("if", "for", "while") and tokens[index].kind == "word"
    return False


def in_function(tokens, pairs, index):
    """Whether the innermost brace around `index` is one of statements: of a function, a branch or a loop, not of a type."""
    depth_index = index - 1
    while depth_index >= 0:
        text = tokens[depth_index].text
        if text in (")", "]", "}") and tokens[depth_index].kind == "operator":
            depth_index = pairs[depth_index]
        elif text in ("(", "["):
            return False  # the head of a loop
        elif text == "{":
            before = tokens[depth_index - 1].text
            return before in (")", "else", "do", "try", "const", "override", "noexcept", "final", "mutable", ";", "{", "}", ":") \
                or ends_signature(tokens, depth_index)
        depth_index -= 1
    return False


def ends_signature(tokens, index):
    """`) -> Type {`, `) : member_(x) {`, and `struct Name {`, which is none."""
    back = index - 1
    while back >= 0 and tokens[back].text not in (";", "{", "}"):
        if tokens[back].text in ("struct", "class", "enum", "union", "namespace"):
            return False
        if tokens[back].text == ")":
            return True
        back -= 1
    return False
