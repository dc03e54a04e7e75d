// stipend-probe: loads one library that is not trusted yet, and reports what it finds. Started by the host, never by
// people.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <string>

#include "host/base/file.hpp"
#include "host/plugin/library.hpp"
#include "host/plugin/policy_instance.hpp"
#include "host/plugin/probe.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace {

void write_line(int out, const std::string& text) {
    const std::string line = text + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
        const auto put = ::write(out, rest.data(), rest.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
}

std::string text_of(const Json& request, std::string_view key) {
    const auto* value = request.find(key);
    return value == nullptr ? std::string() : value->text();
}

// A pure plugin can be tried whole, since it has no effects: one decision of a plain sample.
Result<void> try_policy(const stipend_entry& entry, const Description& plugin, const ProbeConfig& config,
                        const std::filesystem::path& shown_as, int out) {
    write_line(out, "step create");
    STIPEND_LET(policy, PolicyInstance::create(entry, plugin, shown_as, "probe", config.config_json, config.terms));
    write_line(out, "step bounds");
    STIPEND_TRY(policy->bounds(config.terms));
    write_line(out, "step decide");
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = STIPEND_JOB_OK;
    sample.epoch = 1;
    sample.interval_ns = config.terms.interval_ns;
    sample.reported_ppm = 1'000'000;
    sample.flags = STIPEND_SAMPLE_REPORTED;
    sample.base_usd_e8 = config.terms.base_usd_e8;
    stipend_decision decision{};
    STIPEND_TRY(policy->decide({&sample, 1}, {&decision, 1}));
    write_line(out, "step destroy");
    policy.reset();
    return {};
}

Result<LibraryDescription> run(const Json& request, int out) {
    const std::filesystem::path shown_as = text_of(request, "shown_as");
    write_line(out, "step load");
    STIPEND_LET(library, Library::open(text_of(request, "path"), shown_as));
    write_line(out, "step describe");
    STIPEND_LET(description, describe(*library.entry(), shown_as));
    if (request.find("plugin_id") == nullptr) return std::move(description);

    ProbeConfig config{.plugin_id = text_of(request, "plugin_id"),
                       .config_json = text_of(request, "config"),
                       .terms = make_terms(*Decimal::parse(text_of(request, "interval_ns"))->exact_scaled(0),
                                           *Decimal::parse(text_of(request, "base_usd_e8"))->exact_scaled(0))};
    const auto* plugin = description.find(config.plugin_id);
    if (plugin == nullptr) {
        return fail(STIPEND_E_INVALID, "no such plugin: ", shown_as.native(), ": want ", config.plugin_id);
    }
    write_line(out, "step init");
    STIPEND_TRY(init_library(*library.entry(), shown_as));
    write_line(out, "step check_config");
    STIPEND_TRY(check_config(*library.entry(), shown_as, config.plugin_id, config.config_json, config.terms));
    if (plugin->has_kind(STIPEND_POLICY)) STIPEND_TRY(try_policy(*library.entry(), *plugin, config, shown_as, out));
    return std::move(description);
}

}  // namespace

int probe_main(int in, int out) {
    auto text = read_all(in, 4u << 20);
    auto request = text ? parse_json(*text, {.bytes = 4u << 20, .depth = 4, .nodes = 100}) : Result<Json>(text.error());
    const auto description = request ? run(*request, out) : Result<LibraryDescription>(request.error());
    if (description) {
        write_line(out, description->to_json().dump());
    } else {
        Json error = Json::object();
        error.set("error", Json::of_string(description.error().message));
        error.set("path", Json::of_string(description.error().path));
        write_line(out, error.dump());
    }
    return 0;
}

}  // namespace stipend::plugin

int main(int argc, char** argv) {
    if (argc != 2 || std::strcmp(argv[1], "--answer-fd=3") != 0) {
        std::fprintf(
            stderr,
            "stipend-probe tries a plugin on behalf of stipend; to look at one, use: stipend plugins inspect FILE\n");
        return 2;
    }
    // It dies with its host, leaves no core behind, and cannot eat the machine.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const rlimit seconds{10, 10};
    ::setrlimit(RLIMIT_CPU, &seconds);
    return stipend::plugin::probe_main(STDIN_FILENO, 3);
}
