// What a client sees of a node's life: its certificate, its crash, and the gateway's command line listener.
#include <curl/curl.h>
#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "helpers.hpp"
#include "http_client.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/devnet.hpp"
#include "tests/devnet/eth.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

struct FreeX509 {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

struct TwoOrchestrators {
    explicit TwoOrchestrators(Options options = {}) {
        options.population.count = 2;
        options.population.bare_listeners = true;
        options.gateway = {"127.0.0.1", 0};
        options.controlled = true;
        options.cli_served = true;
        options.orchestrator_listen = {{"127.0.0.1", 0}, {"127.0.0.1", 0}};
        auto started = Devnet::start(std::move(options));
        REQUIRE_MESSAGE(started.ok(), started.error().message);
        devnet = std::move(*started);
        const auto addresses = devnet->network().addresses();
        const auto comma = addresses.find(',');
        address = {addresses.substr(0, comma), addresses.substr(comma + 1)};
    }
    void fault(std::string_view json) const {
        const auto done =
            fetch({.url = devnet->control_url() + "/fault", .body = cat(R"({"orchestrator":0,"fault":)", json, "}")});
        REQUIRE_MESSAGE(done.status == 200, done.body);
    }
    [[nodiscard]] std::string certificate(std::size_t number) const {
        return fetch({.url = address.at(number) + "/healthz", .method = "GET"}).certificate;
    }
    [[nodiscard]] Answer register_worker(
        const std::string& body =
            R"({"name":"text","url":"http://127.0.0.1:1","capacity":2,"price_per_unit":100})") const {
        return fetch(
            {.url = address[0] + "/capability/register", .headers = {"Authorization: orch-secret"}, .body = body});
    }
    [[nodiscard]] Answer job(std::string_view capability) const {
        return fetch({.url = address[0] + "/process/request/x", .headers = {signed_header(capability)}});
    }
    [[nodiscard]] Answer token(const EthKey& key) const {
        return fetch({.url = address[0] + "/process/token",
                      .method = "GET",
                      .headers = {"Livepeer-Capability: text", "Livepeer-Eth-Address: " + key.credential()}});
    }

    std::unique_ptr<Devnet> devnet;
    std::vector<std::string> address;
};

// A folder that is removed at the end.
struct Folder {
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "devnet-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(path / name);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::filesystem::path path;
};

std::unique_ptr<X509, FreeX509> parsed(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        &BIO_free);
    return std::unique_ptr<X509, FreeX509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// The same certificate, however its text is broken into lines.
bool same(const std::string& one, const std::string& other) {
    const auto a = parsed(one);
    const auto b = parsed(other);
    return a && b && X509_cmp(a.get(), b.get()) == 0;
}

}  // namespace

TEST_CASE("a certificate has a node's form: no subject, the host as a critical name, a year") {
    const TwoOrchestrators net;
    const auto certificate = parsed(net.certificate(0));
    REQUIRE(certificate);
    CHECK(X509_NAME_entry_count(X509_get_subject_name(certificate.get())) == 0);
    int critical = 0;
    auto* names =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, &critical, nullptr));
    REQUIRE(names != nullptr);
    CHECK(critical == 1);
    CHECK(sk_GENERAL_NAME_num(names) == 1);
    const auto* name = sk_GENERAL_NAME_value(names, 0);
    CHECK(name->type == GEN_DNS);
    CHECK(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName))) == "127.0.0.1");
    GENERAL_NAMES_free(names);
    int days = 0;
    int seconds = 0;
    CHECK(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate.get()),
                         X509_get0_notAfter(certificate.get())) == 1);
    CHECK(days == 365);
}

TEST_CASE("each orchestrator has a certificate of its own, new at each start, and written where it is asked for") {
    const Folder folder;
    Options options;
    options.certificate_folder = folder.path.string();
    const auto text = [&](int number) { return folder.read(cat(number, "/cert.pem")); };
    std::string before;
    {
        const TwoOrchestrators net(options);
        before = net.certificate(0);
        CHECK(same(before, text(0)));
        CHECK(same(net.certificate(1), text(1)));
        CHECK_FALSE(same(before, text(1)));
        CHECK(folder.read("1/key.pem").find("PRIVATE KEY") != std::string::npos);
    }
    const TwoOrchestrators again(options);
    CHECK_FALSE(same(before, again.certificate(0)));
    CHECK(same(text(0), again.certificate(0)));
}

