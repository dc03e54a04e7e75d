#include "host/api/table_routes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <span>

#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr const char* tables_path = "/api/v1/policy/tables";
constexpr std::size_t max_file_text_bytes = std::size_t{64} << 10;  // as the host takes it of a file
constexpr std::size_t max_change_reason_bytes = 300;
constexpr std::size_t max_span_time_bytes = 64;
constexpr std::int64_t usual_span_ns = 7 * ns_per_day;
constexpr std::int64_t longest_span_ns = 92 * ns_per_day;

Result<void> check_table_members(const Json& body, std::span<const std::string_view> known) {
    for (const auto& [name, value] : body.members()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return fail(STIPEND_E_INVALID, "unknown member \"", clip(name, 64), "\"");
        }
    }
    return {};
}

// An empty text is one without tables.
Result<std::string> text_of_file(const Request& request) {
    const auto* member = request.body.find("text");
    if (member == nullptr) return fail(STIPEND_E_INVALID, "the member \"text\" is missing");
    if (!member->is(Json::Kind::string) || member->text().size() > max_file_text_bytes) {
        return fail(STIPEND_E_INVALID, "\"text\": want the text of the file, of at most ", max_file_text_bytes,
                    " bytes");
    }
    return member->text();
}

Result<bool> accept_spend_of(const Request& request) {
    const auto* member = request.body.find("accept_spend");
    if (member == nullptr) return false;
    if (!member->is(Json::Kind::boolean)) return fail(STIPEND_E_INVALID, "\"accept_spend\": want true or false");
    return member->truth();
}

Result<PolicyTables::Draft> draft_of(const Request& request, std::span<const std::string_view> known) {
    STIPEND_TRY(check_table_members(request.body, known));
    PolicyTables::Draft out;
    STIPEND_SET(out.text, text_of_file(request));
    STIPEND_SET(out.accept_spend, accept_spend_of(request));
    return out;
}

Result<std::optional<stipend_unix_ns>> time_of(const Request& request, std::string_view name) {
    STIPEND_LET(text, request.text_or_none(name, max_span_time_bytes));
    if (text.empty()) return std::optional<stipend_unix_ns>();
    const auto at = parse_utc(text);
    if (!at) return fail(STIPEND_E_INVALID, "\"", name, "\": ", at.error().message);
    return std::optional(*at);
}

Result<PolicyTables::Span> span_of(const Request& request, stipend_unix_ns now) {
    STIPEND_LET(from, time_of(request, "from"));
    STIPEND_LET(to, time_of(request, "to"));
    PolicyTables::Span out;
    out.to = to.value_or(now);
    out.from = from.value_or(out.to - usual_span_ns);
    if (out.from >= out.to || out.to - out.from > longest_span_ns) {
        return fail(STIPEND_E_INVALID, "got ", utc_text(out.from), " to ", utc_text(out.to),
                    ", want a time that ends after it begins, and at most ", longest_span_ns / ns_per_day,
                    " days later");
    }
    return out;
}

std::string tag_of_version(std::string_view version) {
    return cat("\"", version, "\"");
}

// The version that a change is made from, as the ETag of GET has it.
Result<std::string> expected_of(const Request& request) {
    std::string_view tag = request.if_match;
    if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) {
        return fail(STIPEND_E_INVALID, "If-Match: want the ETag that ", tables_path, " has at present");
    }
    return std::string(tag.substr(1, tag.size() - 2));
}

Reply with_version(Reply reply, std::string_view version) {
    if (!version.empty()) reply.headers += cat("ETag: ", tag_of_version(version), "\r\n");
    return reply;
}

Reply problem_of_tables(const Error& error) {
    if (error.status == STIPEND_E_UNAVAILABLE) return problem(409, error.message);
    if (error.status == STIPEND_E_TIMEOUT) return problem_later(503, error.message, 5);
    if (error.status == STIPEND_E_LIMIT || error.status == STIPEND_E_CONFIG) return problem(422, error.message);
    return problem_of(error);
}

class TableDesk {
  public:
    TableDesk(PolicyTables& tables, const Clock& clock) : tables_(tables), clock_(clock) {}

