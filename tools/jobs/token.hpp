// Asks an orchestrator for its token, as a gateway does.
#pragma once

#include <string>

#include "livepeer/credential.hpp"
#include "livepeer/token.hpp"
#include "stipend/result.hpp"
#include "tools/jobs/outcome.hpp"

namespace stipend::jobs {

// Of the file with a gateway's credential; by a key that is made for it where that is empty.
Result<livepeer::Credential> credential_from(const std::string& file);

// Blocks for at most 5 s. An orchestrator that does not answer is a token without a price. UNAVAILABLE: its address
// cannot be looked up.
Result<livepeer::Token> token_of(const Asked& asked, const std::string& capability,
                                 const livepeer::Credential& credential);

}  // namespace stipend::jobs
