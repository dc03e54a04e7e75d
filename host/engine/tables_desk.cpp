#include "host/engine/tables_desk.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/config/plugin_config.hpp"
#include "host/engine/explain_policy.hpp"
#include "host/engine/settings_lint.hpp"
#include "host/runtime/role.hpp"
#include "stipend/duration.hpp"
#include "stipend/headers.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t present_wait_ns = 5 * ns_per_s;
constexpr std::int64_t replay_patience_ns = 10 * ns_per_s;
constexpr std::int64_t batch_patience_ns = 2 * ns_per_s;
constexpr std::size_t max_policies_shown = 16;
constexpr std::size_t max_changed = 20;  // orchestrators that a replay names
constexpr std::string_view tables_key = "tables";
constexpr std::string_view dynamic_policy = "payment-dynamic";  // the file, found as any plugin is
constexpr std::string_view dynamic_policy_id = "org.stipend.payment.dynamic";

// Every scalar as the text that was written, so that no number becomes a binary one on its way.
Json texts_of(const config::Node& node) {
    using Kind = config::Node::Kind;
    if (node.is(Kind::null)) return {};
    if (node.is(Kind::scalar)) return node.secret ? Json("<secret>") : Json(node.text);
    const bool list = node.is(Kind::sequence);
    auto out = list ? Json::array() : Json::object();
    for (const auto& child : node.children) {
        if (list) {
            out.push(texts_of(child));
        } else {
            out.append(child.key, texts_of(child));
        }
    }
    return out;
}

// What the plugin brings by itself: the default of its option `tables`.
config::Node shipped_tables(const plugin::Description& plugin) {
    config::Node none;
    none.kind = config::Node::Kind::mapping;
    const auto schema = parse_json(plugin.config_schema, {.bytes = plugin::max_schema_bytes});
    const Json* at = schema ? &*schema : nullptr;
    for (const auto* step : {"properties", "tables", "default"}) at = at == nullptr ? nullptr : at->find(step);
    return at != nullptr && at->is(Json::Kind::object) ? config::from_json(*at) : none;
}

void add_tables(Json& out, std::set<std::string>& known, const config::Node* tables, std::string_view origin,
                const config::Node* only = nullptr) {
    if (tables == nullptr || !tables->is(config::Node::Kind::mapping)) return;
    for (const auto& table : tables->children) {
        if (only != nullptr && only->find(table.key) == nullptr) continue;
        if (!known.insert(table.key).second) continue;
        out.push(Json::object().append("name", table.key).append("origin", origin).append("rows", texts_of(table)));
    }
}

// Each table with where it comes from: the file, the configuration, or the plugin.
Json tables_json(const config::Settings& settings, const config::Node* of_file, const plugin::Description& plugin) {
    auto out = Json::array();
    std::set<std::string> known;
    add_tables(out, known, of_file, "file");
    const auto& config = settings.payment.policy.config;
    add_tables(out, known, config ? config->find(tables_key) : nullptr, "configuration");
    const auto shipped = shipped_tables(plugin);
    add_tables(out, known, &shipped, "plugin");
    return out;
}

Json policy_json(const LintedPolicy& policy) {
    auto config = Json::object();
    for (const auto& option : policy.tree->children) {
        if (option.key != tables_key) config.append(option.key, texts_of(option));
    }
    auto ids = Json::array();
    for (const auto& id : policy.orchestrators) ids.push(id);
    return Json::object()
        .append("path", policy.path)
        .append("base_usd", policy.base.text())
        .append("config", std::move(config))
        .append("orchestrators", policy.orchestrators_total)
        .append("ids", std::move(ids));
}

// The lines of a report; what continues one, by an arrow, is a part of it.
Json lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        auto line = trim_blanks(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
        if (line.empty()) continue;
        if (line.starts_with("->") && !lines.empty()) {
            lines.back() += cat(" ", printable(line));
        } else {
            lines.push_back(printable(line));
        }
    }
    auto out = Json::array();
    for (auto& line : lines) out.push(std::move(line));
    return out;
}

Json report_of(const runtime::ReloadReport& report) {
    return Json::object()
        .append("valid", report.valid)
        .append("taken", report.taken)
        .append("text", lines_of(report.text))
        .append("findings", report.diagnostics.is(Json::Kind::array) ? report.diagnostics : Json::array())
        .append("generation", report.generation)
        .append("waits_until", report.waits_until ? Json(utc_text(*report.waits_until)) : Json());
}

