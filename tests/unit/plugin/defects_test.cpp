// Each way of being broken has a plugin of its own under tests/defects, and here the message that it must give.
#include "fixture.hpp"

using namespace stipend;
using namespace stipend::plugin;
using namespace stipend::plugin::testing;

namespace {

// Loads the defect and tries it with an empty configuration. {F} stands for the file's path.
std::string message_of(const std::string& defect) {
    Site site;
    site.put("p", defects_dir / (defect + ".so"));
    const auto chosen = site.loader.load({.plugin = "p", .id = {}, .sha256 = {}});
    const auto result = chosen ? site.loader.try_config(*chosen, "{}", minute_terms()) : Result<void>(chosen.error());
    if (result) return "no error";
    std::string message = result.error().message;
    const auto file = (site.folder / "p.so").native();
    for (auto at = message.find(file); at != std::string::npos; at = message.find(file))
        message.replace(at, file.size(), "{F}");
    return message;
}

struct Case {
    const char* defect;
    const char* message;
};

const Case cases[] = {
    {"wrong_magic", "wrong magic: {F}: got 0x44414542, want 0x31505453"},
    {"newer_major", "ABI major: {F}: got 2, want 1"},
    {"newer_symbol", "newer ABI: {F}: got stipend_entry_v2, want stipend_entry_v1"},
    {"no_symbol", "no plugin: {F}: got a library without the symbol stipend_entry_v1, want it exported"},
    {"small_entry", "entry too small: {F}: got 24 bytes, want at least 72"},
    {"null_function", "missing function: {F}: got NULL for lifecycle.create, want a function"},
    {"no_plugins", "number of plugins: {F}: got 0, want 1 .. 16"},
    {"null_descriptor", "missing descriptor: {F}: got NULL for plugin 0, want a descriptor"},
    {"bad_id", "plugin id: {F}: got \"Not An Id\", want reverse-DNS such as org.example.pay"},
    {"unknown_kind",
     "unknown kind: {F}: org.example.defect: got stipend.policy/9, want one of stipend.policy/1, stipend.dispatch/1, "
     "stipend.monitor/1, stipend.price/1, stipend.service/1"},
    {"duplicate_id", "duplicate plugin id: {F}: got org.example.defect twice, want each id once"},
    {"unresolved",
     "cannot load plugin: {F}: got undefined symbol: nobody_defines_this, want a shared object whose symbols all "
     "resolve"},
    {"failing_init", "init: {F}: no licence found"},
    {"null_instance", "create: {F}: org.example.defect: got success and no instance"},
    {"no_table", "get_interface: {F}: org.example.defect: got no whole table for stipend.policy/1"},
    {"throws", "check_config: {F}: org.example.defect: got an exception through the ABI, want a status (boom)"},
    {"bad_action", "decide: {F}: org.example.defect: action: got 42, want PAY, SKIP or HOLD"},
    {"negative_amount", "decide: {F}: org.example.defect: amount_usd_e8: got -1, want 0 .. 9223372036854775807"},
    {"skip_with_amount", "decide: {F}: org.example.defect: amount_usd_e8: got an amount without PAY, want 0"},
    {"endless_delay",
     "decide: {F}: org.example.defect: delay_ns: got 9223372036854775807, want 0 .. 31622400000000000"},
    {"uptime_above_all", "decide: {F}: org.example.defect: uptime_ppm: got 1000001, want 0 .. 1000000"},
    {"dirty_text", "decide: {F}: org.example.defect: tier: got an unterminated text, or bytes after its end"},
    {"exit_in_constructor", "plugin ends the process when probed: {F}: got exit status 7 in load, want it to return"},
};

}  // namespace

TEST_CASE("each defect is reported by what failed, in which file, got and want") {
    for (const auto& expected : cases) {
        CAPTURE(expected.defect);
        CHECK(message_of(expected.defect) == expected.message);
    }
}

// Sanitizers take signals for themselves and leave by an exit status, so the ending's own words differ there.
TEST_CASE("a crash happens in the probe, and the message names the step") {
    CHECK(message_of("crash_in_constructor").starts_with("plugin ends the process when probed: {F}: got "));
    CHECK(message_of("crash_in_constructor").ends_with(" in load, want it to return"));
    CHECK(message_of("crash_in_decide").ends_with(" in decide, want it to return"));
    CHECK(message_of("throws_static").ends_with(" in check_config, want it to return"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(message_of("crash_in_constructor") ==
          "plugin ends the process when probed: {F}: got signal 11 (Segmentation fault) in load, want it to return");
    CHECK(message_of("throws_static") ==
          "plugin ends the process when probed: {F}: got signal 6 (Aborted) in check_config, want it to return");
#endif
}

TEST_CASE("a plugin that hangs is given up after the time limit") {
    Site site;
    Loader loader({site.folder, site.staging, {.program = probe_options.program, .timeout_ms = 300}});
    site.put("p", defects_dir / "hang_in_constructor.so");
    const auto loaded = loader.load({.plugin = "p", .id = {}, .sha256 = {}});
    REQUIRE(!loaded.ok());
    CHECK(loaded.error().message ==
          "plugin hangs when probed: " + (site.folder / "p.so").native() + ": no answer within 300 ms");
}

TEST_CASE("what a library prints is not taken for the probe's answer") {
    CHECK(message_of("prints") == "no error");
}
TEST_CASE("a sound plugin passes") {
    CHECK(message_of("sound") == "no error");
}
