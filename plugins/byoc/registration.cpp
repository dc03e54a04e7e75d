#include "registration.hpp"

#include <botan/system_rng.h>

#include <algorithm>

#include "livepeer/wire.hpp"
#include "livepeer/worker_answers.hpp"
#include "stipend/hex.hpp"

namespace byoc {

using stipend::cat;
using stipend::HttpReply;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::string_view owner_key = "owner";
constexpr std::string_view registered_key = "registered_at";  // of any instance of this name, unix nanoseconds

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    Botan::system_rng().randomize(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
    return out;
}

std::string registration_body(const WorkerSettings& settings) {
    auto out = Json::object();
    out.set("name", settings.capability);
    out.set("description", settings.description);
    out.set("url", settings.url);
    out.set("capacity", settings.capacity_announced);
    out.set("price_per_unit", settings.price_per_unit);
    out.set("price_scaling", settings.price_scaling);
    out.set("currency", "wei");
    if (!settings.token.empty()) out.set("token", settings.token);
    return out.dump();
}

// Whether a registration may have been carried out, though no response says so.
bool may_be_registered(const HttpReply& reply) {
    return reply.status == STIPEND_OK ? reply.http_status() == 200 : reply.phase() >= STIPEND_HTTP_SENT;
}

}  // namespace

Registration::Registration(const WorkerSettings& settings, stipend::Host host, std::string token_header,
                           std::function<bool()> idle)
    : settings_(settings),
      host_(host),
      orchestrator_(settings, host),
      token_header_(std::move(token_header)),
      idle_(std::move(idle)),
      me_(stipend::hex_encode(random_bytes(8))),
      random_(static_cast<std::minstd_rand::result_type>(std::hash<std::string>()(me_))),
      registrations_(stipend::Metric::counter(host, "registrations_total", "Registrations of the capability")),
      probes_failed_(stipend::Metric::counter(host, "probes_failed_total", "Probes that the orchestrator left open")) {}

void Registration::begin() {
    orchestrator_.warn_of_secret();
    // From now on an older instance of this name does not unregister the capability when it ends.
    if (auto kept = host_.kv_put(owner_key, me_); !kept) {
        host_.log(STIPEND_LOG_WARN, cat("the registration is not stored: ", kept.error().message));
    }
    // An instance before this one may have registered a moment ago.
    const auto stored = host_.kv_get(registered_key);
    const auto number = stored ? stipend::Decimal::parse(*stored) : stipend::Decimal::parse("0");
    const auto at = number ? number->exact_scaled(0) : Result<std::int64_t>(0);
    const auto since = host_.now() - (at ? *at : 0);
    if (since >= 0 && since < least_spacing_ns) return after(least_spacing_ns - since, &Registration::register_now);
    register_now();
}

void Registration::register_now() {
    if (const auto wait = registered_at_ + least_spacing_ns - host_.monotonic(); registered_at_ != 0 && wait > 0) {
        return after(wait, &Registration::register_now);
    }
    const auto headers = cat("Content-Type: application/json\r\nAuthorization: ", settings_.secret, "\r\n");
    auto sent = orchestrator_.send("POST", "/capability/register", headers, registration_body(settings_),
                                   register_timeout_ms, [this](const HttpReply& reply) {
                                       exchange_ = 0;
                                       if (!stopping_) registered(reply);
                                   });
    if (sent) {
        exchange_ = *sent;
        return;
    }
    orchestrator_.note(Trouble::down, sent.error().message);
    after(longest_pause_ns, &Registration::register_now);
}

