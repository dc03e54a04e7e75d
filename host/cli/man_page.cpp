#include "host/cli/man_page.hpp"

#include <algorithm>

#include "stipend/result.hpp"
#include "stipend/version.h"

namespace stipend::cli {

std::string roff(std::string_view text) {
    std::string out;
    bool begins = true;
    for (const char c : text) {
        if (begins && (c == '.' || c == '\'')) out += "\\&";
        begins = c == '\n';
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else if (c == '`' || c == '^' || c == '~') {
            out += c == '`' ? "\\(ga" : c == '^' ? "\\(ha" : "\\(ti";
        } else if (c == '"') {
            out += "\\(dq";
        } else if (c == '\'') {
            out += "\\(aq";
        } else {
            out += c;
        }
    }
    return out;
}

namespace {

std::string text_of(const Json& of, std::string_view key) {
    const auto* value = of.find(key);
    return value == nullptr ? "" : value->text();
}

bool is_argument(const Json& option) {
    return option.find("names")->items().empty();
}

std::string joined(const std::vector<Json>& items, std::string_view between) {
    std::string out;
    for (const auto& item : items) out += cat(out.empty() ? "" : between, item.text());
    return out;
}

// "stipend ledger verify [OPTIONS] [FILE]"
std::string synopsis(const Json& command, std::string_view path) {
    std::string out = cat(".B ", roff(path), "\n");
    const auto& options = command.find("options")->items();
    if (std::any_of(options.begin(), options.end(), [](const Json& one) { return !is_argument(one); })) {
        out += "[\\fIOPTIONS\\fR]\n";
    }
    for (const auto& one : options) {
        if (!is_argument(one)) continue;
        const auto name = cat("\\fI", roff(text_of(one, "value")), "\\fR");
        out += one.find("required")->truth() ? name : cat("[", name, "]");
        out += one.find("repeats")->truth() ? " ...\n" : "\n";
    }
    if (!command.find("commands")->items().empty()) out += "\\fICOMMAND\\fR\n";
    return out;
}

std::string option_entry(const Json& one) {
    std::string out = ".TP\n";
    const auto value = cat("\\fI", roff(text_of(one, "value")), "\\fR");
    if (is_argument(one)) {
        out += value;
    } else {
        const auto& names = one.find("names")->items();
        for (const auto& name : names)
            out += cat(&name == &names.front() ? "" : ", ", "\\fB", roff(name.text()), "\\fR");
        if (!text_of(one, "value").empty()) out += " " + value;
    }
    out += cat("\n", roff(text_of(one, "what")), ".");
    if (one.find("required")->truth()) out += "\nRequired.";
    const auto& choices = one.find("choices")->items();
    if (!choices.empty()) out += cat("\nOne of ", roff(joined(choices, ", ")), ".");
    if (const auto standard = text_of(one, "default"); !standard.empty()) {
        out += cat("\nThe default is ", roff(standard), ".");
    }
    if (one.find("repeats")->truth()) out += "\nCan be given several times.";
    return out + "\n";
}

std::string options_section(const Json& command) {
    std::string out;
    for (const auto& one : command.find("options")->items()) out += option_entry(one);
    return out;
}

std::string sentence(const Json& command) {
    const auto text = text_of(command, "what");
    return cat(roff(text), text.empty() || text.back() == '.' ? "" : ".", "\n");
}

// A footer keeps its lines.
std::string footer(const Json& command) {
    const auto text = text_of(command, "footer");
    return text.empty() ? "" : cat(".PP\n.nf\n", roff(text), text.back() == '\n' ? "" : "\n", ".fi\n");
}

std::string head(std::string_view title, std::string_view what) {
    std::string upper(title);
    for (auto& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    // One line, which `apropos` reads.
    std::string line(what.substr(0, what.find('\n')));
    while (!line.empty() && line.back() == '.') line.pop_back();
    return cat(".TH ", roff(upper), " 1 \"\" \"stipend ", STIPEND_VERSION, "\" \"User Commands\"\n.SH NAME\n",
               roff(title), " \\- ", roff(line), "\n");
}

std::string tail(const PageContext& context) {
    std::string out = ".SH EXIT STATUS\n";
    for (const auto& one : context.exits.items()) {
        out += cat(".TP\n.B ", text_of(one, "status"), "\n", roff(text_of(one, "what")), ".\n");
    }
    if (context.environment.empty()) return out;
    out += ".SH ENVIRONMENT\n";
    for (const auto& name : context.environment) {
        const auto blank = std::min(name.find(' '), name.size());
        const auto rest = std::string_view(name).substr(std::min(blank + 1, name.size()));
        out += cat(".TP\n.B ", roff(std::string_view(name).substr(0, blank)), "\n",
                   rest.empty() ? "Has no default." : roff(rest), "\n");
    }
    return out +
           ".SH FILES\n.TP\n.I /etc/stipend/config.yaml\nThe configuration of an installed manager.\n"
           ".TP\n.I /var/lib/stipend\nThe state folder of an installed manager.\n";
}

// The commands of a command, each with all that its own --help has.
std::string nested(const Json& command, const std::string& path) {
    std::string out;
    for (const auto& one : command.find("commands")->items()) {
        const auto own = cat(path, " ", text_of(one, "name"));
        out += cat(".SS \"", roff(own), "\"\n", synopsis(one, own), ".PP\n", sentence(one), options_section(one),
                   footer(one));
        out += nested(one, own);
    }
    return out;
}

}  // namespace

std::string page_name(std::string_view command) {
    return command.empty() || command == "stipend" ? "stipend.1" : cat("stipend-", command, ".1");
}

std::string command_page(const Json& command, const PageContext& context) {
    const auto name = text_of(command, "name");
    const auto path = cat("stipend ", name);
    auto out = head(cat("stipend-", name), text_of(command, "what"));
    out += cat(".SH SYNOPSIS\n", synopsis(command, path), ".SH DESCRIPTION\n", sentence(command), ".SH OPTIONS\n",
               options_section(command));
    if (!command.find("commands")->items().empty()) out += cat(".SH COMMANDS\n", nested(command, path));
    if (const auto text = footer(command); !text.empty()) out += ".SH NOTES\n" + text;
    return out + tail(context) + ".SH SEE ALSO\n.BR stipend (1)\n";
}

std::string overview_page(const Json& root, const PageContext& context) {
    auto out = head("stipend", text_of(root, "what"));
    out += cat(".SH SYNOPSIS\n", synopsis(root, "stipend"), ".SH DESCRIPTION\n", sentence(root), ".SH OPTIONS\n",
               options_section(root), ".SH COMMANDS\nEach command has a page of its own.\n");
    for (const auto& one : root.find("commands")->items()) {
        out += cat(".TP\n.BR stipend\\-", roff(text_of(one, "name")), " (1)\n", sentence(one));
    }
    return out + tail(context);
}

}  // namespace stipend::cli
