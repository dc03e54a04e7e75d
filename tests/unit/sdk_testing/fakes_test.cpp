// The fakes follow the contract of the real host and detect plugins that break theirs.
#include <doctest/doctest.h>

#include "stipend/money.hpp"
#include "stipend/testing/fake_host.hpp"

using namespace stipend;
using namespace stipend::testing;

namespace {

// A price source that misbehaves according to the currency pair.
class Mischief {
  public:
    static constexpr PluginInfo info{.id = "org.example.mischief", .name = "Mischief", .version = "1.0.0"};
    struct Settings {};
    Mischief(Settings, Host host) : host_(host) {}
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }

    Result<void> fetch(std::string_view base, std::string_view, stipend_mono_ns, Completion<stipend_quote> done) {
        if (base == "drop") return {};
        if (base == "keep") {
            kept_.push_back(std::move(done));
            return {};
        }
        if (base == "values") {
            STIPEND_TRY(host_.kv_put("k", "v"));
            STIPEND_LET(value, host_.kv_get("k"));
            host_.log(STIPEND_LOG_INFO, "the value is " + value);
            Metric::counter(host_, "fetched", "").record(2);
            return fail(STIPEND_E_BUSY, host_.kv_get("other").error().message);
        }
        request_.url = base;
        request_.timeout_ms = 1000;
        request_.max_response_bytes = 4;
        STIPEND_LET(op, host_.http(request_, [this, done = std::move(done)](const HttpReply& reply) mutable {
            auto quote = make_record<stipend_quote>();
            quote.mantissa = reply.status;
            const auto text = cat(reply.http_status(), " ", reply.body(), " ", reply.phase());
            quote.source = to_abi(text);
            done.finish(quote);
        }));
        exchange_ = op;
        return {};
    }
    void cancel(stipend_op) { host_.cancel_http(exchange_); }

  private:
    Host host_;
    HttpRequest request_;
    stipend_op exchange_ = 0;
    std::vector<Completion<stipend_quote>> kept_;
};

}  // namespace

TEST_CASE("an exchange ends as scripted, once, at its time") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    host.http().expect("GET", "http://a", FakeReply::answer(200, "ok").after(5 * ns_per_ms));
    auto quote = plugin.fetch("http://a", "");
    host.advance(4 * ns_per_ms);
    CHECK_FALSE(quote.done());
    host.advance(ns_per_ms);
    REQUIRE(quote.done());
    CHECK(quote->source == "200 ok 6");
    CHECK(host.http().unmet() == 0);
}

TEST_CASE("a reply after the timeout is a timeout, and a body that is too long is cut") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    host.http().serve([](const FakeRequest& request) {
        return request.url == "http://late" ? FakeReply::answer(200, "ok").after(2 * ns_per_s)
                                            : FakeReply::answer(200, "12345");
    });
    auto late = plugin.fetch("http://late", "");
    auto large = plugin.fetch("http://large", "");
    host.settle();
    CHECK(late->mantissa == STIPEND_E_TIMEOUT);
    CHECK(large->mantissa == STIPEND_E_LIMIT);
    CHECK(large->source == "200 1234 5");
}

TEST_CASE("a cancelled exchange still ends, with CANCELLED") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    host.http().serve([](const FakeRequest&) { return FakeReply::hang(); });
    auto quote = plugin.fetch("http://a", "");
    host.http().cancel_all();
    host.run();
    REQUIRE(quote.done());
    CHECK(quote->mantissa == STIPEND_E_CANCELLED);
}

TEST_CASE("an unexpected request is a fault") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("http://a", "");
    host.settle();
    CHECK(quote->mantissa == STIPEND_E_UNAVAILABLE);
    CHECK(host.take_faults() == std::vector<std::string>{"unexpected request: GET http://a"});
}

TEST_CASE("a dropped operation completes with INTERNAL") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    const auto quote = plugin.fetch("drop", "");
    CHECK(quote.status() == STIPEND_E_INTERNAL);
    CHECK(quote.error() == "price.fetch: the plugin dropped the operation");
}

TEST_CASE("a completion during destroy is a fault, unless the test itself ends early") {
    FakeHost host;
    {
        auto plugin = host.create<Mischief>();
        REQUIRE(plugin.start().ok());
        plugin.fetch("keep", "");
        plugin.quiesce();
        plugin.destroy();
    }
    CHECK(host.take_faults() == std::vector<std::string>{"an operation was answered by destroy"});
    {
        auto plugin = host.create<Mischief>();
        REQUIRE(plugin.start().ok());
        plugin.fetch("keep", "");
    }
    CHECK(host.take_faults().empty());
}

TEST_CASE("a completion that is called twice is a fault, and one that is called early is none") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    const auto early = plugin.begin<Quote>([](stipend_completion c, stipend_error*) {
        c.done(c.host, c.op, STIPEND_E_BUSY, nullptr, nullptr);
        return STIPEND_OK;
    });
    CHECK(host.take_faults().empty());
    CHECK(early.done());
    stipend_completion kept{};
    plugin.begin<Quote>([&](stipend_completion c, stipend_error*) {
        kept = c;
        return STIPEND_OK;
    });
    kept.done(kept.host, kept.op, STIPEND_E_BUSY, nullptr, nullptr);
    CHECK(host.take_faults().empty());
    kept.done(kept.host, kept.op, STIPEND_E_BUSY, nullptr, nullptr);
    CHECK(host.take_faults() == std::vector<std::string>{"an operation was answered twice, or never existed"});
}

TEST_CASE("values, log lines and metrics are stored for the test") {
    FakeHost host;
    auto plugin = host.create<Mischief>();
    REQUIRE(plugin.start().ok());
    const auto quote = plugin.fetch("values", "");
    CHECK(quote.error() == "no value: other");
    CHECK(host.values().at("k") == "v");
    CHECK(host.logged(STIPEND_LOG_INFO, "the value is v"));
    CHECK(host.metric("fetched") == 2);
}

TEST_CASE("reservations of fees are recorded, and granted unless the test answers otherwise") {
    FakeHost fake;
    const Host host(fake.raw());
    const auto wei = Wei(std::uint64_t{1200}).to_abi();
    std::vector<std::string> answers;
    const auto note = [&](const Result<void>& answer) {
        answers.push_back(answer ? "granted" : cat(answer.error().status, " ", answer.error().message));
    };
    REQUIRE(host.reserve_fee("job-1", wei, note).ok());
    CHECK(answers.empty());  // never before the function returned
    fake.run();
    fake.answer_fees([](const FeeReservation& reservation) -> Result<void> {
        return fail(STIPEND_E_LIMIT, reservation.job_id, ": ", Wei::from_abi(reservation.wei).text());
    });
    REQUIRE(host.reserve_fee("job-2", wei, note).ok());
    fake.run();
    CHECK(answers == std::vector<std::string>{"granted", cat(STIPEND_E_LIMIT, " job-2: 1200")});
    REQUIRE(fake.reservations().size() == 2);
    CHECK(fake.reservations()[0].job_id == "job-1");
    fake.withhold(STIPEND_HOST_FEES);
    CHECK(!host.reserve_fee("job-3", wei, note).ok());
}

TEST_CASE("an exception of the answer to a reservation is logged") {
    FakeHost fake;
    const Host host(fake.raw());
    REQUIRE(host.reserve_fee("job", {}, [](const Result<void>&) { throw 42; }).ok());  // NOLINT
    fake.run();
    CHECK(fake.logged(STIPEND_LOG_ERROR, "the answer to a reservation of the plugin threw"));
}
