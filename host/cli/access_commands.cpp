#include "host/cli/command_line.hpp"

namespace stipend::cli {
namespace {

void add_user_commands(CLI::App& app, UserOptions& options, int& status) {
    auto* user = app.add_subcommand("user", "accounts of the manager's API")->require_subcommand(1);
    const auto named = [&](const char* name, const char* what) {
        auto* one = command(*user, name, what, options.common);
        one->add_option("NAME", options.name, "the account, such as an e-mail address")->required();
        return one;
    };
    const auto with_password = [&](CLI::App* one) {
        auto* file = one->add_option("--password-file", options.password_file,
                                     "the password is the first line of this file; - for standard input (default: a "
                                     "prompt)");
        one->add_flag("--generate", options.generate, "make a password, and show it once")->excludes(file);
        return one;
    };
    auto* add = with_password(named("add", "add an account"));
    add->add_option("--role", options.role, "admin, operator or viewer")->capture_default_str();
    add->callback([&] { status = user_add(options); });
    with_password(named("passwd", "change the password of an account, and end its logins"))->callback([&] {
        status = user_passwd(options);
    });
    named("remove", "remove an account, and end its logins")->callback([&] { status = user_remove(options); });
    command(*user, "list", "list the accounts", options.common)->callback([&] { status = user_list(options.common); });
}

void add_orchestrator_import(CLI::App& group, OrchestratorImportOptions& options, int& status) {
    auto* one = command(group, "import", "register those of a file, all or none", options.common);
    one->add_option("FILE", options.file,
                    "a YAML list: id, endpoint, capabilities, payout_address, worker_key, approved")
        ->required();
    one->add_flag("--update", options.update, "change those that are registered already");
    one->add_flag("--dry-run", options.dry_run, "only say what it would do");
    one->callback([&] { status = orchestrator_import(options); });
}

void add_invitation_commands(CLI::App& group, InviteOptions& options, int& status) {
    auto* make = command(group, "invite", "make an invitation by which one orchestrator joins, and show it once",
                         options.common);
    add_api_options(*make, options.api);
    make->add_option("--manager-url", options.manager_url,
                     "where orchestrators reach the manager (default: api.origin, or what --url says)");
    make->add_option("--expires-in", options.expires_in, "how long it is valid, from 1m to 30d (default: 24h)");
    make->add_option("--capability", options.capability, "by which it is measured, and which it has to state");
    make->add_option("--network", options.network, "one of `networks` in the configuration, on which it is paid");
    make->add_flag("--approve", options.approve, "approve it at its first proof");
    make->callback([&] { status = orchestrator_invite(options); });
    auto* list = command(group, "invitations", "list the invitations", options.common);
    add_api_options(*list, options.api);
    list->callback([&] { status = orchestrator_invitations(options); });
    auto* revoke = command(group, "revoke-invitation", "refuse an invitation from now on", options.common);
    add_api_options(*revoke, options.api);
    revoke->add_option("ID", options.id, "the invitation, as `invitations` shows it")->required();
    revoke->callback([&] { status = orchestrator_revoke_invitation(options); });
}

// What a registration states. Only over the API.
void add_registration(CLI::App& group, const char* name, const char* what, RegisterOptions& options, int& status) {
    auto* one = command(group, name, what, options.common);
    add_api_options(*one, options.api);
    one->get_option("--url")->required();
    one->add_option("ID", options.id, "the orchestrator")->required();
    auto* endpoint = one->add_option("--endpoint", options.endpoint, "where it is, such as https://orch.example:8935");
    auto* capability =
        one->add_option("--capability", options.capabilities, "what it serves; several times for several");
    auto* payout = one->add_option("--payout-address", options.payout_address, "where its pay goes");
    one->add_option("--worker-key", options.worker_key, "its worker's public key, or none");
    one->add_option("--service-address", options.service_addresses, "where it serves; several times for several");
    if (std::string_view(name) == "register") {
        for (auto* option : {endpoint, capability, payout}) option->required();
    }
    one->callback(
        [&options, &status, action = std::string(name)] { status = orchestrators_over_api(options, action); });
}

void add_orchestrator_commands(CLI::App& app, AccessOptions& access, int& status) {
    auto& options = access.orchestrator;
    auto& registered = access.registered;
    auto* group =
        app.add_subcommand("orchestrators", "orchestrators: those that registered at this host, or over the API")
            ->alias("orchestrator")
            ->require_subcommand(1);
    auto* list = command(*group, "list", "list the registrations; over the API, all orchestrators", options.common);
    add_api_options(*list, options.api);
    list->callback([&] { status = orchestrator_list(options); });
    auto* show = command(*group, "show", "all that the API says of one", registered.common);
    add_api_options(*show, registered.api);
    show->get_option("--url")->required();
    show->add_option("ID", registered.id, "the orchestrator")->required();
    show->callback([&] { status = orchestrators_over_api(registered, "show"); });
    add_registration(*group, "register", "register one; an administrator's is approved", registered, status);
    add_registration(*group, "update", "change a registration; what is left out stays", registered, status);
    add_orchestrator_import(*group, access.imported, status);
    add_invitation_commands(*group, access.invite, status);
    const auto add = [&](const char* name, const char* what, const std::string& action) {
        auto* one = command(*group, name, what, options.common);
        add_api_options(*one, options.api);
        one->add_option("ID", options.id, "the orchestrator, as `list` shows it")->required();
        one->callback([&options, &status, action] {
            status = orchestrator_change(options, options.revoke ? std::string("revoke") : action);
        });
        return one;
    };
    add("approve", "pay it from now on", "approve");
    add("disconnect", "pay it no more, until it is approved again", "disconnect");
    add("remove", "as disconnect, and make its secret void and its endpoint free", "remove");
    add("cancel-change", "drop a change of its payout address or worker's key that waits", "cancel-change");
    add("rotate-secret", "make a new secret, and show it once", "rotate")
        ->add_flag("--revoke", options.revoke, "only make the present one void");
}

void add_api_key_commands(CLI::App& app, ApiKeyOptions& options, int& status) {
    auto* keys = app.add_subcommand("api-key", "keys of the manager's API, for programs")->require_subcommand(1);
    auto* add = command(*keys, "add", "make a key, and show it once", options.common);
    add->add_option("NAME", options.name, "what people call it")->required();
    add->add_option("--role", options.role, "admin, operator or viewer")->capture_default_str();
    add->add_option("--scopes", options.scopes,
                    "some of the role's permissions, such as \"orchestrators:read payments:read\" (default: all)");
    add->add_option("--expires-in", options.expires_in, "how long it is valid, such as 90d (default: until revoked)");
    add->callback([&] { status = api_key_add(options); });
    command(*keys, "list", "list the keys", options.common)->callback([&] { status = api_key_list(options.common); });
    auto* revoke = command(*keys, "revoke", "refuse a key from now on", options.common);
    revoke->add_option("ID", options.id, "the key's id, as `list` shows it")->required();
    revoke->callback([&] { status = api_key_revoke(options); });
}

}  // namespace

void add_access_commands(CLI::App& app, AccessOptions& options, int& status) {
    add_user_commands(app, options.user, status);
    add_api_key_commands(app, options.key, status);
    add_orchestrator_commands(app, options, status);
}

}  // namespace stipend::cli
