// Each way of being broken has a plugin of its own under tests/defects, and here the message that it must give.
#include <tuple>

#include "fixture.hpp"

using namespace stipend;
using namespace stipend::plugin;
using namespace stipend::plugin::testing;

namespace {

// {F} stands for the file's path.
std::string with_placeholder(std::string text, const std::filesystem::path& path) {
    const auto& file = path.native();
    for (auto at = text.find(file); at != std::string::npos; at = text.find(file)) text.replace(at, file.size(), "{F}");
    return text;
}

// What the probe says of the defect, which is not loaded into this process.
Result<LibraryDescription> probe_defect(const std::string& defect) {
    Site site;
    site.put("p", defects_dir / (defect + ".so"));
    auto found = site.loader.inspect(site.folder / "p.so");
    if (!found) return fail(found.error().status, with_placeholder(found.error().message, site.folder / "p.so"));
    for (auto& warning : found->second.warnings) warning = with_placeholder(warning, site.folder / "p.so");
    return found->second;
}

std::string message_of(const std::string& defect) {
    const auto found = probe_defect(defect);
    return found ? "no error" : found.error().message;
}

// The warnings about a plugin that is not refused, one a line.
std::string warnings_of(const std::string& defect) {
    const auto found = probe_defect(defect);
    if (!found) return "refused: " + found.error().message;
    std::string out;
    for (const auto& warning : found->warnings) out += warning + "\n";
    return out;
}

constexpr bool is_sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

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
     "stipend.monitor/1, stipend.price/1, stipend.service/1, stipend.alert/1, stipend.settlement/1"},
    {"needs_process",
     "needs a process of its own: {F}: org.example.defect: got the flag NEEDS_PROCESS, want none, or `isolate: "
     "process` in "
     "the configuration where its kind can have that"},
    {"unknown_flags", "unknown flags: {F}: org.example.defect: got 0x4, want at most 0x1"},
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
    {"exit_in_init", "plugin ends the process when probed: {F}: got exit status 0 in init, want it to return"},
    {"leave_in_init", "plugin ends the process when probed: {F}: got exit status 0 in init, want it to return"},
    {"leave_in_destroy", "plugin ends the process when probed: {F}: got exit status 0 in destroy, want it to return"},
    {"leave_in_fetch", "plugin ends the process when probed: {F}: got exit status 0 in fetch, want it to return"},
    {"bad_schema", "plugin description: {F}: org.example.defect: config schema: #: unknown keyword \"propertys\""},
    // Decisions.
    {"counts_in_reason",
     "policy is not deterministic: {F}: org.example.defect: got reason \"1\" and \"45\" for a sample (job ok, uptime "
     "1000000 ppm, 0 failures before it) that was decided twice, want the same bytes"},
    {"order_in_memory",
     "policy is not deterministic: {F}: org.example.defect: got memory byte 5 0 and 100 for a sample (job ok, uptime "
     "1000000 ppm, 0 failures before it) that was decided twice, want the same bytes"},
    {"batch_in_tier",
     "policy is not deterministic: {F}: org.example.defect: got tier \"m\" and \"s\" for a sample (job ok, uptime "
     "1000000 ppm, 0 failures before it) that was decided twice, want the same bytes"},
    {"above_bounds",
     "decide: {F}: org.example.defect: got 11 USD for a sample (job ok, uptime 1000000 ppm, 0 failures before it), "
     "want "
     "at most 10 USD, which is its own bound"},
    {"sooner_than_bounds",
     "decide: {F}: org.example.defect: got the next due time after 60000000000 ns for a sample (job ok, uptime 1000000 "
     "ppm, 0 failures before it), want at least 60000000001 ns, which is its own bound"},
    {"writes_behind",
     // Of the last record of a batch of 46, behind which no memory is.
     "plugin reaches outside of a record: {F}: got a write at byte 336 of stipend_decision, which has 336 bytes, "
     "in decide, want it inside"},
    {"writes_before",
     "plugin reaches outside of a record: {F}: got a write at byte -8 of stipend_decision, which has 336 bytes, in "
     "decide, want it inside"},
    // The process.
    {"changes_locale", "plugin changes the process: {F}: got locale \"C.UTF-8\" after init, want it as it was"},
    {"changes_rounding", "plugin changes the process: {F}: got another rounding mode after create, want it as it was"},
    {"changes_folder", "plugin changes the process: {F}: got another working directory after start, want it as it was"},
    {"changes_umask", "plugin changes the process: {F}: got umask 0000 after init, want it as it was"},
    {"ignores_sigterm",
     "plugin changes the process: {F}: got another action for SIGTERM after start, want it as it was"},
    {"unblocks_signals", "plugin changes the process: {F}: got SIGHUP unblocked after create, want it as it was"},
    {"closes_standard_error", "plugin changes the process: {F}: got descriptor 2 closed after init, want it as it was"},
    {"closes_descriptors", "plugin changes the process: {F}: got descriptor 3 closed after destroy, want it as it was"},
    {"forks_at_load",
     "plugin leaves processes behind: {F}: got 1 process that it started and did not wait for, want none"},
    {"starts_daemon",
     "plugin leaves processes behind: {F}: got 1 process that it started and did not wait for, want none"},
};

}  // namespace

TEST_CASE("each defect is reported by what failed, in which file, got and want") {
    for (const auto& expected : cases) {
        CAPTURE(expected.defect);
        CHECK(message_of(expected.defect) == expected.message);
    }
}

