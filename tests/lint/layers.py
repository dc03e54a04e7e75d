#!/usr/bin/env python3
"""Which part of the sources may use which (docs/architecture.md, "Layers").

    sdk      includes nothing of ethereum/, host/, plugins/, tools/ or tests/
    ethereum includes stipend/, system and library headers, and its own files; livepeer those of ethereum/ as well
    plugins  include stipend/, ethereum/, livepeer/, system and library headers, and their own files; of another plugin,
             what PLUGIN_PARTS names; no socket, HTTP library or loader
    tools    include stipend/, ethereum/, livepeer/ and the lowest layers of host/ (base, config, http): no engine; of a plugin,
             what TOOL_PLUGINS names
    host     includes no plugin, and nothing of livepeer/; its arrows go down the ladder below, in #include and in CMakeLists.txt alike
    words    no file of host/ names a tier, a Livepeer header or an eth_ method; each library is used in one layer
    places   no source names a host of the public network but those of KNOWN_HOSTS, nor a path of one machine

Comments are not code: they may name what they like. `layers.py [ROOT]` prints each violation as file:line: got, want.
"""

import pathlib
import re
import sys

LADDER = [  # an arrow goes from one step to a lower one, never sideways
    {"base"},
    {"auth", "config", "http"},
    {"alert", "api", "registry", "uptime", "ledger", "plugin"},
    {"analysis", "receipt", "runtime", "settlement"},
    {"engine", "worker"},
    {"cli"},
]
SIDEWAYS = {("registry", "ledger")}  # the one exception: the registry holds rows of the ledger
STEP = {layer: step for step, layers in enumerate(LADDER) for layer in layers}
TOOL_LAYERS = {"base", "config", "http"}
# (folder of tools/, folder of plugins/): the tool speaks the protocol of that plugin.
TOOL_PLUGINS = {("gateway_credential", "byoc")}

# (folder of plugins/, folder of plugins/): the first one is made of the parts of the second.
PLUGIN_PARTS = {("payment-dynamic", "payment")}

CODE = {".c", ".h", ".cpp", ".hpp"}
TEXT = CODE | {".cmake", ".txt", ".py", ".sh", ".yaml", ".yml", ".json", ".service", ".in", ".map", ".md", ""}
SKIPPED = {"build", "var", ".git", ".cache", "__pycache__"}

# Plugins reach the network through the host's client only. A folder that needs one of these headers for what the host
# does not offer is named here, with the header.
NETWORK_HEADERS = re.compile(r"curl/|boost/asio|boost/beast|sys/(?:socket|un)\.h|netdb\.h|netinet/|arpa/inet\.h")
# The signer's socket does not speak HTTP.
NETWORK_EXCEPTIONS = {("ethereum", "sys/socket.h"), ("ethereum", "sys/un.h")}  # (folder of plugins/, header)

# The unmistakable tier names. "warning" and "critical" are severities as well: they count where the line says tier.
TIER = re.compile(r'"(excellent|good|poor|offline)"', re.IGNORECASE)
NO_TIER = "none in host/: policies do"
SEVERITY_OR_TIER = re.compile(r'"(warning|critical)"', re.IGNORECASE)
LIVEPEER_HEADER = re.compile(r'"Livepeer"|X-Orchestrator-Url', re.IGNORECASE)
RPC_METHOD = re.compile(r'"eth_(?!address")\w+"')  # eth_address is a field of the manager's API

LOADER = re.compile(r"\bdl(?:open|mopen|sym)\b|boost/dll|dlfcn\.h")
CURVE = re.compile(r"\bsecp256k1\w*\.h\b")
SQLITE = re.compile(r"\bsqlite3\.h\b")

URL_HOST = re.compile(r"[a-z]+://(?:[^\s/@\"'<>]*@)?\[?([A-Za-z0-9_.-]*[A-Za-z0-9])")
RESERVED_HOST = re.compile(
    r"[^.]+|[\d.]+|.*\.(?:example|invalid|test|localhost)|(?:.*\.)?example\.(?:com|org|net)", re.IGNORECASE)
