// The manager and the orchestrators that joined over the network: what is approved is paid as if the configuration
// listed it.
#include <algorithm>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/engine/manager.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t history_patience_ns = 5 * ns_per_s;
constexpr std::size_t named_in_alert = 5;
constexpr std::int64_t change_look_ns = 60 * ns_per_s;

std::vector<IpRange> allowed_of(const config::Registration& registration) {
    std::vector<IpRange> out;
    for (const auto& text : registration.allowed_networks) {
        if (const auto range = IpRange::parse(text)) out.push_back(*range);
    }
    return out;
}

Result<void> known_terms(const config::Settings& settings, const std::string& capability, const std::string& network) {
    if (!capability.empty() && std::ranges::find(settings.capabilities, capability, &config::Capability::name) ==
                                   settings.capabilities.end()) {
        return fail(STIPEND_E_INVALID, "\"capability\": got \"", printable_line(clip(capability, 64)),
                    "\", want one of `capabilities` in the configuration");
    }
    if (!network.empty() &&
        std::ranges::find(settings.networks, network, &config::PaidNetwork::name) == settings.networks.end()) {
        return fail(STIPEND_E_INVALID, "\"network\": got \"", printable_line(clip(network, 64)),
                    "\", want one of `networks` in the configuration");
    }
    return {};
}

std::string first_names(const std::vector<std::string>& all) {
    std::string out;
    for (std::size_t at = 0; at < all.size() && at < named_in_alert; ++at) out += cat(at == 0 ? "" : ", ", all[at]);
    if (all.size() > named_in_alert) out += ", ...";
    return out;
}

}  // namespace

void Manager::open_registrations(const config::Settings& settings, bool make) {
    if (registrations_ || !registrations_fault_.empty()) return;
    const auto file = registry::registry_file(settings.state);
    std::error_code none;
    if (!make && !std::filesystem::exists(file, none)) return;
    auto opened = registry::RegistrationStore::open(file);
    if (opened) {
        (*opened)->delay_changes(settings.registration.change_delay_ns);
        registrations_ = std::move(*opened);
    } else {
        registrations_fault_ = opened.error().message;
    }
}

// Before there is an engine, nothing is raised: `open` calls it again.
void Manager::report_registrations() {
    if (!engine_) return;
    const auto now = host_.now();
    if (!registrations_fault_.empty()) {
        engine_->raise({.id = "registry",
                        .severity = STIPEND_ALERT_CRITICAL,
                        .text = cat("the registrations cannot be used, so that none of them is paid: ",
                                    registrations_fault_, ". Mend the file, and restart"),
                        .at = now});
    }
    if (!plan_ || plan_->without_terms.empty()) {
        engine_->resolve("invitations", now);
    } else {
        engine_->raise({.id = "invitations",
                        .severity = STIPEND_ALERT_WARNING,
                        .text = cat(plan_->without_terms.size(),
                                    " approved orchestrators are left out, since the configuration no longer has the "
                                    "capability or the network that their invitation names: ",
                                    first_names(plan_->without_terms)),
                        .at = now});
    }
    if (!plan_ || plan_->left_out.empty()) return engine_->resolve("registrations", now);
    engine_->raise(
        {.id = "registrations",
         .severity = STIPEND_ALERT_WARNING,
         .text = cat(plan_->left_out.size(),
                     " approved orchestrators are left out, since the configuration has their id, endpoint, "
                     "payout address or key: ",
                     first_names(plan_->left_out), ". Remove them there or by `stipend orchestrator remove`"),
         .at = now});
}

std::unique_ptr<Registrar> Manager::make_registrar() {
    if (!registrations_) return nullptr;
    const auto& settings = plan_->settings;
    connect_back_ =
        std::make_shared<ConnectBack>(host_.http(), [&log = host_.log()](const std::string& line) { log.info(line); });
    return std::make_unique<Registrar>(RegistrarParts{
        .store = registrations_,
        .clock = &host_.clock(),
        .log = [this](const std::string& line) { host_.log().info(line); },
        .has_history =
            [this](const std::string& id) {
                return host_.loop().ask_within(history_patience_ns, [this, id] {
                    return engine_->payees().find(std::string_view(id)).has_value();
                });
            },
        .configured =
            [this] {
                const std::lock_guard lock(configured_mutex_);
                return configured_;
            },
        .proven = [this](const std::string& id) { proofs_.proven(id, host_.now()); },
        .not_checked = [this](const std::string& id) { proofs_.not_checked(id, host_.now()); },
        .connect_back = connect_back_,
        .proof_interval_ns = settings.registration.proof_interval_ns,
        .pending_changed = [this] { host_.loop().post([this] { next_change_look_ = 0; }); },
        .changed = [this] { host_.apply_again(); },
        .origin = ManagerApi::origin_of(settings),
        .common_secret = settings.registration.open() ? settings.registration.secret : std::string(),
        .known_terms = [this](const std::string& capability, const std::string& network) -> Result<void> {
            STIPEND_LET(known, host_.loop().ask_within(history_patience_ns, [this, capability, network] {
                return known_terms(plan_->settings, capability, network);
            }));
            return known;
        },
        .allowed = allowed_of(settings.registration)});
}

