// Injects disk faults below SQLite: a VFS that wraps the default one.
#pragma once

#include <cstdint>
#include <string>

namespace ledger_test {

enum class Fault : std::uint8_t {
    none,
    full,          // writes find no space
    write_error,   // writes fail
    sync_log,      // fsync of the write-ahead log fails
    sync_database  // fsync of the database itself fails, as in a checkpoint
};

// While an object exists, all files that SQLite opens in this process go through it.
class FaultyDisk {
  public:
    FaultyDisk();
    ~FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

    // The fault strikes from the `after`th matching call on, counted from now.
    void set(Fault fault, int after = 0);
    // Calls of fsync since the fault was set, failed ones included.
    [[nodiscard]] int syncs() const;
};

}  // namespace ledger_test
