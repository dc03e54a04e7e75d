// Certificates: chains, pins and none, against a TLS server with a certificate made here.
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "host/http/certificate.hpp"
#include "stipend/ascii.hpp"
#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using stipend::ascii::to_lower;
using namespace stipend::http;
using namespace stipend::test;

namespace {

std::string pin_of(X509* certificate) {
    std::array<unsigned char, 32> digest{};
    unsigned length = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &length);
    std::string out;
    for (const auto byte : digest) {
        const std::string_view digits = "0123456789ABCDEF";
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

// A self-signed certificate for 127.0.0.1, with its key.
class Identity {
  public:
    Identity() {
        key_.reset(EVP_EC_gen("P-256"));
        certificate_.reset(X509_new());
        auto* x509 = certificate_.get();
        X509_set_version(x509, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
        X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
        X509_set_pubkey(x509, key_.get());
        auto* name = X509_get_subject_name(x509);
        const std::string text = "stipend test";
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.data()), -1,
                                   -1, 0);
        X509_set_issuer_name(x509, name);
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"), &X509_EXTENSION_free);
        X509_add_ext(x509, names.get(), -1);
        STIPEND_ASSERT(X509_sign(x509, key_.get(), EVP_sha256()) != 0);
    }
    [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
    [[nodiscard]] X509* certificate() const { return certificate_.get(); }
    [[nodiscard]] std::string pin() const { return pin_of(certificate_.get()); }
    void write_key(const std::string& path, const char* passphrase = nullptr) const {
        const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), &std::fclose);
        STIPEND_ASSERT(file &&
                       PEM_write_PrivateKey(file.get(), key_.get(), passphrase == nullptr ? nullptr : EVP_aes_128_cbc(),
                                            nullptr, 0, nullptr, const_cast<char*>(passphrase)) == 1);
    }
    void write_pem(const std::string& path) const {
        const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), &std::fclose);
        STIPEND_ASSERT(file && PEM_write_X509(file.get(), certificate_.get()) == 1);
    }

  private:
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, &EVP_PKEY_free};
    std::unique_ptr<X509, decltype(&X509_free)> certificate_{nullptr, &X509_free};
};

// Serves "ok" under TLS, on every connection for as long as it lasts.
class TlsServer {
  public:
    explicit TlsServer(const Identity& identity) : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
        STIPEND_ASSERT(SSL_CTX_use_certificate(context_.get(), identity.certificate()) == 1);
        STIPEND_ASSERT(SSL_CTX_use_PrivateKey(context_.get(), identity.key()) == 1);
    }
    // From now on a client has to show this certificate.
    void want_client(const Identity& client) {
        client_pin_ = client.pin();
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           [](int, X509_STORE_CTX*) { return 1; });
    }
    // The clients' certificates: as many as were the wanted one.
    [[nodiscard]] int known_clients() const { return known_clients_; }
    [[nodiscard]] std::string url() const { return cat("https://127.0.0.1:", server_.port(), "/"); }
    [[nodiscard]] int connections() { return server_.connections(); }
    [[nodiscard]] int requests() const { return requests_; }

  private:
    void serve(Wire& wire) {
        const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), &SSL_free);
        SSL_set_fd(ssl.get(), wire.fd());
        if (SSL_accept(ssl.get()) != 1) return;
        if (const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl.get()), &X509_free);
            peer && pin_of(peer.get()) == client_pin_) {
            ++known_clients_;
        }
        std::array<char, 4096> part{};
        while (SSL_read(ssl.get(), part.data(), part.size()) > 0) {
            ++requests_;
            const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
        }
    }

    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::atomic<int> requests_ = 0;
    std::atomic<int> known_clients_ = 0;
    std::string client_pin_;
    ScriptedServer server_{[this](Wire& wire, int) { serve(wire); }};
};

HttpRequest pinned(const TlsServer& server, std::string pin) {
    auto request = get(server.url());
    request.tls = TlsMode::pinned;
    request.pin_sha256 = std::move(pin);
    return request;
}

}  // namespace

TEST_CASE("an unknown certificate is refused by default, in the phase of TLS") {
    const Identity identity;
    TlsServer server(identity);
    const auto ended = exchange(*make_client(), get(server.url()));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.message().find("certificate") != std::string::npos);
    CHECK(ended.response.phase == Phase::tls);
    CHECK(ended.response.cause == Cause::certificate);
    CHECK(server.requests() == 0);
}

