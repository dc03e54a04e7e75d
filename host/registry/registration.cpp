#include "host/registry/registration.hpp"

#include <algorithm>
#include <functional>

#include "host/auth/eth_address.hpp"
#include "host/config/url.hpp"
#include "host/http/ssrf_guard.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"
#include "stipend/url.hpp"

namespace stipend::registry {
namespace {

constexpr std::size_t max_id_bytes = 128;
constexpr std::size_t max_endpoint_bytes = 512;
constexpr std::size_t key_digits = 64;

// As the configuration takes an id: no blanks, no quotes.
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= max_id_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return c > 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '`';
    });
}

Result<std::string> origin_of(std::string_view text, std::string_view field, std::span<const IpRange> allowed) {
    auto origin = text.size() <= max_endpoint_bytes ? config::read_origin(text) : std::nullopt;
    if (!origin) {
        return fail(STIPEND_E_INVALID, "\"", field, "\": want http(s)://host:port of at most ", max_endpoint_bytes,
                    " bytes, without a path, with an IPv4 address as four decimal numbers and at most one dot at the "
                    "end of a name");
    }
    if (const auto why = http::url_refusal(*origin, allowed); !why.empty()) {
        return fail(STIPEND_E_INVALID, "\"", field, "\": it leads to ", why, ", want a public address");
    }
    return std::move(*origin);
}

// Takes the marks of `of`, a registration or an entry of the configuration whose endpoint is `endpoint`.
template <class Of, class Take>
void for_each_mark(const Of& of, std::string_view endpoint, const Take& take) {
    take("address ", address_key(endpoint));
    for (const auto& address : of.service_addresses) take("address ", address_key(address));
    if (!of.payout_address.empty()) take("payout ", ascii::to_lower(of.payout_address));
    if (!of.worker_key.empty()) take("key ", ascii::to_lower(of.worker_key));
}

std::string_view kind_of(std::string_view mark) {
    const auto kind = mark.substr(0, mark.find(' '));
    return kind == "address" ? "the endpoint" : kind == "payout" ? "the payout address" : "the worker's key";
}

}  // namespace

std::string_view name_of(RegistrationState state) {
    switch (state) {
        case RegistrationState::unapproved:
            return "unapproved";
        case RegistrationState::approved:
            return "approved";
        case RegistrationState::disconnected:
            return "disconnected";
        case RegistrationState::removed:
            break;
    }
    return "removed";
}

Result<Stated> normalised(Stated stated, std::span<const IpRange> allowed) {
    if (!is_id(stated.id)) {
        return fail(STIPEND_E_INVALID, "\"orchestrator_id\": want 1 to ", max_id_bytes,
                    " ASCII characters without blanks and quotes");
    }
    STIPEND_SET(stated.endpoint, origin_of(stated.endpoint, "endpoint", allowed));
    if (stated.service_addresses.size() > max_service_addresses) {
        return fail(STIPEND_E_INVALID, "\"service_addresses\": want at most ", max_service_addresses);
    }
    for (auto& address : stated.service_addresses) {
        STIPEND_SET(address, origin_of(address, "service_addresses", allowed));
    }
    if (stated.capabilities.size() > max_capabilities || !std::ranges::all_of(stated.capabilities, is_id)) {
        return fail(STIPEND_E_INVALID, "\"capabilities\": want at most ", max_capabilities, " names of 1 to ",
                    max_id_bytes, " ASCII characters without blanks and quotes");
    }
    if (!stated.payout_address.empty()) {
        if (!auth::EthAddress::parse(stated.payout_address)) {
            return fail(STIPEND_E_INVALID,
                        "\"eth_address\": want 0x and 40 hex digits, in one case or with a right "
                        "checksum, and not zero");
        }
        stated.payout_address = ascii::to_lower(stated.payout_address);
    }
    stated.worker_key = ascii::to_lower(stated.worker_key);
    const auto& key = stated.worker_key;
    if (!key.empty() && (key.size() != key_digits || !is_hex(key))) {
        return fail(STIPEND_E_INVALID, "\"worker_key\": want ", key_digits, " hex digits");
    }
    return stated;
}

std::vector<std::string> marks_of(const Stated& stated) {
    std::vector<std::string> out;
    for_each_mark(stated, stated.endpoint,
                  [&](std::string_view kind, std::string_view value) { out.push_back(cat(kind, value)); });
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

config::Orchestrator entry_of(const Stated& stated, const std::string& capability) {
    config::Orchestrator out;
    out.address = stated.endpoint;
    out.id = stated.id;
    out.service_addresses = stated.service_addresses;
    out.payout_address = stated.payout_address;
    out.worker_key = stated.worker_key;
    out.capability = capability;
    return out;
}

ConfiguredMarks::ConfiguredMarks(const std::vector<config::Orchestrator>& orchestrators) {
    hashes_.reserve(2 * orchestrators.size());  // most have an id and an address
    std::string mark;
    const auto add = [&](std::string_view kind, std::string_view value) {
        mark.assign(kind).append(value);
        hashes_.push_back(std::hash<std::string_view>()(mark));
    };
    for (const auto& one : orchestrators) {
        add("id ", one.id);
        for_each_mark(one, one.address, add);
    }
    std::ranges::sort(hashes_);
    hashes_.shrink_to_fit();
}

bool ConfiguredMarks::has(std::string_view mark) const {
    return std::ranges::binary_search(hashes_, std::hash<std::string_view>()(mark));
}

bool ConfiguredMarks::has_id(std::string_view id) const {
    return has(cat("id ", id));
}

std::string_view ConfiguredMarks::taken(const Stated& stated) const {
    if (has_id(stated.id)) return "the id";
    for (const auto& mark : marks_of(stated)) {
        if (has(mark)) return kind_of(mark);
    }
    return {};
}

}  // namespace stipend::registry