// Sanitizers take signals for themselves and leave by an exit status, so the ending's own words differ there.
TEST_CASE("a crash happens in the probe, and the message names the call and the signal") {
    const std::tuple<const char*, const char*, const char*> crashes[] = {
        {"crash_in_constructor", "signal 11 (Segmentation fault)", "load"},
        {"crash_in_init", "signal 11 (Segmentation fault)", "init"},
        {"throws_static", "signal 6 (Aborted)", "check_config"},
        {"crash_in_create", "signal 8 (Floating point exception)", "create"},
        {"abort_in_start", "signal 6 (Aborted)", "start"},
        {"crash_in_decide", "signal 11 (Segmentation fault)", "decide"},
        {"crash_in_submit", "signal 11 (Segmentation fault)", "submit"},
        {"crash_in_timer", "signal 4 (Illegal instruction)", "a timer's callback"},
        {"crash_in_deinit", "signal 7 (Bus error)", "deinit"},
        {"crash_at_exit", "signal 11 (Segmentation fault)", "the exit handlers of the process"},
    };
    for (const auto& [defect, cause, place] : crashes) {
        CAPTURE(defect);
        const auto message = message_of(defect);
        CHECK(message.starts_with("plugin ends the process when probed: {F}: got "));
        CHECK(message.ends_with(cat(" in ", place, ", want it to return")));
        if (!is_sanitized) {
            CHECK(message ==
                  cat("plugin ends the process when probed: {F}: got ", cause, " in ", place, ", want it to return"));
        }
    }
}

TEST_CASE("a plugin that hangs is given up after the time limit of the call, which is named") {
    const std::pair<const char*, const char*> hangs[] = {
        {"hang_in_constructor", "load"}, {"loop_in_init", "init"}, {"hang_in_quiesce", "quiesce"}};
    for (const auto& [defect, place] : hangs) {
        CAPTURE(defect);
        Site site;
        Loader loader({site.folder, site.staging, {.program = probe_options.program, .timeout_ms = 500}});
        site.put("p", defects_dir / (std::string(defect) + ".so"));
        const auto found = loader.inspect(site.folder / "p.so");
        REQUIRE(!found.ok());
        CHECK(found.error().message == cat("plugin hangs when probed: ", (site.folder / "p.so").native(),
                                           ": got no return within 500 ms from ", place, ", want it to return"));
    }
}

TEST_CASE("a defect in init is found before the library is loaded here") {
    Site site;
    site.put("p", defects_dir / "exit_in_init.so");
    const auto loaded = site.loader.load({.plugin = "p", .id = {}, .sha256 = {}});
    REQUIRE(!loaded.ok());
    CHECK(loaded.error().message.ends_with("got exit status 0 in init, want it to return"));
}

TEST_CASE("a text that is read beyond its end is named") {
    if (is_sanitized) return;
    CHECK(message_of("reads_behind_config") ==
          "plugin reaches outside of a record: {F}: got a read at byte 2 of config_json, which has 2 bytes, in "
          "check_config, want it inside");
}

TEST_CASE("a policy that reads a clock is found, whatever its unit") {
    if (is_sanitized) return;  // they have the functions of the clock themselves
    CHECK(
        message_of("clock_in_reason").starts_with("policy is not deterministic: {F}: org.example.defect: got reason "));
    CHECK(message_of("instance_in_delay")
              .starts_with("policy is not deterministic: {F}: org.example.defect: got delay_ns "));
}

TEST_CASE("what a plugin leaves behind is a warning with the number") {
#ifndef __SANITIZE_THREAD__  // it begins a thread of its own meanwhile
    CHECK(warnings_of("leaves_thread") == "{F}: leaves 1 thread after deinit\n");
#endif
    CHECK(warnings_of("leaks_descriptors") ==
          "{F}: org.example.defect: keeps 5 descriptors more open after 5 more instances\n"
          "{F}: leaves 12 descriptors open after deinit\n");
    if (is_sanitized) return;
    CHECK(warnings_of("takes_crash_signal") ==
          "{F}: init takes SIGSEGV: the host's log does not name this plugin when it crashes\n");
    const auto memory = warnings_of("leaks_memory");
    CHECK(memory.starts_with("{F}: org.example.defect: keeps 1"));
    CHECK(memory.ends_with(" KiB of memory more after 5 more instances\n"));
}

TEST_CASE("a description that lacks something is a warning") {
    CHECK(warnings_of("no_version") == "{F}: org.example.defect: got no version, want one such as 1.0.0\n");
    CHECK(warnings_of("open_schema") ==
          "{F}: org.example.defect: config schema lets unknown keys pass at #: want \"additionalProperties\": false\n");
}

TEST_CASE("warnings of what was loaded and tried are given once") {
    Site site;
    site.put("p", defects_dir / "leaks_descriptors.so");
    const auto chosen = site.loader.load({.plugin = "p", .id = {}, .sha256 = {}});
    REQUIRE(chosen.ok());
    REQUIRE(site.loader.try_config(*chosen, "{}", minute_terms()).ok());
    REQUIRE(site.loader.try_config(*chosen, "{}", minute_terms()).ok());
    CHECK(site.loader.take_warnings().size() == 2);
    CHECK(site.loader.take_warnings().empty());
}

TEST_CASE("what a library prints is not taken for the probe's answer") {
    CHECK(message_of("prints") == "no error");
}
TEST_CASE("a sound plugin passes without a warning") {
    for (const char* sound : {"sound", "sound_b", "hang_in_decide", "hang_in_watch"}) {
        CAPTURE(sound);
        CHECK(warnings_of(sound) == "");
    }
}
TEST_CASE("the plugins of the project pass without a warning") {
    Site site;
    for (const char* name : {"payment", "payment-dynamic", "byoc", "price", "monitor", "alert", "ethereum"}) {
        CAPTURE(name);
        const auto found = site.loader.inspect(plugins_dir / (std::string(name) + ".so"));
        REQUIRE_MESSAGE(found.ok(), found.error().message);
        CHECK(found->second.warnings.empty());
    }
}