TEST_CASE("a certificate of the configured bundle is accepted, and its expiry is reported") {
    const Identity identity;
    TlsServer server(identity);
    const auto path = (std::filesystem::temp_directory_path() / cat("stipend-ca-", ::getpid(), ".pem")).string();
    identity.write_pem(path);
    ClientOptions options;
    options.ca_file = path;
    const auto ended = exchange(*make_client(options), get(server.url()));
    // The same by the request's own bundle, beside which the client's own counts for nothing.
    auto request = get(server.url());
    request.ca_file = path;
    CHECK(exchange(*make_client(), request).message() == "");
    options.ca_file = path;
    const Identity other;
    const auto other_path = path + ".other";
    other.write_pem(other_path);
    request.ca_file = other_path;
    auto client = make_client(options);
    CHECK(exchange(*client, request).response.cause == Cause::certificate);
    // A kept connection that was verified by one bundle does not serve a request with the other.
    CHECK(exchange(*client, get(server.url())).message() == "");
    CHECK(exchange(*client, request).response.cause == Cause::certificate);
    request.ca_file = path + ".missing";
    CHECK(exchange(*client, request).response.cause == Cause::local);
    std::filesystem::remove(path);
    std::filesystem::remove(other_path);
    CHECK(ended.message() == "");
    CHECK(ended.response.cause == Cause::none);
    CHECK(ended.response.tls_sha256 == to_lower(identity.pin()));
    const auto left_s = ended.response.tls_not_after / 1'000'000'000 - std::time(nullptr);
    CHECK(left_s > 86400 - 120);
    CHECK(left_s <= 86400);
}

TEST_CASE("the right pin is accepted in any spelling") {
    const Identity identity;
    TlsServer server(identity);
    auto client = make_client();
    CHECK(exchange(*client, pinned(server, identity.pin())).message() == "");
    std::string spelled;
    for (std::size_t i = 0; i < 64; i += 2) spelled += (i == 0 ? "" : ":") + identity.pin().substr(i, 2);
    CHECK(exchange(*client, pinned(server, spelled)).message() == "");
    CHECK(server.connections() == 1);
}

TEST_CASE("a wrong pin is rejected with both values, and nothing is sent") {
    const Identity identity;
    const Identity other;
    TlsServer server(identity);
    const auto ended = exchange(*make_client(), pinned(server, other.pin()));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.message().find("wrong certificate: got SHA-256 ") != std::string::npos);
    CHECK(ended.message().find(", want ") != std::string::npos);
    CHECK(ended.response.cause == Cause::certificate);
    CHECK(ended.response.tls_sha256 == to_lower(identity.pin()));
    CHECK(server.requests() == 0);
}

TEST_CASE("a wrong pin is rejected on a connection that another request opened and kept") {
    const Identity identity;
    const Identity other;
    TlsServer server(identity);
    auto client = make_client();
    CHECK(exchange(*client, pinned(server, identity.pin())).result.ok());
    CHECK(!exchange(*client, pinned(server, other.pin())).result.ok());
    auto request = get(server.url());
    CHECK(!exchange(*client, request).result.ok());
    CHECK(server.requests() == 1);
}

TEST_CASE("a pin that is missing, malformed or contradictory is rejected at once") {
    const Identity identity;
    TlsServer server(identity);
    auto client = make_client();
    CHECK(exchange(*client, pinned(server, "")).status() == STIPEND_E_INVALID);
    CHECK(exchange(*client, pinned(server, "abc")).status() == STIPEND_E_INVALID);
    CHECK(exchange(*client, pinned(server, identity.pin() + "00")).status() == STIPEND_E_INVALID);
    auto request = pinned(server, identity.pin());
    request.tls = TlsMode::none;
    CHECK(exchange(*client, request).status() == STIPEND_E_INVALID);
    request = pinned(server, identity.pin());
    request.url = "http://127.0.0.1:1/";
    CHECK(exchange(*client, request).status() == STIPEND_E_INVALID);
    CHECK(server.connections() == 0);
}

TEST_CASE("a client's certificate is shown to the server, also after a request without one") {
    const Identity identity;
    const Identity mine;
    TlsServer server(identity);
    const auto folder = std::filesystem::temp_directory_path() / cat("stipend-client-", ::getpid());
    std::filesystem::create_directories(folder);
    mine.write_pem(folder / "cert.pem");
    mine.write_key(folder / "key.pem");
    auto client = make_client();
    auto request = pinned(server, identity.pin());
    CHECK(exchange(*client, request).message() == "");
    server.want_client(mine);
    request.client_cert_file = folder / "cert.pem";
    request.client_key_file = folder / "key.pem";
    CHECK(exchange(*client, request).message() == "");
    CHECK(server.known_clients() == 1);
    // The connection of the one certificate serves no request without it.
    client = make_client();
    CHECK(exchange(*client, request).message() == "");
    CHECK(server.known_clients() == 2);
    CHECK(!exchange(*client, pinned(server, identity.pin())).result.ok());
    CHECK(server.known_clients() == 2);
    std::filesystem::remove_all(folder);
}

