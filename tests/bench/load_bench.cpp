// The yardstick of the tester: the same connections and the same parser, and nothing else. It sends one request over
// and over, and looks at the status alone.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"
#include "tests/bench/instrument.hpp"

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace stipend;

class Connection {
  public:
    Connection(asio::io_context& io, const tcp::endpoint& server, const std::string& request, std::uint64_t& left)
        : socket_(io), request_(request), left_(left) {
        socket_.connect(server);
        socket_.set_option(tcp::no_delay(true));
    }
    void send() {
        if (left_ == 0) return;
        --left_;
        asio::async_write(socket_, asio::buffer(request_), [this](const auto& error, std::size_t) {
            if (error) bench::die(error.message());
            read();
        });
    }

  private:
    void read() {
        parser_.emplace();
        http::async_read(socket_, buffer_, *parser_, [this](const auto& error, std::size_t) {
            if (error) bench::die(error.message());
            if (parser_->get().result_int() != 200 || !parser_->keep_alive())
                bench::die("not a 200 that keeps the connection");
            send();
        });
    }

    tcp::socket socket_;
    const std::string& request_;
    std::uint64_t& left_;
    boost::beast::flat_buffer buffer_;
    std::optional<http::response_parser<http::string_body>> parser_;
};

bench::Measured bare(const std::string& address, const std::string& path, std::size_t connections,
                     std::uint64_t count) {
    const auto colon = address.find(':');
    const tcp::endpoint server(asio::ip::make_address(address.substr(0, colon)),
                               static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    const std::string body =
        R"({"action":"service-monitoring","agent_id":"bench","include_utilization":true,"window_seconds":60})";
    const auto request = cat("POST ", path, " HTTP/1.1\r\nHost: ", address,
                             "\r\nContent-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
    asio::io_context io(1);
    std::uint64_t left = count;
    std::vector<std::unique_ptr<Connection>> open;
    for (std::size_t i = 0; i < connections; ++i)
        open.push_back(std::make_unique<Connection>(io, server, request, left));
    const auto begun = bench::wall_ns();
    for (auto& one : open) one->send();
    io.run();
    return {.done = count, .ns = bench::wall_ns() - begun};
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) bench::die("usage: load_bench HOST:PORT PATH CONNECTIONS");
    const std::string address = arguments[1];
    const std::string path = arguments[2];
    const auto connections = static_cast<std::size_t>(std::stoul(arguments[3]));
    return bench::serve({{"bare", [&](std::uint64_t jobs) -> Result<bench::Measured> {
                              return bare(address, path, connections, jobs);
                          }}});
}
