// How a transfer ended, and what that means.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "host/http/failure.hpp"
#include "host/http/os.hpp"
#include "host/http/transfer.hpp"
#include "stipend/url.hpp"

namespace stipend::http {

long Transfer::os_error() const {
    // libcurl does not learn why a socket was refused.
    if (socket_error_ != 0 && tried_.empty()) return socket_error_;
    long number = 0;
    return curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &number) == CURLE_OK ? number : 0;
}

Error Transfer::error_of(CURLcode code) {
    // libcurl limits one line to 100 KiB by itself, and reports a longer one as a lack of memory.
    if (code == CURLE_OUT_OF_MEMORY && response_.phase == Phase::sent) {
        return fail(STIPEND_E_LIMIT, "response head too large: one line of more than 100 KiB");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        static constexpr std::string_view waited_for[] = {
            "", "the name's address", "the connection", "TLS", "the answer's head", "the rest of the body", "nothing"};
        return fail(STIPEND_E_TIMEOUT, "no end within ", request_.timeout_ms, " ms: still waiting for ",
                    waited_for[static_cast<std::size_t>(response_.phase)]);
    }
    // libcurl's message says only that it failed; the system's distinguishes a missing socket from a forbidden one.
    if (const auto number = os_error(); code == CURLE_COULDNT_CONNECT && number != 0) {
        return fail(status_of(code), "cannot connect: ", std::generic_category().message(static_cast<int>(number)));
    }
    if (code == CURLE_SSL_CERTPROBLEM) return client_certificate_error();
    std::string_view message = curl_message_;
    while (message.ends_with('\n')) message.remove_suffix(1);
    // Under TLS 1.3 a server rejects a client's certificate after the handshake. Where the connection is closed by
    // then, libcurl only reports that it has no peer.
    if (checked_.https && message.starts_with("getpeername()")) {
        return fail(
            status_of(code), "the server closed the connection after the TLS handshake: it may ",
            request_.client_cert_file.empty() ? "want a client's certificate" : "not accept the client's certificate");
    }
    if (code == CURLE_BAD_CONTENT_ENCODING) {
        return fail(status_of(code), "the body is not in its Content-Encoding: ", message);
    }
    return fail(status_of(code), message.empty() ? std::string_view(curl_easy_strerror(code)) : message);
}

// libcurl's message names neither the file nor the reason of the system.
Error Transfer::client_certificate_error() const {
    for (const auto* path : {&request_.client_cert_file, &request_.client_key_file}) {
        if (::access(path->c_str(), R_OK) == 0) continue;
        const auto why = std::generic_category().message(errno);
        return fail(STIPEND_E_CONFIG, "cannot read the client's ",
                    path == &request_.client_cert_file ? "certificate " : "key ", *path, ": ", why);
    }
    return fail(STIPEND_E_CONFIG, "want a certificate in PEM in ", request_.client_cert_file,
                ", and its key, without a passphrase, in ", request_.client_key_file, ": ", curl_message_);
}

Failure::Proxy Transfer::way_by_proxy() const {
    using Proxy = Failure::Proxy;
    if (!by_proxy()) return Proxy::none;
    if (response_.phase == Phase::resolve) return Proxy::unreached;  // it is the proxy's name that is looked up
    if (response_.phase != Phase::connect) return Proxy::passed;
    curl_off_t connected_us = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
    if (connected_us == 0) return Proxy::unreached;
    long answer = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &answer);
    return answer == 403 || answer == 407 ? Proxy::refused : Proxy::passed;
}

Cause Transfer::cause_of_failure(CURLcode code) const {
    return cause_of({.code = code,
                     .os_error = os_error(),
                     .phase = response_.phase,
                     .proxy = way_by_proxy(),
                     .no_socket = socket_error_ != 0 && tried_.empty(),
                     .tried = tried_});
}

std::string Transfer::target_now() const {
    char* url = nullptr;
    if (request_.max_redirects == 0 || curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK ||
        url == nullptr) {
        return checked_.origin;
    }
    auto now_at = origin_of(url);
    return now_at ? std::move(now_at).value() : checked_.origin;
}

std::string Transfer::name_not_found(bool timed_out) const {
    const bool in_lookup = response_.phase == Phase::resolve && !by_proxy() && request_.unix_socket.empty();
    if (!in_lookup || (response_.cause != Cause::resolve && !timed_out)) return {};
    const auto target = target_now();
    const std::string host(split_url(target)->host);
    return is_numeric_host(host) ? std::string() : host;
}

Result<void> Transfer::outcome(CURLcode code) {
    if (code == CURLE_OK) {
        response_.phase = Phase::done;
        return {};
    }
    if (!head_.complete() && head_.begun()) {
        response_.status = head_.status();
        response_.headers = head_.take_fields();
    }
    if (response_.cause == Cause::none) response_.cause = error_ ? Cause::other : cause_of_failure(code);
    if (error_) return ended(std::move(*error_));
    if (refusal_ && code == CURLE_COULDNT_CONNECT) return ended(std::move(*refusal_));
    return ended(error_of(code));
}

Error Transfer::ended(Error why) const {
    if (is_mail()) return mail_error(std::move(why));
    if (request_.connect_only) return std::move(why).in(cat(checked_.https ? "TLS to " : "TCP to ", host_and_port()));
    const std::string_view socket = request_.unix_socket;
    return std::move(why).in(socket.empty() ? cat(request_.method, " ", checked_.origin)
                                            : cat(request_.method, " ", checked_.origin, " at unix:", socket));
}

void Transfer::finish(Result<void> result) {
    response_.total_ns = monotonic_ns() - start_ns_;
    if (!result && response_.cause == Cause::none) {
        const bool begun = settings_ != nullptr;  // libcurl had it
        response_.cause = begun || result.error().status == STIPEND_E_CANCELLED ? Cause::other : Cause::local;
    }
    callbacks_.on_done(op_, std::move(result), std::move(response_));
}

}  // namespace stipend::http
