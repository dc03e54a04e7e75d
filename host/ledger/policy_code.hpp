// The policy code that recorded decisions were made by.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::ledger {

// The SHA-256 hashes (hex) of the shared objects that the decisions of a ledger refer to, the newest generation first,
// at most `most`. Decisions in archives do not count. Empty: there is no ledger yet, or no decision. Reads beside a
// writer, and holds nothing open afterwards; blocks on the disk. [any thread but control and the ledger's]
[[nodiscard]] Result<std::vector<std::string>> policy_code_in_use(const std::filesystem::path& database,
                                                                  std::size_t most);

}  // namespace stipend::ledger
