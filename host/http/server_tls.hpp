// The certificate by which a server proves itself, replaced while it runs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "stipend/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace stipend::http {

// PEM files.
struct TlsFiles {
    std::string certificate = {};  // the server's own, then those of its issuers
    std::string key = {};
    std::string client_ca = {};  // only clients with a certificate of these are served; empty: every client
    friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

class ServerTls {
  public:
    // Reads the files. CONFIG, with the file: one that cannot be read, or a key of another certificate. `log` gets what
    // a later reading meets, on the server's thread.
    [[nodiscard]] static Result<std::shared_ptr<ServerTls>> load(TlsFiles files,
                                                                 std::function<void(const std::string&)> log);

    // For one more connection. Reads the files again where one has changed, looked for every `look_every` at most; what
    // cannot be read then leaves the present certificate in force. [any]
    [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context();

    static constexpr auto look_every = std::chrono::seconds(2);

  private:
    // What tells a file from its successor.
    struct Stamp {
        std::filesystem::file_time_type written;
        std::uintmax_t bytes = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    using Stamps = std::array<Stamp, 3>;

    ServerTls(TlsFiles files, std::function<void(const std::string&)> log)
        : files_(std::move(files)), log_(std::move(log)) {}
    [[nodiscard]] Stamps stamps() const;

    const TlsFiles files_;
    const std::function<void(const std::string&)> log_;
    std::mutex mutex_;
    std::shared_ptr<boost::asio::ssl::context> context_;  // guarded by mutex_, as are the following
    Stamps read_;
    std::chrono::steady_clock::time_point looked_at_;
};

}  // namespace stipend::http
