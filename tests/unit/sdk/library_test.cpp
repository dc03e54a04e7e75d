#include "sdk_fixture.hpp"
#include "stipend/version.h"

using namespace sdk_test;

namespace {

struct NoSettings {};

struct Pay {
    static constexpr PluginInfo info{.id = "org.example.pay",
                                     .name = "Pay",
                                     .version = "2.1.0",
                                     .vendor = "Example",
                                     .license = "MIT",
                                     .description = "Pays",
                                     .url = "https://pay.example",
                                     .config_schema = "{}"};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;
    using Settings = NoSettings;
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    explicit Pay(Settings) {}
    static void decide(const stipend_sample&, stipend_decision& decision) { decision.action = STIPEND_SKIP; }
    static Result<Bounds> bounds(const stipend_terms& terms) { return Bounds{0, terms.interval_ns}; }
};

// All kinds with I/O in one class, constructed with its host.
struct Everything {
    static constexpr PluginInfo info{.id = "org.example.everything", .name = "Everything", .version = "1"};
    using Settings = NoSettings;
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    Everything(Settings, Host host) : made_with(host) {}
    static Result<void> submit(const stipend_job&, Completion<stipend_job_result>) { return no(); }
    static Result<void> probe(const stipend_target&, stipend_mono_ns, Completion<stipend_observation>) { return no(); }
    static Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote>) {
        return no();
    }
    static Result<std::string> report() { return std::string(R"({"doing":"everything"})"); }
    static Result<void> deliver(const AlertMessage& message, Completion<Nothing>) {
        delivered = message;
        return no();
    }
    static inline AlertMessage delivered;
    static Error no() { return fail(STIPEND_E_BUSY, "not now"); }
    Host made_with;
};

// A monitor that stores the targets of a watch.
struct Watcher {
    static constexpr PluginInfo info{.id = "org.example.watcher", .name = "Watcher", .version = "1"};
    using Settings = NoSettings;
    static inline std::vector<stipend_target> watched;
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    explicit Watcher(Settings) {}
    static Result<void> probe(const stipend_target&, stipend_mono_ns, Completion<stipend_observation>) {
        return fail(STIPEND_E_BUSY, "not now");
    }
    static Result<void> watch(std::span<const stipend_target> targets, Observer, Completion<Nothing>) {
        watched.assign(targets.begin(), targets.end());
        return fail(STIPEND_E_BUSY, "not now");
    }
};

using Both = detail::Library<Pay, Everything>;

std::vector<std::string> kinds_of(const stipend_descriptor& descriptor) {
    std::vector<std::string> out;
    for (const auto* kind = descriptor.kinds; *kind != nullptr; ++kind) out.emplace_back(*kind);
    return out;
}

}  // namespace

STIPEND_PLUGINS(Pay, Everything);

TEST_CASE("the entry is complete and names its SDK and compiler") {
    CHECK(stipend_entry_v1.magic == STIPEND_MAGIC);
    CHECK(stipend_entry_v1.size == sizeof(stipend_entry));
    CHECK(stipend_entry_v1.abi_major == STIPEND_ABI_MAJOR);
    CHECK(std::string(stipend_entry_v1.sdk) == "stipend-sdk " STIPEND_VERSION);
    CHECK_FALSE(std::string(stipend_entry_v1.build).empty());
    CHECK(stipend_entry_v1.init("x.so", nullptr) == STIPEND_OK);
    stipend_entry_v1.deinit();
    CHECK(stipend_entry_v1.count() == 2);
    CHECK(stipend_entry_v1.lifecycle == &Both::lifecycle);
}

TEST_CASE("each plugin of a library has a descriptor, and an index out of range has none") {
    const auto* pay = Both::describe(0);
    REQUIRE(pay != nullptr);
    CHECK(pay->size == sizeof(stipend_descriptor));
    CHECK(std::string(pay->id) == "org.example.pay");
    CHECK(std::string(pay->name) == "Pay");
    CHECK(std::string(pay->version) == "2.1.0");
    CHECK(std::string(pay->vendor) == "Example");
    CHECK(std::string(pay->license) == "MIT");
    CHECK(std::string(pay->description) == "Pays");
    CHECK(std::string(pay->url) == "https://pay.example");
    CHECK(std::string(pay->config_schema_json) == "{}");
    REQUIRE(Both::describe(1) != nullptr);
    CHECK(Both::describe(1)->config_schema_json == nullptr);
    CHECK(std::string(Both::describe(1)->vendor).empty());
    CHECK(Both::describe(2) == nullptr);
}

TEST_CASE("the functions of a class determine its kinds") {
    CHECK(kinds_of(*Both::describe(0)) == std::vector<std::string>{STIPEND_POLICY});
    CHECK(kinds_of(*Both::describe(1)) ==
          std::vector<std::string>{STIPEND_DISPATCH, STIPEND_MONITOR, STIPEND_PRICE, STIPEND_SERVICE, STIPEND_ALERT});
}

