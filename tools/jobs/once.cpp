#include "tools/jobs/once.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "stipend/duration.hpp"

namespace stipend::jobs {

Result<Once> send_once(std::string_view url, const std::string& request, std::int64_t deadline_ns,
                       boost::asio::ssl::context& tls) {
    boost::asio::io_context io(1);
    STIPEND_LET(server, look_up(io, url));
    std::optional<Connection::Ended> ended;
    const auto connection = make_connection(io, server, server.name.empty() ? nullptr : &tls,
                                            [&](Connection::Ended& got) { ended = std::move(got); });
    const auto began = std::chrono::steady_clock::now();
    connection->send(request, began);
    io.run_for(std::chrono::nanoseconds(deadline_ns));
    Once out;
    out.took_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
    if (ended) {
        out.ended = std::move(*ended);
    } else {
        connection->abandon();
        out.ended = {Outcome::timeout, cat("no whole answer within ", duration_text(deadline_ns)), {}, {}};
    }
    return out;
}

}  // namespace stipend::jobs
