#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_objection_commands(CLI::App& app, ObjectionOptions& options, int& status) {
    auto* group = app.add_subcommand("objections", "what orchestrators say against decisions")->require_subcommand(1);
    auto* list = command(*group, "list", "list those that wait for an answer", options.common);
    list->add_option("--orchestrator", options.orchestrator, "only those of one orchestrator");
    list->add_flag("--all", options.all, "also those that are answered");
    list->callback([&] { status = objection_list(options); });
    const auto add = [&](const char* name, const char* what, int (*run)(const ObjectionOptions&)) {
        auto* one = command(*group, name, what, options.common);
        one->add_option("ORCHESTRATOR", options.orchestrator, "its id")->required();
        one->add_option("EPOCH", options.epoch, "the decision's number")->required();
        one->callback([&options, &status, run] { status = run(options); });
        return one;
    };
    add("show", "print one with its answer", objection_show);
    auto* answer = add("answer", "answer one, which is final", objection_answer);
    answer->add_option("--reason", options.reason, "the text that the orchestrator gets; it is recorded")->required();
    answer->add_option("--usd", options.usd, "what is paid for it, by an adjustment (default: nothing)");
}

}  // namespace stipend::cli
