#include "docker_answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "docker_time.hpp"
#include "stipend/json_parse.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::size_t longest_text = 1024;
constexpr std::size_t max_list_values = 400'000;

constexpr std::array<std::pair<std::string_view, State>, 11> state_words{{{"created", State::created},
                                                                          {"running", State::running},
                                                                          {"paused", State::paused},
                                                                          {"restarting", State::restarting},
                                                                          {"removing", State::removing},
                                                                          {"exited", State::exited},
                                                                          {"dead", State::dead},
                                                                          // Podman's, in some of its versions.
                                                                          {"configured", State::created},
                                                                          {"initialized", State::created},
                                                                          {"stopping", State::running},
                                                                          {"stopped", State::exited}}};

constexpr std::array<std::pair<std::string_view, Health>, 4> health_words{{{"none", Health::none},
                                                                           {"starting", Health::starting},
                                                                           {"healthy", Health::healthy},
                                                                           {"unhealthy", Health::unhealthy}}};

constexpr std::array<std::pair<std::string_view, Action>, 13> action_words{{{"create", Action::create},
                                                                            {"start", Action::start},
                                                                            {"die", Action::die},
                                                                            {"kill", Action::kill},
                                                                            {"oom", Action::oom},
                                                                            {"pause", Action::pause},
                                                                            {"unpause", Action::unpause},
                                                                            {"restart", Action::restart},
                                                                            {"stop", Action::stop},
                                                                            {"rename", Action::rename},
                                                                            {"destroy", Action::destroy},
                                                                            // Podman's, in some of its versions.
                                                                            {"died", Action::die},
                                                                            {"remove", Action::destroy}}};

template <class Words, class Value>
Value look_up(const Words& words, std::string_view text, Value otherwise) {
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.first == text; });
    return found == words.end() ? otherwise : found->second;
}

template <class Words, class Value>
std::string_view word_of(const Words& words, Value value) {
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.second == value; });
    return found == words.end() ? std::string_view("other") : found->first;
}

Result<const Json*> member(const Json& object, std::string_view key, Json::Kind kind, std::string_view want) {
    const auto* found = object.find(key);
    if (found == nullptr) return fail(STIPEND_E_INVALID, key, ": missing, want ", want);
    if (!found->is(kind)) return fail(STIPEND_E_INVALID, key, ": got ", found->kind_name(), ", want ", want);
    return found;
}

Result<std::string> text_member(const Json& object, std::string_view key, std::size_t most = longest_text) {
    STIPEND_LET(found, member(object, key, Json::Kind::string, "a string"));
    if (found->text().size() > most) {
        return fail(STIPEND_E_INVALID, key, ": got ", found->text().size(), " bytes, want at most ", most);
    }
    return found->text();
}

template <class Number>
Result<Number> to_number(std::string_view text, std::string_view key, Number least, Number most) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
        return fail(STIPEND_E_INVALID, key, ": got ", stipend::clip(text, 40), ", want ", least, " .. ", most);
    }
    return value;
}

Result<std::int64_t> int_member(const Json& object, std::string_view key, std::int64_t least, std::int64_t most) {
    STIPEND_LET(found, member(object, key, Json::Kind::number, "a number"));
    return to_number<std::int64_t>(found->text(), key, least, most);
}

// It becomes part of a request's path.
Result<std::string> id_member(const Json& object, std::string_view key) {
    STIPEND_LET(id, text_member(object, key, 128));
    if (id.size() < 12 || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
        return fail(STIPEND_E_INVALID, key, ": got \"", id, "\", want a container's id in hex digits");
    }
    return id;
}

std::string without_slash(std::string_view name) {
    return std::string(name.starts_with('/') ? name.substr(1) : name);
}

Result<ApiVersion> api_member(const Json& json, std::string_view key) {
    STIPEND_LET(text, text_member(json, key, 16));
    const auto dot = std::min(text.find('.'), text.size());
    ApiVersion out;
    STIPEND_LET(major, to_number(std::string_view(text).substr(0, dot), key, 0, 1000));
    STIPEND_LET(minor, to_number(std::string_view(text).substr(std::min(dot + 1, text.size())), key, 0, 1000));
    out.major = major;
    out.minor = minor;
    return out;
}

Result<Json> parse_object(std::string_view body, std::size_t most) {
    STIPEND_LET(json, stipend::parse_json(body, {.bytes = most}));
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want an object");
    return std::move(json);
}

// A text that a wrong answer may leave out.
std::string text_or_empty(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    if (found == nullptr || !found->is(Json::Kind::string)) return {};
    return std::string(stipend::clip(found->text(), longest_text));
}