void Registration::registered(const HttpReply& reply) {
    note_certificate(stipend::view(reply.response->tls_sha256));
    if (may_be_registered(reply)) {
        registered_at_ = host_.monotonic();
        if (auto kept = host_.kv_put(registered_key, std::to_string(host_.now())); !kept) {
            host_.log(STIPEND_LOG_WARN, cat("the registration is not stored: ", kept.error().message));
        }
    }
    if (reply.status == STIPEND_OK && reply.http_status() == 200) {
        registrations_.record(1);
        ++count_;
        failures_ = 0;
        capacity_ = -1;
        since_ = host_.now();
        new_process_ = false;
        unanswered_since_ = 0;
        refresh_ns_ = least_refresh_ns + random_up_to(most_refresh_ns - least_refresh_ns);
        orchestrator_.note(Trouble::none, "");
        host_.log(STIPEND_LOG_INFO, cat("registered ", settings_.capability, " with ", settings_.orchestrator, ": ",
                                        settings_.url, ", capacity ", settings_.capacity_announced));
        return after(settings_.probe_every_ns, &Registration::probe);
    }
    if (reply.cause() == STIPEND_HTTP_CAUSE_CERTIFICATE) {
        orchestrator_.note(Trouble::tls, orchestrator_.certificate_trouble(reply.error));
    } else if (reply.status != STIPEND_OK) {
        orchestrator_.note(Trouble::down, cat("no answer: ", reply.error));
    } else if (reply.http_status() == 400 && reply.body().starts_with("invalid authorization")) {
        orchestrator_.note(Trouble::secret, "wrong secret: it is to be the orchestrator's -orchSecret");
    } else if (const auto advice = livepeer::https_advice(reply.http_status(), reply.body()); !advice.empty()) {
        orchestrator_.note(Trouble::refused, advice);
    } else {
        orchestrator_.note(Trouble::refused, cat("refused with status ", reply.http_status(), ": \"",
                                                 livepeer::printable(reply.body(), 120), "\""));
    }
    ++failures_;
    const auto base = std::min(first_pause_ns << std::min<std::int64_t>(failures_ - 1, 5), longest_pause_ns);
    const auto pause = base - base / 4 + random_up_to(base / 2);
    after(std::clamp(pause, first_pause_ns, longest_pause_ns), &Registration::register_now);
}

void Registration::note_certificate(std::string_view sha256) {
    if (sha256.empty()) return;
    if (!certificate_.empty() && certificate_ != sha256) new_process_ = true;
    certificate_ = sha256;
}

void Registration::job_arrived() {
    const auto now = host_.monotonic();
    if (last_job_ != 0) job_gap_ns_ = std::clamp(now - last_job_, settings_.probe_every_ns, most_refresh_ns);
    last_job_ = now;
    silence_used_ = false;
}

void Registration::probe() {
    auto sent = ask_token(probe_timeout_ms, [this](const livepeer::Token& token) {
        exchange_ = 0;
        if (!stopping_) probed(token);
    });
    if (sent) {
        exchange_ = *sent;
        return;
    }
    orchestrator_.note(Trouble::down, sent.error().message);
    after(settings_.probe_every_ns, &Registration::probe);
}

void Registration::probed(const livepeer::Token& token) {
    if (token.said == livepeer::Token::Said::unseen) return probe_failed(token);
    unanswered_since_ = 0;
    note_certificate(token.certificate);
    const bool priced = token.said == livepeer::Token::Said::price;
    capacity_ = token.tells_capacity ? token.capacity : -1;
    unseen_ = !priced && !token.none_free();
    if (token.none_free() && idle_()) {
        return lost(
            "it offers no slot for the capability while no job is in hand: it was restarted, dropped the "
            "capability, or lost count of its slots",
            new_process_ ? Haste::new_process : Haste::usual);
    }
    if (unseen_) {
        // An orchestrator that charges refuses a price to each sender without a reserve.
        if (token.no_reserve) {
            orchestrator_.note(Trouble::none, "");
        } else {
            probes_failed_.record(1);
            orchestrator_.note(Trouble::odd, cat("its token says nothing of the capability: ", token.why));
        }
        if (const auto why = unseen_loss(); !why.empty() && idle_()) {
            silence_used_ = true;
            return lost(why, new_process_ ? Haste::new_process : Haste::usual);
        }
    } else {
        new_process_ = false;  // it has the capability
        orchestrator_.note(Trouble::none, "");
    }
    after(settings_.probe_every_ns, &Registration::probe);
}

void Registration::probe_failed(const livepeer::Token& token) {
    probes_failed_.record(1);
    const auto now = host_.monotonic();
    if (unanswered_since_ == 0) unanswered_since_ = now;
    if (token.cause == STIPEND_HTTP_CAUSE_CERTIFICATE) {
        orchestrator_.note(Trouble::tls, orchestrator_.certificate_trouble(token.why));
    } else {
        orchestrator_.note(Trouble::down, cat("no answer: ", token.why));
    }
    if (token.gone()) new_process_ = true;
    // Soon, where a process is on its way back.
    const bool soon = token.gone() && now - unanswered_since_ < fast_probes_for_ns;
    after(soon ? std::min(fast_probe_ns, settings_.probe_every_ns) : settings_.probe_every_ns, &Registration::probe);
}

