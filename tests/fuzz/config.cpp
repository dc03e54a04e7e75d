// Any text as a configuration file, of a manager and of a worker: every diagnostic has a place in the text, no secret
// is shown, and what is accepted is written and read again as the same settings.
#include <algorithm>
#include <set>
#include <string>

#include "host/base/recurring.hpp"
#include "host/config/dump.hpp"
#include "host/config/expand.hpp"
#include "host/config/load.hpp"
#include "host/config/url.hpp"
#include "host/config/yaml.hpp"
#include "stipend/duration.hpp"
#include "stipend/glob.hpp"
#include "stipend/json.hpp"
#include "stipend/url.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/config/fake_environment.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

constexpr std::string_view secret = "hunter2-but-longer";

const FakeEnvironment& environment() {
    static FakeEnvironment out;
    if (!out.files.empty()) return out;
    out.variables = {{"CREDENTIALS_DIRECTORY", "/creds"},
                     {"PORT", "8010"},
                     {"EMPTY", ""},
                     {"ORCHESTRATOR_ADDRESSES", "https://a.example:1,https://b.example:2"},
                     {"GATEWAY_URL", "http://127.0.0.1:9935"},
                     {"BASE_PAYMENT_USD", "10"},
                     {"ORCH_SECRET", std::string(secret)}};
    out.files = {{"/creds/key", cat(secret, "\n")}, {"/big", std::string(max_secret_bytes + 1, 'x')}};
    return out;
}

void check_diagnostics(const Diagnostics& diagnostics, std::string_view text) {
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    const auto sorted = diagnostics.sorted();
    FUZZ_REQUIRE(sorted.size() == std::min(diagnostics.count(), Diagnostics::kept));
    for (const auto& one : sorted) {
        FUZZ_REQUIRE(!one.message.empty());
        FUZZ_REQUIRE(one.pos.line >= 0 && one.pos.line <= lines + 1 && one.pos.column >= 0);
    }
    FUZZ_REQUIRE(
        std::is_sorted(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.pos < b.pos; }));
    FUZZ_REQUIRE(diagnostics.text().empty() == diagnostics.empty());
    const auto json = parse_json(diagnostics.json().dump());
    FUZZ_REQUIRE(json.ok() && json->items().size() == sorted.size());
}

void require_hidden(const std::string& shown, std::string_view text) {
    FUZZ_REQUIRE(shown.find(secret) == std::string::npos || text.find(secret) != std::string_view::npos);
}

void check_file(const std::string& text) {
    Diagnostics diagnostics;
    const auto loaded = load_text("config.yaml", text, environment(), diagnostics);
    check_diagnostics(diagnostics, text);
    require_hidden(diagnostics.text(), text);
    for (const auto& warning : loaded.warnings) require_hidden(warning, text);
    if (!diagnostics.empty()) return;  // the settings are not used then
    const auto written = dump_yaml(loaded.settings);
    const auto json = dump_json(loaded.settings);
    require_hidden(written, text);
    require_hidden(json.dump(), text);
    if (!loaded.settings.secret_paths.empty()) return;
    Diagnostics none;
    const auto again = load_text("config.yaml", written, environment(), none);
    if (!none.empty()) std::fprintf(stderr, "%s\n%s\n", written.c_str(), none.text().c_str());
    FUZZ_REQUIRE(none.empty());
    FUZZ_REQUIRE(dump_yaml(again.settings) == written);
    FUZZ_REQUIRE(dump_json(again.settings) == json);
}

// A part of a file that is used when the rest has errors: its lines stay where they were.
void check_part(std::string_view text) {
    static constexpr std::string_view options[] = {"state", "log", "monitors"};
    const auto part = only_options(text, options);
    if (!part) return;
    FUZZ_REQUIRE(std::count(part->begin(), part->end(), '\n') ==
                 std::count(text.begin(), text.end(), '\n') + (text.empty() || text.ends_with('\n') ? 0 : 1));
}

void check_tree(std::string_view text) {
    Diagnostics diagnostics;
    auto root = parse_yaml(text, diagnostics);
    if (!root) FUZZ_REQUIRE(!diagnostics.empty());
    if (!root || !diagnostics.empty()) return;
    FUZZ_REQUIRE(!find_non_text(text));
    const auto written = to_yaml(*root);
    Diagnostics none;
    auto again = parse_yaml(written, none);
    FUZZ_REQUIRE(again && none.empty());
    std::set<std::string> names_read;
    expand_tree(*again, environment(), names_read, none);
    FUZZ_REQUIRE(none.empty() && names_read.empty());
    FUZZ_REQUIRE(to_json(*again) == to_json(*root));
    const auto json = to_json(*root);
    FUZZ_REQUIRE(to_json(from_json(json)) == json);
}

void check_scalar(const std::string& text) {
    const auto same = expand_text(escape_dollars(text), environment());
    FUZZ_REQUIRE(same.ok() ? same->text == text && !same->secret : text.size() > max_expanded_bytes);
    const auto names = variables_of(text);
    if (const auto expanded = expand_text(text, environment())) {
        FUZZ_REQUIRE(expanded->text.size() <= max_expanded_bytes);
        for (const auto& name : expanded->names_read) {
            FUZZ_REQUIRE(std::find(names.begin(), names.end(), name) != names.end());
        }
    } else {
        require_hidden(expanded.error().message, text);
    }
    if (const auto ns = parse_duration(text)) {
        const auto again = parse_duration(duration_text(*ns));
        FUZZ_REQUIRE(*ns >= 0 && again.ok() && *again == *ns);
    }
    if (const auto origin = read_origin(text)) {
        FUZZ_REQUIRE(!host_and_port(*origin).empty() && read_origin(*origin) == origin);
        FUZZ_REQUIRE(split_url(*origin).has_value());
        FUZZ_REQUIRE(address_key(address_key(text)) == address_key(text));
    }
    if (loopback_listen(text)) FUZZ_REQUIRE(valid_listen(text));
    if (const auto rule = parse_down_after(text)) FUZZ_REQUIRE(1 <= rule->failed && rule->failed <= rule->looks);
    FUZZ_REQUIRE(glob_match("*", text));
    if (!is_glob(text) && text.find('?') == std::string::npos) FUZZ_REQUIRE(glob_match(text, text));
    if (const auto windows = Recurring::make(text, "Europe/Berlin", 3600 * ns_per_s)) {
        constexpr stipend_unix_ns now = 1'755'530'000 * ns_per_s;
        const auto next = windows->at_or_after(now);
        if (next) FUZZ_REQUIRE(next->from < next->to && next->to > now);
        stipend_unix_ns last = now;
        for (const auto& window : windows->within(now, now + 7 * ns_per_day)) {
            FUZZ_REQUIRE(last <= window.from && window.from < window.to && window.to <= now + 7 * ns_per_day);
            last = window.to;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    check_file(text);
    check_file(cat("role: worker\n", text));
    check_part(text);
    check_tree(text);
    check_scalar(text);
    return 0;
}
