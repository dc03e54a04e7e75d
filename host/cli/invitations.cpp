// `stipend orchestrators invite`, `invitations` and `revoke-invitation`.
#include <fmt/format.h>

#include "host/base/percent.hpp"
#include "host/base/printable.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/cli/table.hpp"

namespace stipend::cli {
namespace {

constexpr std::string_view invitations_path = "/api/v1/livepeer/orchestrators/invitations";

// Asks over the API where a URL is given, else the running host. Nothing: the status is set, and the reason printed.
template <class OverApi>
std::optional<Json> ask_manager(const InviteOptions& options, const char* method, const Json& body, int& status,
                                OverApi over_api) {
    auto answer = Result<Json>(Json());
    if (options.api.url.empty()) {
        const auto settings = settings_for(Reads::place, options.common, status);
        if (!settings) return std::nullopt;
        answer = ask_host(*settings, method, "/registrations", body);
    } else {
        const auto client = ApiClient::create(options.api);
        if (!client) return print_error(client.error()), status = exit_usage, std::nullopt;
        answer = over_api(*client);
    }
    if (!answer) return status = print_error(answer.error()), std::nullopt;
    return std::move(*answer);
}

}  // namespace

int orchestrator_invite(const InviteOptions& options) {
    auto body = Json::object().append("approve", options.approve);
    const auto add = [&body](std::string_view name, const std::string& text) {
        if (!text.empty()) body.append(std::string(name), text);
    };
    add("manager_url", options.manager_url.empty() ? options.api.url : options.manager_url);
    add("expires_in", options.expires_in);
    add("capability", options.capability);
    add("network", options.network);
    auto order = body;
    order.append("action", "invite").append("by", requester());
    int status = exit_good;
    const auto made = ask_manager(options, "POST", order, status, [&](const ApiClient& client) {
        return client.ask("POST", std::string(invitations_path), body);
    });
    if (!made) return status;
    if (options.common.json) {
        fmt::print("{}\n", made->dump());
        return exit_good;
    }
    const auto* one = made->find("invitation");
    if (one == nullptr) return print_error(fail(STIPEND_E_INVALID, "the answer has no \"invitation\""));
    fmt::print("{}\n", shown(*made, "token"));
    fmt::print(stderr,
               "Invitation {}, until {}. It is not shown again, and is taken once. At the orchestrator, with it in "
               "FILE, of mode 0600:\n  {}\n",
               shown(*one, "id"), shown(*one, "expires_at"), shown(*made, "command"));
    return exit_good;
}

int orchestrator_invitations(const InviteOptions& options) {
    int status = exit_good;
    const auto answer = ask_manager(options, "GET", Json::object(), status, [](const ApiClient& client) {
        return client.ask("GET", std::string(invitations_path));
    });
    if (!answer) return status;
    const auto* list = answer->find("invitations");
    if (list == nullptr) return print_error(fail(STIPEND_E_INVALID, "the answer has no \"invitations\""));
    if (options.common.json) {
        fmt::print("{}\n", list->dump());
        return exit_good;
    }
    Table table({{"STATE"},
                 {"INVITATION"},
                 {"EXPIRES"},
                 {"CAPABILITY", false, true},
                 {"NETWORK", false, true},
                 {"APPROVES"},
                 {"USED BY", false, true},
                 {"MADE BY", false, true}});
    for (const auto& one : list->items()) {
        const auto* approve = one.find("approve");
        const bool approves = approve != nullptr && approve->is(Json::Kind::boolean) && approve->truth();
        table.add({{shown(one, "state")},
                   {shown(one, "id")},
                   {shown(one, "expires_at")},
                   {shown(one, "capability")},
                   {shown(one, "network")},
                   {approves ? "yes" : "no"},
                   {shown(one, "used_by")},
                   {shown(one, "made_by")}});
    }
    table.print(stdout);
    return exit_good;
}

int orchestrator_revoke_invitation(const InviteOptions& options) {
    const auto order =
        Json::object().append("action", "revoke-invitation").append("id", options.id).append("by", requester());
    int status = exit_good;
    const auto done = ask_manager(options, "POST", order, status, [&](const ApiClient& client) {
        return client.ask("DELETE", cat(invitations_path, "/", url_part(options.id)));
    });
    if (!done) return status;
    if (options.common.json) {
        fmt::print("{}\n", Json::object().append("id", options.id).append("state", "revoked").dump());
    } else {
        fmt::print("{}: revoked\n", printable_line(options.id));
    }
    return exit_good;
}

}  // namespace stipend::cli
