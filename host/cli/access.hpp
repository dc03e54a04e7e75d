// What the commands of accounts and API keys share.
#pragma once

#include <memory>

#include "host/api/access_store.hpp"
#include "host/cli/context.hpp"

namespace stipend::cli {

// The accounts and keys of the configured host, which may run. Prints what is wrong, sets `status` and returns nothing
// otherwise.
[[nodiscard]] std::unique_ptr<api::AccessStore> open_access(const Common& common, int& status);

// INVALID: a role that no account or key can have yet.
[[nodiscard]] Result<auth::AccessRole> parse_role(const std::string& name);

}  // namespace stipend::cli
