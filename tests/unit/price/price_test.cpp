#include "price.hpp"

#include <doctest/doctest.h>

#include "stipend/testing/fake_host.hpp"

using namespace stipend::testing;

namespace {

std::string complaint(const std::string& config) {
    FakeHost host;
    const auto plugin = host.try_create<price::Price>(config);
    return plugin ? "accepted" : plugin.error().path + ": " + plugin.error().message;
}

}  // namespace

TEST_CASE("the rate of the configuration is quoted exactly, as of now") {
    FakeHost host;
    auto plugin = host.create<price::Price>(R"({"usd_per_eth":1800.5})");
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("ETH", "USD");
    CHECK_FALSE(quote.done());
    host.run();
    REQUIRE(quote.done());
    CHECK(quote->mantissa == 180'050'000'000);
    CHECK(quote->exponent == -8);
    CHECK(quote->source == "fixed");
    CHECK(quote->observed_at == host.now());
    CHECK(quote->valid_until == 0);
    host.advance(1'000'000'000);
    auto later = plugin.fetch("ETH", "USD");
    host.run();
    CHECK(later->observed_at == host.now());
}

TEST_CASE("another currency pair is an error") {
    FakeHost host;
    auto plugin = host.create<price::Price>(R"({"usd_per_eth":"2000.0"})");
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("LPT", "USD");
    CHECK(quote.status() == STIPEND_E_UNSUPPORTED);
    CHECK(quote.error() == "no such price: got LPT in USD, want ETH in USD");
}

TEST_CASE("without timers of the host fetch fails at once") {
    FakeHost host;
    auto plugin = host.create<price::Price>(R"({"usd_per_eth":2000})");
    REQUIRE(plugin.start().ok());
    host.refuse_timers(true);
    CHECK(plugin.fetch("ETH", "USD").status() == STIPEND_E_BUSY);
}

TEST_CASE("an invalid rate is rejected with its pointer") {
    CHECK(complaint(R"({"usd_per_eth":2000.00000001})") == "accepted");
    CHECK(complaint("{}") == "/usd_per_eth: missing, want a number");
    CHECK(complaint(R"({"usd_per_eth":0})") == "/usd_per_eth: got 0, want 0.00000001 .. 1000000000");
    CHECK(complaint(R"({"usd_per_eth":-2000})") == "/usd_per_eth: got -2000, want 0.00000001 .. 1000000000");
    CHECK(complaint(R"({"usd_per_eth":2000.000000001})") ==
          "/usd_per_eth: too precise: 2000.000000001 has more than 8 decimals");
    CHECK(complaint(R"({"usd_per_eth":"two"})") == "/usd_per_eth: not a decimal number: \"two\": want digits");
}

namespace {

constexpr const char* two = R"({"sources":[
    {"name":"a","url":"https://a.example/price?key=secret","value":"/data/amount"},
    {"name":"b","url":"http://b.example","value":"/0/p","time":"/0/t","max_age":"1m"}]})";
constexpr std::int64_t second = 1'000'000'000;
constexpr const char* feed = R"({"sources":[{"name":"chain","url":"https://node.example","chain_id":42161,
    "feed":"0x639Fe6ab55C921f74e7fac1ee960C0B6293ba612","max_age":"25h"}],"timeout":"1s"})";

std::string word(const std::string& hex) {
    return std::string(64 - hex.size(), '0') + hex;
}

std::string hex_of(std::int64_t value) {
    std::string out;
    for (; value > 0; value /= 16) out.insert(0, 1, "0123456789abcdef"[value % 16]);
    return out;
}

