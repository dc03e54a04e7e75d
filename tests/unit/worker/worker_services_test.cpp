// Which of several plugins a manager knows an orchestrator by, and how they are named.
#include "host/worker/worker_services.hpp"

#include <doctest/doctest.h>

#include "host/worker/worker_plan.hpp"

using namespace stipend;
using namespace stipend::worker;

namespace {

const std::string key_a(64, 'a'), key_b(64, 'b');

NamedReport report(std::string name, const std::string& id, const std::string& key) {
    return {std::move(name),
            cat(R"({"orchestrator_id":")", id, "\"", key.empty() ? "" : cat(R"(,"worker_key":")", key, "\""), "}")};
}

struct Found {
    Result<WorkerIdentity> identity;
    std::vector<std::string> warnings;
};
Found among(const std::vector<NamedReport>& reports, std::string_view id) {
    std::vector<std::string> warnings;
    auto identity = identity_among(reports, id, [&](const std::string& text) { warnings.push_back(text); });
    return {std::move(identity), std::move(warnings)};
}

}  // namespace

TEST_CASE("the plugin that signs for the registered id is the one that its manager knows") {
    const std::vector<NamedReport> reports{report("worker", "orch-1", key_a), report("worker-live", "orch-2", key_b)};
    CHECK(among(reports, "orch-1").identity->worker_key == key_a);
    CHECK(among(reports, "orch-2").identity->worker_key == key_b);
    // None of them: the first one, whose other id is reported where it is registered.
    const auto other = among(reports, "orch-3");
    CHECK(other.identity->worker_key == key_a);
    CHECK(other.identity->orchestrator_id == "orch-1");
    CHECK(other.warnings.empty());
}

TEST_CASE("two plugins that sign for one id with two keys are reported, and with one key they are one") {
    const auto twice = among({report("worker", "orch-1", key_a), report("worker-live", "orch-1", key_b)}, "orch-1");
    CHECK(twice.identity->worker_key == key_a);
    REQUIRE(twice.warnings.size() == 1);
    CHECK(twice.warnings[0].starts_with("worker and worker-live both sign evidence for orch-1, with two keys"));
    CHECK(
        among({report("worker", "orch-1", key_a), report("worker-live", "orch-1", key_a)}, "orch-1").warnings.empty());
    CHECK(
        among({report("worker", "orch-9", key_a), report("worker-live", "orch-8", key_b)}, "orch-1").warnings.empty());
}

TEST_CASE("one that has no key yet is waited for, unless another one is the one that is looked for") {
    const auto unready = report("worker-live", "orch-2", "");
    CHECK_FALSE(among({report("worker", "orch-1", key_a), unready}, "orch-2").identity.ok());
    CHECK(among({report("worker", "orch-1", key_a), unready}, "orch-1").identity->worker_key == key_a);
    CHECK_FALSE(
        among({report("worker", "orch-1", ""), report("worker-live", "orch-1", key_b)}, "orch-1").identity.ok());
    const NamedReport silent{"worker", Result<std::string>(fail(STIPEND_E_TIMEOUT, "no answer"))};
    CHECK(among({silent, report("worker-live", "orch-2", key_b)}, "orch-2").identity->worker_key == key_b);
    CHECK(among({silent}, "orch-1").identity.error().message == "no answer");
    CHECK_FALSE(among({}, "orch-1").identity.ok());
}

TEST_CASE("the first plugin keeps its key and name, and the others have theirs by their names") {
    CHECK(service_key_of("live") == "worker:live");
    CHECK(service_name_of_key("worker:live") == "worker-live");
    CHECK(service_name_of_key(service_key) == "worker");
    CHECK(is_service_key("worker"));
    CHECK(is_service_key("worker:live"));
    CHECK_FALSE(is_service_key("monitor:worker"));
    CHECK_FALSE(is_service_key("worker-live"));
    // The order of the instances is that of their keys.
    CHECK(std::string(service_key) < service_key_of("!"));
}
