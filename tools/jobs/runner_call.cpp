#include "tools/jobs/runner_call.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/http/exchange.hpp"
#include "livepeer/credential.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/url.hpp"

namespace stipend::jobs {
namespace {

constexpr std::uint32_t step_timeout_ms = 10'000;  // of every exchange but the call
constexpr std::uint64_t max_answer = 1 << 20;
constexpr std::int64_t paid_ms = static_cast<std::int64_t>(livepeer::first_payment_s - 1) * 1000;
constexpr int payment_required = 402;

// The end of a call before its answer: whose it is, and why.
struct Stopped {
    Outcome outcome = Outcome::unexpected;
    std::string why;
};

Outcome outcome_of(const Error& error) {
    return error.status == STIPEND_E_TIMEOUT       ? Outcome::timeout
           : error.status == STIPEND_E_UNAVAILABLE ? Outcome::connect
                                                   : Outcome::broken;
}

std::string status_text(const http::HttpResponse& answer) {
    return cat("status ", answer.status, ": \"", livepeer::error_text(answer.body), "\"");
}

bool is_free(const livepeer::RunnerOffer& offer) {
    return !offer.price || offer.price->zero();
}

class Caller {
  public:
    Caller(http::CurlClient& client, const Way& way, const RunnerTerms& terms, const Asked& asked)
        : client_(client), way_(way), terms_(terms), base_(livepeer::without_slash(asked.address)) {}

    // Only what is offered; none: `judged` says why.
    RunnerCall look() {
        if (auto stopped = find()) {
            out_.offer.reset();
            out_.judged = {stopped->outcome, std::move(stopped->why)};
        }
        return std::move(out_);
    }
    RunnerCall run(const std::string& body, const Check& check) {
        auto stopped = find();
        if (!stopped) stopped = call_found(body);
        if (stopped) {
            out_.judged = {stopped->outcome, std::move(stopped->why)};
        } else {
            out_.judged = judge(out_.answer, {}, check);
        }
        return std::move(out_);
    }
    RunnerCall run_offer(const livepeer::RunnerOffer& offer, const std::string& body) {
        out_.offer = offer;
        if (auto stopped = call_found(body)) out_.judged = {stopped->outcome, std::move(stopped->why)};
        return std::move(out_);
    }

  private:
    using Stop = std::optional<Stopped>;

    Result<http::HttpResponse> ask(const std::string& method, const std::string& url, const std::string& headers,
                                   const std::string& body, std::uint32_t timeout_ms, bool verify = false) {
        http::HttpRequest request{.method = method, .url = url, .headers = headers, .body = body};
        request.timeout_ms = timeout_ms;
        request.max_response_bytes = max_answer;
        request.tls = verify ? http::TlsMode::verify : http::TlsMode::none;
        return http::exchange(client_, std::move(request));
    }

    Stop find() {
        out_.url = base_ + "/discovery";
        const auto answer = ask("GET", out_.url, "", "", step_timeout_ms);
        if (!answer) return Stopped{outcome_of(answer.error()), cat("discovery: ", answer.error().message)};
        out_.answer.status = answer->status;
        if (answer->status != 200) return Stopped{Outcome::unexpected, cat("discovery: ", status_text(*answer))};
        const auto offers = livepeer::read_runner_offers(answer->body, way_.capability);
        if (!offers) return Stopped{Outcome::unexpected, cat("discovery: ", offers.error().message)};
        const auto* chosen = livepeer::choose_runner(*offers);
        if (chosen == nullptr) {
            return Stopped{Outcome::no_orchestrators, cat("it answers and has no runner of ", way_.capability, " (",
                                                          offers->others, " of other apps)")};
        }
        out_.offer = *chosen;
        out_.answer.status = 0;
        return std::nullopt;
    }

    Stop call_found(const std::string& body) {
        if (auto stopped = too_dear()) return stopped;
        auto stopped = out_.offer->single_shot ? call(base_ + out_.offer->path, body) : call_in_session(body);
        if (stopped) return stopped;
        // No header names what answered: its address does.
        out_.answer.served_by = base_;
        out_.answered = true;
        return std::nullopt;
    }