TEST_CASE("new_certificate changes one listener's certificate at once, and nothing else of it") {
    const Folder folder;
    Options options;
    options.certificate_folder = folder.path.string();
    const TwoOrchestrators net(options);
    REQUIRE(net.register_worker().body == "ok");
    const auto before = net.certificate(0);
    const auto other = net.certificate(1);
    net.fault(R"("new_certificate")");
    CHECK_FALSE(same(before, net.certificate(0)));
    CHECK(same(net.certificate(0), folder.read("0/cert.pem")));
    CHECK(same(other, net.certificate(1)));
    CHECK(net.token(net.devnet->network().gateway_key()).status == 200);
}

TEST_CASE("a crash resets connections, refuses new ones for its time, and comes back with all forgotten") {
    for (const unsigned threads : {1U, 2U}) {
        CAPTURE(threads);
        Options options;
        options.threads = threads;
        const TwoOrchestrators net(options);
        REQUIRE(net.register_worker().body == "ok");
        CHECK(net.token(EthKey::from_seed("poor")).status == 503);
        const auto before = net.certificate(0);
        const auto other = net.certificate(1);
        // A job that its worker never answers.
        Server silent({}, 1);
        const auto id = silent.listen({}, [](const Request&, const Respond&) { return Abandon(); });
        REQUIRE(id.ok());
        silent.start();
        REQUIRE(net.register_worker(
                       cat(R"({"name":"free","url":"http://127.0.0.1:)", silent.port(*id), R"(","capacity":2})"))
                    .body == "ok");
        auto held = std::async(std::launch::async, [&] { return net.job("free"); });
        REQUIRE(eventually(
            [&] { return net.devnet->network().state(0, 1).find(R"("in_flight":1)") != std::string::npos; }));
        net.fault(R"({"kind":"crash","for":"1500ms"})");
        CHECK(net.token(EthKey::from_seed("poor")).error == CURLE_COULDNT_CONNECT);
        CHECK(held.get().error == CURLE_RECV_ERROR);
        CHECK(same(other, net.certificate(1)));
        REQUIRE(eventually([&] { return net.token(EthKey::from_seed("poor")).error != CURLE_COULDNT_CONNECT; }));
        CHECK_FALSE(same(before, net.certificate(0)));
        const auto token = net.token(EthKey::from_seed("poor"));
        CHECK(token.status == 200);  // the price is forgotten, too
        CHECK(token.body.find("available_capacity") == std::string::npos);
        CHECK(net.register_worker().body == "ok");
    }
}

TEST_CASE("the command line listener signs the credential that learns a price") {
    const TwoOrchestrators net;
    REQUIRE(net.register_worker().body == "ok");
    const auto cli = net.devnet->cli_url();
    const auto address = fetch({.url = cli + "/ethAddr", .method = "GET"});
    CHECK(address.header("Content-Type") == "text/plain; charset=utf-8");
    std::string escaped;
    for (const char c : keccak256(address.body)) escaped += "%" + hex_encode(std::string_view(&c, 1));
    const auto signature = fetch({.url = cli + "/signMessage", .body = "message=" + escaped});
    REQUIRE(signature.body.size() == 65);
    const auto credential = encode_base64(
        cat(R"({"addr":")", address.body, R"(","sig":"0x)", hex_encode(std::string_view(signature.body)), "\"}"));
    const auto token = fetch({.url = net.address[0] + "/process/token",
                              .method = "GET",
                              .headers = {"Livepeer-Capability: text", "Livepeer-Eth-Address: " + credential}});
    REQUIRE(token.status == 200);
    CHECK(parse_json(token.body)->find("price")->find("pricePerUnit")->text() == "101");
    CHECK(net.token(EthKey::from_seed("poor")).status == 503);
    CHECK(parse_json(fetch({.url = cli + "/senderInfo", .method = "GET"}).body)->find("Deposit")->text() ==
          "100000000000000000");
}

TEST_CASE("a gateway that is down has no command line listener either") {
    const TwoOrchestrators net;
    const auto ask = [&] { return fetch({.url = net.devnet->cli_url() + "/healthz", .method = "GET"}); };
    CHECK(ask().status == 200);
    net.devnet->set_gateway({.kind = GatewayFaultKind::down});
    CHECK(ask().error == CURLE_COULDNT_CONNECT);
    net.devnet->set_gateway({});
    CHECK(ask().status == 200);
}
