// What a verification takes of a manager's configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "livepeer/credential.hpp"
#include "stipend/money.hpp"
#include "stipend/result.hpp"
#include "tools/jobs/outcome.hpp"

namespace stipend::verify {

// An orchestrator that is verified.
struct Payee {
    jobs::Asked asked;       // no address: the one that the gateway chooses
    std::string id;          // in the configuration; empty: it is not there
    std::string worker_key;  // hex; empty: none is known
    std::string base_usd;    // for one interval, at multiplier 1
    bool own_policy = false;
    std::string network;  // the name of the one that it is paid on, where that is not the first
};

struct Payer {
    std::string config_file;  // empty: there is no configuration, and what follows are defaults
    std::string state;        // the folder
    std::string settlement = "dry-run";
    bool signed_only = false;           // an answer without signed evidence does not count
    bool price_unseen_allowed = false;  // a job is sent without a price that was seen
    Wei max_price;                      // wei per second
    std::optional<livepeer::Credential> credential;
    std::uint32_t interval_s = 60;
    std::string usd_per_eth;  // a fixed rate; empty: none is in the file
    std::vector<Payee> payees;
};

// CONFIG, with the diagnostics: what is read of the file is wrong.
// `dispatch_wanted`: see jobs::chosen_dispatcher.
Result<Payer> read_payer(const std::string& config_file, std::string_view dispatch_wanted);

}  // namespace stipend::verify
