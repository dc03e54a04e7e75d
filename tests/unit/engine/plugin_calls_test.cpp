// What a dispatch plugin is given for a job, and what the engine gets of its record.
#include "host/engine/plugin_calls.hpp"

#include "fixture.hpp"
#include "host/base/keccak.hpp"
#include "manual_executor.hpp"
#include "stipend/plugin.hpp"
#include "stipend/record.hpp"

using namespace stipend;
using namespace stipend::engine;

namespace {

constexpr std::size_t hashed_bytes = 64 << 10;  // of the evidence, at most

// The script of the dispatcher, and what it was asked.
struct DispatchScript {
    stipend_job_result record = make_record<stipend_job_result>();
    Result<void> refusal;
    std::string id, address, nonce;
    stipend_job given{};  // its texts are over
};
DispatchScript* script = nullptr;

class ScriptedDispatch {
  public:
    static constexpr PluginInfo info{.id = "org.stipend.test.dispatch", .name = "Dispatch", .version = "1.0.0"};
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings(); }
    ScriptedDispatch(Settings, Host) {}
    Result<void> submit(const stipend_job& job, Completion<stipend_job_result> done) {
        script->given = job;
        script->id = view(job.job_id);
        script->address = view(job.address);
        script->nonce = view(job.nonce);
        if (!script->refusal) return script->refusal;
        done.finish(script->record);
        return {};
    }
    Result<void> inspect(std::string_view, std::string_view, Completion<stipend_offer>) {
        return fail(STIPEND_E_UNSUPPORTED, "no offers");
    }
    void cancel(stipend_op) {}
};

class DispatchScene : public DispatchScript {
  public:
    DispatchScene() {
        script = this;
        loaded_->entry = &entry_;
        loaded_->description.plugins.resize(1);
        loaded_->description.plugins[0].id = ScriptedDispatch::info.id;
        const plugin::ControlScope control;
        auto made = plugin::Instance::create({loaded_, &loaded_->description.plugins[0]}, "dispatch", "{}",
                                             plugin::testing::minute_terms(), {.executor = &executor_});
        REQUIRE(made.ok());
        instance_ = std::move(*made);
        REQUIRE(instance_->start().ok());
    }
    JobResult submit(const JobSpec& job = {.token = {0, 3}, .epoch = 17}) {
        registry::Payee payee;
        payee.key = "o1";
        payee.address = "https://o1:9995";
        std::optional<JobResult> result;
        submit_job(*instance_, job, payee, "dry-run:42161", 0, [&](JobResult got) { result = std::move(got); });
        executor_.run();
        REQUIRE(result.has_value());
        return *result;
    }

  private:
    const stipend_entry entry_{.lifecycle = &stipend::detail::Library<ScriptedDispatch>::lifecycle};
    std::shared_ptr<plugin::Loaded> loaded_ = std::make_shared<plugin::Loaded>();
    plugin::testing::ManualExecutor executor_;
    std::shared_ptr<plugin::Instance> instance_;
};

}  // namespace

TEST_CASE("a dispatch plugin is given the job") {
    DispatchScene scene;
    scene.record.outcome = STIPEND_JOB_FAILED;
    scene.record.reason = to_abi("reset");
    static_cast<void>(scene.submit({.token = {0, 3},
                                    .epoch = 17,
                                    .period_from = 100,
                                    .period_to = 200,
                                    .window_s = 60,
                                    .known = true,
                                    .max_fee = *SignedWei::parse("7")}));
    CHECK(scene.id == "dry-run:42161:o1:17:3");
    CHECK(scene.address == "https://o1:9995");
    CHECK(scene.nonce.size() == 16);
    CHECK(scene.given.attempt == 3);
    CHECK(scene.given.period_from == 100);
    CHECK(scene.given.period_to == 200);
    CHECK(scene.given.window_s == 60);
    CHECK(scene.given.flags == STIPEND_JOB_KNOWN);
    CHECK(Wei::from_abi(scene.given.max_fee_wei).text() == "7");
    const auto first = scene.nonce;
    static_cast<void>(scene.submit());
    CHECK(scene.nonce != first);
    CHECK(scene.given.flags == 0);
}

