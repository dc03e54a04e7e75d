#include <fmt/format.h>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/config/schema.hpp"
#include "host/config/yaml.hpp"

namespace stipend::cli {
namespace {

constexpr std::uintmax_t max_import_bytes = 512 << 10;

constexpr std::string_view import_schema = R"({"type": "array", "minItems": 1, "maxItems": 1000, "items": {
  "type": "object", "additionalProperties": false, "required": ["id", "endpoint"], "properties": {
    "id": {"type": "string"}, "endpoint": {"type": "string"}, "approved": {"type": "boolean"},
    "capabilities": {"type": "array", "items": {"type": "string"}},
    "service_addresses": {"type": "array", "items": {"type": "string"}},
    "payout_address": {"type": "string"}, "worker_key": {"type": "string"}}}})";

// The keys of the file by their names in the API.
constexpr std::pair<std::string_view, std::string_view> names[] = {{"orchestrator_id", "id"},
                                                                   {"eth_address", "payout_address"}};

std::string_view api_name(std::string_view key) {
    for (const auto& [api, file] : names) {
        if (file == key) return api;
    }
    return key;
}

Json entries_of(const config::Node& list) {
    auto out = Json::array();
    for (const auto& item : list.children) {
        auto entry = Json::object();
        for (const auto& child : item.children) entry.append(std::string(api_name(child.key)), config::to_json(child));
        out.push(std::move(entry));
    }
    return out;
}

// A problem of one entry at the place of the key that it names, else of the entry.
void report(const config::Node& list, std::size_t at, std::string problem, config::Diagnostics& diagnostics) {
    const auto& entry = list.children[at];
    auto pos = entry.pos;
    auto path = cat("[", at, "]");
    if (problem.starts_with('"')) {
        auto key = problem.substr(1, problem.find('"', 1) - 1);
        for (const auto& [api, file] : names) {
            if (key != api) continue;
            problem.replace(1, key.size(), file);
            key = file;
        }
        if (const auto* child = entry.find(key)) {
            pos = child->pos;
            path += "." + key;
        }
    }
    diagnostics.add(pos, std::move(path), std::move(problem));
}

void print_imported(const Json& answer, bool dry_run) {
    for (const auto& one : answer.find("registrations")->items()) {
        const auto secret = text_of(one, "secret");
        fmt::print("{:<10} {:<12} {}{}{}\n", text_of(one, "effect"), text_of(one, "state"),
                   printable(text_of(one, "orchestrator_id")), secret == "-" ? "" : "  secret ",
                   secret == "-" ? "" : secret);
    }
    fmt::print("{}\n", dry_run ? "Nothing was changed: this was a dry run." : "Secrets are not shown again.");
}

}  // namespace

int orchestrator_import(const OrchestratorImportOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::place, options.common, status);
    if (!settings) return status;
    auto text = read_file(options.file, max_import_bytes);
    if (!text) return print_error(text.error());
    config::Diagnostics diagnostics;
    diagnostics.set_source(options.file, std::move(*text));
    const auto list = config::parse_yaml(diagnostics.source(), diagnostics);
    if (list && diagnostics.empty()) {
        static const auto schema = config::Schema::parse(import_schema);
        STIPEND_ASSERT(schema.ok());
        schema->check(*list, config::Path(), list->pos, diagnostics);
    }
    if (!list || !diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    const auto body = Json::object()
                          .append("action", "import")
                          .append("entries", entries_of(*list))
                          .append("update", options.update)
                          .append("dry_run", options.dry_run)
                          .append("by", requester());
    // By the running host, which has the configuration's own orchestrators and what the ledger knows.
    const auto answer = ask_host(*settings, "POST", "/registrations", body);
    if (!answer) return print_error(answer.error());
    const auto& rows = answer->find("registrations")->items();
    for (std::size_t at = 0; at < rows.size() && at < list->children.size(); ++at) {
        if (const auto problem = text_of(rows[at], "problem"); problem != "-") {
            report(*list, at, problem, diagnostics);
        }
    }
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        print_imported(*answer, options.dry_run);
    }
    return exit_good;
}

}  // namespace stipend::cli
