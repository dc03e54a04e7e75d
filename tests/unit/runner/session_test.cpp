// Persistent runners: what is reserved, called and ended, what is paid by the second, and that no session is left.
#include "network.hpp"

using namespace runner_test;

namespace {

const std::string by_time = R"("signer":"http://127.0.0.1:7936","max_price_per_second":5000)";

struct Sessions : Network {
    explicit Sessions(const std::string& more = "", const std::string& price = "") : Network(more) {
        offer = discovery(persistent(price));
        if (!price.empty()) sessions = {demand()};
    }
};

// A runner of 5000 wei for a second.
struct PaidSessions : Sessions {
    explicit PaidSessions(const std::string& more = "") : Sessions(by_time + more, by_second("5000")) {}
};

}  // namespace

TEST_CASE("a session is reserved, called once with the job of any dispatcher, and ended") {
    Sessions net;
    const auto result = net.run();
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
    CHECK(result->reported_ppm == 995'000);
    REQUIRE(net.sent_sessions.size() == 1);
    CHECK(net.sent_sessions[0].method == "POST");
    CHECK(net.sent_sessions[0].body == "{}");
    CHECK(net.sent_sessions[0].header("Livepeer-Payer-Address").empty());
    REQUIRE(net.sent_session_calls.size() == 1);
    CHECK(net.sent_session_calls[0].body.find(R"("action":"service-monitoring","agent_id":"orch-1")") !=
          std::string::npos);
    REQUIRE(net.sent_stops.size() == 1);
    CHECK(net.sent_stops[0].method == "POST");
    CHECK(net.sent_stops[0].body.empty());
    CHECK(net.host.metric("sessions_stopped_total") == 1);
}

TEST_CASE("a call by the second pays ten seconds once, at its reservation, and reports that as its fee") {
    PaidSessions net;
    const auto result = net.run();
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
    CHECK(fee_of(result) == "50000");
    REQUIRE(net.host.reservations().size() == 1);
    CHECK(Wei::from_abi(net.host.reservations()[0].wei).text() == "50000");
    REQUIRE(net.sent_payments.size() == 1);
    CHECK(net.sent_payments[0].body ==
          R"({"orchestrator":"cGFyYW1z","ManifestID":"m-1","type":"live","app":"agent-net","maxPrice":{"price":5000,)"
          R"("currency":"wei","unit":"seconds"}})");
    REQUIRE(net.sent_sessions.size() == 2);
    CHECK(net.sent_sessions[0].header("Livepeer-Payer-Address").size() == 42);
    CHECK(net.sent_sessions[1].header("Livepeer-Payment") == "cGF5");
    CHECK(net.sent_sessions[1].header("Livepeer-Segment") == "c2Vn");
    // The payment is the orchestrator's, and what it calls is not shown it.
    CHECK(net.sent_session_calls[0].header("Livepeer-Payment").empty());
    CHECK(net.sent_session_calls[0].header("Livepeer-Payer-Address").empty());
    CHECK(net.sent_stops.size() == 1);
}

TEST_CASE("a second is compared with its own limit, exactly, and its fee counts as whole tickets") {
    Sessions over(by_time + R"(,"max_price":1000000)", by_second("5001"));
    const auto refused = over.run();
    CHECK(refused->outcome == STIPEND_JOB_FAILED);
    CHECK(refused->reason == "it asks 5001 wei for a second, want at most 5000 (max_price_per_second) (twice)");
    CHECK(over.sent_sessions.empty());
    // Nor is the limit of a second one of a call.
    Sessions call(by_time, fixed("1"));
    CHECK(call.run()->reason == "it asks 1 wei for a call, want at most 0 (max_price) (twice)");
    PaidSessions tickets(R"(,"ticket_value":40000)");
    CHECK(fee_of(tickets.run()) == "80000");
    Sessions large(R"("signer":"http://127.0.0.1:7936","max_price_per_second":"69444444444")",
                   by_second("69444444444"));
    CHECK(fee_of(large.run()) == "694444444440");
}

TEST_CASE("a persistent runner with a price for a call is paid that once") {
    Sessions net(priced, fixed("5000"));
    const auto result = net.run();
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
    CHECK(fee_of(result) == "5000");
    CHECK(net.sent_payments[0].body.find(R"("type":"fixed")") != std::string::npos);
    CHECK(net.sent_stops.size() == 1);
}

TEST_CASE("a check by the second ends before the ten seconds that it paid for, whatever the call does") {
    PaidSessions net(R"(,"timeout":"30s")");
    net.session_answer = FakeReply::hang();
    const auto begun = net.host.monotonic();
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK_MESSAGE(result->reason.find("after its payment: no answer: no end within ") == 0, result->reason);
    CHECK(net.host.monotonic() - begun < 10 * ns_per_s);
    CHECK(net.sent_stops.size() == 1);
    CHECK(net.sent_payments.size() == 1);
    CHECK(fee_of(result) == "50000");
}

TEST_CASE("every refusal of a session or of its call is the orchestrator's, and each session that began is ended") {
    const std::vector<FakeReply> refusals{full(),
                                          FakeReply::answer(400, "only persistent runners have sessions\n"),
                                          FakeReply::answer(409, "session already exists\n"),
                                          no_runner(),
                                          reset(),
                                          FakeReply::hang(),
                                          FakeReply::answer(200, "{}"),
                                          FakeReply::answer(200, "")};
    for (const auto& refusal : refusals) {
        Sessions net;
        net.reservation = refusal;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK(net.sent_sessions.size() == 2);
        CHECK(net.sent_stops.empty());
    }
    const std::vector<FakeReply> failures{full(),
                                          FakeReply::answer(404, "runner session not found\n"),
                                          FakeReply::answer(502, "dial tcp: connection refused\n"),
                                          FakeReply::answer(402, "{}"),
                                          reset(),
                                          refused(),
                                          FakeReply::hang(),
                                          FakeReply::answer(200, "{}"),
                                          FakeReply::answer(200, std::string(3 << 20, 'x'))};
    for (const auto& failure : failures) {
        Sessions net;
        net.session_answer = failure;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK(net.sent_session_calls.size() == 2);
        CHECK(net.sent_stops.size() == 2);
    }
}

TEST_CASE("a full runner is asked again once, as a single-shot one is") {
    Sessions net;
    net.sessions = {full()};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_stops.size() == 1);
}

