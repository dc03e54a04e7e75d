// A plugin in a process of its own does what it does in the host, and its end costs what was under way and no more.
#include <csignal>

#include "isolated_rig.hpp"

using namespace isolated_test;

TEST_CASE("a price plugin answers the same in a process of its own as in the host") {
    IsolatedRig rig;
    const auto price = rig.run(defect("price_sound"));
    const auto process = state();
    CHECK(process.pid > 0);
    CHECK(process.instance == "price");
    CHECK(process.plugin == "org.example.defect");
    const auto got = wait(fetch(price));
    REQUIRE_MESSAGE(got.ok(), (got.ok() ? "" : got.error().message));
    CHECK(got->mantissa == 2000);
    CHECK(got->base == "ETH");
    CHECK(price->health().ok());
    CHECK(state().pid == process.pid);
}

TEST_CASE("the shipped price plugin runs in the sandbox, with its configuration and the host's clock") {
    IsolatedRig rig;
    const auto price = rig.run("price", R"({"usd_per_eth":"1800.5"})");
    const auto got = wait(fetch(price));
    REQUIRE_MESSAGE(got.ok(), (got.ok() ? "" : got.error().message));
    CHECK(got->mantissa == 180'050'000'000);  // x 10^-8
}

TEST_CASE("what the plugin says of its configuration is said by create") {
    IsolatedRig rig;
    const auto made = rig.create("price", "{}");
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().status == STIPEND_E_CONFIG);
    CHECK(isolated::process_states().empty());
}

TEST_CASE("the end of the process ends what is under way, is reported, and another one serves") {
    IsolatedRig rig;
    const auto price = rig.run(defect("price_never"));
    auto open = fetch(price);  // the first request, which this plugin never answers
    const auto first = state().pid;
    wait_until([&] { return price->under_way() == 1; });
    REQUIRE(wait(fetch(price)).ok());  // the process has begun the first one, too
    REQUIRE(::kill(first, SIGKILL) == 0);
    const auto ended = wait(std::move(open));
    REQUIRE_FALSE(ended.ok());
    CHECK(ended.error().status == STIPEND_E_UNAVAILABLE);
    CHECK(ended.error().message == "its process ended: got signal 9 (Killed)");
    CHECK(rig.alerts.wait_for("price:process")
              .starts_with("org.example.defect: its process ended: got signal 9 (Killed)"));
    wait_until([&] { return state().pid > 0 && price->health().ok(); });
    CHECK(state().pid != first);
    CHECK(state().restarts == 1);
    CHECK(state().last_end == "got signal 9 (Killed)");
    CHECK_FALSE(wait(fetch(price, 50 * ns_per_ms)).ok());  // the first request of this process
    CHECK(wait(fetch(price)).ok());
}

TEST_CASE("an operation that begins while no process runs says so, and the alert ends once one ran for long enough") {
    IsolatedRig rig;
    rig.patience.first_pause_ns = 300 * ns_per_ms;
    rig.patience.good_after_ns = 200 * ns_per_ms;
    const auto price = rig.run(defect("price_sound"));
    REQUIRE(::kill(state().pid, SIGKILL) == 0);
    rig.alerts.wait_for("price:process");
    const auto refused = wait(fetch(price));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == STIPEND_E_UNAVAILABLE);
    CHECK(refused.error().message.find("its process is not running: got signal 9 (Killed); it starts again in 1 s") !=
          std::string::npos);
    CHECK_FALSE(price->health().ok());
    rig.alerts.wait_for_end("price:process");
    CHECK(wait(fetch(price)).ok());
}

TEST_CASE("a call that does not return ends its process, not the host's thread") {
    IsolatedRig rig;
    rig.patience.call_ns = 500 * ns_per_ms;
    const auto price = rig.run(defect("price_loops"));
    const auto ended = wait(fetch(price));
    REQUIRE_FALSE(ended.ok());
    CHECK(ended.error().message.find("has not returned from a call for") != std::string::npos);
    CHECK(rig.alerts.wait_for("price:process").find("has not returned from a call") != std::string::npos);
}

TEST_CASE("an operation without an answer ends by its deadline, as in the host") {
    IsolatedRig rig;
    const auto price = rig.run(defect("price_never"));
    const auto ended = wait(fetch(price, 100 * ns_per_ms));
    REQUIRE_FALSE(ended.ok());
    CHECK(ended.error().status == STIPEND_E_TIMEOUT);
    CHECK(wait(fetch(price)).ok());
}

TEST_CASE("a program that is not there is an error of create") {
    IsolatedRig rig;
    auto chosen = rig.load(defect("price_sound"));
    REQUIRE(chosen.ok());
    chosen->isolation->program = "/nowhere/stipend-plugin";
    SystemClock clock;
    auto pool = ThreadPool::create(1, "pool");
    const ControlScope control;
    const auto made = Instance::create(*chosen, "price", "{}", plugin::testing::minute_terms(),
                                       {.clock = &clock, .executor = pool->get()});
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().message.find("/nowhere/stipend-plugin: No such file or directory") != std::string::npos);
}
