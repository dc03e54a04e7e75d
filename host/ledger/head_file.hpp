// The file of signed heads: a JSON object a line, the newest last; each has the digest of the one before. One process
// appends, any number may read. A line without its end, left by a crash, counts as not there.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "host/ledger/signed_head.hpp"

namespace stipend::ledger {

// The heads file of a host whose state is in `state_folder`. [pure]
[[nodiscard]] std::filesystem::path head_file(const std::filesystem::path& state_folder);

// The newest one; none where there is no file, or nothing in it. INVALID: the last line is no head.
[[nodiscard]] Result<std::optional<SignedHead>> last_head(const std::filesystem::path& file);
// Durable when it returns.
[[nodiscard]] Result<void> append_head(const std::filesystem::path& file, const SignedHead& head);
// The newest `most` of them, the oldest first. INVALID: a line is no head, or does not follow from the one before; with
// the number of the line.
[[nodiscard]] Result<std::vector<SignedHead>> read_heads(const std::filesystem::path& file,
                                                         std::size_t most = SIZE_MAX);
// The head that covers that row of the chain; none: none does.
[[nodiscard]] Result<std::optional<SignedHead>> head_over(const std::filesystem::path& file, Seq seq);

}  // namespace stipend::ledger
