// Speaks to the signer over its unix socket, without blocking: the socket is looked at by timers of the host, so a
// signer that hangs holds up nothing but the requests behind it, and each of them until its own deadline.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "stipend/host.hpp"
#include "stipend/unique_function.hpp"

namespace evm {

// One request at a time, each on a connection of its own. All of it on [pool].
class SignerClient {
  public:
    using Done = stipend::UniqueFunction<void(const stipend::Result<std::string>&)>;

    SignerClient(std::string path, stipend::Host host) : path_(std::move(path)), host_(host) {}
    ~SignerClient();
    SignerClient(const SignerClient&) = delete;
    SignerClient& operator=(const SignerClient&) = delete;

    // Sends the text and calls `done` once with the text of the answer. UNAVAILABLE: no connection, or it was
    // closed. INVALID: something else than one frame. TIMEOUT: nothing by the deadline. BUSY, before it returns: the
    // host takes no timers.
    std::uint64_t ask(std::string_view request, stipend_mono_ns deadline, Done done);
    // `done` is not called. A finished request is ignored.
    void cancel(std::uint64_t id);

  private:
    struct Request {
        std::uint64_t id = 0;
        std::string out;
        stipend_mono_ns deadline = 0;
        Done done;
    };
    void look();
    void wait(std::int64_t delay_ns);
    // Nothing: it is not over yet.
    std::optional<stipend::Result<std::string>> advance(Request& request);
    stipend::Result<bool> connect();
    std::optional<stipend::Error> transmit(Request& request);
    std::optional<stipend::Result<std::string>> receive();
    void close();

    std::string path_;
    stipend::Host host_;
    std::deque<Request> requests_;  // the first one is under way
    std::unique_ptr<stipend::Timer> timer_;
    std::uint64_t last_id_ = 0;
    std::int64_t delay_ns_ = 0;
    int fd_ = -1;
    bool connected_ = false;
    std::size_t sent_ = 0;
    std::string in_;
};

}  // namespace evm