    Reply show() const {
        auto found = tables_.now();
        if (!found) return problem_of_tables(found.error());
        return with_version(json_reply(found->body), found->version);
    }
    Reply check(const Request& request) {
        return alone([&]() -> Result<Reply> {
            constexpr std::array<std::string_view, 2> known{"text", "accept_spend"};
            STIPEND_LET(draft, draft_of(request, known));
            STIPEND_LET(found, tables_.check(draft));
            return json_reply(found);
        });
    }
    Reply replay(const Request& request) {
        return alone([&]() -> Result<Reply> {
            constexpr std::array<std::string_view, 3> known{"text", "from", "to"};
            STIPEND_TRY(check_table_members(request.body, known));
            STIPEND_LET(text, text_of_file(request));
            STIPEND_LET(span, span_of(request, clock_.now()));
            STIPEND_LET(found, tables_.replay(text, span));
            return json_reply(found);
        });
    }
    Reply replay_demand(const Request& request) {
        return alone([&]() -> Result<Reply> {
            constexpr std::array<std::string_view, 3> known{"rules", "from", "to"};
            STIPEND_TRY(check_table_members(request.body, known));
            STIPEND_LET(draft, demand_draft_of(request.body.find("rules")));
            STIPEND_LET(span, span_of(request, clock_.now()));
            STIPEND_LET(found, tables_.replay_demand(draft, span));
            return json_reply(found);
        });
    }
    Reply save(const Request& request) {
        return alone([&]() -> Result<Reply> {
            constexpr std::array<std::string_view, 3> known{"text", "accept_spend", "reason"};
            STIPEND_LET(draft, draft_of(request, known));
            return carry_out(request, draft);
        });
    }
    Reply undo(const Request& request) {
        return alone([&]() -> Result<Reply> {
            constexpr std::array<std::string_view, 2> known{"reason", "accept_spend"};
            STIPEND_TRY(check_table_members(request.body, known));
            return carry_out(request, std::nullopt);
        });
    }

  private:
    Result<Reply> carry_out(const Request& request, std::optional<PolicyTables::Draft> draft) {
        using Is = PolicyTables::Changed::Is;
        if (request.if_match.empty()) return problem(428, "want the header If-Match, with the ETag of what is changed");
        PolicyTables::Change change{.draft = std::move(draft)};
        STIPEND_SET(change.expected, expected_of(request));
        STIPEND_SET(change.accept_spend, accept_spend_of(request));
        STIPEND_SET(change.reason, request.text("reason", max_change_reason_bytes));
        change.by = cat("api:", request.principal->name);
        STIPEND_LET(done, tables_.change(change));
        if (done.is == Is::other_version) {
            return with_version(problem(412, "the tables were changed meanwhile: read them again"), done.version);
        }
        if (done.is == Is::refused) return with_version(problem(422, done.why), done.version);
        return with_version(json_reply(done.body), done.version);
    }

    template <class Work>
    Reply alone(Work work) {
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return problem_later(503, "other tables are being tried, replayed or taken", 1);
        auto done = work();
        return done ? std::move(*done) : problem_of_tables(done.error());
    }

    PolicyTables& tables_;
    const Clock& clock_;
    std::mutex one_at_a_time_;
};

}  // namespace

std::vector<ApiRoute> table_routes(PolicyTables& tables, const Clock& clock) {
    const auto desk = std::make_shared<TableDesk>(tables, clock);
    std::vector<ApiRoute> out{{.method = "GET",
                               .path = tables_path,
                               .permission = auth::Permission::status_read,
                               .handler = [desk](const Request&) { return desk->show(); }}};
    const auto add = [&](const char* method, std::string path, Reply (TableDesk::*call)(const Request&)) {
        out.push_back({.method = method,
                       .path = std::move(path),
                       .permission = auth::Permission::policy_write,
                       .rate = RateClass::write,
                       .handler = [desk, call](const Request& request) { return ((*desk).*call)(request); },
                       .max_body_bytes = ApiServer::max_body_bytes});
    };
    add("PUT", tables_path, &TableDesk::save);
    add("POST", cat(tables_path, "/check"), &TableDesk::check);
    add("POST", cat(tables_path, "/replay"), &TableDesk::replay);
    add("POST", cat(tables_path, "/undo"), &TableDesk::undo);
    add("POST", "/api/v1/policy/demand/replay", &TableDesk::replay_demand);
    return out;
}

}  // namespace stipend::api