// How much more one orchestrator would have been paid, or less; the highest amount where that does not fit.
Usd difference(const HistorySum& sum) {
    const auto [less, more] = std::minmax(sum.again, sum.recorded);
    const auto out = more.minus(less);
    return out ? *out : Usd::highest();
}

// Those that change most, the largest change first.
Json changed_most(const PolicyHistory& history) {
    std::vector<std::pair<std::string, HistorySum>> list;
    for (const auto& [key, sum] : history.sums()) {
        const bool same = sum.again == sum.recorded && sum.low == sum.recorded && sum.high == sum.recorded;
        if (!same || sum.flips > 0 || sum.waits > 0) list.emplace_back(key, sum);
    }
    const auto shown = std::min(list.size(), max_changed);
    std::ranges::partial_sort(
        list, list.begin() + static_cast<std::ptrdiff_t>(shown), [](const auto& a, const auto& b) {
            return std::pair(difference(b.second), a.first) < std::pair(difference(a.second), b.first);
        });
    auto out = Json::array();
    for (std::size_t at = 0; at < shown; ++at) {
        out.push(to_json(list[at].second).append("orchestrator", list[at].first));
    }
    return Json::object().append("changed", list.size()).append("list", std::move(out));
}

// What a draft names, in place of the configuration's.
void apply(const api::DemandDraft& draft, config::DemandFactor& demand) {
    demand.target_ppm = draft.target_ppm.value_or(demand.target_ppm);
    demand.every_ns = draft.every_ns.value_or(demand.every_ns);
    demand.floor_ppm = draft.floor_ppm.value_or(demand.floor_ppm);
    demand.ceiling_ppm = draft.ceiling_ppm.value_or(demand.ceiling_ppm);
    demand.damping_ppm = draft.damping_ppm.value_or(demand.damping_ppm);
    demand.step_ppm = draft.step_ppm.value_or(demand.step_ppm);
}

Json rules_json(const config::DemandFactor& demand) {
    return Json::object()
        .append("target", scaled_text(demand.target_ppm, 6))
        .append("every", duration_text(demand.every_ns))
        .append("floor", scaled_text(demand.floor_ppm, 6))
        .append("ceiling", scaled_text(demand.ceiling_ppm, 6))
        .append("damping", scaled_text(demand.damping_ppm, 6))
        .append("largest_step_per_day", scaled_text(demand.step_ppm, 6));
}

config::SourceText shared(const std::string& text) {
    return std::make_shared<const std::string>(text);
}

}  // namespace

TablesDesk::TablesDesk(runtime::Host& host, const Engine& engine, const config::Settings& settings, InForce in_force)
    : host_(host),
      engine_(engine),
      in_force_(std::move(in_force)),
      decisions_(settings.state, runtime::namespace_of(settings)),
      states_(settings.state, runtime::namespace_of(settings)) {}

std::optional<PresentTerms> TablesDesk::present_terms_of(const std::string& orchestrator) {
    auto found = host_.loop().ask_within(present_wait_ns, [this, orchestrator]() -> std::optional<PresentTerms> {
        const auto at = engine_.payees().find(orchestrator);
        const auto generations = engine_.generations();
        if (!at || generations.empty()) return std::nullopt;
        const auto& newest = *generations.back();
        const auto terms = newest.terms_of(*at);
        return PresentTerms{.base = terms.base, .config_json = newest.policy_configs[terms.policy]};
    });
    return found ? std::move(*found) : std::nullopt;
}

Result<plugin::Chosen> TablesDesk::chosen() {
    return host_.loop().ask_within(present_wait_ns, [this] { return in_force_(); });
}

Result<void> TablesDesk::may_go_on(stipend_mono_ns until) {
    if (host_.clock().monotonic() > until) {
        return fail(STIPEND_E_LIMIT, "the replay takes more than ", duration_text(replay_patience_ns),
                    ": want a shorter time, or `stipend policy replay` at the manager's machine");
    }
    STIPEND_TRY(host_.loop().ask_within(present_wait_ns, [] { return true; }));
    return {};
}