    [[nodiscard]] bool priced() const { return !is_free(*out_.offer); }

    [[nodiscard]] Stop too_dear() const {
        auto why = refusal_of_price(*out_.offer, terms_);
        if (why.empty()) return std::nullopt;
        return Stopped{Outcome::unexpected, std::move(why)};
    }

    // What is paid for: the call, or the reservation.
    Result<http::HttpResponse> send_paid(const std::string& url, const std::string& body, std::uint32_t timeout_ms,
                                         std::string& stopped) {
        std::string headers = "Content-Type: application/json\r\n";
        if (!priced()) return ask("POST", url, headers, body, timeout_ms);
        const auto payer = identity(stopped);
        if (!stopped.empty()) return http::HttpResponse();
        headers += cat("Livepeer-Payer-Address: ", payer, "\r\n");
        auto answer = ask("POST", url, headers, body, timeout_ms);
        if (!answer || answer->status != payment_required) return answer;
        const auto payment = pay(answer->body, stopped);
        if (!stopped.empty()) return http::HttpResponse();
        headers += cat("Livepeer-Payment: ", payment.payment, "\r\nLivepeer-Segment: ", payment.segment, "\r\n");
        out_.paid = cost_of(*out_.offer, terms_).text();
        paid_at_ = std::chrono::steady_clock::now();
        return ask("POST", url, headers, body, timeout_ms);
    }

    std::string identity(std::string& stopped) {
        const auto answer = ask("POST", terms_.signer + "/sign-orchestrator-info", "", "", step_timeout_ms, true);
        if (!answer || answer->status != 200) {
            stopped = cat("the signer fails: ", answer ? status_text(*answer) : answer.error().message);
            return {};
        }
        const auto credential = livepeer::read_signer_answer(answer->body);
        if (credential) return credential->address;
        stopped = cat("the signer fails: ", credential.error().message);
        return {};
    }

    livepeer::RunnerPayment pay(const std::string& demanded, std::string& stopped) {
        const auto demand = livepeer::read_payment_demand(demanded);
        if (!demand) {
            stopped = cat("status 402: \"", livepeer::error_text(demanded), "\": ", demand.error().message);
            return {};
        }
        const auto body =
            livepeer::payment_request_body(*demand, way_.capability, *out_.offer->price, out_.offer->unit);
        const auto answer = ask("POST", terms_.signer + "/generate-live-payment", "Content-Type: application/json\r\n",
                                body, step_timeout_ms, true);
        if (!answer || answer->status != 200) {
            stopped = cat("the signer makes no payment: ", answer ? status_text(*answer) : answer.error().message);
            return {};
        }
        auto payment = livepeer::read_runner_payment(answer->body);
        if (payment) return *payment;
        stopped = cat("the signer makes no payment: ", payment.error().message);
        return {};
    }

    [[nodiscard]] std::string path_of_call() const {
        const auto url_path = way_.url_path();
        return url_path.substr(std::string_view("/process/request").size());
    }

    // What a payment by the second has left counts, where there was one.
    [[nodiscard]] std::uint32_t call_timeout_ms() const {
        const auto configured = std::int64_t{way_.timeout_s} * 1000;
        if (!priced() || out_.offer->unit == "fixed") return static_cast<std::uint32_t>(configured);
        const auto used = out_.paid.empty() ? std::chrono::nanoseconds(0) : std::chrono::steady_clock::now() - paid_at_;
        const auto left = paid_ms - std::chrono::duration_cast<std::chrono::milliseconds>(used).count();
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, configured));
    }

    Stop take(const Result<http::HttpResponse>& answer, std::chrono::steady_clock::time_point began) {
        out_.took_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
        if (!answer) return Stopped{outcome_of(answer.error()), answer.error().message};
        out_.answer.status = answer->status;
        out_.answer.body = answer->body;
        return std::nullopt;
    }