// A node as it answers the three requests for a feed.
struct Node {
    std::string chain = "0xa4b1", decimals = word("8"), round = word("12"), answered = word("12");
    std::string answer = word(hex_of(180'012'345'678));
    std::int64_t updated_s = 0;

    FakeReply operator()(const FakeRequest& request) const {
        const auto result = [](const std::string& text) {
            return FakeReply::answer(200, R"({"jsonrpc":"2.0","id":1,"result":")" + text + "\"}");
        };
        CHECK(request.method == "POST");
        if (request.body.find("eth_chainId") != std::string::npos) return result(chain);
        CHECK(request.body.find("0x639fe6ab55c921f74e7fac1ee960c0b6293ba612") != std::string::npos);
        if (request.body.find("0x313ce567") != std::string::npos) return result("0x" + decimals);
        CHECK(request.body.find("0xfeaf968c") != std::string::npos);
        return result("0x" + round + answer + word(hex_of(updated_s)) + word(hex_of(updated_s)) + answered);
    }
};

struct Asked {
    std::string error;
    bool permanent = false;
    std::int64_t mantissa = 0;
    std::int64_t age_s = 0;
    std::string source;
};

Asked ask(FakeHost& host, const std::string& config, FakeHttp::Handler handler) {
    host.http().serve(std::move(handler));
    auto plugin = host.create<price::Price>(config);
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("ETH", "USD");
    for (int step = 0; step < 100 && !quote.done(); ++step) host.advance(second / 10);
    REQUIRE(quote.done());
    if (quote.status() != STIPEND_OK) return {.error = quote.error(), .permanent = quote.permanent()};
    CHECK(quote->exponent == -8);
    return {.mantissa = quote->mantissa,
            .age_s = (host.now() - quote->observed_at) / second,
            .source = std::string(quote->source)};
}

Asked ask_feed(Node node, std::int64_t age_s = 3600) {
    FakeHost host;
    node.updated_s = host.now() / second - age_s;
    return ask(host, feed, node);
}

price::Answer answered(const char* name, std::int64_t usd, stipend_unix_ns at = 0) {
    return {name, price::Rate{usd * 100'000'000, at}};
}

}  // namespace

