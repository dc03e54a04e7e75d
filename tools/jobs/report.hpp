// What is said of a load.
#pragma once

#include <string>

#include "stipend/json.hpp"
#include "tools/jobs/load.hpp"

namespace stipend::jobs {

struct Verdict {
    bool held = true;  // each threshold
    bool interrupted = false;
};
Verdict verdict_on(const Run& run, const Plan& plan);

// The whole report: see docs/jobs.md.
Json json_report(const Run& run, const Plan& plan);
// The same for people.
std::string text_report(const Run& run, const Plan& plan);
// One line on how it goes, of at most `width` characters: figures that do not fit whole are left out from the end.
std::string live_line(const Run& run, const Plan& plan, std::size_t width);

}  // namespace stipend::jobs