TEST_CASE("the engine gets all that the record of a job says") {
    DispatchScene scene;
    auto& record = scene.record;
    record.outcome = STIPEND_JOB_OK;
    record.http_status = 200;
    record.flags = STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED;
    record.reported_ppm = 987'654;
    record.reported_window_s = 61;
    record.served_by = to_abi("https://o1:9995");
    record.evidence = bytes_to_abi("{}");
    record.fee_wei = Wei(1200).to_abi();
    record.latency_ns = 42;
    const auto result = scene.submit();
    CHECK(result.outcome == STIPEND_JOB_OK);
    CHECK(result.flags == (STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED));
    CHECK(result.reported_ppm == 987'654);
    CHECK(result.reason.empty());
    CHECK(result.defect.empty());
    REQUIRE(result.fee.has_value());
    CHECK(result.fee->text() == "1200");
    CHECK(result.evidence.http_status == 200);
    CHECK(result.evidence.served_by == "https://o1:9995");
    CHECK(result.evidence.latency_ns == 42);
    CHECK(result.evidence.window_s == 61);
    CHECK(result.evidence.body_hash == keccak256("{}"));
    CHECK(result.evidence.body_head == "{}");
}

TEST_CASE("a failed job has its reason and no uptime, and without a body no hash") {
    DispatchScene scene;
    scene.record.outcome = STIPEND_JOB_FAILED;
    scene.record.reason = to_abi("connection reset");
    const auto result = scene.submit();
    CHECK(result.outcome == STIPEND_JOB_FAILED);
    CHECK(!result.reported_ppm.has_value());
    CHECK(result.reason == "connection reset");
    CHECK(result.evidence.body_hash == ledger::Hash{});
    CHECK(result.evidence.body_head.empty());
}

TEST_CASE("evidence is hashed up to 64 KiB, and begins with its first bytes") {
    DispatchScene scene;
    std::string body(hashed_bytes, 'a');
    body.back() = 'b';
    const auto hash = keccak256(body);
    const auto more = body + "c";
    scene.record.outcome = STIPEND_JOB_FAILED;
    scene.record.reason = to_abi("not JSON");
    for (const std::string_view evidence : {std::string_view(body), std::string_view(more)}) {
        scene.record.evidence = bytes_to_abi(evidence);
        const auto result = scene.submit();
        CHECK(result.evidence.body_hash == hash);
        CHECK(result.evidence.body_head == std::string(ledger::max_body_head_bytes, 'a'));
    }
}

TEST_CASE("a fee beyond the range of an amount is the highest amount") {
    DispatchScene scene;
    scene.record.outcome = STIPEND_JOB_FAILED;
    scene.record.reason = to_abi("reset");
    std::fill(std::begin(scene.record.fee_wei.be), std::end(scene.record.fee_wei.be), std::uint8_t{0xff});
    CHECK(scene.submit().fee == SignedWei::highest());
}

TEST_CASE("a record that breaks its table is void, and a plugin that refuses a job holds it") {
    DispatchScene scene;
    scene.record.outcome = 9;
    const auto broken = scene.submit();
    CHECK(broken.outcome == STIPEND_JOB_UNKNOWN);
    CHECK(broken.defect.starts_with("submit: org.stipend.test.dispatch: outcome: got 9"));
    CHECK(broken.reason == broken.defect);
    CHECK(!broken.fee.has_value());
    scene.refusal = fail(STIPEND_E_BUSY, "no more jobs");
    const auto refused = scene.submit();
    CHECK(refused.outcome == STIPEND_JOB_UNKNOWN);
    CHECK(refused.reason.starts_with("the dispatch plugin failed: "));
    CHECK(refused.reason.find("no more jobs") != std::string::npos);
    CHECK(refused.defect.empty());
}
