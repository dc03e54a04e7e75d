#include "host/engine/plugin_calls.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "host/base/keccak.hpp"
#include "host/plugin/record_check.hpp"
#include "stipend/abi/price.h"
#include "stipend/host.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_evidence_bytes = 64 << 10;
constexpr std::int64_t grace_ns = 5 * ns_per_s;  // for a plugin that answers at its own deadline

// By which debts are priced.
constexpr std::string_view rate_quote = "USD";

using Nonce = std::array<std::uint8_t, 16>;

// What a job is made of, kept alive until the plugin has taken it.
struct JobText {
    std::string id;
    Nonce nonce;
};

// The system is asked once for many.
std::optional<Nonce> random_nonce() {
    thread_local std::array<Nonce, 64> ready;
    thread_local std::size_t left = 0;
    if (left == 0) {
        if (::getrandom(ready.data(), sizeof ready, 0) != static_cast<ssize_t>(sizeof ready)) return std::nullopt;
        left = ready.size();
    }
    return ready[--left];
}

// A record that breaks its table is void: the job is UNKNOWN, and what it cost is unknown too.
JobResult void_result(const std::string& plugin_id, const Error& error) {
    JobResult out;
    out.defect = cat("submit: ", plugin_id, ": ", error.message);
    out.reason = out.defect.substr(0, ledger::max_reason_bytes);
    return out;
}

JobResult result_of(const stipend_job_result& given, const std::string& plugin_id) {
    if (const auto sound = plugin::check(given); !sound) return void_result(plugin_id, sound.error());
    stipend_job_result scratch{};
    const auto& from = stipend::detail::record_view(&given, scratch);
    JobResult out;
    out.outcome = from.outcome;
    out.flags = from.flags;
    if ((from.flags & STIPEND_RESULT_REPORTED) != 0) out.reported_ppm = from.reported_ppm;
    // What does not fit in an amount is more than any reservation, as its highest value is.
    const auto fee = SignedWei::of(Wei::from_abi(from.fee_wei));
    out.fee = fee ? *fee : SignedWei::highest();
    out.reason = plugin::line_of(view(from.reason), ledger::max_reason_bytes);
    const auto body = view(from.evidence).substr(0, max_evidence_bytes);
    out.evidence = {.http_status = from.http_status,
                    .served_by = plugin::line_of(view(from.served_by), ledger::max_key_bytes),
                    .latency_ns = from.latency_ns,
                    .window_s = from.reported_window_s,
                    .body_hash = body.empty() ? ledger::Hash{} : keccak256(body),
                    .body_head = std::string(body.substr(0, ledger::max_body_head_bytes))};
    return out;
}

}  // namespace

std::string job_id(std::string_view ns, std::string_view key, std::uint64_t epoch, std::uint32_t attempt) {
    return cat(ns, ":", key, ":", epoch, ":", attempt);
}

std::optional<JobName> parse_job_id(std::string_view ns, std::string_view id) {
    JobName out;
    std::string_view rest = id;
    const auto take = [&rest](auto& number) {
        const auto colon = rest.rfind(':');
        if (colon == std::string_view::npos) return false;
        const auto* end = rest.data() + rest.size();
        const auto [read, problem] = std::from_chars(rest.data() + colon + 1, end, number);
        rest = rest.substr(0, colon);
        return problem == std::errc() && read == end;
    };
    if (!take(out.attempt) || !take(out.epoch)) return std::nullopt;
    if (rest.size() <= ns.size() || !rest.starts_with(ns) || rest[ns.size()] != ':') return std::nullopt;
    out.key = rest.substr(ns.size() + 1);
    return job_id(ns, out.key, out.epoch, out.attempt) == id ? std::optional(out) : std::nullopt;
}