Result<TablesDesk::Shown> TablesDesk::now() {
    STIPEND_LET(tables, host_.tables_now());
    STIPEND_LET(in_force, chosen());
    config::Diagnostics diagnostics;
    const auto text = tables.file.text ? tables.file.text : shared("");
    STIPEND_LET(settings, host_.settings_with(text, diagnostics));
    config::Diagnostics of_file;
    const auto root = config::read_tables(tables.file.file, text, of_file);
    auto policies = Json::array();
    for (const auto& one : linted_of(settings, max_policies_shown)) policies.push(policy_json(one));
    auto body = Json::object()
                    .append("file", tables.file.name)
                    .append("version", tables.version)
                    .append("version_in_force", tables.version_in_force)
                    .append("waits", tables.waits)
                    .append("text", *text)
                    .append("tables", tables_json(settings, root ? &*root : nullptr, *in_force.plugin))
                    .append("policies", std::move(policies))
                    .append("interval_seconds", scaled_text(settings.payment.interval_ns, 9))
                    .append("findings", diagnostics.json())
                    .append("former", tables.former ? Json::object()
                                                          .append("version", runtime::version_of(tables.former))
                                                          .append("text", *tables.former)
                                                    : Json());
    return Shown{.body = std::move(body), .version = tables.version};
}

Result<Json> TablesDesk::check(const Draft& draft) {
    const auto text = shared(draft.text);
    STIPEND_LET(report, host_.check_tables(text, draft.accept_spend));
    config::Diagnostics diagnostics;
    STIPEND_LET(settings, host_.settings_with(text, diagnostics));
    auto policies = Json::array();
    std::string largest;
    if (diagnostics.empty()) {
        const SettingsLint lint{.cliff_ppm = {},
                                .most = max_policies_shown,
                                .patience_ns = batch_patience_ns,
                                .on_report = [&](const LintedPolicy& policy, const LintReport& found) {
                                    policies.push(to_json(policy, found));
                                }};
        largest = lint_settings(host_.loader(), settings, lint, diagnostics).text();
    }
    auto out = report_of(report);
    return out.set("findings", diagnostics.json())
        .append("policies", std::move(policies))
        .append("largest_usd_per_day_all", largest.empty() ? Json() : Json(largest));
}

Result<PolicyInUse> TablesDesk::in_use(const plugin::Chosen& chosen, const ledger::Generation& row,
                                       const std::string& config_json, const stipend_terms& terms) {
    if (chosen.library == nullptr || chosen.plugin->id != row.policy ||
        chosen.library->staged.sha256 != row.so_sha256) {
        return fail(STIPEND_E_UNAVAILABLE, "generation ", row.id,
                    " was decided by code that is not in force any more: begin later, or ask `stipend policy replay` "
                    "at the manager's machine");
    }
    return make_guarded_policy(chosen, config_json, terms);
}

Result<Json> TablesDesk::answered(Result<Json> found, Span span, const config::Diagnostics& diagnostics) {
    if (!diagnostics.empty()) {
        return Json::object().append("valid", false).append("findings", diagnostics.json());
    }
    if (!found) {
        host_.log().warn(cat("no replay of another policy: ", found.error().message));
        return found;
    }
    found->append("valid", true).append("findings", Json::array());
    return found->append("from", utc_text(span.from)).append("to", utc_text(span.to));
}

Result<Json> TablesDesk::replay(const std::string& text, Span span) {
    STIPEND_LET(in_force, chosen());
    config::Diagnostics diagnostics;
    STIPEND_LET(settings, host_.settings_with(shared(text), diagnostics));
    if (!diagnostics.empty()) return answered(Json(), span, diagnostics);
    OtherPolicies others(host_.loader(), settings, {}, {}, diagnostics, batch_patience_ns);
    return answered(replay_by(others, span, in_force, {}), span, diagnostics);
}

