// One exchange of the client: sets up an easy handle, takes libcurl's callbacks, and says how it ended. Lives on the
// client's thread once it started.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/admission.hpp"
#include "host/http/curl_client.hpp"
#include "host/http/easy_handle.hpp"
#include "host/http/request_check.hpp"
#include "host/http/response_head.hpp"
#include "host/http/socket_watch.hpp"

namespace stipend::http {

// What all easy handles share; made once for each client.
struct EasySettings {
    ClientOptions options;
    std::string ca_file;
    AddressGuard stranger_guard;
    SocketWatch* sockets = nullptr;  // outlives every connection
};

class Transfer {
  public:
    Transfer(HttpRequest request, CheckedRequest checked, HttpCallbacks callbacks);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // A handle with everything set that is the same for all requests.
    [[nodiscard]] static EasyHandle make_handle(const EasySettings& settings);

    // Gives `easy` every option that differs between requests, so that a used handle keeps nothing of its last one.
    // `easy` belongs to this transfer until `release`. An error: a secret could not be filled in; nothing is to be
    // sent. `settings` outlives the transfer.
    [[nodiscard]] Result<void> prepare(EasyHandle easy, const EasySettings& settings);
    [[nodiscard]] EasyHandle release();

    // What libcurl's verdict means, with what the callbacks saw.
    [[nodiscard]] Result<void> outcome(CURLcode code);
    // The same words around any other end.
    [[nodiscard]] Error ended(Error why) const;
    // Hands the result over; the transfer is of no use afterwards.
    void finish(Result<void> result);

    void assign(std::uint64_t op) { op_ = op; }
    [[nodiscard]] std::uint64_t op() const { return op_; }
    [[nodiscard]] std::int64_t deadline_ns() const { return start_ns_ + std::int64_t{request_.timeout_ms} * ns_per_ms; }
    [[nodiscard]] const std::string& queue_key() const {
        return request_.unix_socket.empty() ? checked_.origin : request_.unix_socket;
    }
    [[nodiscard]] CURL* easy() const { return easy_.get(); }

    Admission::Origin* origin = nullptr;  // where it waits or is counted

  private:
    static constexpr std::int64_t ns_per_ms = 1'000'000;

    [[nodiscard]] Result<void> build_headers();
    void set_method();
    void set_target();
    void set_tls();

    [[nodiscard]] std::optional<Error> check_stranger(const char* address) const;
    [[nodiscard]] std::optional<Error> check_peer(const char* address, int port);
    [[nodiscard]] std::optional<Error> check_certificate();
    [[nodiscard]] std::optional<Error> check_origin_kept() const;
    [[nodiscard]] Error told_by_curl(CURLcode code);

    static std::size_t on_header(char* data, std::size_t, std::size_t length, void* self) noexcept;
    static std::size_t on_body(char* data, std::size_t, std::size_t length, void* self) noexcept;
    static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    // The TCP connection stands: libcurl's own times tell that only after the handshake.
    static CURLcode on_tls_begin(CURL* easy, void* context, void* self) noexcept;
    // Connected, and about to send: the last moment at which nothing has left this host.
    static int on_connected(void* self, char* peer, char* local, int peer_port, int local_port) noexcept;

    std::uint64_t op_ = 0;
    HttpRequest request_;
    CheckedRequest checked_;
    HttpCallbacks callbacks_;
    HttpResponse response_;
    ResponseHead head_;
    EasyHandle easy_;
    const EasySettings* settings_ = nullptr;
    std::optional<Error> error_;    // ours, where a callback of ours ended the transfer
    std::optional<Error> refusal_;  // of an address; another address of the same name may still be fine
    std::int64_t start_ns_;
    std::uint64_t body_bytes_ = 0;
    bool sent_ = false;
    bool resent_ = false;
    std::string header_text_;  // NUL-ended lines that `header_list_` points into
    std::vector<curl_slist> header_list_;
    char curl_message_[CURL_ERROR_SIZE] = {};
};

}  // namespace stipend::http
