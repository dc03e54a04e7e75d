// One request and its answer, on a connection of its own.
#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "stipend/result.hpp"
#include "tools/jobs/connection.hpp"

namespace stipend::jobs {

struct Once {
    Connection::Ended ended;  // `timeout` as well
    std::int64_t took_ns = 0;
};
// Blocks until the answer or the deadline. `tls` is for https. UNAVAILABLE: the host has no address.
Result<Once> send_once(std::string_view url, const std::string& request, std::int64_t deadline_ns,
                       boost::asio::ssl::context& tls);

}  // namespace stipend::jobs
