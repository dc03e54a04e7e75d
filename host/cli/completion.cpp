#include "host/cli/completion.hpp"

#include <algorithm>
#include <functional>

#include "stipend/result.hpp"

namespace stipend::cli {
namespace {

// In single quotes for bash and zsh.
std::string word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// The same for fish, which knows two escapes there.
std::string fish_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out + "'";
}

std::string field(const Json& of, std::string_view key) {
    const auto* value = of.find(key);
    return value == nullptr ? "" : value->text();
}

// One line.
std::string what_of(const Json& of) {
    auto text = field(of, "what");
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

std::string words_of(const Json& list) {
    std::string out;
    for (const auto& item : list.items()) out += cat(out.empty() ? "" : " ", item.text());
    return out;
}

// How the value of an option or argument is completed: "@file", "@dir", its choices, or "-" for any text.
std::string value_of(const Json& option) {
    const auto value = field(option, "value");
    if (value == "FILE") return "@file";
    if (value == "DIR") return "@dir";
    const auto choices = words_of(*option.find("choices"));
    return choices.empty() ? "-" : choices;
}

using Visit = std::function<void(const std::string& path, const Json& command)>;
void for_each_command(const Json& command, const std::string& path, const Visit& visit) {
    visit(path, command);
    for (const auto& one : command.find("commands")->items()) {
        for_each_command(one, cat(path, " ", field(one, "name")), visit);
    }
}

// Tables that both shells read: by the path of a command, and by that and an option.
struct Tables {
    std::string commands, options, values, arguments;
};
Tables tables_of(const Json& root) {
    Tables out;
    for_each_command(root, "stipend", [&](const std::string& path, const Json& command) {
        std::string commands;
        for (const auto& one : command.find("commands")->items()) commands += field(one, "name") + " ";
        if (!commands.empty()) out.commands += cat("  ", word(path), " ", word(commands), "\n");
        std::string options;
        for (const auto& one : command.find("options")->items()) {
            const auto& names = one.find("names")->items();
            if (names.empty()) out.arguments += cat("  ", word(path), " ", word(value_of(one)), "\n");
            for (const auto& name : names) {
                options += name.text() + " ";
                if (field(one, "value").empty()) continue;
                out.values += cat("  ", word(cat(path, " ", name.text())), " ", word(value_of(one)), "\n");
            }
        }
        out.options += cat("  ", word(path), " ", word(options), "\n");
    });
    return out;
}

// bash has no list form of an associative array before 5.1.
std::string bash_table(std::string_view name, std::string_view rows) {
    std::string out = cat("declare -gA ", name, "=(\n");
    for (std::size_t at = 0; at < rows.size();) {
        const auto end = rows.find('\n', at);
        const auto row = rows.substr(at + 2, end - at - 2);
        const auto gap = row.find("' '");
        out += cat("  [", row.substr(0, gap + 1), "]=", row.substr(gap + 2), "\n");
        at = end + 1;
    }
    return out + ")\n";
}

constexpr std::string_view bash_body = R"(
# Sets `path` to the command that the words before the cursor name, and `option` to the one whose value is to come.
_stipend_where() {
    local i word
    path=stipend option=
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == "=" ]] && continue
        if [[ -n $option ]]; then
            option=
        elif [[ $word == -* ]]; then
            [[ -n ${_stipend_values["$path $word"]} ]] && option=$word
        elif [[ " ${_stipend_commands["$path"]}" == *" $word "* ]]; then
            path+=" $word"
        fi
    done
}

_stipend() {
    local cur=${COMP_WORDS[COMP_CWORD]} path option wanted line
    COMPREPLY=()
    _stipend_where
    [[ $cur == "=" ]] && cur=
    if [[ -n $option ]]; then
        wanted=${_stipend_values["$path $option"]}
    elif [[ $cur == -* ]]; then
        wanted=${_stipend_options["$path"]}
    else
        wanted=${_stipend_commands["$path"]:-${_stipend_arguments["$path"]}}
    fi
    case $wanted in
        @file) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur") ;;
        @dir) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$cur") ;;
        - | "") ;;
        *) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -W "$wanted" -- "$cur") ;;
    esac
}
)";

