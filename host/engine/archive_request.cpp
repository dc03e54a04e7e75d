#include "host/engine/archive_request.hpp"

#include <filesystem>

#include "host/base/time.hpp"
#include "stipend/config.hpp"
#include "stipend/hex.hpp"

namespace stipend::engine {

Result<ArchiveRequest> parse_archive_request(const Json& json) {
    const ConfigView view(json);
    ArchiveRequest out;
    STIPEND_LET(before, view.at("before").string());
    const auto day = parse_utc(before + "T00:00:00Z");
    STIPEND_LET(at, day ? day : parse_utc(before));
    out.before = at;
    STIPEND_LET(file, view.at("file").string());
    if (!std::filesystem::path(file).is_absolute()) {
        return view.at("file").refuse("got \"", clip(file, 200), "\", want the absolute path of a new file");
    }
    out.file = file;
    return out;
}

Json archive_json(const ledger::ArchiveReport& report) {
    return Json::object()
        .append("file", report.file)
        .append("decisions", Json::of_number(std::to_string(report.decisions)))
        .append("first", report.first)
        .append("last", report.last)
        .append("digest", hex_encode(report.digest))
        .append("signer", hex_encode(report.signer));
}

}  // namespace stipend::engine