TEST_CASE("a client's certificate that cannot be used is this machine's failure and names its file") {
    const Identity identity;
    const Identity mine;
    const Identity other;
    TlsServer server(identity);
    const auto folder = std::filesystem::temp_directory_path() / cat("stipend-client-", ::getpid());
    std::filesystem::create_directories(folder);
    const auto certificate = (folder / "cert.pem").string();
    const auto key = (folder / "key.pem").string();
    auto client = make_client();
    auto request = pinned(server, identity.pin());
    request.client_cert_file = certificate;
    request.client_key_file = key;
    const auto refused = [&] {
        const auto ended = exchange(*client, request);
        CHECK(ended.status() == STIPEND_E_CONFIG);
        CHECK(ended.response.cause == Cause::local);
        return ended.message().substr(ended.message().find(": ") + 2);
    };
    CHECK(refused().starts_with("cannot read the client's certificate " + certificate + ": No such file"));
    mine.write_pem(certificate);
    CHECK(refused().starts_with("cannot read the client's key " + key + ": No such file"));
    other.write_key(key);
    CHECK(refused().starts_with("want a certificate in PEM in " + certificate + ", and its key"));
    mine.write_key(key, "a passphrase");
    CHECK(refused().starts_with("want a certificate in PEM in " + certificate + ", and its key"));
    CHECK(server.requests() == 0);
    mine.write_key(key);
    CHECK(exchange(*client, request).message() == "");
    request.max_redirects = 1;
    CHECK(exchange(*client, request).status() == STIPEND_E_INVALID);
    request.max_redirects = 0;
    request.client_key_file = "";
    CHECK(exchange(*client, request).status() == STIPEND_E_INVALID);
    std::filesystem::remove_all(folder);
}

TEST_CASE("without verification any certificate is accepted") {
    const Identity identity;
    TlsServer server(identity);
    auto request = get(server.url());
    request.tls = TlsMode::none;
    CHECK(exchange(*make_client(), request).message() == "");
}

TEST_CASE("connect-only shakes hands under TLS, checks the pin and sends nothing") {
    const Identity identity;
    TlsServer server(identity);
    auto client = make_client();
    auto request = pinned(server, identity.pin());
    request.connect_only = true;
    const auto ended = exchange(*client, request);
    CHECK(ended.message() == "");
    CHECK(ended.response.tls_not_after > 0);
    request.pin_sha256 = Identity().pin();
    CHECK(exchange(*client, request).status() == STIPEND_E_UNAVAILABLE);
    CHECK(server.requests() == 0);
}

TEST_CASE("plain text where TLS is expected is UNAVAILABLE") {
    ScriptedServer server([](Wire& wire, int) { wire.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    auto request = get(cat("https://127.0.0.1:", server.port(), "/"));
    request.tls = TlsMode::none;
    const auto ended = exchange(*make_client(), request);
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.phase == Phase::tls);
}

TEST_CASE("a server's certificate is fetched without sending anything") {
    const Identity identity;
    TlsServer server(identity);
    const auto found = fetch_certificate(server.url(), 5000);
    REQUIRE_MESSAGE(found.ok(), (found ? "" : found.error().message));
    auto pin = identity.pin();
    for (auto& c : pin) c = static_cast<char>(std::tolower(c));
    CHECK(found->sha256 == pin);
    CHECK(found->subject == "CN=stipend test");
    CHECK(found->issuer == found->subject);
    CHECK(found->not_after / 1'000'000'000 - std::time(nullptr) > 86400 - 120);
    CHECK(server.requests() == 0);
}

TEST_CASE("without TLS there is no certificate, and the reason is reported") {
    ScriptedServer plain([](Wire& wire, int) { wire.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    const auto url = cat("https://127.0.0.1:", plain.port(), "/");
    CHECK(fetch_certificate(url, 5000).error().status == STIPEND_E_UNAVAILABLE);
    CHECK(fetch_certificate(url, 5000).error().message.starts_with("certificate of https://127.0.0.1:"));
    CHECK(fetch_certificate(plain.url(), 5000).error().message ==
          "certificate: got the URL " + plain.url() + ", want https://host:port");
    CHECK(fetch_certificate("https://127.0.0.1:1/", 5000).error().status == STIPEND_E_UNAVAILABLE);
}