TEST_CASE("a session that fails after its payment is not paid again in that period, and is ended") {
    PaidSessions net;
    net.session_answer = reset();
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason == "after its payment: no answer: connection reset by peer");
    CHECK(net.sent_stops.size() == 1);
    CHECK(net.run()->reason == "its call failed after its payment, and is not paid again in this pay period");
    CHECK(net.sent_payments.size() == 1);
    // Nor does a call that could not leave this machine undo what its reservation paid.
    PaidSessions here;
    here.session_answer = local();
    CHECK(fee_of(here.run()) == "50000");
    PaidSessions never;
    never.sessions = {demand(), full()};
    CHECK(never.run()->reason == "after its payment: status 503: \"no capacity available for runner\"");
}

TEST_CASE("a demand inside a session is not paid") {
    Sessions net(by_time, by_second("5000"));
    net.sessions.clear();  // it begins without a payment
    net.session_answer = demand();
    CHECK(net.run()->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_payments.empty());
    CHECK(net.sent_stops.size() == 2);
}

TEST_CASE("a session whose URLs lead elsewhere is refused, and ended where its control is the orchestrator's own") {
    const std::string own = "https://public.example:8935/apps/runner_1/session/s1";
    for (const std::string app :
         {"https://victim.example/apps/runner_1/session/s1/app", "http://public.example:8935/apps/runner_1/session/s1",
          "https://public.example:9/x", "https://user:pw@public.example:8935/x", "http://169.254.169.254/latest", "/x",
          "https://public.example:8935", "https://public.example:8935/../x", "https://public.example:8935/a?b=c",
          "https://public.example:8935/a//b", "https://public.example:8935/a%2fb", "https://public.example:8935/a\\nb",
          "https://public.example:8935/a#b", "ftp://public.example:8935/x", ""}) {
        CAPTURE(app);
        Sessions net;
        net.reservation = session(app, own);
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find("session: app_url: got \"") == 0, result->reason);
        CHECK(net.sent_session_calls.empty());
        CHECK(net.sent_stops.size() == 2);
        Sessions control;
        control.reservation = session(own + "/app", app);
        const auto other = control.run();
        CHECK(other->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(other->reason.find("session: control_url: got \"") == 0, other->reason);
        CHECK(control.sent_session_calls.empty());
        CHECK(control.sent_stops.empty());
    }
}

