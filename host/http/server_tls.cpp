#include "host/http/server_tls.hpp"

#include <boost/asio/ssl/context.hpp>

namespace stipend::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using Context = std::shared_ptr<ssl::context>;

// Only the protocol that is spoken here is offered: HTTP/1.1.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
    static constexpr unsigned char known[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_bytes, known, sizeof known - 1, offered, offered_bytes) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

Result<Context> read(const TlsFiles& files) {
    auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
    auto* raw = made->native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_options(
        raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(raw, &choose_protocol, nullptr);
    error_code error;
    const auto wrong = [&](const char* what, const std::string& file) {
        return fail(STIPEND_E_CONFIG, "TLS: ", what, ": ", file, ": ", error.message());
    };
    made->use_certificate_chain_file(files.certificate, error);
    if (error) return wrong("certificate", files.certificate);
    made->use_private_key_file(files.key, ssl::context::pem, error);
    if (error) return wrong("key", files.key);  // also one of another certificate
    if (files.client_ca.empty()) return made;
    made->load_verify_file(files.client_ca, error);
    if (error) return wrong("authorities of clients", files.client_ca);
    if (auto* names = SSL_load_client_CA_file(files.client_ca.c_str())) SSL_CTX_set_client_CA_list(raw, names);
    made->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    if (error) return wrong("authorities of clients", files.client_ca);
    return made;
}

}  // namespace

ServerTls::Stamps ServerTls::stamps() const {
    Stamps out;
    const std::string* const files[] = {&files_.certificate, &files_.key, &files_.client_ca};
    for (std::size_t i = 0; i < out.size(); ++i) {
        std::error_code none;
        out[i].written = std::filesystem::last_write_time(*files[i], none);
        out[i].bytes = std::filesystem::file_size(*files[i], none);
    }
    return out;
}

Result<std::shared_ptr<ServerTls>> ServerTls::load(TlsFiles files, std::function<void(const std::string&)> log) {
    std::shared_ptr<ServerTls> out(new ServerTls(std::move(files), std::move(log)));
    out->read_ = out->stamps();  // before the files: what is written meanwhile is read again
    STIPEND_SET(out->context_, read(out->files_));
    out->looked_at_ = std::chrono::steady_clock::now();
    return out;
}

std::shared_ptr<ssl::context> ServerTls::context() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < looked_at_ + look_every) return context_;
    looked_at_ = now;
    const auto found = stamps();
    if (found == read_) return context_;
    read_ = found;
    if (auto fresh = read(files_)) {
        context_ = std::move(*fresh);
        log_(cat("the certificate was replaced: ", files_.certificate));
    } else {
        log_(cat("the certificate before stays in force: ", fresh.error().message));
    }
    return context_;
}

}  // namespace stipend::http
