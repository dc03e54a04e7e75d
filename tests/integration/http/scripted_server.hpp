// A server that sends raw bytes: each accepted connection runs a script. For responses that no real server sends.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace stipend::test {

// One accepted connection, for its script. Reads time out after 60 s, so that no script hangs.
class Wire {
  public:
    explicit Wire(int fd) : fd_(fd) {}
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // Everything up to and including `mark`, or up to the end of the connection.
    std::string read_until(std::string_view mark);
    // A request's head and, with a Content-Length, its body. Empty when the peer closed.
    std::string read_request();
    std::string read_response() { return read_request(); }     // same framing
    std::string read_all() { return read_until("\n\n\n\n"); }  // until the peer closes
    bool write(std::string_view bytes);                        // false once the peer is gone
    bool peer_closed();                                        // waits until the peer closes
    [[nodiscard]] int fd() const { return fd_; }
    void reset();  // RST instead of an orderly close

  private:
    int fd_;
    std::string buffered_;
};

// Connects to "127.0.0.1:port" or to a unix socket's path, for a test in the role of the client.
[[nodiscard]] int connect_to(const std::string& address);

// Answers every request of a connection with status 200 and "ok".
void serve_ok(Wire& wire, int connection);
inline const std::string ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class ScriptedServer {
  public:
    using Script = std::function<void(Wire& wire, int connection)>;  // connections count from 0

    // On any free loopback port, or on a unix socket.
    explicit ScriptedServer(Script script, const std::string& unix_path = {});
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::string url(std::string_view path = "/") const;
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int connections();

  private:
    void accept_all();

    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::string unix_path_;
    std::mutex mutex_;
    std::vector<std::thread> scripts_;
    std::thread acceptor_;
};

// An answer without its line `date: ...`; what has none differs.
inline std::string without_date(std::string answer) {
    const auto begin = answer.find("\r\ndate: ");
    if (begin == std::string::npos) return answer + "no date";
    return answer.erase(begin, answer.find("\r\n", begin + 2) - begin);
}

}  // namespace stipend::test