std::string Registration::unseen_loss() const {
    if (new_process_) return "it was restarted, and it states no price by which the capability could be seen";
    const auto now = host_.monotonic();
    if (now - registered_at_ >= refresh_ns_) return "it states no price by which the capability could be seen";
    if (!silence_used_ && now - std::max(last_job_, registered_at_) > silent_gaps * job_gap_ns_) {
        return cat("no job arrived for ", stipend::duration_text(silent_gaps * job_gap_ns_),
                   ", and it states no price by which the capability could be seen");
    }
    return {};
}

void Registration::lost(const std::string& why, Haste haste) {
    orchestrator_.note(Trouble::lost, why);
    const bool at_once = haste == Haste::new_process;
    const auto wait = registered_at_ + (at_once ? least_spacing_ns : spacing_ns) - host_.monotonic();
    // The probe at that time decides again.
    if (wait > 0) return after(std::min(wait, settings_.probe_every_ns), &Registration::probe);
    after(random_up_to(at_once ? most_haste_jitter_ns : most_jitter_ns), &Registration::register_now);
}

void Registration::farewell() {
    stopping_ = true;
    timer_.reset();
    const bool under_way = exchange_ != 0;
    if (under_way) host_.cancel_http(exchange_);
    if (count_ == 0 && !under_way) return;
    // The probe comes first: an unreachable orchestrator is not waited for twice, and by the time of its response a
    // replacement of this instance has registered itself in `owner_key`.
    const auto sent = ask_token(farewell_timeout_ms, [this](const livepeer::Token& token) {
        if (token.said != livepeer::Token::Said::unseen) return unregister();
        host_.log(STIPEND_LOG_WARN, cat("not unregistered: ", settings_.orchestrator, ": ", token.why));
    });
    if (!sent) host_.log(STIPEND_LOG_WARN, cat("not unregistered: ", sent.error().message));
}

void Registration::unregister() {
    const auto owner = host_.kv_get(owner_key);
    if (owner && *owner != me_) {
        host_.log(STIPEND_LOG_INFO, cat(settings_.capability, " stays registered: another instance has taken over"));
        return;
    }
    const auto headers = cat("Content-Type: text/plain\r\nAuthorization: ", settings_.secret, "\r\n");
    const auto sent =
        orchestrator_.send("POST", "/capability/unregister", headers, settings_.capability, farewell_timeout_ms,
                           [this](const HttpReply& reply) {
                               const bool done = reply.status == STIPEND_OK && reply.http_status() == 200;
                               host_.log(done ? STIPEND_LOG_INFO : STIPEND_LOG_WARN,
                                         cat(done ? "unregistered " : "not unregistered: ", settings_.capability,
                                             done                  ? ""
                                             : reply.error.empty() ? cat(": status ", reply.http_status())
                                                                   : cat(": ", reply.error)));
                           });
    if (!sent) host_.log(STIPEND_LOG_WARN, cat("not unregistered: ", sent.error().message));
}

void Registration::after(std::int64_t ns, void (Registration::*step)()) {
    timer_ = std::make_unique<stipend::Timer>(host_, ns, [this, step] { (this->*step)(); });
    if (!timer_->armed()) {
        host_.log(STIPEND_LOG_ERROR, "the host takes no timer: the registration is not looked after any more");
    }
}

Result<stipend_op> Registration::ask_token(std::uint32_t timeout_ms,
                                           stipend::UniqueFunction<void(const livepeer::Token&)> done) {
    const auto headers =
        cat("Livepeer-Eth-Address: ", token_header_, "\r\nLivepeer-Capability: ", settings_.capability, "\r\n");
    return orchestrator_.send(
        "GET", "/process/token", headers, "", timeout_ms,
        [done = std::move(done)](const HttpReply& reply) mutable { done(livepeer::read_token(reply)); });
}

std::int64_t Registration::random_up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
}

Json Registration::report() const {
    const auto trouble = orchestrator_.trouble();
    const auto problem = orchestrator_.problem();
    auto out = Json::object();
    const bool registering = count_ == 0 || trouble == Trouble::lost || failures_ > 0;
    const auto state = registering ? "registering" : trouble == Trouble::none ? "registered" : "unconfirmed";
    out.set("state", stopping_ ? "ending" : state);
    out.set("orchestrator", settings_.orchestrator);
    if (count_ != 0) out.set("since", livepeer::rfc3339_text(since_));
    if (!problem.empty()) out.set("problem", problem);
    if (unseen_) out.set("visible", false);  // the orchestrator states no price to this sender
    if (capacity_ >= 0) out.set("available_capacity", capacity_);
    out.set("registrations", count_);
    return out;
}

}  // namespace byoc