TEST_CASE("a session may name the address that the payer knows, in any spelling, or end in a slash") {
    Sessions net;
    net.reservation = session("HTTPS://10.0.0.7:8935/apps/runner_1/session/s1/app/",
                              "https://10.0.0.7:08935/apps/runner_1/session/s1/");
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_stops.size() == 1);
}

TEST_CASE("requests of a session are pinned, and of a registered address lead to public ones only") {
    const std::string pin(64, 'a');
    Network net(cat(R"("orchestrator_pins":{")", orchestrator, R"(":")", pin, R"("})"));
    net.offer = discovery(persistent());
    auto job = Network::job();
    job.flags |= STIPEND_JOB_REGISTERED;
    CHECK(net.run(job)->outcome == STIPEND_JOB_OK);
    for (const auto* sent : {&net.sent_sessions, &net.sent_session_calls, &net.sent_stops}) {
        REQUIRE(sent->size() == 1);
        CHECK((sent->front().flags & STIPEND_HTTP_PUBLIC_TARGET) != 0);
        CHECK(sent->front().pin_sha256 == pin);
    }
}

TEST_CASE("an end that is not confirmed is asked for three times, and then given up") {
    for (const auto& refusal : {reset(), FakeReply::hang(), FakeReply::answer(500, "no\x1b[2J")}) {
        Sessions net;
        net.stopped = refusal;
        CHECK(net.run()->outcome == STIPEND_JOB_OK);
        CHECK(net.sent_stops.size() == 3);
        CHECK(net.host.metric("sessions_lost_total") == 1);
        CHECK(net.host.logged(STIPEND_LOG_WARN, "a session at https://10.0.0.7:8935 is not ended: "));
    }
    Sessions again;
    again.stops = {reset()};
    again.run();
    CHECK(again.sent_stops.size() == 2);
    CHECK(again.host.metric("sessions_stopped_total") == 1);
    Sessions over;
    over.stopped = FakeReply::answer(404, "runner session not found\n");
    over.run();
    CHECK(over.sent_stops.size() == 1);
    CHECK(over.host.metric("sessions_stopped_total") == 1);
}

TEST_CASE("a check that is cancelled ends its session, also one that was about to begin") {
    for (const bool reserving : {false, true}) {
        CAPTURE(reserving);
        Sessions net;
        auto slow = reserving ? session() : FakeReply::hang();
        if (reserving) slow.latency_ns = 3 * ns_per_s;
        (reserving ? net.reservation : net.session_answer) = slow;
        auto operation = net.plugin().submit(Network::job());
        net.host.advance(ns_per_s);
        CHECK(net.sent_session_calls.size() == (reserving ? 0 : 1));
        net.plugin().cancel_job(operation.op());
        net.host.settle();
        REQUIRE(operation.done());
        CHECK(operation.status() == STIPEND_E_CANCELLED);
        CHECK(net.sent_stops.size() == 1);
        CHECK(net.sent_session_calls.size() == (reserving ? 0 : 1));
    }
}

TEST_CASE("a call that the host cancels, as it does before it ends, ends its session") {
    Sessions net;
    net.session_answer = FakeReply::hang();
    auto operation = net.plugin().submit(Network::job());
    net.host.advance(ns_per_s);
    REQUIRE(net.sent_session_calls.size() == 1);
    net.host.http().cancel(net.sent_session_calls[0].op);
    net.host.settle();
    REQUIRE(operation.done());
    CHECK(operation.status() == STIPEND_E_CANCELLED);
    CHECK(net.sent_stops.size() == 1);
    CHECK(net.host.metric("sessions_stopped_total") == 1);
}
