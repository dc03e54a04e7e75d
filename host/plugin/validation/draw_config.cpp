#include "host/plugin/validation/draw_config.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "stipend/decimal.hpp"

namespace stipend::plugin {
namespace {

constexpr int most_depth = 6;
constexpr std::size_t long_text = 5'000;
constexpr int random_configs = 60;

// Texts that fit the usual patterns.
constexpr std::array<std::string_view, 16> usual_texts{"a",
                                                       "60s",
                                                       "1",
                                                       "0.5",
                                                       "probe",
                                                       "https://127.0.0.1:9/",
                                                       "http://127.0.0.1:9/",
                                                       "127.0.0.1:9",
                                                       "0x0000000000000000000000000000000000000001",
                                                       "ETH",
                                                       "USD",
                                                       "/probe/",
                                                       "/ui/probe/",
                                                       "probe@example.org",
                                                       "{}",
                                                       "#probe"};

const Json& resolved(const Json& root, const Json& part, int depth = 0) {
    const auto* reference = part.find("$ref");
    if (reference == nullptr || depth > most_depth) return part;
    if (reference->text() == "#") return root;
    constexpr std::string_view prefix = "#/$defs/";
    const auto* definitions = root.find("$defs");
    if (definitions == nullptr || !reference->text().starts_with(prefix)) return part;
    const auto* found = definitions->find(reference->text().substr(prefix.size()));
    return found == nullptr ? part : resolved(root, *found, depth + 1);
}

const Json* first_alternative(const Json& part) {
    for (const auto* keyword : {"anyOf", "oneOf"}) {
        const auto* found = part.find(keyword);
        if (found != nullptr && !found->items().empty()) return &found->items().front();
    }
    return nullptr;
}

std::string type_of(const Json& part) {
    const auto* type = part.find("type");
    if (type == nullptr) return part.find("properties") != nullptr ? "object" : "";
    return type->is(Json::Kind::array) && !type->items().empty() ? type->items().front().text() : type->text();
}

// One above or below a limit, in its last place; the limit itself where it is no plain number.
Json beside(const Json& limit, bool above) {
    const auto number = Decimal::parse(limit.text());
    for (int places = 0; number && places <= 8; ++places) {
        const auto scaled = number->exact_scaled(places);
        if (!scaled || *scaled == INT64_MAX || *scaled == INT64_MIN) continue;
        return Json::of_number(scaled_text(*scaled + (above ? 1 : -1), places));
    }
    return limit;
}

std::int64_t count_of(const Json& part, const char* keyword, std::int64_t otherwise) {
    const auto* value = part.find(keyword);
    const auto number = value == nullptr ? Result<Decimal>(Error{}) : Decimal::parse(value->text());
    const auto whole = number ? number->exact_scaled(0) : Result<std::int64_t>(Error{});
    return whole ? *whole : otherwise;
}

class Drawer {
  public:
    Drawer(const Json& root, std::uint64_t seed) : root_(root), random_(seed) {}

    // The text that is taken from now on wherever it fits; empty: the first of the usual ones that does.
    void prefer(std::string_view text) { preferred_ = text; }

    // A value that fits, as far as that can be known; null where none is found.
    Json plain(const Json& given, int depth = 0) {
        const auto& part = resolved(root_, given);
        if (depth > most_depth) return {};
        for (const auto* keyword : {"const", "default"}) {
            if (const auto* value = part.find(keyword)) return *value;
        }
        for (const auto* keyword : {"enum", "examples"}) {
            const auto* values = part.find(keyword);
            if (values != nullptr && !values->items().empty()) return values->items().front();
        }
        if (const auto* one = first_alternative(part); one != nullptr && type_of(part) != "object") {
            return plain(*one, depth + 1);
        }
        const auto type = type_of(part);
        if (type == "object") return plain_object(part, depth);
        if (type == "array") return plain_array(part, depth);
        if (type == "boolean") return Json(false);
        if (type == "number" || type == "integer") return plain_number(part);
        return type == "string" ? plain_text(part) : Json();
    }

