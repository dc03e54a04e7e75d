#include "host/cli/settings_page.hpp"

#include <map>

#include "host/cli/man_page.hpp"
#include "host/config/reference.hpp"
#include "stipend/result.hpp"
#include "stipend/version.h"

namespace stipend::cli {
namespace {

constexpr const char* introduction =
    R"(A file in YAML 1.2, which \fBstipend run \-c\fR \fIFILE\fR reads; without \fB\-c\fR, \fIconfig.yaml\fR.
\fBstipend check \-c\fR \fIFILE\fR reports all that is wrong with it, each with its line and column.
Every key may be left out unless it is marked as required; unknown and duplicate keys are errors.
Amounts and durations carry their unit: 10.00 USD, 60s, 250ms, 1h.
.PP
Inside a value, ${NAME} is a variable of the environment, ${NAME:\-default} the same with a default for an unset or
empty one, ${file:/path} the text of a file, ${cred:name} a credential of systemd, and $$ a dollar sign.
What comes from a file or a credential is a secret and is never shown; so is a variable whose name ends in SECRET,
PASSWORD, TOKEN, PASSPHRASE or PRIVATE_KEY.
A variable that is named below feeds its setting where the file leaves it out.
)";

std::string without_marks(std::string_view text) {
    std::string out(text);
    std::erase(out, '`');
    return out;
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += cat(out.empty() ? "" : ", ", name);
    return out;
}

std::string entry(const config::SettingLine& line) {
    auto out = cat(".TP\n.B ", roff(line.path), "\n", roff(without_marks(line.description)), "\n");
    if (line.holds_others) return out;
    out += cat("Takes ", roff(without_marks(line.wanted)), ".\n");
    if (line.required) {
        out += "Required.\n";
    } else if (!line.fallback.empty()) {
        out += cat("The default is ", roff(line.fallback), ".\n");
    }
    if (!line.variables.empty()) out += cat("Variable: ", roff(joined(line.variables)), ".\n");
    return out;
}

std::string section(std::string_view title, std::string_view what, config::Role role) {
    auto out = cat(".SH ", title, "\n", what, "\n");
    for (const auto& line : config::settings_lines(role)) out += entry(line);
    return out;
}

}  // namespace

std::string settings_page() {
    return cat(".TH STIPEND\\-CONFIG 5 \"\" \"stipend ", STIPEND_VERSION,
               "\" \"File Formats\"\n.SH NAME\nstipend\\-config \\- the configuration of a manager or a worker\n"
               ".SH SYNOPSIS\n.I /etc/stipend/config.yaml\n.br\n.I /etc/stipend/worker.yaml\n.SH DESCRIPTION\n",
               introduction,
               section("A MANAGER", "It pays orchestrators. The role may be left out.", config::Role::manager),
               section("A WORKER", "It measures the services beside an orchestrator and answers its jobs.",
                       config::Role::worker),
               ".SH SEE ALSO\n.BR stipend (1),\n.BR stipend\\-check (1),\n.BR stipend\\-config (1)\n");
}

std::vector<std::string> settings_environment() {
    std::map<std::string, std::string> found;
    for (const auto role : {config::Role::manager, config::Role::worker}) {
        for (const auto& line : config::settings_lines(role)) {
            const auto rest = line.required           ? "."
                              : line.fallback.empty() ? "; the default is none."
                                                      : cat("; the default is ", line.fallback, ".");
            for (const auto& name : line.variables) {
                found.try_emplace(name, cat("Sets ", line.path, " in a configuration that does not", rest));
            }
        }
    }
    found.try_emplace("STIPEND_API_KEY", "The key for a manager that is asked over its API, where no file is given.");
    std::vector<std::string> out;
    for (const auto& [key, what] : found) out.push_back(cat(key, " ", what));
    return out;
}

}  // namespace stipend::cli
