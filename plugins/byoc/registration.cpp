#include "registration.hpp"

#include <botan/system_rng.h>

#include <algorithm>

#include "stipend/hex.hpp"
#include "wire.hpp"
#include "worker_answers.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::uint64_t most_answer = 65'536;  // bytes
constexpr std::string_view owner_key = "owner";

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
    out.set("capacity", settings.capacity);
    out.set("price_per_unit", settings.price_per_unit);
    out.set("price_scaling", settings.price_scaling);
    out.set("currency", "wei");
    if (!settings.token.empty()) out.set("token", settings.token);
    return out.dump();
}

}  // namespace

Registration::Registration(const WorkerSettings& settings, stipend::Host host, std::string token_header,
                           std::function<bool()> idle)
    : settings_(settings),
      host_(host),
      token_header_(std::move(token_header)),
      idle_(std::move(idle)),
      me_(stipend::hex_encode(random_bytes(8))),
      random_(static_cast<std::minstd_rand::result_type>(std::hash<std::string>()(me_))),
      registrations_(stipend::Metric::counter(host, "registrations_total", "Registrations of the capability")),
      probes_failed_(stipend::Metric::counter(host, "probes_failed_total", "Probes that the orchestrator left open")) {}

void Registration::begin() {
    if (settings_.tls_mode == STIPEND_TLS_NONE && settings_.orchestrator.starts_with("https:")) {
        host_.log(STIPEND_LOG_WARN, cat("the secret is sent to any server at ", settings_.orchestrator,
                                        " (tls: none); pin_sha256 names the one certificate to trust"));
    }
    // From now on an older instance of this name does not unregister the capability when it ends.
    if (auto kept = host_.kv_put(owner_key, me_); !kept) {
        host_.log(STIPEND_LOG_WARN, cat("the registration is not stored: ", kept.error().message));
    }
    register_now();
}

void Registration::register_now() {
    const auto headers = cat("Content-Type: application/json\r\nAuthorization: ", settings_.secret, "\r\n");
    auto sent = send("POST", "/capability/register", headers, registration_body(settings_), register_timeout_ms,
                     [this](const HttpReply& reply) {
                         exchange_ = 0;
                         if (!stopping_) registered(reply);
                     });
    if (sent) {
        exchange_ = *sent;
        return;
    }
    note(Trouble::down, sent.error().message);
    after(longest_pause_ns, &Registration::register_now);
}

void Registration::registered(const HttpReply& reply) {
    if (reply.status == STIPEND_OK && reply.http_status() == 200) {
        registrations_.record(1);
        ++count_;
        failures_ = 0;
        capacity_ = -1;
        registered_at_ = host_.monotonic();
        since_ = host_.now();
        note(Trouble::none, "");
        host_.log(STIPEND_LOG_INFO, cat("registered ", settings_.capability, " with ", settings_.orchestrator, ": ",
                                        settings_.url, ", capacity ", settings_.capacity));
        return after(settings_.probe_every_ns, &Registration::probe);
    }
    const auto said = printable(reply.body(), 120);
    if (reply.status == STIPEND_E_UNAVAILABLE && reply.phase() == STIPEND_HTTP_TLS) {
        note(Trouble::tls, cat("TLS fails: ", reply.error, "; if the certificate is its own, `stipend byoc pin ",
                               settings_.orchestrator, "` shows the pin_sha256"));
    } else if (reply.status != STIPEND_OK) {
        note(Trouble::down, cat("no answer: ", reply.error));
    } else if (reply.http_status() == 400 && reply.body().starts_with("invalid authorization")) {
        note(Trouble::secret, "wrong secret: it is to be the orchestrator's -orchSecret");
    } else {
        note(Trouble::refused, cat("refused with status ", reply.http_status(), ": \"", said, "\""));
    }
    ++failures_;
    const auto base = std::min(first_pause_ns << std::min<std::int64_t>(failures_ - 1, 5), longest_pause_ns);
    const auto pause = base - base / 4 + random_up_to(base / 2);
    after(std::clamp(pause, first_pause_ns, longest_pause_ns), &Registration::register_now);
}

void Registration::probe() {
    auto sent = ask_token(probe_timeout_ms, [this](const Token& token) {
        exchange_ = 0;
        if (!stopping_) probed(token);
    });
    if (sent) {
        exchange_ = *sent;
        return;
    }
    note(Trouble::down, sent.error().message);
    after(settings_.probe_every_ns, &Registration::probe);
}