constexpr std::string_view zsh_body = R"(
_stipend() {
  local path_=stipend option= word wanted
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $option ]]; then
      option=
    elif [[ $word == -*=* ]]; then
      continue
    elif [[ $word == -* ]]; then
      [[ -n ${_stipend_values[$path_ $word]} ]] && option=$word
    elif [[ " ${_stipend_commands[$path_]}" == *" $word "* ]]; then
      path_+=" $word"
    fi
  done
  word=$words[CURRENT]
  if [[ -z $option && $word == --*=* ]] && compset -P '*='; then
    option=${word%%=*}
  fi
  if [[ -n $option ]]; then
    wanted=${_stipend_values[$path_ $option]}
  elif [[ $word == -* ]]; then
    wanted=${_stipend_options[$path_]}
  else
    wanted=${_stipend_commands[$path_]:-${_stipend_arguments[$path_]}}
  fi
  case $wanted in
    @file) _files ;;
    @dir) _files -/ ;;
    -|'') return 1 ;;
    *) compadd -- ${=wanted} ;;
  esac
}
)";

constexpr std::string_view fish_body = R"(
# True where the words before the cursor name exactly that command, and no option waits for its value.
function __stipend_at
    set -l tokens (commandline -opc)
    set -l path stipend
    set -l waits no
    for token in $tokens[2..-1]
        if test $waits = yes
            set waits no
        else if string match -q -- '-*' $token
            contains -- "$path $token" $__stipend_valued; and set waits yes
        else if contains -- "$path $token" $__stipend_paths
            set path "$path $token"
        end
    end
    test "$path" = "$argv[1]"
end
)";

std::string fish_option(const std::string& program, const std::string& at, const Json& option) {
    auto line = cat("complete -c ", program, " -n ", at);
    for (const auto& name : option.find("names")->items()) {
        const std::string_view text = name.text();
        line += text.rfind("--", 0) == 0 ? cat(" -l ", text.substr(2)) : cat(" -s ", text.substr(1));
    }
    if (!field(option, "value").empty()) {
        const auto value = value_of(option);
        line += value == "@file" ? " -r -F" : value == "@dir" ? " -x -a '(__fish_complete_directories)'" : " -x";
        if (value[0] != '@' && value != "-") line += cat(" -a ", fish_word(value));
    }
    return cat(line, " -d ", fish_word(what_of(option)), "\n");
}

}  // namespace

std::string bash_completion(const Json& root) {
    const auto tables = tables_of(root);
    return cat("# bash completion for stipend; made by `stipend config completion bash`.\n",
               bash_table("_stipend_commands", tables.commands), bash_table("_stipend_options", tables.options),
               bash_table("_stipend_values", tables.values), bash_table("_stipend_arguments", tables.arguments),
               bash_body, "complete -F _stipend stipend\n");
}

std::string zsh_completion(const Json& root) {
    const auto tables = tables_of(root);
    const auto table = [](std::string_view name, std::string_view rows) {
        return cat("typeset -gA ", name, "=(\n", rows, ")\n");
    };
    return cat("#compdef stipend\n# Made by `stipend config completion zsh`.\n",
               table("_stipend_commands", tables.commands), table("_stipend_options", tables.options),
               table("_stipend_values", tables.values), table("_stipend_arguments", tables.arguments), zsh_body,
               "\n_stipend \"$@\"\n");
}

std::string fish_completion(const Json& root) {
    std::string paths, valued, lines;
    for_each_command(root, "stipend", [&](const std::string& path, const Json& command) {
        paths += " " + fish_word(path);
        const auto at = fish_word(cat("__stipend_at ", fish_word(path)));
        for (const auto& one : command.find("commands")->items()) {
            lines += cat("complete -c stipend -n ", at, " -f -a ", fish_word(field(one, "name")), " -d ",
                         fish_word(what_of(one)), "\n");
        }
        for (const auto& one : command.find("options")->items()) {
            const auto& names = one.find("names")->items();
            if (!names.empty()) {
                lines += fish_option("stipend", at, one);
            } else if (value_of(one) == "@file") {
                lines += cat("complete -c stipend -n ", at, " -F\n");
            }
            if (field(one, "value").empty()) continue;
            for (const auto& name : names) valued += " " + fish_word(cat(path, " ", name.text()));
        }
    });
    return cat("# fish completion for stipend; made by `stipend config completion fish`.\nset -g __stipend_paths",
               paths, "\nset -g __stipend_valued", valued, "\n", fish_body, "complete -c stipend -f\n", lines);
}

}  // namespace stipend::cli
