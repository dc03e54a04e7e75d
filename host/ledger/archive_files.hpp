// Locates the archives that a ledger has recorded.
#pragma once

#include <filesystem>
#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/canonical.hpp"

namespace stipend::ledger {

struct RecordedArchive {
    Seq seq = 0;  // position in the chain of the row that records it
    ArchiveFacts facts;
    std::filesystem::path path;  // empty if the file was not found
};

// All archives, oldest first. Each is searched for by file name in `given`, then at its recorded path, then beside the
// database.
[[nodiscard]] Result<std::vector<RecordedArchive>> recorded_archives(sqlite::Database& database,
                                                                     const std::vector<std::filesystem::path>& given);

// The last position in the chain that an archive holds; 0 without archives. Rows up to there that the main file still
// holds are about to be purged and are ignored.
[[nodiscard]] Result<Seq> archived_through(sqlite::Database& database);

}  // namespace stipend::ledger
