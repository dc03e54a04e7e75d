// Plugins that hand over records which cannot be, one way at a time: `lie` of the configuration names it. They are well
// until their file `switch` exists, so that the plugin passes every trial before it is used.
#include <unistd.h>

#include "stipend/money.hpp"
#include "stipend/plugin.hpp"

namespace {

using namespace stipend;

constexpr const char* schema = R"({"type": "object", "additionalProperties": false, "required": ["lie", "switch"],
    "properties": {"lie": {"type": "string"}, "switch": {"type": "string"}}})";

struct Liar {
    struct Settings {
        std::string lie;
        std::string file;
    };
    static Result<Settings> parse(const Json& config, const stipend_terms&) {
        return Settings{config.find("lie")->text(), config.find("switch")->text()};
    }
    explicit Liar(Settings of) : configured(std::move(of)) {}
    [[nodiscard]] bool fails_by(std::string_view lie) const {
        return configured.lie == lie && ::access(configured.file.c_str(), F_OK) == 0;
    }
    Settings configured;
};

class Jobs : public Liar {
  public:
    static constexpr PluginInfo info{
        .id = "org.stipend.test.liar.jobs", .name = "Jobs", .version = "1", .config_schema = schema};
    Jobs(Settings settings, Host host) : Liar(std::move(settings)), host_(host) {}

    Result<void> submit(const stipend_job&, Completion<stipend_job_result> done) {
        auto open = std::make_shared<Completion<stipend_job_result>>(std::move(done));
        if (!host_.post([this, open] { open->finish(record()); })) return fail(STIPEND_E_BUSY, "no work");
        return {};
    }

  private:
    [[nodiscard]] stipend_job_result record() const {
        auto out = make_record<stipend_job_result>();
        out.outcome = STIPEND_JOB_OK;
        out.flags = STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED;
        out.reported_ppm = ppm_one;
        out.http_status = 200;
        if (fails_by("outcome")) out.outcome = 55;
        if (fails_by("uptime")) out.reported_ppm = 4'000'000'000U;
        if (fails_by("flags")) out.flags |= 1U << 30U;
        if (fails_by("latency")) out.latency_ns = -1;
        if (fails_by("text")) {
            out.outcome = STIPEND_JOB_FAILED;
            out.reason = to_abi("bad\n2026-01-01T00:00:00.000Z info forged \x1B[2J\xFF");
            out.served_by = to_abi("https://a\n\xC3");
        }
        return out;
    }
    const Host host_;
};

class Rate : public Liar {
  public:
    static constexpr PluginInfo info{
        .id = "org.stipend.test.liar.rate", .name = "Rate", .version = "1", .config_schema = schema};
    Rate(Settings settings, Host host) : Liar(std::move(settings)), host_(host) {}

    Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote> done) {
        auto open = std::make_shared<Completion<stipend_quote>>(std::move(done));
        if (!host_.post([this, open] { open->finish(record()); })) return fail(STIPEND_E_BUSY, "no work");
        return {};
    }

  private:
    [[nodiscard]] stipend_quote record() const {
        auto out = make_record<stipend_quote>();
        out.mantissa = fails_by("negative") ? -2000 : 2000;
        out.exponent = fails_by("exponent") ? 400'000'000 : 0;
        out.base = to_abi(fails_by("pair") ? "BTC" : "ETH");
        out.quote = to_abi("USD");
        out.source = to_abi("liar");
        out.observed_at = host_.now();
        return out;
    }
    const Host host_;
};

class Looks : public Liar {
  public:
    static constexpr PluginInfo info{
        .id = "org.stipend.test.liar.looks", .name = "Looks", .version = "1", .config_schema = schema};
    Looks(Settings settings, Host host) : Liar(std::move(settings)), host_(host) {}

    Result<void> probe(const stipend_target& target, stipend_mono_ns, Completion<stipend_observation> done) {
        auto open = std::make_shared<Completion<stipend_observation>>(std::move(done));
        const std::string id(view(target.target_id));
        if (!host_.post([this, open, id] { finish(*open, id); })) return fail(STIPEND_E_BUSY, "no work");
        return {};
    }

  private:
    void finish(Completion<stipend_observation>& done, const std::string& id) const {
        constexpr std::int64_t hour = 3600 * ns_per_s;
        auto out = make_record<stipend_observation>();
        const auto now = host_.now();
        out.verdict = fails_by("verdict") ? 77 : STIPEND_UP;
        out.target_id = to_abi(fails_by("target") ? std::string_view("another") : std::string_view(id));
        out.started_at = fails_by("past") ? now - hour : now;
        out.ended_at = fails_by("future") ? now + 2 * hour : now;
        done.finish(out);
    }
    const Host host_;
};

class Pays : public Liar {
  public:
    static constexpr PluginInfo info{
        .id = "org.stipend.test.liar.pays", .name = "Pays", .version = "1", .config_schema = schema};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;
    using Liar::Liar;

    void decide(const stipend_sample& sample, stipend_decision& out) const {
        if (sample.job == STIPEND_JOB_UNKNOWN) {
            out.action = STIPEND_HOLD;
            return;
        }
        const bool ok = sample.job == STIPEND_JOB_OK;
        out.action = ok ? STIPEND_PAY : STIPEND_SKIP;
        out.amount_usd_e8 = ok ? e8 : 0;
        out.uptime_ppm = fails_by("uptime") ? 1'000'001 : (ok ? 1'000'000U : 0U);
        out.consecutive_failures =
            fails_by("failures") ? sample.consecutive_failures + 7 : (ok ? 0 : sample.consecutive_failures + 1);
        if (fails_by("amount")) out.amount_usd_e8 = 2 * e8;
        if (fails_by("action")) out.action = 99;
        set_text(out.tier, fails_by("text") ? "t\n\x1B\xFF" : "paid");
    }
    static Result<Bounds> bounds(const stipend_terms& terms) { return Bounds{e8, terms.interval_ns}; }
};

}  // namespace

STIPEND_PLUGINS(Jobs, Rate, Looks, Pays);
