// A disk that fails when told to: SQLite's own file layer with a fault in between.
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

// While it lives, every file that SQLite opens in this process goes through it.
class FaultyDisk {
  public:
    FaultyDisk();
    ~FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

    // From the `after`th such call on, counted from now.
    void set(Fault fault, int after = 0);
    // Calls of fsync since the fault was set, failed ones included.
    [[nodiscard]] int syncs() const;
};

}  // namespace ledger_test
