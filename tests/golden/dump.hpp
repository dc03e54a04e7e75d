// What a ledger holds, as one digest for each table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace golden {

// By table: "ROWS DIGEST" over all columns of all rows, in the order of the primary key; and "head": the audit chain's
// end. Only meta.created_at is left out, the one value that comes from the machine's clock.
std::map<std::string, std::string> dump(const std::filesystem::path& ledger);

}  // namespace golden
