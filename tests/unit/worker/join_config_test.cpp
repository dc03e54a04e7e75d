// The configuration that `stipend worker join` writes: what the host reads in it, and that it is known again.
#include "host/worker/join_config.hpp"

#include <doctest/doctest.h>

#include <map>

#include "host/config/load.hpp"

using namespace stipend;
using namespace stipend::worker;

namespace {

class Files final : public config::Environment {
  public:
    [[nodiscard]] std::optional<std::string> get(const std::string&) const override { return std::nullopt; }
    [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t) const override {
        const auto found = texts.find(path);
        if (found == texts.end()) return fail(STIPEND_E_UNAVAILABLE, "no file ", path);
        return found->second;
    }
    std::map<std::string, std::string> texts{{"/state/worker-key-seed", std::string(64, 'a') + "\n"},
                                             {"/state/orchestrator-secret", "the orchestrator's own\n"}};
};

JoinTerms terms() {
    return {.manager = "https://payer.example:8010",
            .ca = "",
            .id = "orch-1",
            .endpoint = "https://orch.example:8935",
            .payout_address = "0x" + std::string(40, 'a'),
            .capability = "agent-net",
            .orchestrator = "https://127.0.0.1:9995",
            .orchestrator_cert = "",
            .watch = {"agent", "api=tcp://127.0.0.1:80"},
            .state = "/state",
            .plugins = "",
            .listen = "127.0.0.1:9876",
            .worker_url = "http://127.0.0.1:9876",
            .metrics = "127.0.0.1:9109"};
}

config::Settings loaded(const std::string& text) {
    config::Diagnostics diagnostics;
    auto out = config::load_text("joined.yaml", text, Files(), diagnostics);
    REQUIRE_MESSAGE(diagnostics.empty(), diagnostics.text());
    return std::move(out.settings);
}

}  // namespace

TEST_CASE("the host reads what the command line said") {
    const auto text = join_config_text(terms());
    const auto settings = loaded(text);
    CHECK(settings.role == config::Role::worker);
    CHECK(settings.state == "/state");
    CHECK(settings.membership.url == "https://payer.example:8010");
    CHECK(settings.membership.orchestrator_id == "orch-1");
    CHECK(settings.membership.endpoint == "https://orch.example:8935");
    CHECK(settings.membership.capabilities == std::vector<std::string>{"agent-net"});
    CHECK(settings.membership.secret.empty());
    CHECK(settings.worker_listen == "127.0.0.1:9876");
    CHECK(text.find(std::string(64, 'a')) == std::string::npos);
    CHECK(text.find("the orchestrator's own") == std::string::npos);
}

TEST_CASE("what is found beside the worker is watched where nothing is named") {
    auto some = terms();
    some.watch.clear();
    static_cast<void>(loaded(join_config_text(some)));
    some.watch = {"api=tcp://127.0.0.1:80"};
    CHECK(join_config_text(some).find("docker") == std::string::npos);
    static_cast<void>(loaded(join_config_text(some)));
}

TEST_CASE("a text is quoted, and a reference is refused") {
    auto odd = terms();
    odd.id = "a\" }, b: [1, '#";
    REQUIRE(check_join_terms(odd).ok());
    const auto text = join_config_text(odd);
    CHECK(text.find(R"(orchestrator_id: "a\" }, b: [1, '#")") != std::string::npos);
    for (const auto* bad : {"${HOME}", "a\nb: c", "a\x1b[2J", "\xc3\xa4"}) {
        odd.id = bad;
        const auto checked = check_join_terms(odd);
        REQUIRE_FALSE(checked.ok());
        CHECK(checked.error().message.find("--id") == 0);
        CHECK(checked.error().message.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("the command knows its own file again") {
    const auto text = join_config_text(terms());
    CHECK(origin_of_config(text) == ConfigOrigin::own);
    CHECK(origin_of_config(text + "# mine\n") == ConfigOrigin::changed);
    CHECK(origin_of_config(text.substr(0, text.find('\n'))) == ConfigOrigin::changed);
    CHECK(origin_of_config("") == ConfigOrigin::foreign);
    CHECK(origin_of_config("role: worker\n") == ConfigOrigin::foreign);
    auto other = terms();
    other.id = "orch-2";
    CHECK(join_config_text(other) != text);
}
