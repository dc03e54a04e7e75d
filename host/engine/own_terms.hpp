// The terms of orchestrators that have their own, as a generation's row in the ledger has them: each pay period can be
// decided again by what was in force for its orchestrator.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/generation.hpp"
#include "host/registry/payee.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_own_terms_bytes = 256 << 10;  // of the text; a longer one is left out but for its hash

// What is added to the members of a row's terms: "" where all have the common ones. `own` is of `payees`, or empty;
// those that `registered` names have the terms of newcomers, and are not listed, so that one more changes nothing.
//   ,"own":[{"base_usd_e8":N,"config":TEXT,"orchestrators":[ID...],"registered":BOOL}...]
[[nodiscard]] std::string own_terms_members(const Generation& generation, const std::vector<registry::Payee>& payees,
                                            const std::vector<PayeeTerms>& own,
                                            const std::set<std::string>& registered);

struct OwnTerms {
    Usd base = {};
    std::string config_json = {};
};
// By which an orchestrator may have been decided, beside the common ones: its own where it is listed, else those of
// newcomers; from a row's terms.
[[nodiscard]] std::vector<OwnTerms> own_terms_of(const Json& terms, std::string_view orchestrator);

}  // namespace stipend::engine
