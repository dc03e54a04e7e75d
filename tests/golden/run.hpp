// Recording and playing a golden run: run.txt, the events, and expected.txt, what they come to.
#pragma once

#include "machine.hpp"

namespace golden {

// Records a new run of so many decisions into the folder.
Machine::Totals record(const std::filesystem::path& folder, std::uint64_t decisions);

// Plays a run and compares what it asks for and what it leaves in the ledger. `parts`: how many tenths of it.
Machine::Totals play(const std::filesystem::path& run, const std::filesystem::path& expected, std::int64_t parts);

}  // namespace golden
