// One connection over which jobs are sent, one after the other. All of it is on the thread of its io_context.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "stipend/money.hpp"
#include "stipend/unique_function.hpp"
#include "tools/jobs/outcome.hpp"

namespace stipend::jobs {

// A server, looked up.
struct Server {
    std::string host;  // of the Host field, with its port
    std::string name;  // of its certificate; empty without TLS
    std::vector<boost::asio::ip::tcp::endpoint> endpoints;
    std::size_t max_body = 1 << 20;  // bytes of an answer
};
// Looks up the host of an http or https URL. UNAVAILABLE: it has no address.
Result<Server> look_up(boost::asio::io_context& io, std::string_view url);

class Connection {
  public:
    // `outcome` is succeeded where there is a whole answer, whatever it says; else connect, tls or broken, with `why`.
    struct Ended {
        Outcome outcome = Outcome::succeeded;
        std::string why;
        Answer answer;
        Wei paid = {};  // for it
        std::chrono::steady_clock::time_point at = {};
    };
    // What is borrowed is valid until it returns.
    using Done = UniqueFunction<void(Ended&)>;

    virtual ~Connection() = default;
    // At the time `at`, which is now. `request` is all of it, or the body alone where a runner is called in steps.
    // Connects first where it is not connected or no longer. `done` comes once, and not from inside this call; none is
    // under way yet.
    virtual void send(std::string_view request, std::chrono::steady_clock::time_point at) = 0;
    // Closes it; what is under way never ends.
    virtual void abandon() = 0;
    // How often it connected.
    [[nodiscard]] virtual std::uint64_t opened() const = 0;
};

// `server` and `tls` outlive it; without `tls` it is plain. `done` is called at the end of each exchange.
std::shared_ptr<Connection> make_connection(boost::asio::io_context& io, const Server& server,
                                            boost::asio::ssl::context* tls, Connection::Done done);

}  // namespace stipend::jobs
