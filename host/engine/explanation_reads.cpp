#include "host/engine/explanation_reads.hpp"

#include "host/base/subprocess.hpp"
#include "host/engine/explain_policy.hpp"
#include "host/runtime/role.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t explanation_wait_ns = 5 * ns_per_s;
constexpr std::int64_t elsewhere_deadline_ns = 15 * ns_per_s;  // within that of a request
constexpr std::size_t most_json = 4 << 20;
constexpr int computed = 0, computed_otherwise = 3;  // exit statuses of `stipend explain`

}  // namespace

ExplanationReads::ExplanationReads(runtime::Host& host, const Engine& engine, const config::Settings& settings,
                                   InForce in_force)
    : host_(host),
      engine_(engine),
      in_force_(std::move(in_force)),
      ledger_(settings.state, runtime::namespace_of(settings)) {}

Result<ExplanationReads::Present> ExplanationReads::present(const std::string& orchestrator) {
    return host_.loop().ask_within(explanation_wait_ns, [this, orchestrator] {
        Present out{.chosen = in_force_(), .terms = {}};
        const auto at = engine_.payees().find(orchestrator);
        const auto generations = engine_.generations();
        if (!at || generations.empty()) return out;
        const auto& newest = *generations.back();
        const auto terms = newest.terms_of(*at);
        out.terms = PresentTerms{.base = terms.base, .config_json = newest.policy_configs[terms.policy]};
        return out;
    });
}

Result<std::optional<Json>> ExplanationReads::explanation(std::string_view orchestrator, std::uint64_t epoch) {
    const std::string key(orchestrator);
    STIPEND_LET(now, present(key));
    // Only the code that decides in this process is asked: no other is loaded into it for a question.
    bool other_code = false;
    const PolicySource policies = [this, &now, &other_code](const ledger::Generation& row,
                                                            const std::string& config_json,
                                                            const stipend_terms& terms) -> Result<PolicyInUse> {
        const auto& chosen = now.chosen;
        if (chosen.library == nullptr || chosen.plugin->id != row.policy ||
            chosen.library->staged.sha256 != row.so_sha256) {
            other_code = true;
            return fail(STIPEND_E_UNAVAILABLE, "generation ", row.id,
                        " was decided by code that is not in force any more: ", row.policy, " ", row.version,
                        " with sha256 ", row.so_sha256,
                        "; `stipend explain` at the manager's machine finds it where it is kept");
        }
        auto made = make_guarded_policy(chosen, config_json, terms);
        if (made) return made;
        host_.log().warn(cat("no policy to explain by: ", made.error().message));
        return fail(STIPEND_E_UNAVAILABLE, "the policy cannot be asked; the host's log says why");
    };
    auto found = ledger_.read([&](ledger::Ledger& book) {
        return explain(book, {.orchestrator = key, .epoch = epoch}, policies,
                       [&now](const std::string&) { return now.terms; });
    });
    if (!found) {
        host_.log().warn(cat("no explanation of epoch ", epoch, " of ", key, ": ", found.error().message));
        // INVALID, as of what a request has wrong, means damage of the ledger here.
        if (found.error().status == STIPEND_E_INVALID) return fail(STIPEND_E_INTERNAL, found.error().message);
        return found.error();
    }
    if (!*found) return std::optional<Json>();
    if (other_code) {
        if (auto answer = elsewhere(key, epoch)) return std::optional(std::move(*answer));
    }
    return std::optional(std::move((*found)->json));
}

Result<Json> ExplanationReads::elsewhere(const std::string& orchestrator, std::uint64_t epoch) const {
    subprocess::Command command{.arguments = host_.command_line(
                                    {"explain", cat("--orchestrator=", orchestrator), std::to_string(epoch), "--json"}),
                                .input = {},
                                .deadline_ns = elsewhere_deadline_ns,
                                .max_output = most_json};
    if (command.arguments.empty()) return fail(STIPEND_E_UNAVAILABLE, "no program to explain by");
    auto ended = subprocess::run(command);
    // Of any other end the output is no explanation, but what is wrong with the configuration's file.
    if (ended && ended->status != computed && ended->status != computed_otherwise) {
        ended = fail(STIPEND_E_UNAVAILABLE, "exit status ", ended->status);
    }
    auto answer = ended ? parse_json(ended->out, {.bytes = most_json, .depth = 32, .nodes = 100'000})
                        : Result<Json>(std::move(ended).error());
    if (!answer) host_.log().warn(cat("no explanation by code of before: ", answer.error().message));
    return answer;
}

}  // namespace stipend::engine
