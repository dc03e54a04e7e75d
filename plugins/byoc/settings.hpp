// The configuration of the dispatcher.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "gateway_cli.hpp"
#include "livepeer/credential.hpp"
#include "livepeer/server_trust.hpp"
#include "stipend/abi/lifecycle.h"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace byoc {

struct Settings {
    std::string gateway;  // without a trailing slash
    std::string capability = "agent-net";
    std::string path;  // empty: the capability's name
    std::uint32_t timeout_s = 20;
    std::uint64_t max_price = 0;      // wei per second
    std::int64_t price_check_ns = 0;  // how long an observed price is valid; 0: prices are not checked
    bool allow_unseen_price = false;
    std::optional<livepeer::Credential> credential;  // the gateway's
    CliEndpoint cli;                                 // the gateway's CLI port; no URL: none
    std::string remote_signer;                       // a URL without a trailing slash, or empty
    std::int64_t quarantine_ns = 24 * 3600 * stipend::ns_per_s;
    bool signed_only = false;  // a response without verified evidence is rejected
    std::int64_t retry_after_ns = 5 * stipend::ns_per_s;
    std::uint64_t max_body = 1 << 20;
    std::map<std::string, livepeer::ServerTrust> trust;  // by stipend::address_key
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<Settings> parse_settings(const stipend::Json& config, const stipend_terms& terms);

}  // namespace byoc