void Registration::probed(const Token& token) {
    const bool told = token.said == Token::Said::price;
    const bool none_free = told && token.tells_capacity && token.capacity <= 0;
    capacity_ = told && token.tells_capacity ? token.capacity : -1;
    if (none_free && idle_()) return lost();
    if (!told) {
        probes_failed_.record(1);
        const bool unseen = token.said == Token::Said::unseen;
        note(unseen ? Trouble::down : Trouble::odd,
             cat(unseen ? "no answer: " : "its token says nothing of the capability: ", token.why));
    } else {
        note(Trouble::none, "");
    }
    after(settings_.probe_every_ns, &Registration::probe);
}

void Registration::lost() {
    note(Trouble::lost,
         "it offers no slot for the capability while no job is in hand: it was restarted, dropped the "
         "capability, or lost count of its slots");
    const auto wait = registered_at_ + spacing_ns - host_.monotonic();
    // The probe at that time decides again.
    if (wait > 0) return after(std::min(wait, settings_.probe_every_ns), &Registration::probe);
    after(random_up_to(most_jitter_ns), &Registration::register_now);
}

void Registration::farewell() {
    stopping_ = true;
    timer_.reset();
    const bool under_way = exchange_ != 0;
    if (under_way) host_.cancel_http(exchange_);
    if (count_ == 0 && !under_way) return;
    // The probe comes first: an unreachable orchestrator is not waited for twice, and by the time of its response a
    // replacement of this instance has registered itself in `owner_key`.
    const auto sent = ask_token(farewell_timeout_ms, [this](const Token& token) {
        if (token.said != Token::Said::unseen) return unregister();
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
    const auto sent = send("POST", "/capability/unregister", headers, settings_.capability, farewell_timeout_ms,
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

void Registration::note(Trouble trouble, const std::string& what) {
    Trouble before = Trouble::none;
    {
        const std::lock_guard lock(mutex_);
        before = std::exchange(trouble_, trouble);
        what_ = what;
    }
    if (before == trouble) return;
    if (trouble != Trouble::none) {
        host_.log(STIPEND_LOG_WARN, cat(settings_.capability, " and ", settings_.orchestrator, ": ", what,
                                        "; the worker goes on serving"));
    } else if (before != Trouble::starting) {
        host_.log(STIPEND_LOG_INFO, cat(settings_.capability, " and ", settings_.orchestrator, ": all is well again"));
    }
}

void Registration::after(std::int64_t ns, void (Registration::*step)()) {
    timer_ = std::make_unique<stipend::Timer>(host_, ns, [this, step] { (this->*step)(); });
    if (!timer_->armed()) {
        host_.log(STIPEND_LOG_ERROR, "the host takes no timer: the registration is not looked after any more");
    }
}

Result<stipend_op> Registration::send(std::string_view method, std::string_view path, std::string_view headers,
                                      std::string_view body, std::uint32_t timeout_ms, stipend::Host::HttpDone done) {
    const auto url = cat(settings_.orchestrator, path);
    stipend::HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = headers;
    request.body = body;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = most_answer;
    request.tls_mode = settings_.tls_mode;
    request.pin_sha256 = settings_.pin_sha256;
    return host_.http(request, std::move(done));
}

Result<stipend_op> Registration::ask_token(std::uint32_t timeout_ms, stipend::UniqueFunction<void(const Token&)> done) {
    const auto headers =
        cat("Livepeer-Eth-Address: ", token_header_, "\r\nLivepeer-Capability: ", settings_.capability, "\r\n");
    return send("GET", "/process/token", headers, "", timeout_ms,
                [done = std::move(done)](const HttpReply& reply) mutable { done(read_token(reply)); });
}

std::int64_t Registration::random_up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
}

Json Registration::report() const {
    const std::lock_guard lock(mutex_);
    auto out = Json::object();
    const auto state = count_ == 0 || trouble_ == Trouble::lost || failures_ > 0 ? "registering" : "registered";
    out.set("state", stopping_ ? "ending" : state);
    out.set("orchestrator", settings_.orchestrator);
    if (count_ != 0) out.set("since", rfc3339_text(since_));
    if (!what_.empty()) out.set("problem", what_);
    if (capacity_ >= 0) out.set("available_capacity", capacity_);
    out.set("registrations", count_);
    return out;
}

Result<void> Registration::health() const {
    const std::lock_guard lock(mutex_);
    if (trouble_ == Trouble::none) return {};
    return fail(STIPEND_E_UNAVAILABLE, settings_.capability, " and ", settings_.orchestrator, ": ", what_);
}

}  // namespace byoc
