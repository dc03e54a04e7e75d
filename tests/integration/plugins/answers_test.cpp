// Plugins whose answers break the rules of an operation, one rule each: the host refuses them, and stays well.
#include <unistd.h>

#include <condition_variable>

#include "rig.hpp"

using namespace plugins_test;

namespace {

// What the host says about an instance.
class Said final : public LogSink, public MetricSink, public AlertSink {
  public:
    [[nodiscard]] bool enabled(std::int32_t) const override { return true; }
    void write(std::int32_t, std::string_view, std::string_view message) override {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(message);
    }
    std::uint64_t define(std::string_view, std::int32_t, std::string_view, std::string_view) override { return 0; }
    void record(std::uint64_t, std::int64_t) override {}
    void count_for(std::string_view instance, std::string_view plugin, const char* name, const char*,
                   std::string_view) override {
        const std::lock_guard lock(mutex_);
        ++counts_[cat(name, " ", instance, " ", plugin)];
        changed_.notify_all();
    }
    void raise_for(std::string_view instance, std::string_view id, std::int32_t, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        alerts_[cat(instance, ":", id)] = text;
    }
    void resolve_for(std::string_view instance, std::string_view id) override {
        const std::lock_guard lock(mutex_);
        alerts_.erase(cat(instance, ":", id));
    }

    // Waits for that count, at most for a minute.
    int count(const std::string& name, int wanted) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::minutes(1), [&] { return counts_[name] >= wanted; });
        return counts_[name];
    }
    std::vector<std::string> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    std::map<std::string, std::string> alerts() {
        const std::lock_guard lock(mutex_);
        return alerts_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
    std::map<std::string, int> counts_;
    std::map<std::string, std::string> alerts_;
};

struct Site {
    Said said;
    Rig rig;
    Site() {
        rig.log = &said;
        rig.metrics = &said;
        rig.alerts = &said;
    }
    Running run(const std::string& defect) {
        return rig.run((plugin::testing::defects_dir / (defect + ".so")).native(), "{}");
    }
};

std::future<Result<Quote>> ask(const Running& price, std::int64_t deadline_ns = 0) {
    return price.begin<Quote, stipend_price_v1>(
        STIPEND_PRICE,
        [](const auto& table, auto* i, auto c, auto* e) {
            return table.fetch(i, to_abi("ETH"), to_abi("USD"), 0, c, e);
        },
        deadline_ns);
}

std::string refused(const std::string& defect) {
    return cat("refused_answers_total ", defect, " org.example.defect");
}

}  // namespace

TEST_CASE("an answer before the start function returned is taken") {
    Site site;
    const auto price = site.run("price_early");
    const auto quote = wait(ask(price));
    REQUIRE(quote.ok());
    CHECK(quote->mantissa == 2000);
    CHECK(price->refused_answers() == 0);
}

TEST_CASE("an answer OK without a record fails the operation") {
    Site site;
    const auto price = site.run("price_no_record");
    const auto quote = wait(ask(price));
    REQUIRE_FALSE(quote.ok());
    CHECK(quote.error().status == STIPEND_E_INTERNAL);
    CHECK(quote.error().message == "price_no_record: got the answer OK without a record, want a record");
    CHECK(site.said.count(refused("price_no_record"), 1) == 1);
}

TEST_CASE("an answer with a NULL host fails its operation") {
    Site site;
    const auto price = site.run("price_no_host");
    const auto quote = wait(ask(price));
    REQUIRE_FALSE(quote.ok());
    CHECK(quote.error().status == STIPEND_E_INTERNAL);
    CHECK(quote.error().message == "price_no_host: got an answer with another host than it was given");
    CHECK(site.said.count(refused("price_no_host"), 1) == 1);
}

TEST_CASE("further answers are counted, and the first of them is a line of the log") {
    Site site;
    const auto price = site.run("price_thrice");
    for (int round = 1; round <= 2; ++round) {
        const auto quote = wait(ask(price));
        REQUIRE(quote.ok());
        CHECK(site.said.count(refused("price_thrice"), 2 * round) == 2 * round);
    }
    const auto lines = site.said.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with("org.example.defect gives an answer for an operation that is over, or never was (op"));
}

TEST_CASE("an answer for an unknown operation is counted, and its own is taken") {
    Site site;
    const auto price = site.run("price_other_operation");
    CHECK(wait(ask(price)).ok());
    CHECK(site.said.count(refused("price_other_operation"), 1) == 1);
}

TEST_CASE("the first of two answers counts") {
    Site site;
    const auto price = site.run("price_ok_then_error");
    CHECK(wait(ask(price)).ok());
    CHECK(site.said.count(refused("price_ok_then_error"), 1) == 1);
}

TEST_CASE("an error that is returned after an answer is counted") {
    Site site;
    const auto price = site.run("price_error_after_answer");
    CHECK(wait(ask(price)).ok());
    CHECK(site.said.count(refused("price_error_after_answer"), 1) == 1);
    CHECK(site.said.lines().at(0).find("an error returned for an operation that was answered already") !=
          std::string::npos);
}

TEST_CASE("an operation without an answer ends at the host's deadline, with an alert, until one is answered") {
    Site site;
    const auto price = site.run("price_never");
    const auto quote = wait(ask(price, ns_per_s));
    REQUIRE_FALSE(quote.ok());
    CHECK(quote.error().status == STIPEND_E_TIMEOUT);
    CHECK(quote.error().message == "price_never: the plugin has not answered a request within 1 s");
    CHECK(site.said.alerts().at("price_never:unanswered") ==
          "org.example.defect: the plugin has not answered a request within 1 s");
    CHECK_FALSE(price->health().ok());
    CHECK(wait(ask(price, 60 * ns_per_s)).ok());
    CHECK(price->health().ok());
    CHECK(site.said.alerts().empty());
    // An answered operation is under way until its start function has returned, which no event says.
    for (int i = 0; i < 60'000 && price->under_way() != 0; ++i) ::usleep(1000);
    CHECK(price->under_way() == 0);
}

TEST_CASE("an operation that waits behind a call which does not return has a deadline too") {
    Site site;
    const auto price = site.run("price_blocks");
    auto first = ask(price, 2 * ns_per_s);
    auto second = ask(price, ns_per_s);
    CHECK(wait(std::move(second)).error().status == STIPEND_E_TIMEOUT);
    CHECK(wait(std::move(first)).error().status == STIPEND_E_TIMEOUT);
}
