// What sources answer, and what they agree upon. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace price {

struct Rate {
    std::int64_t usd_per_eth_e8 = 0;  // rounded down
    stipend_unix_ns observed_at = 0;
};

// The rate in a body of JSON, by the source's pointers. INVALID: there is none, it is not above 0, or it is too old or
// of a time to come.
[[nodiscard]] stipend::Result<Rate> read_json(const Source& source, std::string_view body, stipend_unix_ns now);

// The requests to a node that a feed is read by: bodies of JSON-RPC, and the answers in the same order.
[[nodiscard]] std::vector<std::string> feed_requests(const Source& source);
// INVALID also: the node is of another chain, or the round was not answered.
[[nodiscard]] stipend::Result<Rate> read_feed(const Source& source, const std::vector<std::string>& bodies,
                                              stipend_unix_ns now);

struct Answer {
    std::string name;
    stipend::Result<Rate> rate;
};

struct Agreed {
    Rate rate;             // the time is that of the oldest rate that counted
    std::string source;    // the sources that counted, with their rates
    std::string left_out;  // what else there was; empty: nothing
};

// The median of the rates, without those that are further than `max_deviation_ppm` from the median of all; of two in
// the middle, their mean. UNAVAILABLE: fewer than `quorum` answered. INVALID: so many did, but fewer agree.
[[nodiscard]] stipend::Result<Agreed> agree(const std::vector<Answer>& answers, std::size_t quorum,
                                            std::uint32_t max_deviation_ppm);

}  // namespace price
