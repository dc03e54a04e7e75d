// A database beside the ledger that only its owner may read: accounts, registrations.
#pragma once

#include <cstdint>
#include <filesystem>

#include "host/base/sqlite.hpp"

namespace stipend::sqlite {

struct PrivateTables {
    const char* name;  // what errors call the database; a literal
    std::int64_t version;
    const char* sql;  // makes the tables and sets `user_version`
};

// Opens the file, or makes it with its tables. CONFIG: it cannot be used, others may read it, or it is of another
// version.
[[nodiscard]] Result<void> open_private(Database& database, const std::filesystem::path& file,
                                        const PrivateTables& tables);

// Runs `work` in one transaction that writes: durable when this returns, undone where `work` fails.
template <class Work>
auto write(Database& database, Work work) -> decltype(work()) {
    Transaction transaction(database);
    STIPEND_TRY(transaction.begin("IMMEDIATE"));
    auto result = work();
    if (!result) return result;
    STIPEND_TRY(transaction.commit());
    return result;
}

}  // namespace stipend::sqlite
