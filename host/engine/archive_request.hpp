// What is asked and answered about moving old decisions into a file of their own.
#pragma once

#include <string>

#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

struct ArchiveRequest {
    stipend_unix_ns before = 0;
    std::string file;  // absolute: the requester and the host may run in different folders
};

// {"before","file"}; the time as RFC 3339, or a date, which is its beginning in UTC.
Result<ArchiveRequest> parse_archive_request(const Json& json);

// {"file","decisions","first","last","digest","signer"}
Json archive_json(const ledger::ArchiveReport& report);

}  // namespace stipend::engine
