// One exchange of the client: sets up an easy handle, handles libcurl's callbacks, and determines how it ended. Used on
// the client's thread only once it was started.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/admission.hpp"
#include "host/http/client.hpp"
#include "host/http/client_settings.hpp"
#include "host/http/easy_handle.hpp"
#include "host/http/failure.hpp"
#include "host/http/multi_handle.hpp"
#include "host/http/request_check.hpp"
#include "host/http/response_head.hpp"
#include "stipend/url.hpp"

namespace stipend::http {

class Transfer {
  public:
    Transfer(HttpRequest request, CheckedRequest checked, HttpCallbacks callbacks);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // A handle with all options that are the same for every request.
    [[nodiscard]] static Result<EasyHandle> make_handle(const EasySettings& settings, MultiHandle& multi);
    // Whether it wants a handle of its own, which is not kept.
    [[nodiscard]] bool is_mail() const { return request_.mail != nullptr; }
    // The transfer that a handle was prepared for.
    [[nodiscard]] static Transfer& of(CURL* easy);

    // Sets every option of `easy` that differs between requests, so that a used handle keeps nothing of its last one.
    // The transfer owns `easy` until `release`, which returns none where it cannot be used again. On an error (a secret
    // that cannot be filled in, no memory) nothing may be sent. `settings` and `multi` outlive the transfer.
    [[nodiscard]] Result<void> prepare(EasyHandle easy, const EasySettings& settings, MultiHandle& multi);
    [[nodiscard]] EasyHandle release();

    // The name whose lookup failed, after `outcome`, or with `timed_out` lasts still; empty for anything else.
    [[nodiscard]] std::string name_not_found(bool timed_out) const;
    // The exchange failed on this machine, if no request was sent.
    void blame_machine() {
        if (response_.phase < Phase::sent) response_.cause = Cause::local;
    }
    // It never began, since the earlier exchanges with its target did not end.
    void blame_target() { response_.cause = Cause::other; }

    // How the transfer ended: libcurl's result, together with what the callbacks recorded.
    [[nodiscard]] Result<void> outcome(CURLcode code);
    // `why` in the context of this transfer: its method and origin.
    [[nodiscard]] Error ended(Error why) const;
    // Calls `on_done`; the transfer cannot be used afterwards.
    void finish(Result<void> result);

    void assign(std::uint64_t op) { op_ = op; }
    [[nodiscard]] std::uint64_t op() const { return op_; }
    [[nodiscard]] std::int64_t start_ns() const { return start_ns_; }
    [[nodiscard]] std::int64_t deadline_ns() const { return start_ns_ + std::int64_t{request_.timeout_ms} * ns_per_ms; }
    [[nodiscard]] const std::string& queue_key() const {
        return request_.unix_socket.empty() ? checked_.origin : request_.unix_socket;
    }
    [[nodiscard]] std::string host_and_port() const { return std::string(split_url(checked_.origin)->authority); }
    [[nodiscard]] CURL* easy() const { return easy_.get(); }

    Admission::Origin* origin = nullptr;  // where it waits or is counted

  private:
    static constexpr std::int64_t ns_per_ms = 1'000'000;
    static constexpr std::size_t max_tried = 8;

    [[nodiscard]] Result<void> build_headers();
    [[nodiscard]] Result<std::string> secret_value(std::string_view name) const;
    void set_method(EasyOptions& options) const;
    void set_target(EasyOptions& options) const;
    void set_tls(EasyOptions& options) const;
    void set_mail(EasyOptions& options);
    [[nodiscard]] Error mail_error(Error why) const;

    [[nodiscard]] Cause cause_of_failure(CURLcode code) const;
    [[nodiscard]] Failure::Proxy way_by_proxy() const;
    [[nodiscard]] bool by_proxy() const {
        return !settings_->options.proxy.empty() && !request_.is_untrusted() && request_.unix_socket.empty();
    }
    [[nodiscard]] std::string target_now() const;  // the origin, after redirects
    [[nodiscard]] std::optional<Error> check_target(const char* address) const;
    [[nodiscard]] std::optional<Error> check_peer(const char* address, int port);
    [[nodiscard]] std::optional<Error> check_certificate();
    [[nodiscard]] std::optional<Error> check_origin_kept() const;
    [[nodiscard]] Error error_of(CURLcode code);
    [[nodiscard]] Error client_certificate_error() const;
    [[nodiscard]] long os_error() const;  // errno of the last failed call of libcurl; 0: none

    static std::size_t on_header(char* data, std::size_t, std::size_t length, void* self) noexcept;
    // A line of what the server of a mail answers.
    static std::size_t on_answer(char* data, std::size_t, std::size_t length, void* self) noexcept;
    static std::size_t on_message(char* out, std::size_t, std::size_t room, void* self) noexcept;
    static std::size_t on_body(char* data, std::size_t, std::size_t length, void* self) noexcept;
    static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    // The TCP connection is established; libcurl's own times show that only after the handshake.
    static CURLcode on_tls_begin(CURL* easy, void* context, void* self) noexcept;
    // Connected and about to send: nothing has left this host yet.
    static int on_connected(void* self, char* peer, char* local, int peer_port, int local_port) noexcept;

    std::uint64_t op_ = 0;
    HttpRequest request_;
    CheckedRequest checked_;
    HttpCallbacks callbacks_;
    HttpResponse response_;
    ResponseHead head_;
    EasyHandle easy_;
    const EasySettings* settings_ = nullptr;
    MultiHandle* multi_ = nullptr;
    std::optional<Error> error_;    // of a callback that ended the transfer
    std::optional<Error> refusal_;  // of an address; another address of the same name may be allowed
    std::int64_t start_ns_;
    std::uint64_t body_bytes_ = 0;
    bool sent_ = false;
    bool resent_ = false;
    int socket_error_ = 0;             // errno of the last socket that the system refused
    std::vector<TriedAddress> tried_;  // at most `max_tried`
    std::string header_text_;          // NUL-terminated lines that `header_list_` points into
    std::vector<curl_slist> header_list_;
    std::string mail_from_;                // in brackets
    std::vector<std::string> recipients_;  // that `recipient_list_` points into
    std::vector<curl_slist> recipient_list_;
    std::size_t message_at_ = 0;  // so much of the message was handed over
    char curl_message_[CURL_ERROR_SIZE] = {};
};

}  // namespace stipend::http
