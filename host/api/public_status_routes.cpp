#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "host/api/public_status.hpp"

namespace stipend::api {
namespace {

// Nothing of another host, no script, and in no frame.
constexpr std::string_view page_policy =
    "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";
constexpr std::string_view picture_policy = "Content-Security-Policy: default-src 'none'; sandbox\r\n";
constexpr std::string_view for_everyone = "public, max-age=30";
constexpr std::string_view badge_ending = ".svg";

class PublicStatusHandler : public std::enable_shared_from_this<PublicStatusHandler> {
  public:
    // What was made of one answer of the source.
    struct Made {
        PublicStatus status;
        Reply page;
        Reply json;
    };
    using Render = std::function<Reply(const Made& made)>;

    PublicStatusHandler(PublicStatusSource& source, const Clock& clock) : source_(source), clock_(clock) {}

    // What `render` makes of it, at once where it is known.
    Reply answer(Render render) {
        if (source_.revision() == 0) return none();
        return {.later = [self = shared_from_this(), render = std::move(render)](std::function<void(Reply)> send) {
            self->wait({.render = render, .send = std::move(send)});
        }};
    }
    Reply style() {
        if (source_.revision() == 0) return none();
        Reply out{.body = std::string(status_page_css()), .content_type = "text/css; charset=utf-8", .tagged = true};
        out.caching = for_everyone;
        return out;
    }

  private:
    struct Waiting {
        Render render;
        std::function<void(Reply)> send;
    };

    static Reply none() { return problem(404, "no such path"); }
    static Reply not_now() { return problem_later(503, "there is no status now", 5); }

    void wait(Waiting one) {
        const auto revision = source_.revision();
        std::unique_lock lock(mutex_);
        const bool fresh = revision == revision_ && clock_.monotonic() < kept_until_;
        if (fresh || waiting_.size() >= max_waiting_for_status) {
            const auto made = fresh ? made_ : nullptr;
            lock.unlock();
            return one.send(made ? one.render(*made) : not_now());
        }
        waiting_.push_back(std::move(one));
        if (std::exchange(busy_, true)) return;
        lock.unlock();
        source_.make([self = shared_from_this(), revision](Result<PublicStatus> status) {
            self->over(revision, std::move(status));
        });
    }

    void over(std::uint64_t revision, Result<PublicStatus> status) {
        std::shared_ptr<const Made> made;
        if (status) made = made_of(std::move(*status));
        std::vector<Waiting> waiting;
        {
            const std::lock_guard lock(mutex_);
            made_ = made;
            revision_ = revision;
            kept_until_ = clock_.monotonic() + (made ? public_status_kept_ns : public_status_failed_ns);
            waiting = std::exchange(waiting_, {});
            busy_ = false;
        }
        // Another configuration may not show what this one does.
        const bool holds = source_.revision() == revision;
        for (auto& one : waiting) {
            one.send(made && holds ? one.render(*made) : not_now());
        }
    }

    static std::shared_ptr<const Made> made_of(PublicStatus status) {
        const auto made = std::make_shared<Made>();
        made->page = {.headers = std::string(page_policy),
                      .body = status_page_html(status),
                      .content_type = "text/html; charset=utf-8",
                      .tagged = true};
        made->json = tagged_reply(status_page_json(status));
        for (auto* reply : {&made->page, &made->json}) {
            reply->caching = for_everyone;
            set_tag(*reply);
        }
        made->status = std::move(status);
        return made;
    }

    PublicStatusSource& source_;
    const Clock& clock_;
    std::mutex mutex_;
    std::shared_ptr<const Made> made_;  // guarded by mutex_, as are the following; none: it could not be made
    std::uint64_t revision_ = 0;        // of `made_`
    stipend_mono_ns kept_until_ = 0;
    bool busy_ = false;  // one is being made
    std::vector<Waiting> waiting_;
};

Reply badge(const PublicStatus& status, const std::string& name, const std::string& days) {
    const auto found = std::ranges::find(status.services, name, &PublicStatus::Service::name);
    if (found == status.services.end()) return problem(404, "no such badge");
    std::string value(state_name(found->state));
    auto kind = state_name(found->state);
    if (!days.empty()) {
        const auto is_asked = [&](const auto& span) { return std::to_string(span.days) == days; };
        const auto span = std::ranges::find_if(found->spans, is_asked);
        if (span == found->spans.end()) {
            return problem(400, "query parameter \"days\": want 1, 7, 30 or 90, as far as the page's history goes");
        }
        kind = uptime_class(span->uptime_ppm);
        value = cat(uptime_text(span->uptime_ppm), " \xC2\xB7 ", span->days == 1 ? "today" : cat(span->days, " days"));
    }
    Reply out{.headers = std::string(picture_policy),
              .body = badge_svg(found->as, value, kind),
              .content_type = "image/svg+xml; charset=utf-8",
              .tagged = true};
    out.caching = for_everyone;
    out.embedded = true;
    return out;
}

}  // namespace

std::vector<ApiRoute> public_status_routes(PublicStatusSource& source, const Clock& clock) {
    const auto handler = std::make_shared<PublicStatusHandler>(source, clock);
    std::vector<ApiRoute> out;
    const auto get = [&](std::string path, std::vector<std::string_view> query, Handler answer) {
        out.push_back({.method = "GET",
                       .path = std::move(path),
                       .permission = {},
                       .rate = RateClass::read,
                       .query = std::move(query),
                       .handler = std::move(answer)});
    };
    get("/status", {},
        [handler](const Request&) { return handler->answer([](const auto& made) { return made.page; }); });
    get("/status.json", {},
        [handler](const Request&) { return handler->answer([](const auto& made) { return made.json; }); });
    get("/status/style.css", {}, [handler](const Request&) { return handler->style(); });
    get("/status/badge/{file}", {"days"}, [handler](const Request& request) {
        auto name = request.path.at("file");
        if (!name.ends_with(badge_ending)) return problem(404, "no such path");
        name.resize(name.size() - badge_ending.size());
        const auto days = request.query.find("days");
        return handler->answer([name, days = days == request.query.end() ? std::string() : days->second](
                                   const auto& made) { return badge(made.status, name, days); });
    });
    return out;
}

}  // namespace stipend::api