void submit_job(plugin::Instance& dispatch, const JobSpec& job, const registry::Payee& payee, const std::string& ns,
                std::int64_t deadline_ns, std::function<void(JobResult)> done) {
    const auto nonce = random_nonce();
    if (!nonce) {
        JobResult failed;
        failed.reason = "no random number for the job's nonce: the system refuses it";
        return done(std::move(failed));
    }
    const auto text = std::make_shared<JobText>(JobText{job_id(ns, payee.key, job.epoch, job.token.attempt), *nonce});
    const auto* table = static_cast<const stipend_dispatch_v1*>(dispatch.table(STIPEND_DISPATCH));
    // The payee's texts are copied: it may leave the configuration before the plugin's turn comes.
    dispatch.begin(
        [table, text, job, payee](stipend_instance* instance, stipend_completion completion, stipend_error* error) {
            stipend_job raw{};
            raw.size = sizeof raw;
            raw.attempt = job.token.attempt;
            raw.job_id = to_abi(text->id);
            raw.orchestrator_id = to_abi(payee.key);
            raw.address = to_abi(payee.address);
            raw.service_addresses = to_abi(payee.service_addresses);
            raw.capability = to_abi(payee.capability);
            raw.public_key = to_abi(payee.worker_key);
            raw.nonce = {text->nonce.data(), text->nonce.size()};
            raw.max_fee_wei = job.max_fee.magnitude().to_abi();
            raw.period_from = job.period_from;
            raw.period_to = job.period_to;
            raw.window_s = job.window_s;
            raw.flags = job.known ? std::uint32_t{STIPEND_JOB_KNOWN} : 0U;
            if (job.registered) raw.flags |= STIPEND_JOB_REGISTERED;
            if (job.call) {
                raw.flags |= STIPEND_JOB_CALL;
                raw.call_type = to_abi(job.call->type);
                raw.payload = to_abi(job.call->payload);
            }
            return table->submit(instance, &raw, completion, error);
        },
        [done = std::move(done), id = dispatch.chosen().plugin->id](Result<const void*> record) {
            if (record) return done(result_of(*static_cast<const stipend_job_result*>(*record), id));
            JobResult failed;
            failed.reason = "the dispatch plugin failed: " + record.error().message;
            done(std::move(failed));
        },
        {.what = "job", .deadline_ns = deadline_ns});
}

void inspect_offer(plugin::Instance& dispatch, const registry::Payee& payee, std::int64_t deadline_ns,
                   std::function<void(Result<Offer>)> done) {
    const auto* table = static_cast<const stipend_dispatch_v1*>(dispatch.table(STIPEND_DISPATCH));
    dispatch.begin(
        [table, payee](stipend_instance* instance, stipend_completion completion, stipend_error* error) {
            return table->inspect(instance, to_abi(payee.address), to_abi(payee.capability), completion, error);
        },
        [done = std::move(done), id = dispatch.chosen().plugin->id](Result<const void*> record) {
            if (!record) return done(std::move(record).error());
            const auto& given = *static_cast<const stipend_offer*>(*record);
            if (auto sound = plugin::check(given); !sound)
                return done(std::move(sound).error().in(cat("inspect: ", id)));
            stipend_offer scratch{};
            const auto& offer = stipend::detail::record_view(&given, scratch);
            done(Offer{.reachable = offer.reachable != 0,
                       .capacity = offer.capacity,
                       .price_per_s = Wei::from_abi(offer.price_wei_per_s),
                       .announced = plugin::line_of(view(offer.announced_address), ledger::max_key_bytes),
                       .latency_ns = offer.latency_ns});
        },
        {.what = "look at an offer", .deadline_ns = deadline_ns});
}

void fetch_rate(plugin::Instance& price, const std::string& asset, stipend_mono_ns now, std::int64_t within_ns,
                std::function<void(Result<Quote>)> done) {
    const auto deadline = now + within_ns;
    const auto* table = static_cast<const stipend_price_v1*>(price.table(STIPEND_PRICE));
    price.begin(
        [table, deadline, asset](stipend_instance* instance, stipend_completion completion, stipend_error* error) {
            return table->fetch(instance, to_abi(asset), to_abi(rate_quote), deadline, completion, error);
        },
        [done = std::move(done), asset, id = price.chosen().plugin->id](Result<const void*> record) {
            if (!record) return done(std::move(record).error());
            // An invalid quote puts payments on hold at once, unlike a source that does not answer.
            const auto refuse = [&](Error error) {
                error.permanent = true;
                done(std::move(error).in(cat("fetch: ", id)));
            };
            const auto& given = *static_cast<const stipend_quote*>(*record);
            if (auto sound = plugin::check(given, asset, rate_quote); !sound) {
                return refuse(std::move(sound).error());
            }
            stipend_quote scratch{};
            const auto& quote = stipend::detail::record_view(&given, scratch);
            auto rate = rate_e8(quote.mantissa, quote.exponent);
            if (!rate) return refuse(std::move(rate).error());
            done(Quote{*rate, quote.observed_at, quote.valid_until, plugin::line_of(view(quote.source), 128)});
        },
        {.what = "request for a rate", .deadline_ns = within_ns + grace_ns});
}

}  // namespace stipend::engine