Result<Json> TablesDesk::replay_demand(const api::DemandDraft& draft, Span span) {
    STIPEND_LET(in_force, chosen());
    config::Diagnostics diagnostics;
    STIPEND_LET(settings, host_.settings_with(nullptr, diagnostics));
    if (!diagnostics.empty()) return answered(Json(), span, diagnostics);
    apply(draft, settings.payment.demand);
    const auto rules = draft.recorded ? std::nullopt : demand_rules_of(settings);
    if (!draft.recorded && !rules) {
        return fail(STIPEND_E_INVALID, "\"target\": got 0, want the jobs in a cycle at which the factor is 1");
    }
    const auto over = std::make_shared<const config::Node>(config::from_json(
        Json::object().append("ceiling", Json::of_number(scaled_text(settings.payment.demand.ceiling_ppm, 6)))));
    const bool configured = in_force.plugin->id == dynamic_policy_id;
    OtherPolicies others(host_.loader(), settings,
                         {.file = configured ? "" : std::string(dynamic_policy),
                          .keeps_configuration = true,
                          .place = std::string(dynamic_policy)},
                         over, diagnostics, batch_patience_ns);
    const Factors factors = [&](ledger::Ledger& book, const std::function<Result<void>()>& proceed) {
        return DemandReplay::read(book, rules, proceed);
    };
    auto found = answered(replay_by(others, span, in_force, factors), span, diagnostics);
    if (found) found->append("rules", rules_json(settings.payment.demand));
    return found;
}

// Json() where what decides is refused, with a diagnostic.
Result<Json> TablesDesk::replay_by(OtherPolicies& others, Span span, const plugin::Chosen& in_force,
                                   const Factors& factors) {
    std::map<std::pair<ledger::GenerationId, std::string>, PolicyInUse> made;
    const PolicySource policies = [&](const ledger::Generation& row, const std::string& config_json,
                                      const stipend_terms& terms) -> Result<PolicyInUse> {
        auto& one = made[{row.id, cat(terms.base_usd_e8, " ", config_json)}];
        if (!one.policy) {
            STIPEND_SET(one, in_use(in_force, row, config_json, terms));
        }
        return one;
    };
    const TermsSource present = [this](const std::string& key) { return present_terms_of(key); };
    if (!others.load()) return Json();
    const PolicyHistory::OtherSource other = [&](const std::string& key, Usd base) { return others.of(key, base); };
    ledger::DecisionFilter filter{.brief = true};
    filter.from = span.from;
    filter.to = span.to;
    const auto proceed = [this, until = host_.clock().monotonic() + replay_patience_ns] { return may_go_on(until); };
    return states_.read([&](ledger::Ledger& states) -> Result<Json> {
        PolicyHistory history(states, policies, present, other);
        std::optional<DemandReplay> demand;
        if (factors) {
            STIPEND_SET(demand, factors(states, proceed));
            history.set_demand([&](ledger::Seq seq) { return demand->at(seq); });
        }
        STIPEND_TRY(
            decisions_.read([&](ledger::Ledger& read) { return run_history(read, filter, {}, history, proceed); }));
        auto out = to_json(history, others.described());
        out.set("orchestrators", changed_most(history));
        if (demand) out.append("demand", demand->json(span.from, span.to));
        return out;
    });
}

Result<void> TablesDesk::record(const Change& change, const std::string& from, const std::string& to) {
    ledger::Batch batch;
    batch.events.push_back({ledger::EventKind::alert, cat("policy-tables: ", change.draft ? "changed" : "taken back",
                                                          " by ", printable_line(change.by), ": sha256 ", from, " -> ",
                                                          to, ": ", printable_line(change.reason))});
    STIPEND_TRY(host_.writer().ask([&](ledger::Ledger& ledger) { return ledger.commit(batch); }));
    host_.log().info(batch.events.front().body);
    return {};
}

Result<TablesDesk::Changed> TablesDesk::change(const Change& change) {
    using Is = runtime::TablesTaken::Is;
    STIPEND_LET(done, host_.take_tables({.text = change.draft ? shared(change.draft->text) : nullptr,
                                         .expected = change.expected,
                                         .accept_spend = change.accept_spend,
                                         .record = [this, change](const std::string& from, const std::string& to) {
                                             return record(change, from, to);
                                         }}));
    Changed out{.is = Changed::Is::refused,
                .body = report_of(done.report),
                .why = printable(done.report.text),
                .version = done.version};
    if (done.is == Is::other_version) out.is = Changed::Is::other_version;
    if (done.is == Is::taken || done.is == Is::waits) out.is = Changed::Is::done;
    out.body.append("version", done.version);
    return out;
}

}  // namespace stipend::engine