TEST_CASE("an instance has the tables of its kinds and no other") {
    TestHost host;
    const Made<Everything> made(host);
    for (const auto* id : {STIPEND_DISPATCH, STIPEND_MONITOR, STIPEND_PRICE, STIPEND_SERVICE, STIPEND_ALERT}) {
        CHECK(made.lifecycle.get_interface(made.get(), id) != nullptr);
    }
    for (const auto* id : {STIPEND_POLICY, "stipend.settlement/1", "stipend.price/2", ""}) {
        CHECK(made.lifecycle.get_interface(made.get(), id) == nullptr);
    }
    CHECK(detail::Instance<Everything>::object(made.get()).made_with.raw() == host.raw());
}

TEST_CASE("an optional function that a class lacks returns UNSUPPORTED or does nothing") {
    TestHost host;
    const Made<Everything> made(host);
    CHECK(made.lifecycle.start(made.get(), nullptr) == STIPEND_OK);
    CHECK(made.lifecycle.health(made.get(), nullptr) == STIPEND_OK);
    host.thread = TestHost::Thread::pool;
    CHECK(made.table<stipend_dispatch_v1>(STIPEND_DISPATCH).inspect(made.get(), {}, {}, host.completion(7), nullptr) ==
          STIPEND_E_UNSUPPORTED);
    CHECK(made.table<stipend_monitor_v1>(STIPEND_MONITOR)
              .watch(made.get(), nullptr, 0, 0, nullptr, host.completion(7), nullptr) == STIPEND_E_UNSUPPORTED);
    made.table<stipend_price_v1>(STIPEND_PRICE).cancel(made.get(), 7);
    CHECK(host.answers.empty());
}

TEST_CASE("targets of a watch are read over any stride, and their size is that of this SDK") {
    TestHost host;
    const Made<Watcher> made(host);
    host.thread = TestHost::Thread::pool;
    struct Grown {
        stipend_target known;
        std::uint64_t more;
    } given[2]{};
    for (auto& target : given) target.known.size = sizeof target;
    given[0].known.target_id = to_abi("a");
    given[1].known.target_id = to_abi("b");
    made.table<stipend_monitor_v1>(STIPEND_MONITOR)
        .watch(made.get(), &given[0].known, 2, sizeof given[0], nullptr, host.completion(7), nullptr);
    REQUIRE(Watcher::watched.size() == 2);
    CHECK(view(Watcher::watched[1].target_id) == "b");
    CHECK(Watcher::watched[1].size == sizeof(stipend_target));
}

TEST_CASE("the alerts of a message are read over any stride, of a longer record and of a shorter one") {
    TestHost host;
    const Made<Everything> made(host);
    host.thread = TestHost::Thread::pool;
    struct Grown {
        stipend_alert known;
        std::uint64_t more;
    } given[2]{};
    given[0].known.size = sizeof given[0];
    given[0].known.alert_id = to_abi("a");
    given[0].known.ends_at = 5;
    given[1].known.size = offsetof(stipend_alert, ends_at);
    given[1].known.alert_id = to_abi("b");
    given[1].known.ends_at = 6;
    auto message = make_record<stipend_alert_message>();
    message.alerts = &given[0].known;
    message.count = 2;
    message.stride = sizeof given[0];
    message.omitted = 3;
    message.dropped = 4;
    CHECK(made.table<stipend_alert_v1>(STIPEND_ALERT).deliver(made.get(), &message, host.completion(7), nullptr) ==
          STIPEND_E_BUSY);
    REQUIRE(Everything::delivered.alerts.size() == 2);
    CHECK(view(Everything::delivered.alerts[0].alert_id) == "a");
    CHECK(Everything::delivered.alerts[0].ends_at == 5);
    CHECK(view(Everything::delivered.alerts[1].alert_id) == "b");
    CHECK(Everything::delivered.alerts[1].ends_at == 0);
    CHECK(Everything::delivered.omitted == 3);
    CHECK(Everything::delivered.dropped == 4);
}

TEST_CASE("a service's report is written to the caller's sink, and the error of the sink is returned") {
    TestHost host;
    const Made<Everything> made(host);
    host.thread = TestHost::Thread::pool;
    std::string text;
    const stipend_sink sink{&text, [](void* ctx, const void* data, std::uint64_t length) -> stipend_status {
                                static_cast<std::string*>(ctx)->append(static_cast<const char*>(data), length);
                                return STIPEND_OK;
                            }};
    CHECK(made.table<stipend_service_v1>(STIPEND_SERVICE).report(made.get(), &sink, nullptr) == STIPEND_OK);
    CHECK(text == R"({"doing":"everything"})");
    const stipend_sink full{nullptr,
                            [](void*, const void*, std::uint64_t) -> stipend_status { return STIPEND_E_LIMIT; }};
    CHECK(made.table<stipend_service_v1>(STIPEND_SERVICE).report(made.get(), &full, nullptr) == STIPEND_E_LIMIT);
}