KNOWN_HOSTS = {"json-schema.org", "www.w3.org"}  # named in specifications, never contacted
MACHINE_PATH = re.compile(r"(?:(?<![\w./$}])|(?<=-[IL]))/(?:work|home/\w+)/")


class Source:
    def __init__(self, root, path):
        self.root = root
        self.path = path.relative_to(root)
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.code = without_comments(self.text) if path.suffix in CODE else self.text

    def layer(self, top):
        """The folder under `top` that the file lies in, or nothing."""
        parts = self.path.parts
        return parts[1] if parts[0] == top and len(parts) > 2 else None

    def refuse(self, at, got, want):
        line = self.text.count("\n", 0, at) + 1
        return f"{self.path}:{line}: got {got}, want {want}"

    def includes(self):
        """(position, the directive, the name, whether it is in quotes)"""
        for found in re.finditer(r'^[ \t]*(#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>))', self.code, re.MULTILINE):
            yield found.start(1), found.group(1), found.group(2) or found.group(3), found.group(2) is not None


def without_comments(text):
    """The text with blanks in place of comments; lines keep their numbers and columns."""
    part = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|/\*.*?\*/|//[^\n]*', re.DOTALL)
    return part.sub(lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group().startswith("/") else m.group(), text)


def sources(root):
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        if not SKIPPED.intersection(inside) and path.is_file() and path.suffix in TEXT:
            yield Source(root, path)


def sdk_uses_no_host(source):
    if source.path.parts[0] != "sdk":
        return
    for at, whole, name, _ in source.includes():
        if re.match(r"(ethereum|livepeer|host|plugins|tools|tests)/", name) or ".." in name:
            yield source.refuse(at, whole, "only stipend/, system and library headers in sdk/")


def protocols_use_the_sdk_only(source):
    own = source.path.parts[0]
    if own not in ("ethereum", "livepeer"):
        return
    below = "(ethereum|stipend)/" if own == "ethereum" else "(ethereum|livepeer|stipend)/"
    for at, whole, name, quoted in source.includes():
        above = re.match(r"(livepeer|host|plugins|tools|tests)/", name) and not (quoted and re.match(below, name))
        if above or (quoted and not re.match(below, name)):
            yield source.refuse(at, whole, f"only stipend/, libraries in <>, and the whole way, \"{own}/...\"")


def plugins_use_the_sdk_only(source):
    plugin = source.layer("plugins")
    if plugin is None or source.path.suffix not in CODE:
        return
    folder = source.root / "plugins" / plugin
    folders = [folder] + [source.root / "plugins" / part for user, part in PLUGIN_PARTS if user == plugin]
    for at, whole, name, quoted in source.includes():
        own = any((base / name).is_file() and not {f.resolve() for f in folders}.isdisjoint((base / name).resolve().parents)
                  for base in (source.root / source.path.parent, folder))
        if (quoted and not own and not name.startswith(("stipend/", "ethereum/", "livepeer/"))) or re.match(r"(host|tools|plugins)/", name):
            yield source.refuse(at, whole, f"only stipend/, ethereum/, livepeer/, libraries in <>, and files of plugins/{plugin}")
        if NETWORK_HEADERS.match(name) and (plugin, name) not in NETWORK_EXCEPTIONS:
            yield source.refuse(at, whole, "the host's HTTP client, stipend/host.hpp")


def no_plugin_is_included(source):
    if source.path.parts[0] in ("host", "tools"):
        for at, whole, name, _ in source.includes():
            found = re.match(r"plugins/(\w+)/", name)
            if found and (source.layer("tools"), found.group(1)) in TOOL_PLUGINS:
                continue
            if name.startswith("plugins/") or "/plugins/" in name:
                yield source.refuse(at, whole, "no plugin: it is reached through the ABI")


