#include "host/config/expand.hpp"

#include <algorithm>
#include <array>

#include "host/config/yaml.hpp"
#include "stipend/ascii.hpp"

namespace stipend::config {
namespace {

constexpr int deepest_default = 8;  // ${A:-${B:-...}}

bool name_character(char c) {
    return ascii::is_alnum(c) || c == '_';
}

bool credential_name(std::string_view name) {
    const auto good = [](char c) { return name_character(c) || c == '-' || c == '.' || c == '@'; };
    return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), good);
}

// One pass over a text, left to right.
class Expander {
  public:
    Expander(std::string_view text, const Environment& environment) : text_(text), environment_(environment) {}

    Result<Expansion> run() {
        STIPEND_TRY(copy(0, true));
        return std::move(out_);
    }

  private:
    // Copies up to the end of the text or, inside a default (`depth` is not 0), up to the `}` that closes it. With
    // `live` false the text is checked but dropped, and nothing outside is asked.
    Result<void> copy(int depth, bool live) {
        if (depth > deepest_default) {
            return fail(STIPEND_E_CONFIG, "defaults inside defaults: want at most ", deepest_default);
        }
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (depth > 0 && c == '}') return {};
            if (c != '$') {
                STIPEND_TRY(append({&c, 1}, live));
                continue;
            }
            if (at_ < text_.size() && text_[at_] == '$') {
                ++at_;
                STIPEND_TRY(append("$", live));
            } else if (at_ < text_.size() && text_[at_] == '{') {
                ++at_;
                STIPEND_TRY(expand_one(depth, live));
            } else {
                return fail(STIPEND_E_CONFIG, "a lone \"$\": want ${NAME}, or $$ for a dollar sign");
            }
        }
        if (depth == 0) return {};
        return unfinished();
    }

    // After "${".
    Result<void> expand_one(int depth, bool live) {
        const auto start = at_;
        while (at_ < text_.size() && name_character(text_[at_])) ++at_;
        const auto name = text_.substr(start, at_ - start);
        if (at_ == text_.size()) return unfinished();
        if (name.empty() || ascii::is_digit(name.front())) {
            return fail(STIPEND_E_CONFIG, "\"${\" without a name: want ${NAME}, or $$ for a dollar sign");
        }
        if (text_[at_] == '}') {
            ++at_;
            return take_variable(std::string(name), live);
        }
        const auto rest = text_.substr(at_);
        if (rest.starts_with(":-")) {
            at_ += 2;
            const bool has_value = live && has(std::string(name));
            if (has_value) STIPEND_TRY(take_variable(std::string(name), live));
            return copy(depth + 1, live && !has_value);
        }
        if (rest.front() == ':' && (name == "file" || name == "cred")) return take_file(name, live);
        return fail(STIPEND_E_CONFIG, "\"${", name, "\" goes on with ", scalar_node(rest.substr(0, 2), true).shown(),
                    ": want ${NAME}, ${NAME:-default}, ${file:/path} or ${cred:name}");
    }

    [[nodiscard]] bool has(const std::string& name) const {
        const auto value = environment_.get(name);
        return value && !value->empty();
    }

    Result<void> take_variable(const std::string& name, bool live) {
        if (!live) return {};
        const auto value = environment_.get(name);
        if (!value) {
            return fail(STIPEND_E_CONFIG, "the environment variable ", name, " is not set: want it set, or ${", name,
                        ":-default}");
        }
        if (find_non_text(*value)) {
            return fail(STIPEND_E_CONFIG, "the environment variable ", name, " is not UTF-8 text");
        }
        out_.secret = out_.secret || secret_name(name);
        out_.names_read.insert(name);
        return append(*value, live);
    }

    // At the ":" of "${file:" or "${cred:".
    Result<void> take_file(std::string_view scheme, bool live) {
        const auto end = text_.find('}', ++at_);
        if (end == std::string_view::npos) return unfinished();
        std::string path(text_.substr(at_, end - at_));
        at_ = end + 1;
        if (scheme == "cred") {
            if (!credential_name(path)) {
                return fail(STIPEND_E_CONFIG, "${cred:", path, "}: want the name of a credential, not a path");
            }
            if (!live) return {};
            const auto directory = environment_.get("CREDENTIALS_DIRECTORY");
            if (!directory || directory->empty()) {
                return fail(STIPEND_E_CONFIG, "${cred:", path,
                            "}: CREDENTIALS_DIRECTORY is not set (systemd sets it where the unit has LoadCredential=)");
            }
            path = cat(*directory, "/", path);
        } else if (path.empty()) {
            return fail(STIPEND_E_CONFIG, "${file:}: want the path of a file");
        }
        if (!live) return {};
        STIPEND_LET(content, environment_.read_file(path, max_secret_bytes));
        if (content.ends_with('\n')) content.pop_back();
        if (content.ends_with('\r')) content.pop_back();
        if (find_non_text(content)) return fail(STIPEND_E_CONFIG, path, " is not UTF-8 text");
        out_.secret = true;
        return append(content, live);
    }

    Result<void> append(std::string_view part, bool live) {
        if (!live) return {};
        out_.text += part;
        if (out_.text.size() > max_expanded_bytes) {
            return fail(STIPEND_E_LIMIT, "expands to more than ", max_expanded_bytes, " bytes");
        }
        return {};
    }

    static Error unfinished() { return fail(STIPEND_E_CONFIG, "\"${\" without its \"}\""); }

    std::string_view text_;
    const Environment& environment_;
    std::size_t at_ = 0;
    Expansion out_;
};

}  // namespace

bool secret_name(std::string_view name) {
    static constexpr std::array<std::string_view, 5> ends{"SECRET", "PASSWORD", "TOKEN", "PASSPHRASE", "PRIVATE_KEY"};
    return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return name.ends_with(end); });
}

Result<Expansion> expand_text(std::string_view text, const Environment& environment) {
    return Expander(text, environment).run();
}

void expand_tree(Node& root, const Environment& environment, std::set<std::string>& names_read,
                 Diagnostics& diagnostics) {
    for_each_value(root, Path(), [&](Node& node, const Path& path) {
        expand_node(node, path, environment, names_read, diagnostics);
    });
}

void expand_node(Node& node, const Path& path, const Environment& environment, std::set<std::string>& names_read,
                 Diagnostics& diagnostics) {
    if (!node.is(Node::Kind::scalar) || node.text.find('$') == std::string::npos) return;
    auto expansion = expand_text(node.text, environment);
    if (!expansion) {
        diagnostics.add(
            node.pos, path.text(),
            cat(expansion.error().message, node.by_default ? cat(" (the default here is ", node.text, ")") : ""));
        node.refused = true;
        return;
    }
    node.text = std::move(expansion->text);
    node.secret = expansion->secret;
    if (node.text.empty()) node.quoted = true;
    names_read.merge(expansion->names_read);
}

std::string escape_dollars(std::string_view text) {
    std::string out;
    for (const char c : text) out.append(c == '$' ? 2 : 1, c);
    return out;
}

std::vector<std::string> variables_of(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at)) {
        at += 2;
        const auto start = at;
        while (at < text.size() && name_character(text[at])) ++at;
        const auto rest = text.substr(at);
        if (rest.starts_with("}") || rest.starts_with(":-")) out.emplace_back(text.substr(start, at - start));
    }
    return out;
}

}  // namespace stipend::config
