// Signed evidence in the dispatcher's hands.
#include "livepeer/evidence.hpp"
#include "network.hpp"
#include "stipend/hex.hpp"

using namespace byoc_test;

namespace {

const std::string seed(64, '7');

std::string key_of(const std::string& from_seed = seed) {
    return livepeer::SigningKey::from_seed(from_seed)->public_hex();
}

FakeJob signed_job(std::uint32_t flags = STIPEND_JOB_KNOWN) {
    auto job = Network::job(flags);
    job.nonce = "\x01\xab";
    job.period_from = 100;
    job.period_to = 200;
    job.public_key = key_of();
    return job;
}

// A good answer to `job`, with evidence by that key, over the services of `list`.
FakeReply signed_answer(const FakeJob& job, const std::string& by = seed, const std::string& services_sha256 = "00",
                        const std::string& list = "") {
    const livepeer::Evidence evidence{.orchestrator_id = job.orchestrator_id,
                                      .nonce = stipend::hex_encode(job.nonce),
                                      .period_from = std::to_string(job.period_from),
                                      .period_to = std::to_string(job.period_to),
                                      .uptime_ppm = 995'000,
                                      .window_s = 60,
                                      .coverage_ppm = 1'000'000,
                                      .services_sha256 = services_sha256};
    const auto text = livepeer::signed_evidence(evidence, *livepeer::SigningKey::from_seed(by))->dump();
    return answer(R"({"overall_uptime_percentage":99.5,"window_seconds":60,"evidence":)" + text + list + "}");
}

Operation<JobResult> run(Network& net, const FakeJob& job, const FakeReply& reply) {
    return net.run(reply, reply, job);
}

}  // namespace

TEST_CASE("verified evidence sets its flag") {
    Network net;
    const auto result = run(net, signed_job(), signed_answer(signed_job()));
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(result->flags == (STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED | STIPEND_RESULT_SIGNED));
    CHECK(result->reported_ppm == 995'000);
}

TEST_CASE("an unsigned answer counts, unless signatures are demanded by the configuration or by the job") {
    Network any;
    const auto taken = any.run(signed_job());
    CHECK(taken->outcome == STIPEND_JOB_OK);
    CHECK((taken->flags & STIPEND_RESULT_SIGNED) == 0);

    Network strict(R"("evidence":"signed")");
    const auto refused = run(strict, signed_job(), good());
    CHECK(refused->outcome == STIPEND_JOB_FAILED);
    CHECK(refused->reason == "signed evidence is demanded: got an answer without evidence (twice)");

    Network by_job;
    CHECK(run(by_job, signed_job(STIPEND_JOB_KNOWN | STIPEND_JOB_NEEDS_SIGNATURE), good())->outcome ==
          STIPEND_JOB_FAILED);
    CHECK(run(by_job, signed_job(), answer(R"({"service_uptime":99.5,"evidence":null})"))->outcome == STIPEND_JOB_OK);
}

TEST_CASE("signed answers pass where they are demanded") {
    Network net(R"("evidence":"signed")");
    const auto job = signed_job(STIPEND_JOB_KNOWN | STIPEND_JOB_NEEDS_SIGNATURE);
    CHECK(run(net, job, signed_answer(job))->outcome == STIPEND_JOB_OK);
}

TEST_CASE(
    "no job is sent where a signature is demanded and no key is known: the payer's omission fails no orchestrator") {
    auto job = signed_job();
    job.public_key = "";
    for (const auto* options : {R"("evidence":"signed")", ""}) {
        Network net(options);
        if (std::string_view(options).empty()) job.flags |= STIPEND_JOB_NEEDS_SIGNATURE;
        auto operation = net.plugin().submit(job);
        net.host.settle();
        REQUIRE(operation.done());
        CHECK(operation.status() == STIPEND_E_INVALID);
        CHECK(operation.error() ==
              "signed evidence is demanded, and its worker's key is not known: want a worker_key in its entry");
        CHECK(net.sent_jobs.empty());
    }
}

TEST_CASE("without a known key evidence is not looked at") {
    auto job = signed_job();
    job.public_key = "";
    Network any;
    const auto taken = run(any, job, signed_answer(job));
    CHECK(taken->outcome == STIPEND_JOB_OK);
    CHECK((taken->flags & STIPEND_RESULT_SIGNED) == 0);
}

TEST_CASE("another's answer that is copied fails, and so does an old one that is sent again") {
    Network net;
    auto another = signed_job();
    another.orchestrator_id = "orch-2";
    CHECK(run(net, signed_job(), signed_answer(another))
              ->reason.starts_with("evidence.orchestrator_id: got orch-2, want orch-1"));
    auto old = signed_job();
    old.nonce = "\x09";
    const auto replayed = run(net, signed_job(), signed_answer(old));
    CHECK(replayed->outcome == STIPEND_JOB_FAILED);
    CHECK(replayed->reason == "evidence.nonce: got 09, want 01ab: it is no answer to this job (twice)");
    CHECK(replayed->flags == STIPEND_RESULT_ANSWERED);
    CHECK(run(net, signed_job(), signed_answer(signed_job(), std::string(64, '8')))
              ->reason.starts_with("evidence.public_key: got "));
    auto other_period = signed_job();
    other_period.period_to = 201;
    CHECK(run(net, signed_job(), signed_answer(other_period))->reason.starts_with("evidence.period_to: got 201"));
}

TEST_CASE("evidence that belies its own answer fails even where unsigned answers count") {
    Network net;
    const auto honest = signed_answer(signed_job());
    auto raised = honest;
    raised.body.replace(raised.body.find("99.5"), 4, "100");
    CHECK(run(net, signed_job(), raised)->reason ==
          "evidence.uptime_ppm: got 995000, want 1000000, which is what the answer reports (twice)");
    auto listed = honest;
    listed.body.replace(1, 0, R"("service_list":[{"name":"redis","uptime_percentage":99.5}],)");
    CHECK(run(net, signed_job(), listed)->reason.starts_with("evidence.services_sha256: got 00, want "));
    auto wider = honest;
    wider.body.replace(wider.body.find("\"window_seconds\":60"), 19, "\"window_seconds\":61");
    CHECK(run(net, signed_job(), wider)->reason ==
          "evidence.window_seconds: got 60, want 61, which is what the answer reports (twice)");
}

TEST_CASE("the services of a verified answer that were not always up are its reason; of another list there is none") {
    const std::string list =
        R"(,"service_list":[{"name":"voice","uptime_percentage":99},{"name":"db","uptime_percentage":100}])";
    const auto hash = livepeer::services_hash({{"voice", 990'000}, {"db", 1'000'000}});
    Network net;
    const auto result = run(net, signed_job(), signed_answer(signed_job(), seed, hash, list));
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK((result->flags & STIPEND_RESULT_SIGNED) != 0);
    CHECK(result->reason == "services below 100 %: voice 99 %");
    const auto other =
        R"(,"service_list":[{"name":"voice","uptime_percentage":98},{"name":"db","uptime_percentage":100}])";
    const auto forged = run(net, signed_job(), signed_answer(signed_job(), seed, hash, other));
    CHECK(forged->outcome == STIPEND_JOB_FAILED);
    CHECK(forged->reason.find("services below") == std::string::npos);
}
