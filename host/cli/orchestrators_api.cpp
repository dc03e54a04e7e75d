// `stipend orchestrators ... --url`: the orchestrators of a manager, over its API.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <set>

#include "host/base/percent.hpp"
#include "host/base/printable.hpp"
#include "host/base/signed_wei.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/cli/table.hpp"

namespace stipend::cli {
namespace {

constexpr std::string_view orchestrators_path = "/api/v1/livepeer/orchestrators";
constexpr std::size_t most_parts = 1000;  // of 200 each

std::string path_of(const std::string& id, std::string_view rest = {}) {
    return cat(orchestrators_path, "/", url_part(id), rest);
}

Result<Json> all_orchestrators(const ApiClient& client) {
    auto out = Json::array();
    std::string cursor;
    for (std::size_t part = 0; part < most_parts; ++part) {
        STIPEND_LET(answer, client.ask("GET", cat(orchestrators_path, "?limit=200",
                                                  cursor.empty() ? "" : "&cursor=" + url_part(cursor))));
        const auto* rows = answer.find("orchestrators");
        if (rows == nullptr) return fail(STIPEND_E_INVALID, "the answer has no \"orchestrators\"");
        for (const auto& row : rows->items()) out.push(row);
        cursor = text_of(answer, "next_cursor");
        if (cursor == "-") return out;
    }
    return fail(STIPEND_E_LIMIT, "more than ", most_parts, " parts of the list");
}

Colour colour_of(const std::string& status) {
    if (status == "connected") return Colour::good;
    return status == "unapproved" ? Colour::warning : Colour::bad;
}

// "2026-11-22T06:25:06.123Z" as "11-22 06:25:06".
std::string short_time(const std::string& text) {
    constexpr std::size_t month = 5;
    constexpr std::size_t hour = 11;
    constexpr std::size_t second_end = 19;
    if (text.size() < second_end) return text;
    return cat(text.substr(month, hour - month - 1), " ", text.substr(hour, second_end - hour));
}

// "0.018 ETH"; as it is in the answer where that is no amount of an asset.
std::string owed_text(const Json& row) {
    constexpr std::size_t most_decimals = 77;
    const auto owed = shown(row, "owed_wei");
    const auto decimals = shown(row, "decimals");
    const auto asset = shown(row, "asset");
    std::size_t count = 0;
    const auto end = decimals.data() + decimals.size();
    const auto read = std::from_chars(decimals.data(), end, count);
    const auto units = SignedWei::parse(owed);
    if (!units || read.ec != std::errc() || read.ptr != end || count > most_decimals || asset == "-") return owed;
    return units_text(*units, count, asset);
}

void print_table(const Json& rows) {
    std::set<std::string> dispatchers;
    for (const auto& one : rows.items()) {
        if (const auto name = shown(one, "dispatcher"); name != "-") dispatchers.insert(name);
    }
    std::vector<Table::Column> columns{
        {"STATUS"},    {"ORCHESTRATOR", false, true}, {"EPOCH", true}, {"UP %", true}, {"TIER"},
        {"BAD", true}, {"OWED", true, true},          {"NEXT CHECK Z"}};
    if (dispatchers.size() > 1) columns.push_back({"DISPATCHER"});
    Table table(std::move(columns));
    for (const auto& one : rows.items()) {
        const auto status = shown(one, "status");
        std::vector<Table::Cell> cells{{status, colour_of(status)},
                                       {shown(one, "orchestrator_id")},
                                       {shown(one, "epoch")},
                                       {shown(one, "last_uptime_percent")},
                                       {shown(one, "last_tier")},
                                       {shown(one, "consecutive_failures")},
                                       {owed_text(one)},
                                       {short_time(shown(one, "next_due"))}};
        if (dispatchers.size() > 1) cells.push_back({shown(one, "dispatcher")});
        table.add(std::move(cells));
    }
    table.print(stdout);
}

void print_members(const Json& one) {
    for (const auto& [name, value] : one.members()) {
        const bool plain = !value.is(Json::Kind::array) && !value.is(Json::Kind::object);
        const auto text = value.is(Json::Kind::null) ? std::string("-") : plain ? value.text() : value.dump();
        fmt::print("{:<22} {}\n", printable_line(name), printable_line(text));
    }
}

// `what` is printed for people.
int print_changed(const Result<Json>& answer, const RegisterOptions& options) {
    if (!answer) return print_error(answer.error());
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
        return exit_good;
    }
    if (answer->is(Json::Kind::null)) {
        fmt::print("{}: done\n", printable_line(options.id));
        return exit_good;
    }
    const auto state = shown(*answer, "state");
    if (state != "-") fmt::print("{}: {}\n", printable_line(options.id), state);
    if (const auto message = shown(*answer, "message"); message != "-") fmt::print("{}\n", message);
    if (const auto secret = text_of(*answer, "secret"); secret != "-") {
        fmt::print("{}\nThis is its own secret, which is not shown again.\n", printable_line(secret));
    }
    return exit_good;
}

Json texts(const std::vector<std::string>& list) {
    auto out = Json::array();
    for (const auto& one : list) out.push(one);
    return out;
}

// What a registration states; what the options leave out is as it was.
Result<Json> statement_of(const ApiClient& client, const RegisterOptions& options, bool update) {
    auto body = Json::object().append("orchestrator_id", options.id);
    auto endpoint = Json(options.endpoint);
    auto capabilities = texts(options.capabilities);
    auto payout = Json(options.payout_address);
    auto services = texts(options.service_addresses);
    auto key = Json(options.worker_key);
    if (update) {
        STIPEND_LET(now, client.ask("GET", path_of(options.id, "/status")));
        const auto as_it_is = [&now](std::string_view name) {
            const auto* member = now.find(name);
            return member == nullptr ? Json() : *member;
        };
        if (options.endpoint.empty()) endpoint = as_it_is("endpoint");
        if (options.capabilities.empty()) capabilities = as_it_is("capabilities");
        if (options.payout_address.empty()) payout = as_it_is("payout_address");
        if (options.service_addresses.empty()) services = as_it_is("service_addresses");
        if (options.worker_key.empty()) key = as_it_is("worker_key");
    }
    body.append("endpoint", std::move(endpoint)).append("capabilities", std::move(capabilities));
    body.append("eth_address", std::move(payout));
    if (!services.items().empty()) body.append("service_addresses", std::move(services));
    if (key.is(Json::Kind::string) && !key.text().empty() && key.text() != "none")
        body.append("worker_key", std::move(key));
    return body;
}

}  // namespace

