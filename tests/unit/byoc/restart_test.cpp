// A failed try that an orchestrator's restart, or a cold connection, may explain; and what the reason then says.
#include "network.hpp"

using namespace byoc_test;

namespace {

FakeReply no_slot() {
    return FakeReply::answer(200,
                             R"({"price":{"pixelsPerUnit":1},"service_addr":"https://10.0.0.7:9995","LastNonce":0})");
}
FakeJob of_an_hour() {
    auto job = Network::job();
    job.period_from = 0;
    job.period_to = 3600 * ns_per_s;
    return job;
}

}  // namespace

TEST_CASE("the second try waits for an orchestrator that is back and has no worker yet") {
    Network net;
    net.tokens = {no_slot()};  // the price
    net.jobs = {not_found()};
    net.free_token = no_slot();
    auto operation = net.plugin().submit(of_an_hour());
    net.host.advance(11 * ns_per_s);
    CHECK_FALSE(operation.done());
    CHECK(net.sent_jobs.size() == 1);
    net.free_token = token();
    net.host.advance(3 * ns_per_s);
    REQUIRE(operation.done());
    CHECK(operation->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_jobs.size() == 2);
}

TEST_CASE("the second try waits while the orchestrator's own port is refused, if it ever answered") {
    Network net;
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.host.advance(61 * ns_per_s);
    net.free_token = refused();
    auto operation = net.plugin().submit(of_an_hour());
    net.host.advance(8 * ns_per_s);
    CHECK_FALSE(operation.done());
    net.free_token = token();
    net.host.advance(3 * ns_per_s);
    REQUIRE(operation.done());
    CHECK(operation->outcome == STIPEND_JOB_OK);

    // At an address that never answered, a refusal means nothing: the second try comes after `retry_after`.
    Network stranger;
    stranger.free_token = refused();
    auto other = stranger.plugin().submit(of_an_hour());
    stranger.host.advance(6 * ns_per_s);
    CHECK(other.done());
}

TEST_CASE("a restart that only the second try meets is waited for, once") {
    Network net;
    net.jobs = {empty_200(), not_found(), good()};
    auto operation = net.plugin().submit(of_an_hour());
    net.host.advance(4 * ns_per_s);
    net.free_token = no_slot();
    net.host.advance(2 * ns_per_s);  // the second try, and the look after it
    CHECK(net.sent_jobs.size() == 2);
    CHECK_FALSE(operation.done());
    net.free_token = token();
    net.host.advance(3 * ns_per_s);
    REQUIRE(operation.done());
    CHECK(operation->outcome == STIPEND_JOB_OK);

    net.free_token = no_slot();
    net.jobs = {not_found(), not_found(), not_found(), not_found()};
    auto down = net.plugin().submit(of_an_hour());
    net.host.advance(60 * ns_per_s);
    REQUIRE(down.done());
    CHECK(down->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_jobs.size() == 5);  // two of this check
}

TEST_CASE("a job without a pay period is tried at most three times") {
    Network net;
    net.jobs = {empty_200(), not_found(), not_found(), not_found()};
    auto job = Network::job();
    job.period_from = job.period_to = 0;
    auto operation = net.plugin().submit(job);
    net.host.advance(4 * ns_per_s);
    net.free_token = no_slot();
    net.host.advance(60 * ns_per_s);
    REQUIRE(operation.done());
    CHECK(operation->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_jobs.size() == 3);
}

TEST_CASE("the wait for the second try ends after 20 s, or half of the pay period") {
    const auto wait_of = [](std::int64_t period_ns) {
        Network net;
        net.free_token = no_slot();
        net.jobs = {not_found(), not_found()};
        auto job = Network::job();
        job.period_from = 0;
        job.period_to = period_ns;
        static_cast<void>(net.run(job));
        return net.sent_jobs[1].sent_at - net.sent_jobs[0].sent_at;
    };
    CHECK(wait_of(3600 * ns_per_s) >= 20 * ns_per_s);
    CHECK(wait_of(3600 * ns_per_s) <= 20 * ns_per_s + ns_per_s / 10);
    CHECK(wait_of(24 * ns_per_s) <= 12 * ns_per_s + ns_per_s / 10);
    CHECK(wait_of(2 * ns_per_s) <= 5 * ns_per_s + ns_per_s / 10);
}

TEST_CASE("the reason says which cause it was by what the orchestrator itself answers") {
    const auto reason_with = [](const FakeReply& price, const FakeReply& look) {
        Network net(R"("price_unseen":"allow")");
        net.tokens = {price};
        net.free_token = look;
        net.jobs = {not_found(), not_found()};
        return net.run()->reason;
    };
    CHECK(reason_with(token(), no_slot())
              .ends_with("; it answers me but has no free slot for agent-net: is its worker registered? (twice)"));
    CHECK(reason_with(token(), FakeReply::answer(503, "{}\n"))
              .ends_with("; it answers me but has no free slot for agent-net: is its worker registered? (twice)"));
    CHECK(reason_with(token(), FakeReply::answer(503, "Could not get price err=insufficient sender reserve\n"))
              .ends_with("; it asks a price and your gateway has no reserve there (twice)"));
    CHECK(reason_with(token(), FakeReply::answer(
                                   400, "Could not get ticket params err=insufficient sender reserve: got 0, want 7\n"))
              .ends_with("; it asks a price and your gateway has no reserve there (twice)"));
    CHECK(reason_with(token(), FakeReply::hang()).find("; it does not answer me either: no end within") !=
          std::string::npos);
    CHECK(reason_with(token(), token())
              .ends_with("; it answers me with free slots: the try met a cold connection, since a gateway waits 500 ms "
                         "for a token (twice)"));
}

TEST_CASE("a first try over a cold connection is said where the second one is answered") {
    Network net;
    net.jobs = {not_found(), good()};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.host.logged(STIPEND_LOG_INFO,
                          "orch-1: the second try is answered; the first: status 400: \"No "
                          "orchestrators found for capability agent-net"));
    CHECK(net.host.logged(STIPEND_LOG_INFO, "the try met a cold connection"));
}

TEST_CASE("where no price is asked for, nothing is looked at either") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    net.jobs = {not_found(), not_found()};
    CHECK(net.run()->reason.ends_with("(twice)"));
    CHECK(net.sent_tokens.empty());
}