std::optional<std::int64_t> int_or_none(const Json& object, std::string_view key, std::int64_t least,
                                        std::int64_t most) {
    const auto value = int_member(object, key, least, most);
    if (!value) return std::nullopt;
    return *value;
}

// The beginning of a name that is too long to be watched; no container can have it, since it holds blanks.
std::string shortened(std::string_view name) {
    return cat(stipend::clip(name, 60), " ... of ", name.size(), " bytes");
}

// A container has one name of its own; names with a second slash are links of other containers.
Result<std::string> own_name(const Json& entry) {
    const auto* names = entry.find("Names");
    if (names == nullptr || names->is(Json::Kind::null)) return std::string();
    if (!names->is(Json::Kind::array))
        return fail(STIPEND_E_INVALID, "Names: got ", names->kind_name(), ", want an array");
    std::string own;
    for (const auto& item : names->items()) {
        if (!item.is(Json::Kind::string))
            return fail(STIPEND_E_INVALID, "Names: got ", item.kind_name(), ", want strings");
        auto name = without_slash(item.text());
        if (own.empty() && name.find('/') == std::string::npos) own = std::move(name);
    }
    return own;
}

Health health_in(std::string_view status) {
    if (status.find("(unhealthy)") != std::string_view::npos) return Health::unhealthy;
    if (status.find("(healthy)") != std::string_view::npos) return Health::healthy;
    if (status.find("(health: starting)") != std::string_view::npos) return Health::starting;
    return Health::none;
}

void parse_labels(const Json& entry, Listed& out) {
    const auto* labels = entry.find("Labels");
    if (labels == nullptr || !labels->is(Json::Kind::object)) return;
    for (const auto& [key, value] : labels->members()) {
        if (value.is(Json::Kind::string)) out.labels.emplace_back(key, value.text());
    }
}

Listed parse_entry(const Json& entry) {
    Listed out;
    if (!entry.is(Json::Kind::object)) {
        out.unread = cat("got ", entry.kind_name(), ", want an object");
        return out;
    }
    const auto unread = [&](const stipend::Error& error) {
        if (out.unread.empty()) out.unread = error.message;
    };
    if (auto id = id_member(entry, "Id")) {
        out.id = std::move(*id);
    } else {
        unread(id.error());
    }
    if (auto name = own_name(entry); !name) {
        unread(name.error());
    } else if (name->size() > longest_name) {
        unread(fail(STIPEND_E_INVALID, "Names: got one of ", name->size(), " bytes, want at most ", longest_name));
        out.name = shortened(*name);
    } else {
        out.name = std::move(*name);
    }
    if (const auto state = text_member(entry, "State"); !state) {
        unread(state.error());
    } else {
        out.state = look_up(state_words, *state, State::other);
    }
    const auto status = text_or_empty(entry, "Status");
    out.image = text_or_empty(entry, "Image");
    out.health = health_in(status);
    out.young = status.starts_with("Up ") && status.find("second") != std::string::npos;
    parse_labels(entry, out);
    return out;
}

}  // namespace

std::string_view name_of(State state) {
    return word_of(state_words, state);
}
std::string_view name_of(Health health) {
    return word_of(health_words, health);
}

Result<ApiVersion> negotiate(std::string_view body) {
    STIPEND_LET(json, parse_object(body, max_version_bytes));
    STIPEND_LET(engine, api_member(json, "ApiVersion"));
    ApiVersion engine_least;  // not reported before 1.25
    if (json.find("MinAPIVersion") != nullptr) {
        STIPEND_SET(engine_least, api_member(json, "MinAPIVersion"));
    }
    if (engine < least_api) {
        return fail(STIPEND_E_UNSUPPORTED, "the engine is too old: got API ", engine.text(), ", want at least ",
                    least_api.text());
    }
    if (most_api < engine_least) {
        return fail(STIPEND_E_UNSUPPORTED, "the engine is too new: it wants API ", engine_least.text(),
                    " or later, this monitor speaks at most ", most_api.text());
    }
    return std::min(engine, most_api);
}

