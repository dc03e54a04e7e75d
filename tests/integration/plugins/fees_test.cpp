// Reservations of fees between a loaded dispatch plugin and the host's budget.
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "rig.hpp"
#include "stipend/money.hpp"

using namespace plugins_test;

namespace {

// Keeps what is asked until the test answers it.
class Budget final : public FeeAccount {
  public:
    struct Asked {
        std::string job_id;
        std::string wei;
        Answer answer;
    };

    Result<void> reserve(std::string_view job_id, const stipend_u256& wei, Answer answer) override {
        if (job_id == "refused") return fail(STIPEND_E_BUSY, "too many");
        const std::lock_guard lock(mutex_);
        asked_.push_back({std::string(job_id), Wei::from_abi(wei).text(), std::move(answer)});
        news_.notify_all();
        return {};
    }
    Asked take() {
        std::unique_lock lock(mutex_);
        REQUIRE(news_.wait_for(lock, std::chrono::minutes(1), [&] { return !asked_.empty(); }));
        Asked out = std::move(asked_.back());
        asked_.pop_back();
        return out;
    }

  private:
    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<Asked> asked_;  // guarded by mutex_
};

constexpr const char* config = R"({"price_wei": "1200", "reports_wei": "700"})";

}  // namespace

TEST_CASE("a dispatch plugin reserves, and sends its job once it is answered") {
    Budget budget;
    Rig rig;
    rig.fees = &budget;
    const auto priced = rig.run(STIPEND_TEST_PRICED, config);
    auto result = priced.submit({.job_id = "job-1", .orchestrator_id = "o"});
    auto asked = budget.take();
    CHECK(asked.job_id == "job-1");
    CHECK(asked.wei == "1200");
    CHECK(result.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    CHECK(priced->under_way() == 2);  // the job and its reservation
    asked.answer({});
    const auto sent = wait(std::move(result));
    REQUIRE(sent.ok());
    CHECK(sent->outcome == STIPEND_JOB_OK);
    CHECK(Wei::from_abi(sent->fee_wei).text() == "700");
}

TEST_CASE("a reservation that is refused ends the job as unknown, with the reason") {
    Budget budget;
    Rig rig;
    rig.fees = &budget;
    const auto priced = rig.run(STIPEND_TEST_PRICED, config);
    auto result = priced.submit({.job_id = "job-1", .orchestrator_id = "o"});
    budget.take().answer(fail(STIPEND_E_LIMIT, "limits.fees_per_day is reached"));
    const auto held = wait(std::move(result));
    REQUIRE(held.ok());
    CHECK(held->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(held->reason == "limits.fees_per_day is reached");
    // One that is refused at once is never answered.
    CHECK(!wait(priced.submit({.job_id = "refused", .orchestrator_id = "o"})).ok());
    CHECK(priced->under_way() == 0);
}

TEST_CASE("an instance is not idle while a reservation waits for its answer") {
    Budget budget;
    Rig rig;
    rig.fees = &budget;
    const auto priced = rig.run(STIPEND_TEST_PRICED, R"({"price_wei": "1200", "impatient": true})");
    // The plugin ends the operation and forgets its reservation.
    CHECK(wait(priced.submit({.job_id = "job-1", .orchestrator_id = "o"})).ok());
    const auto asked = budget.take();
    CHECK(priced->under_way() == 1);
    asked.answer({});
    for (int i = 0; i < 60'000 && priced->under_way() != 0; ++i) ::usleep(1000);  // it has no event
    CHECK(priced->under_way() == 0);
}

TEST_CASE("a host without a budget has no service for it") {
    Rig rig;
    const auto priced = rig.run(STIPEND_TEST_PRICED, config);
    const auto result = wait(priced.submit({.job_id = "job-1", .orchestrator_id = "o"}));
    REQUIRE(!result.ok());
    CHECK(result.error().message.find("keeps no budget") != std::string::npos);
}
