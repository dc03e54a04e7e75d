// Where the archives of a ledger are, and what the ledger says of each.
#pragma once

#include <filesystem>
#include <vector>

#include "host/ledger/canonical.hpp"
#include "host/ledger/sqlite.hpp"

namespace stipend::ledger {

struct RecordedArchive {
    Seq seq = 0;  // the place in the chain of the row that tells of it
    ArchiveFacts facts;
    std::filesystem::path path;  // where it was found; empty where it was not
};

// All archives, oldest first. Each is looked for among `given` by its file name, then at its recorded path, then beside
// the database.
[[nodiscard]] Result<std::vector<RecordedArchive>> recorded_archives(sqlite::Database& database,
                                                                     const std::vector<std::filesystem::path>& given);

// The last place in the chain that an archive holds; 0 without archives. What the main file still has up to there is
// waiting to be deleted and counts for nothing.
[[nodiscard]] Result<Seq> archived_through(sqlite::Database& database);

}  // namespace stipend::ledger