Result<std::vector<Listed>> parse_list(std::string_view body) {
    auto parsed = stipend::parse_json(body, {.bytes = max_list_bytes, .nodes = max_list_values});
    if (!parsed) {
        auto error = std::move(parsed).error();
        // The status of the parser is the same for too many values and for broken JSON.
        if (error.message.find(cat("more than ", max_list_values, " values")) != std::string::npos) {
            error.status = STIPEND_E_LIMIT;
        }
        return error;
    }
    const auto json = std::move(parsed).value();
    if (!json.is(Json::Kind::array)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want an array");
    std::vector<Listed> out;
    out.reserve(json.items().size());
    for (const auto& item : json.items()) {
        auto entry = parse_entry(item);
        if (!entry.name.empty() || !entry.unread.empty()) out.push_back(std::move(entry));
    }
    return out;
}

Result<Details> parse_details(std::string_view body) {
    STIPEND_LET(json, parse_object(body, max_details_bytes));
    STIPEND_LET(state, member(json, "State", Json::Kind::object, "an object"));
    Details out;
    STIPEND_LET(id, id_member(json, "Id"));
    STIPEND_LET(name, text_member(json, "Name", longest_name));
    STIPEND_LET(word, text_member(*state, "Status"));
    STIPEND_LET(started, text_member(*state, "StartedAt"));
    STIPEND_LET(finished, text_member(*state, "FinishedAt"));
    STIPEND_LET(started_at, parse_time(started));
    STIPEND_LET(finished_at, parse_time(finished));
    const auto* killed = state->find("OOMKilled");
    out.id = std::move(id);
    out.name = without_slash(name);
    out.state = look_up(state_words, word, State::other);
    out.started_at = started_at;
    out.finished_at = finished_at;
    out.exit_code = int_or_none(*state, "ExitCode", INT32_MIN, UINT32_MAX);
    out.oom_killed = killed != nullptr && killed->is(Json::Kind::boolean) && killed->truth();
    out.restarts = int_or_none(json, "RestartCount", 0, INT32_MAX);
    if (const auto* config = json.find("Config"); config != nullptr && config->is(Json::Kind::object)) {
        out.image = text_or_empty(*config, "Image");
    }
    const auto* health = state->find("Health");
    if (health == nullptr || health->is(Json::Kind::null)) return out;
    if (!health->is(Json::Kind::object))
        return fail(STIPEND_E_INVALID, "Health: got ", health->kind_name(), ", want an object");
    STIPEND_LET(text, text_member(*health, "Status"));
    out.health = look_up(health_words, text, Health::none);
    return out;
}

Result<Event> parse_event(std::string_view line) {
    STIPEND_LET(json, parse_object(line, max_event_bytes));
    STIPEND_LET(found_action, member(json, "Action", Json::Kind::string, "a string"));
    STIPEND_LET(at, int_member(json, "timeNano", 1, std::numeric_limits<std::int64_t>::max()));
    STIPEND_LET(actor, member(json, "Actor", Json::Kind::object, "an object"));
    Event out;
    STIPEND_LET(id, id_member(*actor, "ID"));
    out.id = std::move(id);
    out.at = at;
    const std::string_view action = found_action->text();
    const auto none = Json::object();
    const auto* attributes = actor->find("Attributes");
    if (attributes == nullptr || !attributes->is(Json::Kind::object)) attributes = &none;
    if (attributes->find("name") != nullptr) {
        STIPEND_LET(name, text_member(*attributes, "name", longest_name + 1));
        out.name = without_slash(name);
    }
    constexpr std::string_view health = "health_status: ";
    if (action.starts_with(health)) {
        out.action = Action::health;
        out.health = look_up(health_words, action.substr(health.size()), Health::none);
    } else {
        out.action = look_up(action_words, action, Action::other);
    }
    out.image = text_or_empty(*attributes, "image");
    if (out.action == Action::die) {
        for (const auto* key : {"exitCode", "containerExitCode"}) {
            const auto text = text_or_empty(*attributes, key);
            const auto code = to_number<std::int64_t>(text, key, INT32_MIN, UINT32_MAX);
            if (code && !out.exit_code) out.exit_code = *code;
        }
    }
    return out;
}

Event parse_event_stub(std::string_view line) {
    Event out;
    const auto json = parse_object(line, max_event_bytes);
    if (!json) return out;
    out.at = int_or_none(*json, "timeNano", 1, std::numeric_limits<std::int64_t>::max()).value_or(0);
    if (const auto* actor = json->find("Actor"); actor != nullptr && actor->is(Json::Kind::object)) {
        if (auto id = id_member(*actor, "ID")) out.id = std::move(*id);
    }
    return out;
}

Result<void> Lines::feed(std::string_view part, const Take& take) {
    while (!part.empty()) {
        const auto end = part.find('\n');
        const auto piece = part.substr(0, end);
        part.remove_prefix(end == std::string_view::npos ? part.size() : end + 1);
        if (!dropping_ && rest_.size() + piece.size() > max_event_bytes) {
            dropping_ = true;
            ++dropped_;
            rest_.clear();
        }
        if (!dropping_) rest_.append(piece);
        if (end == std::string_view::npos) break;
        const auto line = std::exchange(rest_, {});
        if (std::exchange(dropping_, false)) continue;
        const auto blank = line.find_last_not_of("\r \t");
        if (blank != std::string::npos) STIPEND_TRY(take(std::string_view(line).substr(0, blank + 1)));
    }
    return {};
}

}  // namespace monitor::docker
