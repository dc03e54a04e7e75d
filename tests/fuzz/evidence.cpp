// A job on its whole way: what a client sends to a worker, the worker's answer and evidence, and the manager's reading
// of them. The input has lines: the job's body, a query, an orchestrator's id, evidence that this worker did not sign,
// and one for each service.
#include "livepeer/evidence.hpp"

#include <set>
#include <string>

#include "answer.hpp"
#include "host/base/printable.hpp"
#include "livepeer/wire.hpp"
#include "livepeer/worker_answers.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "tests/fuzz/target.hpp"

using namespace byoc;
using namespace livepeer;
using stipend::cat;
using stipend::Json;

namespace {

constexpr std::string_view address = "https://orch.example:8935";
constexpr std::uint32_t ppm_one = 1'000'000;

const livepeer::SigningKey& key() {
    static const auto made = livepeer::SigningKey::from_seed(std::string(64, '7'));
    return *made;
}

stipend::ServiceReport report_of(fuzz::Input& input) {
    stipend::ServiceReport out{.now = 1'755'530'000'123'000'000, .window_s = 60};
    std::set<std::string> names;
    std::uint64_t sum = 0;
    std::uint64_t seen = 0;
    while (!input.empty() && out.services.size() < 40) {
        fuzz::Input line(reinterpret_cast<const std::uint8_t*>(input.rest().data()),
                         std::min(input.rest().size(), input.rest().find('\n')));
        input.line();
        stipend::ServiceRecord one;
        one.verdict = static_cast<std::int32_t>(line.number(1) % 4) + 1;
        one.up_ppm = static_cast<std::uint32_t>(line.number(3) % (ppm_one + 1));
        one.seen_ppm = std::max(one.up_ppm, static_cast<std::uint32_t>(line.number(3) % (ppm_one + 1)));
        one.not_up_ns = static_cast<std::int64_t>(line.number(7) % 604'800'000'000'000);
        one.not_up_since = one.not_up_ns == 0 ? 0 : out.now - one.not_up_ns;
        // The host names what is not printable before a plugin gets it.
        one.name = stipend::printable_line(line.until('\t'));
        one.why = stipend::printable(line.rest());
        if (!names.insert(one.name).second) continue;  // each name is there once
        sum += one.up_ppm;
        seen += one.seen_ppm;
        out.services.push_back(std::move(one));
    }
    if (!out.services.empty()) out.overall_ppm = static_cast<std::uint32_t>(sum / out.services.size());
    if (!out.services.empty()) out.coverage_ppm = static_cast<std::uint32_t>(seen / out.services.size());
    return out;
}

stipend::HttpReply reply_of(stipend_http_response& response, const std::string& body) {
    response = stipend::make_record<stipend_http_response>();
    response.http_status = 200;
    response.headers = stipend::to_abi("x-orchestrator-url: https://orch.example:8935\r\n");
    response.body = stipend::bytes_to_abi(body);
    return {.status = STIPEND_OK, .response = &response, .error = {}};
}

// The manager takes what the worker signed for this job, and nothing that was changed since.
void check_round(const stipend::ServiceReport& report, const WorkerSettings& settings, const JobAsked& job) {
    auto answer = job_answer(report, settings, job);
    const auto evidence = evidence_of(report, settings, job);
    const auto member = livepeer::signed_evidence(evidence, key());
    FUZZ_REQUIRE(member.ok());
    answer.set("evidence", *member);
    const Expected expected{.address = std::string(address),
                            .service_addresses = {},
                            .evidence = {.orchestrator_id = settings.orchestrator_id,
                                         .nonce = job.nonce,
                                         .period_from = job.period_from,
                                         .period_to = job.period_to,
                                         .asked_window_s = report.window_s,
                                         .public_key = key().public_hex()},
                            .signed_only = true};
    stipend_http_response response{};
    const auto body = answer.dump();
    const auto got = read_answer(reply_of(response, body), expected);
    if (got.valid != !job.nonce.empty()) std::fprintf(stderr, "%s\n%s\n", body.c_str(), got.reason.c_str());
    FUZZ_REQUIRE(got.valid == !job.nonce.empty() && got.verified == got.valid);
    FUZZ_REQUIRE(got.reported_ppm == report.overall_ppm && got.reported_window_s == report.window_s);
    if (!got.valid) return;
    for (const char* name : {"nonce", "period_from", "signature", "services_sha256"}) {
        auto forged = *member;
        auto text = forged.find(name)->text();
        if (text.empty()) continue;
        text.back() = text.back() == '0' ? '1' : '0';
        forged.set(name, text);
        answer.set("evidence", forged);
        FUZZ_REQUIRE(!read_answer(reply_of(response, answer.dump()), expected).valid);
    }
    answer.set("evidence", *member);
    answer.set("overall_uptime_percentage",
               Json::of_number(percent_text(report.overall_ppm == 0 ? 1 : report.overall_ppm - 1)));
    FUZZ_REQUIRE(!read_answer(reply_of(response, answer.dump()), expected).valid);
}

void check_answers(const stipend::ServiceReport& report, const WorkerSettings& settings, const JobAsked& job) {
    for (const auto& answer : {status_answer(report, settings), uptime_answer(report, settings)}) {
        const auto again = stipend::parse_json(answer.dump());
        FUZZ_REQUIRE(again.ok() && again->find("window_seconds") != nullptr);
    }
    for (const char c : metadata_text(report, settings, job)) FUZZ_REQUIRE(c >= 0x20 && c < 0x7f);
}

// A worker reads what a manager writes.
void check_wire(const JobAsked& job, std::string_view nonce) {
    const auto body = livepeer::job_body({.agent_id = job.agent_id,
                                          .job_id = nonce,
                                          .nonce = nonce,
                                          .period_from = 1,
                                          .period_to = 2,
                                          .window_s = job.window_s,
                                          .at = 1'755'530'000'123'456'789});
    if (!stipend::parse_json(Json(nonce).dump())) return;  // ids are UTF-8
    const auto read = read_job(body, 60);
    FUZZ_REQUIRE(nonce.size() > 64 || read.ok());
    if (!read) return;
    FUZZ_REQUIRE(read->agent_id == job.agent_id && read->window_s == job.window_s);
    FUZZ_REQUIRE(read->nonce == stipend::hex_encode(nonce) && read->period_to == (nonce.empty() ? "0" : "2"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto body = input.line();
    const auto query = input.line();
    const auto id = input.line();
    const auto unsigned_text = input.line();
    if (const auto window = window_of_query(query, 300)) FUZZ_REQUIRE(*window >= 1 && *window <= most_window_s);
    auto job = read_job(body, 60);
    if (!job) {
        FUZZ_REQUIRE(!job.error().message.empty());
        job = JobAsked{.window_s = 60, .nonce = "00ff"};
    }
    FUZZ_REQUIRE(job->window_s >= 1 && job->window_s <= most_window_s && job->nonce.size() % 2 == 0);
    auto report = report_of(input);
    report.window_s = job->window_s;
    WorkerSettings settings;
    settings.orchestrator_id = stipend::printable_line(id);
    if (settings.orchestrator_id.size() > 400) settings.orchestrator_id.resize(0);
    check_answers(report, settings, *job);
    check_wire(*job, query);
    check_round(report, settings, *job);
    if (const auto forged = stipend::parse_json(unsigned_text)) {
        const livepeer::EvidenceWanted wanted{.orchestrator_id = "a",
                                              .nonce = "00",
                                              .period_from = "1",
                                              .period_to = "2",
                                              .public_key = key().public_hex()};
        FUZZ_REQUIRE(!check_evidence(*forged, wanted, {.ppm = 0, .window_s = 60}).ok());
    }
    return 0;
}
