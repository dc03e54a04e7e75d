// An orchestrator's response on its token route: its price, its free capacity, the address that it announces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/host.hpp"
#include "stipend/money.hpp"

namespace livepeer {

struct Token {
    enum class Said : std::uint8_t {
        price,    // the response has a price
        nothing,  // the response has no price
        unseen,   // there was no response
    };
    Said said = Said::unseen;
    bool tells_capacity = false;  // capacity 0 then means that no slot is free
    bool no_reserve = false;      // it refuses a price, since the sender has no reserve: a text, so for messages only
    bool own_credential = false;  // asked by the gateway's own credential, so `balance` is the gateway's
    bool cancelled = false;       // the host cancelled the exchange
    std::int32_t cause = STIPEND_HTTP_CAUSE_NONE;  // of an exchange that failed
    std::int64_t capacity = 0;
    std::int64_t latency_ns = 0;
    stipend::Wei price;    // wei per second, rounded up
    stipend::Wei balance;  // what it says that the sender has prepaid
    std::string announced;
    std::string why;          // why there is no price
    std::string certificate;  // hex SHA-256 of the certificate that it presented; empty without TLS

    // No slot is free for the capability: unknown to the orchestrator, fully used, or lost in its count.
    [[nodiscard]] bool none_free() const { return said != Said::unseen && tells_capacity && capacity <= 0; }
    // No process listens, or one went away in the middle of the exchange.
    [[nodiscard]] bool gone() const { return cause == STIPEND_HTTP_CAUSE_REFUSED || cause == STIPEND_HTTP_CAUSE_RESET; }
};

// Reads a response of the token route. Pure. The status is ignored where there is a price, since old orchestrators
// state it in a 503. A missing price is 0. An old orchestrator's 503 with an empty object offers no slot.
Token read_token(const stipend::HttpReply& reply);

// Where a response shows that plain HTTP met a TLS port: the advice. Empty otherwise. Pure.
std::string https_advice(int http_status, std::string_view body);

}  // namespace livepeer