int orchestrators_over_api(const RegisterOptions& options, const std::string& action) {
    const auto client = ApiClient::create(options.api);
    if (!client) return print_error(client.error()), exit_usage;
    if (action == "list") {
        const auto rows = all_orchestrators(*client);
        if (!rows) return print_error(rows.error());
        options.common.json ? fmt::print("{}\n", rows->dump()) : print_table(*rows);
        return exit_good;
    }
    if (action == "show") {
        const auto one = client->ask("GET", path_of(options.id, "/status"));
        if (!one) return print_error(one.error());
        options.common.json ? fmt::print("{}\n", one->dump()) : print_members(*one);
        return exit_good;
    }
    if (action == "register" || action == "update") {
        const auto body = statement_of(*client, options, action == "update");
        if (!body) return print_error(body.error());
        return print_changed(client->ask("POST", cat(orchestrators_path, "/register"), *body), options);
    }
    if (action == "remove") return print_changed(client->ask("DELETE", path_of(options.id)), options);
    if (action == "cancel-change") {
        return print_changed(client->ask("DELETE", path_of(options.id, "/pending-change")), options);
    }
    if (action == "rotate" || action == "revoke") {
        return print_changed(
            client->ask("POST", path_of(options.id, "/secret"), Json::object().append("revoke", action == "revoke")),
            options);
    }
    // "approve", "disconnect"
    return print_changed(client->ask("POST", path_of(options.id, "/" + action)), options);
}

}  // namespace stipend::cli