def tools_link_no_engine(source):
    if source.path.parts[0] != "tools":
        return
    for at, whole, name, _ in source.includes():
        found = re.match(r"host/(\w+)/", name)
        if found and found.group(1) not in TOOL_LAYERS:
            yield source.refuse(at, whole, f"of host/ only {', '.join(sorted(TOOL_LAYERS))}")


def arrows_go_down(source):
    layer = source.layer("host")
    if layer is None:
        return
    if layer not in STEP:
        yield source.refuse(0, f"the layer host/{layer}", "one of the ladder in tests/lint/layers.py")
        return
    below = {other for other in STEP if STEP[other] < STEP[layer] or (layer, other) in SIDEWAYS}
    lower = ", ".join(sorted(below)) or "nothing of host/"
    for at, whole, name, quoted in source.includes():
        found = re.match(r"host/(\w+)/", name)
        if found and found.group(1) not in below | {layer}:
            yield source.refuse(at, whole, f"host/{layer} to include of host/ only itself and {lower}")
        if quoted and not re.match(r"(ethereum|host|stipend|plugins|tools)/", name):
            yield source.refuse(at, whole, f'the whole way, "host/{layer}/{name}"')
    if source.path.name == "CMakeLists.txt":
        for found in re.finditer(r"\bstipend_(\w+)\b", source.code):
            other = found.group(1)
            if other in STEP and other not in below | {layer}:
                yield source.refuse(found.start(), found.group(), f"host/{layer} to link of host/ only {lower}")


def host_is_mechanism(source):
    if source.path.parts[0] != "host" or source.path.suffix not in CODE:
        return
    for found in TIER.finditer(source.code):
        yield source.refuse(found.start(), f"the tier's name {found.group()}", NO_TIER)
    for found in SEVERITY_OR_TIER.finditer(source.code):
        line = source.code[source.code.rfind("\n", 0, found.start()) + 1 :].split("\n", 1)[0]
        if re.search("tier", line, re.IGNORECASE):
            yield source.refuse(found.start(), f"the tier's name {found.group()}", NO_TIER)
    for found in LIVEPEER_HEADER.finditer(source.code):
        yield source.refuse(found.start(), f"the header {found.group()}", "none in host/: dispatchers do")
    for found in RPC_METHOD.finditer(source.code):
        yield source.refuse(found.start(), f"the RPC method {found.group()}", "none in host/: settlement plugins do")


def each_library_has_its_layer(source):
    if source.path.parts[0] not in ("ethereum", "livepeer", "host", "sdk", "plugins", "tools") or source.path.suffix not in CODE:
        return
    if source.path.parts[0] != "ethereum":
        for found in CURVE.finditer(source.code):
            yield source.refuse(found.start(), found.group(), "that in ethereum/ only")
    for pattern, layers in ((LOADER, ("plugin",)), (SQLITE, ("base", "ledger"))):
        if source.layer("host") not in layers:
            for found in pattern.finditer(source.code):
                yield source.refuse(found.start(), found.group(), f"that in host/{' and host/'.join(layers)} only")


def no_foreign_place(source):
    for found in URL_HOST.finditer(source.text):
        host = found.group(1)
        if not RESERVED_HOST.fullmatch(host) and host not in KNOWN_HOSTS and source.path.suffix != ".md":
            yield source.refuse(found.start(), f"the host {host}", "a reserved name, as orch.example, or an address")
    for found in MACHINE_PATH.finditer(source.text):
        yield source.refuse(found.start(), f"the path {found.group()}", "no path of one machine")


RULES = [
    sdk_uses_no_host,
    protocols_use_the_sdk_only,
    plugins_use_the_sdk_only,
    no_plugin_is_included,
    tools_link_no_engine,
    arrows_go_down,
    host_is_mechanism,
    each_library_has_its_layer,
    no_foreign_place,
]


def check(root):
    """All violations, a line each."""
    return [problem for source in sources(root) for rule in RULES for problem in rule(source)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    problems = check(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
