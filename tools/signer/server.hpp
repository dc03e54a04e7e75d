// The socket: which users may connect, and frames in and out, in one thread. Requests are answered one after another,
// since a signature waits for the disk and for nothing else.
#pragma once

#include <string>
#include <vector>

#include "host/base/file.hpp"
#include "tools/signer/signer.hpp"

namespace stipend::signer {

class Server {
  public:
    static constexpr std::size_t max_connections = 8;
    static constexpr std::int64_t idle_s = 60;  // a connection without a whole request for so long is closed

    // A socket with mode 0660 at `path`; a file of a socket that is there is replaced: the store is already ours, so no
    // other signer listens on it.
    [[nodiscard]] static Result<Server> listen(const std::string& path, std::vector<uid_t> users);

    // Answers until `stop`, a descriptor, can be read, or the signer's store is broken, which is an error.
    [[nodiscard]] Result<void> run(Signer& signer, int stop);

  private:
    struct Connection {
        Fd socket;
        std::string input;
        std::int64_t last_s = 0;
    };
    Server(Fd socket, std::vector<uid_t> users) : socket_(std::move(socket)), users_(std::move(users)) {}
    void accept_one(std::int64_t now_s);
    // False: it is over.
    bool serve(Connection& connection, Signer& signer);
    static bool answer_requests(Connection& connection, Signer& signer);

    Fd socket_;
    std::vector<uid_t> users_;
    std::vector<Connection> connections_;
};

}  // namespace stipend::signer
