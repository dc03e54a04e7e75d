// The routes of the status page, over a source that a test decides.
#include "host/api/public_status.hpp"

#include "host/base/time.hpp"
#include "store_fixture.hpp"

using namespace stipend;
using namespace stipend::api;
using namespace stipend::api::testing;

namespace {

class SteppedClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override { return noon; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return at; }
    stipend_mono_ns at = second;
};

class SomeStatus final : public PublicStatusSource {
  public:
    [[nodiscard]] std::uint64_t revision() override { return revised; }
    void make(Done done) override {
        ++made;
        waiting.push_back(std::move(done));
        if (at_once) finish();
    }
    void finish() {
        for (auto& done : std::exchange(waiting, {}))
            done(fails ? Result<PublicStatus>(fail(STIPEND_E_UNAVAILABLE, "/var/x")) : status);
    }
    PublicStatus status;
    std::uint64_t revised = 1;
    int made = 0;
    bool at_once = true;
    bool fails = false;
    std::vector<Done> waiting;
};

constexpr std::string_view hostile = "<script>alert(1)</script>\"'&\x1b]\xff";

PublicStatus some_status() {
    PublicStatus out{.title = std::string(hostile), .as_of = noon};
    PublicStatus::Service one{.name = "a", .as = std::string(hostile), .group = std::string(hostile)};
    one.state = PublicStatus::State::down;
    one.days = {{.number = 20'000},
                {.number = 20'001, .watched = true},
                {.number = 20'002, .uptime_ppm = 999'999, .up_ppm = 400'000, .down_ppm = 1, .watched = true}};
    one.spans = {{.days = 1, .uptime_ppm = 999'999, .measured_ppm = 400'001}, {.days = 7}};
    one.incidents = {{.from = noon, .to = noon, .ongoing = true}, {.from = noon - second, .to = noon}};
    out.services = {one, one};
    out.services[1].name = "b";
    out.services[1].group = "";
    out.services[1].state = PublicStatus::State::up;
    return out;
}

struct StatusScene {
    SteppedClock clock;
    SomeStatus source;
    std::vector<ApiRoute> routes = public_status_routes(source, clock);

    StatusScene() { source.status = some_status(); }

    // The answer, where there is one yet.
    std::shared_ptr<std::optional<Reply>> ask(std::size_t route, const std::string& file = {}, Query query = {}) {
        Request request;
        if (!file.empty()) request.path.emplace("file", file);
        request.query = std::move(query);
        const auto out = std::make_shared<std::optional<Reply>>();
        auto reply = routes.at(route).handler(request);
        if (reply.later) {
            reply.later([out](Reply late) { *out = std::move(late); });
        } else {
            *out = std::move(reply);
        }
        return out;
    }
    Reply get(std::size_t route, const std::string& file = {}, Query query = {}) {
        const auto out = ask(route, file, std::move(query));
        REQUIRE(out->has_value());
        return **out;
    }
};

constexpr std::size_t page = 0;
constexpr std::size_t json = 1;
constexpr std::size_t style = 2;
constexpr std::size_t picture = 3;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("without a page every path of it is 404, and nothing is made") {
    StatusScene scene;
    scene.source.revised = 0;
    for (const auto route : {page, json, style}) CHECK(scene.get(route).status == 404);
    CHECK(scene.get(picture, "a.svg").status == 404);
    CHECK(scene.source.made == 0);
}

TEST_CASE("it is made once for all that ask, and again after a while or for another configuration") {
    StatusScene scene;
    scene.source.at_once = false;
    std::vector<std::shared_ptr<std::optional<Reply>>> all;
    for (int i = 0; i < 200; ++i) all.push_back(scene.ask(i % 2 == 0 ? page : json));
    CHECK(scene.source.made == 1);
    CHECK_FALSE(all[0]->has_value());
    scene.source.finish();
    for (const auto& one : all) {
        REQUIRE(one->has_value());
        CHECK((*one)->status == 200);
    }
    scene.source.at_once = true;
    scene.clock.at += public_status_kept_ns - 1;
    CHECK(scene.get(page).status == 200);
    CHECK(scene.get(picture, "a.svg").status == 200);
    CHECK(scene.source.made == 1);
    scene.clock.at += 1;
    CHECK(scene.get(page).status == 200);
    CHECK(scene.source.made == 2);
    ++scene.source.revised;
    CHECK(scene.get(page).status == 200);
    CHECK(scene.source.made == 3);
}

TEST_CASE("too many that wait are refused, and a configuration that changed meanwhile shows nothing") {
    StatusScene scene;
    scene.source.at_once = false;
    const auto first = scene.ask(page);
    for (std::size_t i = 1; i < max_waiting_for_status; ++i) static_cast<void>(scene.ask(page));
    CHECK(scene.get(page).status == 503);
    scene.source.revised = 0;
    scene.source.finish();
    REQUIRE(first->has_value());
    CHECK((*first)->status == 503);
}

TEST_CASE("what fails says nothing of the host, and is not tried again at once") {
    StatusScene scene;
    scene.source.fails = true;
    const auto refused = scene.get(page);
    CHECK(refused.status == 503);
    CHECK_FALSE(has(refused.body, "/var"));
    CHECK(scene.get(json).status == 503);
    CHECK(scene.source.made == 1);
    scene.source.fails = false;
    scene.clock.at += public_status_failed_ns;
    CHECK(scene.get(page).status == 200);
}

TEST_CASE("the page has an ETag, may be kept for a while by everyone, and allows no script and no frame") {
    StatusScene scene;
    const auto sent = response_of(scene.get(page), "");
    CHECK(sent.status == 200);
    CHECK(has(sent.headers, "Cache-Control: public, max-age=30\r\n"));
    CHECK(has(sent.headers, "default-src 'none'"));
    CHECK(has(sent.headers, "frame-ancestors 'none'"));
    CHECK(has(sent.headers, "X-Frame-Options: DENY\r\n"));
    CHECK(has(sent.headers, "Cross-Origin-Resource-Policy: same-origin\r\n"));
    CHECK_FALSE(has(sent.headers, "Set-Cookie"));
    const auto begin = sent.headers.find("ETag: ") + 6;
    const auto tag = sent.headers.substr(begin, sent.headers.find('\r', begin) - begin);
    const auto again = response_of(scene.get(page), tag);
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(has(response_of(scene.get(picture, "a.svg"), "").headers, "Cross-Origin-Resource-Policy: cross-origin\r\n"));
}

TEST_CASE("no text of a configuration is markup, and no control byte is sent") {
    StatusScene scene;
    for (const auto& body : {scene.get(page).body, scene.get(picture, "a.svg").body, scene.get(json).body}) {
        CHECK_FALSE(has(body, "\x1b"));
        CHECK_FALSE(has(body, "\xff"));
    }
    for (const auto& body : {scene.get(page).body, scene.get(picture, "a.svg", {{"days", "7"}}).body}) {
        CHECK_FALSE(has(body, "<script"));
        CHECK(has(body, "&lt;script&gt;"));
        CHECK_FALSE(has(body, "style=\""));
    }
}

TEST_CASE("a badge says a state, or an uptime that is rounded down") {
    StatusScene scene;
    CHECK(has(scene.get(picture, "a.svg").body, ">down</text>"));
    CHECK(has(scene.get(picture, "a.svg", {{"days", "1"}}).body, ">99.99 % \xC2\xB7 today</text>"));
    CHECK(has(scene.get(picture, "a.svg", {{"days", "7"}}).body, ">no data \xC2\xB7 7 days</text>"));
    for (const auto* days : {"2", "30", "", "07", "-1"}) {
        const auto reply = scene.get(picture, "a.svg", {{"days", days}});
        CHECK(reply.status == (*days == '\0' ? 200 : 400));
    }
    for (const auto* file : {"c.svg", ".svg", "a", "a.png", "A.svg"}) CHECK(scene.get(picture, file).status == 404);
    CHECK(uptime_text(1'000'000) == "100 %");
    CHECK(uptime_text(999'999) == "99.99 %");
    CHECK(uptime_text(999'500) == "99.95 %");
    CHECK(uptime_text(0) == "0 %");
}

TEST_CASE("the parts of a badge are as wide as their texts") {
    const auto width_of = [](const std::string& label, const std::string& value) {
        const auto svg = badge_svg(label, value, "up");
        const auto at = svg.find(" width=\"") + 8;
        return std::stoi(svg.substr(at));
    };
    CHECK(width_of("Alice", "up") == 26 + 14 + 24);  // by the widths of Verdana at 11 px
    CHECK(width_of("WWWWWWWWWW", "up") > width_of("iiiiiiiiii", "up") + 70);
    CHECK(width_of("", "") == 26);
    CHECK(width_of(std::string(100'000, 'x'), "up") < 1'500);
}

TEST_CASE("a day that was not watched, or not measured, is not drawn as up") {
    StatusScene scene;
    const auto body = scene.get(page).body;
    CHECK(has(body, "2024-10-04: no data</title><rect x=\"0\" y=\"38\" width=\"6\" height=\"2\" class=\"none\"/></g>"));
    CHECK(has(body,
              "2024-10-05: unknown</title><rect x=\"8\" y=\"0\" width=\"6\" height=\"40\" class=\"unknown\" "
              "fill=\"url(#hatch)\"/></g>"));
    CHECK(has(body,
              "2024-10-06: 99.99 % up</title><rect x=\"16\" y=\"0\" width=\"6\" height=\"4\" class=\"down\"/>"
              "<rect x=\"16\" y=\"4\" width=\"6\" height=\"20\" class=\"unknown\" fill=\"url(#hatch)\"/>"
              "<rect x=\"16\" y=\"24\" width=\"6\" height=\"16\" class=\"up\"/></g>"));
    CHECK(has(body, "Of 2 services: 1 down, 1 up"));
    CHECK(has(body, "99.99 %</dd><dd class=\"note\">of 40 % measured</dd>"));
    CHECK(has(body, "UTC, and still</li>"));
}
