// Fills `${...}` inside the scalars of a tree; it never makes structure out of a value.
//
//   ${NAME}              the environment variable; a diagnostic where it is not set
//   ${NAME:-default}     the same, or the default where it is not set or empty; the default may hold expansions itself
//   ${file:/path}        the file's text without one line end at its end; a secret, at most 64 KiB
//   ${cred:name}         the file of that name in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=); a secret as well
//   $$                   a dollar sign
//
// The text of a variable or file is not expanded again. Keys are never expanded.
// A variable whose name ends in SECRET, PASSWORD, TOKEN, PASSPHRASE or PRIVATE_KEY makes its scalar a secret, too.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "host/config/diagnostic.hpp"
#include "host/config/environment.hpp"
#include "host/config/node.hpp"
#include "host/config/path.hpp"

namespace stipend::config {

inline constexpr std::size_t max_secret_bytes = std::size_t{64} << 10;
inline constexpr std::size_t max_expanded_bytes = std::size_t{1} << 20;  // of one scalar

struct Expansion {
    std::string text;
    bool secret = false;
    std::set<std::string> names_read;  // variables that were set and gave a part of the text
};

// Expands one text. The error says what is wrong, without the text itself.
[[nodiscard]] Result<Expansion> expand_text(std::string_view text, const Environment& environment);

// Expands every scalar below `root` in place, and adds to `names_read`. A scalar that cannot be expanded is reported
// and marked `refused`. A plain scalar stays plain, so `${PORT:-5}` is a number; one that comes out empty is the empty
// text.
void expand_tree(Node& root, const Environment& environment, std::set<std::string>& names_read,
                 Diagnostics& diagnostics);
// The same for one scalar.
void expand_node(Node& node, const Path& path, const Environment& environment, std::set<std::string>& names_read,
                 Diagnostics& diagnostics);

// The text as it has to be written so that it expands to itself.
[[nodiscard]] std::string escape_dollars(std::string_view text);

// Does a variable of that name hold a secret?
[[nodiscard]] bool secret_name(std::string_view name);

// The names of the variables that a text reads when it is expanded, in the order they are tried.
[[nodiscard]] std::vector<std::string> variables_of(std::string_view text);

}  // namespace stipend::config