    Stop call(const std::string& runner, const std::string& body) {
        out_.url = runner + path_of_call();
        const auto began = std::chrono::steady_clock::now();
        std::string stopped;
        const auto answer = send_paid(out_.url, body, call_timeout_ms(), stopped);
        if (!stopped.empty()) return Stopped{Outcome::unexpected, std::move(stopped)};
        return take(answer, began);
    }

    Stop call_in_session(const std::string& body) {
        out_.url = base_ + out_.offer->path;
        std::string stopped;
        const auto given = send_paid(out_.url, "{}", step_timeout_ms, stopped);
        if (!stopped.empty()) return Stopped{Outcome::unexpected, std::move(stopped)};
        if (!given) return Stopped{outcome_of(given.error()), cat("session: ", given.error().message)};
        out_.answer.status = given->status;
        if (given->status != 200) return Stopped{Outcome::unexpected, cat("session: ", status_text(*given))};
        const auto session = livepeer::read_runner_session(given->body, base_, out_.offer->origin);
        if (!session) return Stopped{Outcome::unexpected, cat("session: ", session.error().message)};
        auto end = session->app.empty() ? Stop(Stopped{Outcome::unexpected, cat("session: ", session->refusal)})
                                        : call_once(session->app, body);
        const auto over = ask("POST", base_ + session->control + "/stop", "", "", step_timeout_ms);
        out_.session = cat(session->control, ": ",
                           !over                                       ? over.error().message
                           : over->status >= 200 && over->status < 300 ? std::string("ended")
                                                                       : status_text(*over));
        return end;
    }

    Stop call_once(const std::string& app, const std::string& body) {
        out_.url = base_ + app + path_of_call();
        const auto began = std::chrono::steady_clock::now();
        return take(ask("POST", out_.url, "Content-Type: application/json\r\n", body, call_timeout_ms()), began);
    }

    http::CurlClient& client_;
    const Way& way_;
    const RunnerTerms& terms_;
    const std::string base_;
    RunnerCall out_;
    std::chrono::steady_clock::time_point paid_at_;
};

}  // namespace

Result<RunnerCall> call_runner(const Way& way, const RunnerTerms& terms, const Asked& asked, const std::string& body,
                               const Check& check) {
    STIPEND_LET(client, http::CurlClient::create());
    return Caller(*client, way, terms, asked).run(body, check);
}

RunnerCall call_offer(http::CurlClient& client, const Way& way, const RunnerTerms& terms, const Asked& asked,
                      const livepeer::RunnerOffer& offer, const std::string& body) {
    return Caller(client, way, terms, asked).run_offer(offer, body);
}

std::string refusal_of_price(const livepeer::RunnerOffer& offer, const RunnerTerms& terms) {
    if (is_free(offer)) return {};
    if (!livepeer::first_cost(offer)) return cat("its price is per ", offer.unit);
    const bool fixed = offer.unit == "fixed";
    const auto& most = fixed ? terms.max_price : terms.max_second;
    if (!(most < *offer.price)) return {};
    return cat("it asks ", offer.price->text(), fixed ? " wei for a call" : " wei for a second", ", want at most ",
               most.text(), fixed ? " (--max-price)" : " (--max-price-per-second)");
}

Result<RunnerCall> look_at_runner(const Way& way, const Asked& asked) {
    STIPEND_LET(client, http::CurlClient::create());
    const RunnerTerms none;
    return Caller(*client, way, none, asked).look();
}

Result<Lead> lead_to_runner(const RunnerCall& found, const Asked& asked, Way way, const RunnerTerms& terms) {
    if (!found.offer) return fail(STIPEND_E_INVALID, found.judged.why);
    if (const auto why = refusal_of_price(*found.offer, terms); !why.empty()) {
        return fail(STIPEND_E_INVALID, why, terms.signer.empty() ? ": a load pays with --pay only" : "");
    }
    way.gateway = std::string(livepeer::without_slash(asked.address));
    if (!found.offer->single_shot || !is_free(*found.offer)) return Lead{std::move(way), found.offer};
    way.runner_path = found.offer->path;
    return Lead{std::move(way), std::nullopt};
}

}  // namespace stipend::jobs
