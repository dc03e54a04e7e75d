#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "docker_engine.hpp"
#include "stipend/json_parse.hpp"

using namespace monitor::docker;

namespace {

// A folder with the files of certificates, as `docker` has them.
class Certificates {
  public:
    explicit Certificates(const std::vector<const char*>& names) {
        std::string pattern = std::filesystem::temp_directory_path() / "stipend-certs-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
        for (const auto* name : names) std::ofstream(folder_ / name) << "pem";
    }
    ~Certificates() { std::filesystem::remove_all(folder_); }
    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;
    [[nodiscard]] std::string path(const std::string& name = "") const {
        return name.empty() ? folder_.string() : (folder_ / name).string();
    }

  private:
    std::filesystem::path folder_;
};

const std::vector<const char*> all_files{"ca.pem", "cert.pem", "key.pem"};

using Variables = std::map<std::string, std::string>;

stipend::Result<Engine> engine_of(const std::string& config, const Variables& variables = {}) {
    const auto json = stipend::parse_json(config);
    REQUIRE(json.ok());
    return read_engine(stipend::ConfigView(*json), [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

std::string refused(const std::string& config, const Variables& variables = {}) {
    const auto engine = engine_of(config, variables);
    REQUIRE(!engine.ok());
    return engine.error().message;
}

}  // namespace

TEST_CASE("the engine is that of the option, else that of DOCKER_HOST, else the socket of this machine") {
    CHECK(engine_of("{}")->unix_socket == "/var/run/docker.sock");
    CHECK(engine_of("{}", {{"DOCKER_HOST", "unix:///run/d.sock"}})->unix_socket == "/run/d.sock");
    CHECK(engine_of(R"({"engine":"tcp://a:2375"})", {{"DOCKER_HOST", "unix:///run/d.sock"}})->url == "http://a:2375");
    CHECK(engine_of("{}", {{"DOCKER_HOST", "tcp://a"}})->url == "http://a:2375");
    CHECK(engine_of("{}", {{"DOCKER_HOST", "tcp://[::1]:7"}})->url == "http://[::1]:7");
}

TEST_CASE("DOCKER_TLS_VERIFY and DOCKER_CERT_PATH lead to TLS with the three files of the folder") {
    const Certificates files(all_files);
    const auto engine = engine_of(
        "{}", {{"DOCKER_HOST", "tcp://10.0.0.7"}, {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", files.path()}});
    REQUIRE_MESSAGE(engine.ok(), (engine ? "" : engine.error().message));
    CHECK(engine->url == "https://10.0.0.7:2376");
    CHECK(engine->shown == "tcp://10.0.0.7");
    CHECK(engine->tls_mode == STIPEND_TLS_VERIFY);
    CHECK(engine->ca_file == files.path("ca.pem"));
    CHECK(engine->cert_file == files.path("cert.pem"));
    CHECK(engine->key_file == files.path("key.pem"));
    // A socket of this machine has no TLS, whatever the variables say.
    CHECK(engine_of("{}", {{"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", files.path()}})->ca_file.empty());
}

TEST_CASE("certificates alone verify the engine; only the option turns that off") {
    const Certificates files(all_files);
    const Variables variables{{"DOCKER_HOST", "tcp://a:1"}, {"DOCKER_CERT_PATH", files.path()}};
    CHECK(engine_of("{}", variables)->tls_mode == STIPEND_TLS_VERIFY);
    const auto unverified = engine_of(R"({"tls_verify":false})", variables);
    CHECK(unverified->tls_mode == STIPEND_TLS_NONE);
    CHECK(unverified->url == "https://a:1");
    CHECK(unverified->cert_file == files.path("cert.pem"));
    CHECK(engine_of(R"({"tls_verify":false})", {{"DOCKER_HOST", "tcp://a:1"}, {"DOCKER_TLS_VERIFY", "1"}})->url ==
          "http://a:1");
}

TEST_CASE("an option has precedence over its variable") {
    const Certificates files(all_files);
    const auto engine = engine_of(R"({"engine":"tcp://a:1","tls_verify":true,"cert_path":")" + files.path() + "\"}",
                                  {{"DOCKER_CERT_PATH", "/nowhere"}});
    REQUIRE_MESSAGE(engine.ok(), (engine ? "" : engine.error().message));
    CHECK(engine->ca_file == files.path("ca.pem"));
}

TEST_CASE("without a folder the certificates are those of Docker's own client") {
    const Certificates files(all_files);
    const Variables base{{"DOCKER_HOST", "tcp://a:1"}, {"DOCKER_TLS_VERIFY", "yes"}};
    auto variables = base;
    variables["DOCKER_CONFIG"] = files.path();
    CHECK(engine_of("{}", variables)->ca_file == files.path("ca.pem"));
    variables = base;
    variables["HOME"] = "/nowhere";
    CHECK(refused("{}", variables) ==
          "DOCKER_CERT_PATH: cannot read /nowhere/.docker/ca.pem: No such file or directory");
}

TEST_CASE("a file that is missing is named") {
    const Certificates roots({"ca.pem"});
    const auto config = R"({"engine":"tcp://a:1","cert_path":")" + roots.path() + "\"}";
    // An engine that asks for no certificate needs none.
    CHECK(engine_of(config)->cert_file.empty());
    const Certificates no_key({"ca.pem", "cert.pem"});
    CHECK(refused(R"({"engine":"tcp://a:1","cert_path":")" + no_key.path() + "\"}") ==
          "cannot read " + no_key.path("key.pem") + ": No such file or directory");
}

TEST_CASE("an address that leads to no engine is refused by the name of its scheme") {
    CHECK(refused(R"({"engine":"ssh://me@host"})") ==
          "got \"ssh://me@host\": ssh:// is not supported; a tunnel (ssh -L SOCKET:SOCKET) gives a unix socket");
    CHECK(refused("{}", {{"DOCKER_HOST", "npipe:////./pipe/docker_engine"}}) ==
          "DOCKER_HOST: got \"npipe:////./pipe/docker_engine\": npipe:// is not supported: named pipes are of Windows");
    CHECK(refused("{}", {{"DOCKER_HOST", "fd://"}}) ==
          "DOCKER_HOST: got \"fd://\": fd:// is not supported: it is an address to listen on");
    CHECK(refused(R"({"engine":"tcp://host:99999"})") ==
          "got \"tcp://host:99999\", want tcp://host:port with a port from 1 to 65535");
    CHECK(refused(R"({"engine":"unix:///s","tls_verify":true})") ==
          "got \"unix:///s\", want tcp://host:port beside tls_verify or cert_path");
}
