#include "host/cli/access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace stipend::cli {
namespace {

Result<std::unique_ptr<api::AccessStore>> open_store(const config::Settings& settings) {
    if (settings.role == config::Role::worker) {
        return fail(STIPEND_E_INVALID, "accounts and API keys are of a manager: this is the configuration of a worker");
    }
    const auto file = api::access_file(settings.state);
    std::error_code none;
    struct stat folder {};
    // A file that another user makes is one that the host cannot open.
    if (!std::filesystem::exists(file, none) &&
        (::stat(settings.state.c_str(), &folder) != 0 || folder.st_uid != ::geteuid())) {
        return fail(STIPEND_E_UNAVAILABLE, file.native(),
                    " is missing: start the host first, or run this as the user that the host runs as");
    }
    return api::AccessStore::open(file);
}

}  // namespace

std::unique_ptr<api::AccessStore> open_access(const Common& common, int& status) {
    const auto settings = settings_for(Reads::place, common, status);
    if (!settings) return nullptr;
    auto store = open_store(*settings);
    if (store) return std::move(*store);
    status = print_error(store.error());
    return nullptr;
}

Result<auth::AccessRole> parse_role(const std::string& name) {
    const auto role = auth::parse_access_role(name);
    if (role && *role != auth::AccessRole::orchestrator) return *role;
    return fail(STIPEND_E_INVALID, "--role: got \"", clip(name, 32), "\", want admin, operator or viewer");
}

}  // namespace stipend::cli
