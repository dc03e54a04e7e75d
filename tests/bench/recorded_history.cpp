#include "tests/bench/recorded_history.hpp"

#include <fmt/format.h>

#include <random>

#include "host/engine/engine.hpp"
#include "host/ledger/ledger.hpp"
#include "tests/bench/instrument.hpp"

namespace stipend::bench {
namespace {

constexpr stipend_unix_ns start_ns = 1'800'000'000 * ns_per_s;
constexpr std::int64_t job_takes_ns = ns_per_s / 10;

class Recorder final : public engine::Effects, public engine::Reporter {
  public:
    Recorder(const std::filesystem::path& file, const HistoryPlan& plan,
             std::shared_ptr<const plugin::PolicyInstance> policy)
        : ledger_(must(ledger::open(file, {.ns = {.mode = ledger::Mode::dry_run, .chain_id = 42161}}))),
          engine_(*this, *this, must(ledger_->load_state()), start_ns),
          random_(plan.seed) {
        auto generation = std::make_shared<engine::Generation>();
        generation->interval_ns = plan.interval_ns;
        generation->common = {Usd::of_e8(plan.base_usd_e8), 0};
        generation->row = {.policy = policy->plugin_id(),
                           .version = policy->plugin_version(),
                           .revision = policy->revision(),
                           .memory_version = policy->memory_version(),
                           .so_sha256 = plan.so_sha256,
                           .config = plan.config,
                           .terms = fmt::format(R"({{"interval_ns":{},"base_usd_e8":{},"asset":"ETH","decimals":18}})",
                                                plan.interval_ns, plan.base_usd_e8)};
        generation->policies = {std::move(policy)};
        generation->networks = {
            {.price = {Usd::of_e8(1), Usd::highest(), 2'000'000, INT64_MAX}, .price_every_ns = 3600 * ns_per_s}};
        generation->dispatch.max_in_flight = plan.orchestrators;
        generation->limits = {Usd::highest(), Usd::highest()};
        std::vector<registry::Payee> payees(plan.orchestrators);
        for (std::size_t at = 0; at < payees.size(); ++at) {
            payees[at].key = fmt::format("orch-{:05}", at);
            payees[at].address = fmt::format("https://10.{}.{}.{}:9995", at >> 16, at >> 8 & 255, at & 255);
        }
        must(engine_.install({std::move(generation), std::move(payees), {}}, now_));
    }

    std::uint64_t run(std::uint64_t count) {
        while (engine_.counters().decisions < count) {
            engine_.tick(now_);
            if (work()) continue;
            const auto wake = engine_.next_wakeup(now_);
            STIPEND_ASSERT(wake);
            now_ = std::max(now_, *wake);
        }
        while (work()) {
        }
        return engine_.counters().decisions;
    }

  private:
    // Answers all jobs that wait, and writes what is to be written. False where there was nothing to do.
    bool work() {
        if (quotes_ > 0) {
            --quotes_;
            engine_.price_done(0, engine::Quote{2000 * e8, now_, 0, "fixed"}, now_);
            return true;
        }
        if (!jobs_.empty()) {
            now_ += job_takes_ns;
            for (const auto& token : std::exchange(jobs_, {})) engine_.job_done(token, answer(), now_);
            return true;
        }
        if (auto batch = std::exchange(batch_, nullptr)) {
            must(ledger_->commit(*batch));
            engine_.committed({}, now_);
            return true;
        }
        return false;
    }
    engine::JobResult answer() {
        engine::JobResult result;
        const auto number = random_();
        result.flags = STIPEND_RESULT_ANSWERED;
        result.outcome = STIPEND_JOB_FAILED;
        if (number % 200 == 0) {
            result.reason = "status 200 with an empty body: every try of the gateway failed";
            return result;
        }
        result.outcome = STIPEND_JOB_OK;
        result.flags |= STIPEND_RESULT_REPORTED;
        const auto share = static_cast<std::uint32_t>(number >> 32);
        result.reported_ppm = number % 10 == 0 ? share % 1'000'001 : 950'000 + share % 50'001;
        result.evidence = {.http_status = 200,
                           .served_by = "https://10.0.0.1:9995",
                           .latency_ns = 12'345'678,
                           .window_s = 60,
                           .body_head = std::string(ledger::max_body_head_bytes, 'x')};
        for (auto& byte : result.evidence.body_hash) byte = static_cast<std::uint8_t>(number >> 8);
        return result;
    }

    void submit(const engine::JobSpec& job, const registry::Payee&) override { jobs_.push_back(job.token); }
    void commit(std::shared_ptr<const ledger::Batch> batch) override { batch_ = std::move(batch); }
    [[nodiscard]] std::optional<uptime::Observed> observed(const registry::Payee&, stipend_unix_ns,
                                                           stipend_unix_ns) const override {
        return std::nullopt;
    }
    void fetch_price(std::size_t) override { ++quotes_; }
    void alert(const engine::Alert&) override {}
    void decided(const registry::Payee&, const ledger::Decision&, const ledger::Network&, stipend_unix_ns) override {}
    void held(const registry::Payee& payee, std::uint64_t, std::string_view why, stipend_unix_ns) override {
        die(fmt::format("{} is held: {}", payee.key, why));
    }

    stipend_unix_ns now_ = start_ns;
    std::unique_ptr<ledger::Ledger> ledger_;
    engine::Engine engine_;
    std::mt19937_64 random_;
    std::vector<engine::JobToken> jobs_;
    std::shared_ptr<const ledger::Batch> batch_;
    int quotes_ = 0;
};

}  // namespace

std::uint64_t record_history(const std::filesystem::path& file, const HistoryPlan& plan,
                             std::shared_ptr<const plugin::PolicyInstance> policy) {
    return Recorder(file, plan, std::move(policy)).run(plan.decisions);
}

}  // namespace stipend::bench
