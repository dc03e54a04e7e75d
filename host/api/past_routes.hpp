// What a manager's ledger says of the past: how all stood at a time, what changed about an orchestrator, and what its
// services were observed to be.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/api/list_part.hpp"

namespace stipend::api {

// Thread-safe. Calls read the disk, for up to some seconds. INVALID: that time is archived, or cannot be read; LIMIT:
// it is too far back; BUSY, STATE and TIMEOUT: the manager does not answer now.
class PastReads {
  public:
    virtual ~PastReads() = default;

    struct Then {
        std::int64_t row = 0;          // of the ledger, the last one by then
        std::vector<Json> items = {};  // by id
    };
    // How each orchestrator stood at that time; empty: none of that id.
    virtual Result<Then> then(stipend_unix_ns at, std::string_view orchestrator) = 0;
    // The newest first. Nothing: there is no such orchestrator.
    virtual Result<std::optional<ListPart>> changes(std::string_view orchestrator, std::optional<std::int64_t> before,
                                                    std::size_t limit) = 0;
    // Overlapping [from, to). Nothing: there is no such orchestrator.
    virtual Result<std::optional<Json>> observations(std::string_view orchestrator, stipend_unix_ns from,
                                                     stipend_unix_ns to) = 0;
};

// `reads` and `clock` outlive them.
[[nodiscard]] std::vector<ApiRoute> past_routes(PastReads& reads, const Clock& clock);

}  // namespace stipend::api