    // Values at the limits of a part, and some that have nothing to do with it.
    std::vector<Json> edges(const Json& given, int depth) {
        const auto& part = resolved(root_, given);
        std::vector<Json> out{plain(part, depth),
                              Json(),
                              Json(true),
                              Json(""),
                              Json("x"),
                              Json(0),
                              Json(-1),
                              Json(1),
                              Json::of_number("0.5"),
                              Json::of_number("1e-9"),
                              Json::of_number("1e18"),
                              Json::of_number("9223372036854775808"),
                              Json(std::string(long_text, 'x')),
                              Json::array(),
                              Json::object()};
        for (const auto* keyword : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
            const auto* limit = part.find(keyword);
            if (limit == nullptr) continue;
            out.push_back(*limit);
            out.push_back(beside(*limit, true));
            out.push_back(beside(*limit, false));
        }
        for (const auto* keyword : {"enum", "examples"}) {
            if (const auto* values = part.find(keyword))
                out.insert(out.end(), values->items().begin(), values->items().end());
        }
        for (const auto* keyword : {"minLength", "maxLength"}) {
            const auto length = count_of(part, keyword, -1);
            if (length >= 0 && length <= 100'000) out.emplace_back(std::string(static_cast<std::size_t>(length), 'x'));
        }
        for (const auto text : usual_texts) out.emplace_back(text);
        for (const auto* keyword : {"minItems", "maxItems"}) {
            const auto items = std::min<std::int64_t>(count_of(part, keyword, -1), 300);
            if (items >= 0) out.push_back(array_of(part, items, depth));
        }
        return out;
    }

    template <class List>
    const typename List::value_type& one_of(const List& list) {
        return list[random_() % list.size()];
    }
    bool coin() { return random_() % 2 == 0; }

  private:
    Json plain_object(const Json& part, int depth) {
        auto out = Json::object();
        const auto* properties = part.find("properties");
        const auto* required = part.find("required");
        if (required == nullptr) return out;
        for (const auto& name : required->items()) {
            const auto* property = properties == nullptr ? nullptr : properties->find(name.text());
            out.set(name.text(), property == nullptr ? Json() : plain(*property, depth + 1));
        }
        return out;
    }
    Json array_of(const Json& part, std::int64_t count, int depth) {
        auto out = Json::array();
        const auto* items = part.find("items");
        for (std::int64_t at = 0; at < count; ++at) out.push(items == nullptr ? Json(at) : plain(*items, depth + 1));
        return out;
    }
    Json plain_array(const Json& part, int depth) {
        return array_of(part, std::min<std::int64_t>(count_of(part, "minItems", 0), 300), depth);
    }
    static Json plain_number(const Json& part) {
        for (const auto* keyword : {"minimum", "maximum"}) {
            if (const auto* limit = part.find(keyword)) return *limit;
        }
        if (const auto* limit = part.find("exclusiveMinimum")) return beside(*limit, true);
        if (const auto* limit = part.find("exclusiveMaximum")) return beside(*limit, false);
        return Json(1);
    }
    Json plain_text(const Json& part) {
        if (!preferred_.empty() && fits_part(root_, part, Json(preferred_))) return Json(preferred_);
        for (const auto text : usual_texts) {
            if (fits_part(root_, part, Json(text))) return Json(text);
        }
        const auto least = std::clamp<std::int64_t>(count_of(part, "minLength", 1), 1, 100'000);
        return Json(std::string(static_cast<std::size_t>(least), 'x'));
    }

    const Json& root_;
    std::string_view preferred_;
    std::mt19937_64 random_;  // of the standard: the same numbers everywhere
};

// Replaces one value, at a path of keys and of places in arrays, in all objects on the way.
struct Place {
    std::vector<std::string> path;
    const Json* part;
};

void list_places(const Json& root, const Json& given, const std::vector<std::string>& path, std::vector<Place>& out) {
    const auto& part = resolved(root, given);
    if (path.size() > 3 || out.size() > 200) return;
    if (!path.empty()) out.push_back({path, &part});
    const auto inside = [&](const std::string& step, const Json& child) {
        auto further = path;
        further.push_back(step);
        list_places(root, child, further, out);
    };
    if (const auto* properties = part.find("properties")) {
        for (const auto& [name, child] : properties->members()) inside(name, child);
    }
    if (const auto* items = part.find("items")) inside("0", *items);
}

// The tree with that value at the place; unchanged where the way there is missing.
Json with(const Json& tree, const std::vector<std::string>& path, std::size_t step, const Json& value) {
    if (step == path.size()) return value;
    if (tree.is(Json::Kind::array)) {
        auto out = Json::array();
        for (std::size_t at = 0; at < tree.items().size(); ++at) {
            out.push(at == 0 ? with(tree.items()[at], path, step + 1, value) : tree.items()[at]);
        }
        return out;
    }
    if (!tree.is(Json::Kind::object)) return tree;
    auto out = tree;
    const auto* child = tree.find(path[step]);
    if (child != nullptr || step + 1 == path.size()) {
        out.set(path[step], with(child == nullptr ? Json::object() : *child, path, step + 1, value));
    }
    return out;
}

Json without(const Json& tree, std::string_view key) {
    auto out = Json::object();
    for (const auto& [name, value] : tree.members()) {
        if (name != key) out.set(name, value);
    }
    return out;
}

bool fits(const config::Schema& schema, const Json& value) {
    return schema.check(config::from_json(value)).empty();
}

// Ways of breaking the schema's own words.
void add_invalid(const Json& root, const Json& base, const std::vector<Place>& places, DrawnConfigs& out) {
    const auto* others = root.find("additionalProperties");
    if (others != nullptr && others->dump() == "false") {
        auto open = base;
        out.invalid.emplace_back("an unknown key", open.set("key_that_no_schema_has", 1));
    }
    if (const auto* required = root.find("required")) {
        for (const auto& name : required->items()) {
            out.invalid.emplace_back(cat("without ", name.text()), without(base, name.text()));
        }
    }
    for (const auto& place : places) {
        if (place.path.size() != 1) continue;
        for (const auto& [keyword, above] : {std::pair{"minimum", false}, std::pair{"maximum", true}}) {
            const auto* limit = place.part->find(keyword);
            if (limit == nullptr) continue;
            const auto value = beside(*limit, above);
            if (value.text() == limit->text()) continue;
            out.invalid.emplace_back(cat(place.path[0], above ? " above its maximum" : " below its minimum"),
                                     with(base, place.path, 0, value));
        }
    }
}

}  // namespace

bool fits_part(const Json& root, const Json& part, const Json& value) {
    auto whole = Json::object();
    if (const auto* definitions = root.find("$defs")) whole.set("$defs", *definitions);
    whole.set("anyOf", Json::array().push(part));
    const auto schema = config::Schema::compile(whole);
    return !schema || fits(*schema, value);
}

DrawnConfigs draw_configs(const Json& schema, const config::Schema& compiled, const std::optional<Json>& base,
                          std::uint64_t seed) {
    DrawnConfigs out;
    Drawer drawer(schema, seed);
    std::vector<Json> candidates;
    if (base) candidates.push_back(*base);
    if (const auto* examples = schema.find("examples")) {
        candidates.insert(candidates.end(), examples->items().begin(), examples->items().end());
    }
    candidates.push_back(Json::object());
    candidates.push_back(drawer.plain(schema));
    for (const auto text : usual_texts) {
        drawer.prefer(text);
        candidates.push_back(drawer.plain(schema));
    }
    drawer.prefer({});
    for (const auto& one : candidates) {
        const bool is_new = std::find(out.plain.begin(), out.plain.end(), one) == out.plain.end();
        if (is_new && fits(compiled, one)) out.plain.push_back(one);
    }
    std::vector<Place> places;
    list_places(schema, schema, {}, places);
    const auto from = out.plain.empty() ? Json::object() : out.plain.front();
    const auto take = [&](const Json& one) {
        if (out.valid.size() >= most_drawn_configs || !fits(compiled, one)) return;
        if (std::find(out.valid.begin(), out.valid.end(), one) == out.valid.end()) out.valid.push_back(one);
    };
    for (const auto& one : out.plain) take(one);
    for (const auto& place : places) {
        for (const auto& value : drawer.edges(*place.part, 0)) take(with(from, place.path, 0, value));
    }
    for (int at = 0; at < random_configs && !places.empty(); ++at) {
        auto one = from;
        for (int changes = 0; changes < 4; ++changes) {
            const auto& place = drawer.one_of(places);
            auto changed = with(one, place.path, 0, drawer.one_of(drawer.edges(*place.part, 0)));
            if (fits(compiled, changed)) one = std::move(changed);
        }
        take(one);
    }
    if (!out.plain.empty()) add_invalid(schema, from, places, out);
    return out;
}

}  // namespace stipend::plugin
