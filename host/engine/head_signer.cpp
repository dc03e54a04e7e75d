#include "host/engine/head_signer.hpp"

#include "host/ledger/head_file.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t soonest_ns = ns_per_s;  // between two stretches where rows are left
constexpr std::uint32_t send_timeout_ms = 30'000;
constexpr const char* signing_alert = "signed-heads";
constexpr const char* sending_alert = "signed-heads-url";

}  // namespace

std::filesystem::path HeadSigner::file_of(const config::Settings& settings) {
    const auto& file = settings.signed_heads.file;
    return file.empty() ? ledger::head_file(settings.state) : std::filesystem::path(file);
}

HeadSigner::HeadSigner(runtime::Host& host, const config::Settings& settings, Report report)
    : host_(host),
      file_(file_of(settings)),
      ledger_file_(ledger::database_file(settings.state)),
      chain_id_(static_cast<std::uint64_t>(settings.network.chain_id)),
      options_(settings.signed_heads),
      report_(std::move(report)),
      ledger_(settings.state, runtime::namespace_of(settings)),
      next_at_(host.now() + options_.every_ns) {}

void HeadSigner::tick(stipend_unix_ns now) {
    if (now < next_at_ || busy_) return;
    next_at_ = now + options_.every_ns;
    busy_ = true;
    host_.blocking().post([this, now] {
        auto made = sign(now);
        host_.loop().post([this, made = std::move(made)]() mutable { signed_until(std::move(made)); });
    });
}

Result<HeadSigner::Made> HeadSigner::sign(stipend_unix_ns now) {
    STIPEND_LET(last, ledger::last_head(file_));
    STIPEND_LET(head, ledger_.read([&](ledger::Ledger& book) {
        return ledger::make_head(book, ledger_file_, chain_id_, last, now);
    }));
    if (!head) return Made{.newest = std::move(last)};
    STIPEND_TRY(ledger::append_head(file_, *head));
    return Made{.newest = head, .more = head->head.last - head->head.first + 1 == ledger::max_tree_rows};
}

void HeadSigner::signed_until(Result<Made> made) {
    busy_ = false;
    if (!made) {
        return report_(signing_alert,
                       cat("no head of the ledger is signed: ", made.error().message,
                           ". Where the ledger was restored from a backup, move the file of heads aside: ",
                           file_.native(), "; a new one begins with the first row"));
    }
    report_(signing_alert, {});
    newest_ = std::move(made->newest);
    if (made->more) next_at_ = host_.now() + soonest_ns;
    if (!made->more) send();
}

// The newest vouches for all before it, so that one that did not arrive need not be sent again.
void HeadSigner::send() {
    if (options_.url.empty() || sending_ || !newest_ || newest_->head.last == sent_) return;
    http::HttpRequest request{.method = "POST",
                              .url = options_.url,
                              .headers = "Content-Type: application/json\r\n",
                              .body = ledger::to_json(*newest_).dump(),
                              .timeout_ms = send_timeout_ms};
    const auto last = newest_->head.last;
    const auto begun =
        host_.http().send(std::move(request),
                          {.on_done = [this, last](std::uint64_t, Result<void>&& result, http::HttpResponse&& answer) {
                              auto failure = result ? std::string() : result.error().message;
                              if (result && answer.status / 100 != 2)
                                  failure = cat("got HTTP status ", answer.status, ", want 2xx");
                              host_.loop().post([this, last, failure = std::move(failure)] {
                                  sending_ = false;
                                  if (failure.empty()) sent_ = last;
                                  sent(failure);
                              });
                          }});
    if (!begun) return sent(begun.error().message);
    sending_ = true;
}

void HeadSigner::sent(const std::string& failure) {
    if (failure.empty()) return report_(sending_alert, {});
    report_(sending_alert, cat("the newest signed head does not reach signed_heads.url, and is sent again in ",
                               duration_text(options_.every_ns), ": ", failure));
}

Json HeadSigner::status() const {
    auto out = Json::object().append("file", file_.native());
    if (!newest_) return out.append("last", Json());
    return out.append("last", newest_->head.last).append("at", utc_text(newest_->head.at));
}

}  // namespace stipend::engine
