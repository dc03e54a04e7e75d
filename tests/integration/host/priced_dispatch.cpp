// A dispatcher whose network charges for jobs: it reserves the price of each, and "sends" the job once the host has
// answered. There is no network: every job that is sent ends well, or never, as the configuration says.
#include "stipend/money.hpp"
#include "stipend/plugin.hpp"

namespace {

using namespace stipend;

class Priced {
  public:
    static constexpr PluginInfo info{
        .id = "org.stipend.test.priced",
        .name = "Jobs with a price",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Reserves the price of each job; for tests only",
        .config_schema = R"({"type": "object", "additionalProperties": false, "properties": {
        "price_wei": {"type": "string"}, "reports_wei": {"type": "string"},
        "job_id": {"type": "string"}, "answers": {"type": "boolean"}, "impatient": {"type": "boolean"}}})",
    };
    struct Settings {
        Wei price;           // 0: jobs are free
        Wei reports;         // what a job reports that was sent
        std::string job_id;  // reserves for that id instead of its own
        bool answers = true;
        bool impatient = false;  // ends a job without waiting for the answer to its reservation
    };

    Priced(Settings settings, Host host) : settings_(std::move(settings)), host_(host) {}
    static Result<Settings> parse(const Json& config, const stipend_terms&) {
        Settings out;
        const auto wei = [&](std::string_view key, Wei& to) -> Result<void> {
            const auto* value = config.find(key);
            if (value != nullptr) STIPEND_SET(to, Wei::parse(value->text()));
            return {};
        };
        STIPEND_TRY(wei("price_wei", out.price));
        STIPEND_TRY(wei("reports_wei", out.reports));
        if (const auto* id = config.find("job_id")) out.job_id = id->text();
        if (const auto* answers = config.find("answers")) out.answers = answers->truth();
        if (const auto* impatient = config.find("impatient")) out.impatient = impatient->truth();
        return out;
    }

    Result<void> submit(const stipend_job& job, Completion<stipend_job_result> done) {
        // Both ends of the operation hold it.
        auto open = std::make_shared<Completion<stipend_job_result>>(std::move(done));
        const std::string id = settings_.job_id.empty() ? std::string(view(job.job_id)) : settings_.job_id;
        if (settings_.impatient)
            STIPEND_TRY(host_.reserve_fee(id, settings_.price.to_abi(), [](const Result<void>&) {}));
        if (settings_.price.zero() || settings_.impatient) {
            if (host_.post([this, open] { send(*open); })) return {};
            return fail(STIPEND_E_BUSY, "the host takes no work");
        }
        return host_.reserve_fee(id, settings_.price.to_abi(), [this, open](const Result<void>& answer) {
            if (answer) return send(*open);
            auto record = make_record<stipend_job_result>();
            record.outcome = STIPEND_JOB_UNKNOWN;
            record.reason = to_abi(answer.error().message);
            open->finish(record);
        });
    }

  private:
    void send(Completion<stipend_job_result>& done) {
        if (!settings_.answers) return silent_.push_back(std::move(done));
        auto record = make_record<stipend_job_result>();
        record.outcome = STIPEND_JOB_OK;
        record.http_status = 200;
        record.flags = STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED;
        record.reported_ppm = ppm_one;
        record.reported_window_s = 60;
        record.fee_wei = settings_.reports.to_abi();
        done.finish(record);
    }

    const Settings settings_;
    const Host host_;
    std::vector<Completion<stipend_job_result>> silent_;
};

}  // namespace

STIPEND_PLUGINS(Priced);