// Payments and the operator's own alerts go on without it.
void Manager::open_targets() {
    if (!registrations_ || targets_) return;
    const auto& settings = plan_->settings;
    auto opened = TargetDesk::open(
        {.lane = host_.make_lane(),
         .http = &host_.http(),
         .file = alert::own_target_file(settings.state),
         .now = [this] { return host_.now(); },
         .log = [this](const std::string& line) { host_.log().info(line); },
         .alert =
             [this](const std::string& id, const std::string& why) {
                 host_.loop().post([this, id, why] {
                     const auto name = "alert-target:" + id;
                     if (why.empty()) return engine_->resolve(name, host_.now());
                     engine_->raise({.id = name,
                                     .severity = STIPEND_ALERT_WARNING,
                                     .text = cat("the own target of alerts of ", id, " is switched off after ",
                                                 alert::most_failures, " failures in a row, the last one: ", why),
                                     .at = host_.now()});
                 });
             },
         .store_alert = [this](const std::string& text) { host_.loop().post([this, text] { targets_stored(text); }); },
         .registered_at = [store = registrations_](std::string_view id) -> Result<std::optional<stipend_unix_ns>> {
             STIPEND_LET(found, store->find(id));
             if (!found || found->state == registry::RegistrationState::removed || !found->approved_at) {
                 return std::optional<stipend_unix_ns>();
             }
             return std::optional(found->created_at);
         },
         .ca_file = settings.registration.webhook_ca,
         .allowed = allowed_of(settings.registration)});
    if (!opened) {
        return targets_stored(
            cat("orchestrators do not get their own alerts: ", opened.error().message, ". Mend the file, and restart"));
    }
    targets_stored("");
    targets_ = std::move(*opened);
    targets_->set_mail_server(mail_server_of(settings.alerts));
    // What ended while the host was down.
    for (const auto& id : targets_->with_sign(alert::sign_objection)) {
        if (!engine_->alerts().active("objection:" + id)) tell("objection:" + id, false);
    }
}

// An empty text: they are stored.
void Manager::targets_stored(const std::string& fault) {
    constexpr const char* name = "alert-targets";
    if (fault.empty()) return engine_->resolve(name, host_.now());
    engine_->raise({.id = name, .severity = STIPEND_ALERT_WARNING, .text = fault, .at = host_.now()});
}

// Changes that wait: those whose time has come are put in force, and the others are alerts, which their payees get too.
void Manager::watch_changes(stipend_unix_ns now) {
    if (!registrations_ || !registrar_ || now < next_change_look_) return;
    next_change_look_ = now + change_look_ns;
    host_.blocking().post([this, now, store = registrations_] {
        auto applied = store->apply_changes(now);
        auto waiting = store->pending_changes();
        host_.loop().post([this, applied = std::move(applied), waiting = std::move(waiting)] {
            if (!applied || !waiting) {
                return host_.log().error("changes of registrations: " +
                                         (applied ? waiting.error() : applied.error()).message);
            }
            changes_seen(*applied, *waiting);
        });
    });
}

void Manager::changes_seen(const std::vector<registry::Outcome>& applied,
                           const std::vector<registry::PendingChange>& waiting) {
    const auto now = host_.now();
    for (const auto& one : applied) {
        const auto& id = one.registration.stated.id;
        host_.log().info(cat(
            "registration: ", one.why.empty() ? std::string("a change is in force") : "a change is dropped: " + one.why,
            ": ", id));
        if (one.terms_changed) host_.apply_again();
    }
    std::map<std::string, std::string> texts;
    for (const auto& change : waiting) {
        std::string what;
        if (!change.payout_address.empty()) what += "payout address becomes " + change.payout_address;
        if (!change.worker_key.empty()) {
            what += cat(what.empty() ? "" : ", its ", "worker's key becomes ", change.worker_key);
        }
        texts.emplace("change:" + change.id,
                      cat("its ", what, " at ", utc_text(change.effective_at), ", as ", printable_line(change.by),
                          " asked: the orchestrator, or an administrator, may cancel it until then"));
        next_change_look_ = std::min(next_change_look_, change.effective_at);
    }
    // An alert is raised once: again only where it is another change by now.
    for (const auto& [id, text] : changes_alerted_) {
        if (const auto found = texts.find(id); found == texts.end() || found->second != text) engine_->resolve(id, now);
    }
    for (const auto& [id, text] : texts) {
        engine_->raise({.id = id, .severity = STIPEND_ALERT_WARNING, .text = text, .at = now});
    }
    changes_alerted_ = std::move(texts);
    if (!targets_) return;
    for (const auto& id : targets_->with_sign(alert::sign_change)) {
        if (!changes_alerted_.contains("change:" + id)) tell("change:" + id, false);
    }
}

std::optional<JobResult> Manager::without_proof(const std::string& key) const {
    const auto& rules = plan_->settings.registration;
    if (rules.proofs != config::Proofs::required) return std::nullopt;
    const auto patience_ns = rules.proof_interval_ns + rules.heartbeat_timeout_ns;
    const auto standing = proofs_.standing(key, patience_ns, host_.now());
    const auto endpoint = connect_back_ ? connect_back_->seen(key) : ConnectBack::Seen();
    const bool reached = endpoint.verdict != ConnectBack::Verdict::failed;
    if (standing == ProofBook::Standing::good && reached) return std::nullopt;
    JobResult out;
    if (standing == ProofBook::Standing::good) {
        out.outcome = STIPEND_JOB_FAILED;
        out.reason = cat("its endpoint is not reached: ", endpoint.why);
        return out;
    }
    if (!api_) {
        out.reason = "no proof can come, since the API is not served";
    } else if (standing == ProofBook::Standing::unheard) {
        out.reason = "no proof yet since this host started, or since it was approved";
    } else {
        out.outcome = STIPEND_JOB_FAILED;
        out.reason = cat("no proof for more than ", duration_text(patience_ns));
    }
    return out;
}

}  // namespace stipend::engine