TEST_CASE("the sources' median is quoted, as old as the oldest of them") {
    FakeHost host;
    const auto now_s = host.now() / second;
    const auto asked = ask(host, two, [&](const FakeRequest& request) {
        CHECK(request.method == "GET");
        CHECK(request.body.empty());
        if (request.url == "https://a.example/price?key=secret") {
            return FakeReply::answer(200, R"({"data":{"amount":"1800.123456789","base":"ETH"}})");
        }
        return FakeReply::answer(200, R"([{"p":1801,"t":)" + std::to_string((now_s - 30) * 1000) + "}]");
    });
    CHECK(asked.error.empty());
    CHECK(asked.mantissa == 180'056'172'839);  // between 1800.12345678 and 1801
    CHECK(asked.age_s == 30);
    CHECK(asked.source == "a 1800.12345678, b 1801");
}

TEST_CASE("a source that gives no rate is named, and without a quorum there is none") {
    const auto b = [](const FakeReply& reply) {
        FakeHost host;
        return ask(host, two, [&](const FakeRequest& request) {
            return request.url.starts_with("https://a") ? FakeReply::answer(200, R"({"data":{"amount":1800}})") : reply;
        });
    };
    const auto why = [&](const FakeReply& reply) {
        const auto asked = b(reply);
        CHECK_FALSE(asked.permanent);
        const std::string head = "1 of 2 sources of the price have one, want 2: b (";
        CHECK(asked.error.starts_with(head));
        return asked.error.substr(head.size());
    };
    CHECK(why(FakeReply::answer(503, "")) == "status 503)");
    CHECK(why(FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "http://b.example?key=secret")) ==
          "no answer)");
    CHECK(why(FakeReply::hang()) == "no answer)");
    CHECK(why(FakeReply::answer(200, std::string(70'000, ' '))) == "its answer is too long)");
    CHECK(why(FakeReply::answer(200, "[{}]")) == "no number at /0/p of its answer)");
    CHECK(why(FakeReply::answer(200, R"([{"p":[1]}])")) == "no number at /0/p of its answer)");
    CHECK(why(FakeReply::answer(200, R"([{"p":1800}])")) == "no time at /0/t of its answer)");
    CHECK(why(FakeReply::answer(200, R"([{"p":1800,"t":"noon"}])")) ==
          "its time: got \"noon\", want seconds or milliseconds since 1970)");
    CHECK(why(FakeReply::answer(200, R"([{"p":1800,"t":50000000000}])")).starts_with("its time: got"));
    CHECK(why(FakeReply::answer(200, R"([{"p":0,"t":1795694400}])")).starts_with("got a rate of 0 USD"));
    CHECK(why(FakeReply::answer(200, R"([{"p":-1800,"t":1795694400}])")).starts_with("got a rate of -1800"));
    CHECK(why(FakeReply::answer(200, R"([{"p":1e30,"t":1795694400}])")).starts_with("got a rate of 1e30"));
    CHECK(why(FakeReply::answer(200, R"([{"p":1800,"t":1}])")).find(" old, want at most 60s)") != std::string::npos);
    CHECK(why(FakeReply::answer(200, R"([{"p":1800,"t":8999999999}])")) == "its rate is of a time to come)");
    CHECK(why(FakeReply::answer(200, "<html>")).size() > 5);
}

TEST_CASE("sources that disagree are a permanent error, so that no earlier rate stays in force") {
    FakeHost host;
    const auto asked =
        ask(host, R"({"max_deviation":0.5,"sources":[{"name":"a","url":"http://a","value":"/p"},
        {"name":"b","url":"http://b","value":"/p"}]})",
            [](const FakeRequest& request) {
                return FakeReply::answer(200, request.url == "http://a" ? R"({"p":1800})" : R"({"p":"2000"})");
            });
    CHECK(asked.error ==
          "the sources of the price disagree: 0 of 2 are within 0.5 % of the median 1900, want 2: "
          "a 1800 (too far from the others), b 2000 (too far from the others)");
    CHECK(asked.permanent);
}

TEST_CASE("the median leaves out what is far from it, and one liar of three moves nothing") {
    const auto of = [](const std::vector<price::Answer>& answers, std::size_t quorum = 2, std::uint32_t ppm = 20'000) {
        const auto agreed = price::agree(answers, quorum, ppm);
        return agreed ? agreed->rate.usd_per_eth_e8 / 100'000'000 : -1;
    };
    CHECK(of({answered("a", 1800), answered("b", 1810), answered("c", 1820)}) == 1810);
    CHECK(of({answered("a", 1800), answered("b", 1810), answered("c", 900'000'000)}) == 1805);
    CHECK(of({answered("a", 1), answered("b", 1810), answered("c", 1820)}) == 1815);
    CHECK(of({answered("a", 1000), answered("b", 1000), answered("c", 1021)}) == 1000);
    CHECK(of({answered("a", 1000), answered("b", 1000), answered("c", 1020)}, 3) == 1000);
    CHECK(of({answered("a", 1000), answered("b", 1000), answered("c", 1021)}, 3) == -1);
    CHECK(of({answered("a", 1000), answered("b", 2000)}, 1) == -1);
    CHECK(of({answered("a", 1000)}, 1, 0) == 1000);
    CHECK(of({}, 1) == -1);
    const auto oldest = price::agree({answered("a", 1800, 7), answered("b", 1800, 5), answered("c", 9, 1)}, 2, 0);
    REQUIRE(oldest.ok());
    CHECK(oldest->rate.observed_at == 5);
    CHECK(oldest->left_out == "c 9 (too far from the others)");
}

TEST_CASE("a feed on a chain is read with its decimals, its round and its age") {
    const auto asked = ask_feed({});
    CHECK(asked.error.empty());
    CHECK(asked.mantissa == 180'012'345'678);
    CHECK(asked.age_s == 3600);
    CHECK(asked.source == "chain 1800.12345678");
    CHECK(ask_feed({.decimals = word("6"), .answer = word(hex_of(1'800'500'000))}).mantissa == 180'050'000'000);
    // 1800.5 x 10^18
    CHECK(ask_feed({.decimals = word("12"), .answer = word("619af4fa8acad20000")}).mantissa == 180'050'000'000);
}

TEST_CASE("a feed that is not the one that was configured, or whose newest round is no rate, gives none") {
    const auto why = [](Node node, std::int64_t age_s = 0) {
        const auto asked = ask_feed(std::move(node), age_s);
        CHECK(asked.mantissa == 0);
        const std::string head = "0 of 1 sources of the price have one, want 1: chain (";
        CHECK(asked.error.starts_with(head));
        return asked.error.substr(std::min(head.size(), asked.error.size()));
    };
    CHECK(why({.chain = "0x1"}) == "its node is of the chain 1, want 42161)");
    CHECK(why({.chain = "arbitrum"}) == "the node does not say which chain it is of)");
    CHECK(why({.decimals = ""}) == "the contract returned other than 1 words of 32 bytes: no such feed)");
    CHECK(why({.decimals = word("ff")}) == "the feed has no decimals that make sense)");
    CHECK(why({.round = word("13")}) == "the newest round of the feed was not answered)");
    CHECK(why({.answer = word("0")}).starts_with("got a rate of 0 USD"));
    CHECK(why({.answer = std::string(64, 'f')}) == "the feed's answer is no rate)");
    CHECK(why({.answer = word("7fffffffffffffffffff")}) == "the feed's answer is no rate)");
    CHECK(why({.answer = word("1") + word("1")}) ==
          "the contract returned other than 5 words of 32 bytes: no such feed)");
    CHECK(why({}, 25 * 3600 + 1) == "its rate is 90001s old, want at most 25h)");
    CHECK(why({}, -61) == "its rate is of a time to come)");
    FakeHost host;
    const auto refused = ask(host, feed, [](const FakeRequest&) {
        return FakeReply::answer(200,
                                 R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"execution reverted"}})");
    });
    CHECK(refused.error.find("does not say which chain") != std::string::npos);
}

TEST_CASE("a quote that is cancelled, or for which there is no time, ends once") {
    FakeHost host;
    host.http().serve([](const FakeRequest&) { return FakeReply::hang(); });
    auto plugin = host.create<price::Price>(two);
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("ETH", "USD");
    plugin.cancel_fetch(quote.op());
    host.run();
    REQUIRE(quote.done());
    CHECK(quote.status() == STIPEND_E_CANCELLED);
}

TEST_CASE("settings of sources are checked at their place") {
    const auto source = [](const std::string& more) {
        return complaint(R"({"sources":[{"name":"a","url":"http://a")" + more + "}]}");
    };
    CHECK(source(R"(,"value":"/p")") == "accepted");
    CHECK(source("") == "/sources/0/value: missing, want the JSON pointer of the rate, or `feed`");
    CHECK(source(R"(,"value":"p")") == "/sources/0/value: got \"p\", want a JSON pointer such as /data/amount");
    CHECK(source(R"(,"value":"/p","chain_id":1)") == "/sources/0/chain_id: got a chain, which only a `feed` is on");
    CHECK(source(R"(,"value":"/p","feed":"0x1")") ==
          "/sources/0/feed: got a feed beside `value` or `time`, want one way to read the rate");
    CHECK(source(R"(,"feed":"0x1","chain_id":1)") ==
          "/sources/0/feed: got \"0x1\", want the address of a contract: 0x and 40 hex digits");
    CHECK(
        source(R"(,"feed":"0x639fe6ab55c921f74e7fac1ee960c0b6293ba612")").starts_with("/sources/0/chain_id: missing"));
    CHECK(source(R"(,"value":"/p","max_age":"8d")").starts_with("/sources/0/max_age: got 8d"));
    CHECK(source(R"(,"value":"/p","headers":{"Host":"b"})") ==
          "/sources/0/headers/Host: the header Host is the plugin's own: leave it out");
    CHECK(source(R"(,"value":"/p"},{"name":"a","url":"http://b","value":"/p")") ==
          "/sources/1/name: got \"a\" a second time, want a name of its own");
    CHECK(complaint(R"({"sources":[{"name":"a","url":"https://user:secret@a","value":"/p"}]})") ==
          "/sources/0/url: got another text, want a URL: https://host/path, without a user name");
    CHECK(complaint(R"({"sources":[]})") == "/sources: got 0 sources, want 1 to 16");
    CHECK(complaint(R"({"sources":[{"name":"a","url":"http://a","value":"/p"}],"quorum":2})")
              .starts_with("/quorum: got 2"));
    CHECK(complaint(R"({"sources":[{"name":"a","url":"http://a","value":"/p"}],"usd_per_eth":2})") ==
          "/usd_per_eth: got a fixed rate beside `sources`, want one of them");
    CHECK(complaint(R"({"usd_per_eth":2,"quorum":1})") == "/quorum: got it without `sources`, which it is about");
}
