#include "host/ledger/policy_code.hpp"

#include "host/base/sqlite.hpp"
#include "host/ledger/marks.hpp"

namespace stipend::ledger {
namespace {

// A period is decided by the generation that it began under, so that a later decision may be of an older generation:
// of one of those that were live at the same time.
constexpr std::int64_t live_generations = 3;

}  // namespace

Result<std::vector<std::string>> policy_code_in_use(const std::filesystem::path& database, std::size_t most) {
    std::vector<std::string> out;
    std::error_code none;
    if (!std::filesystem::exists(database, none)) return out;
    sqlite::Database ledger;
    STIPEND_TRY(open_to_read(ledger, database.string()));
    STIPEND_LET(oldest, ledger.number("SELECT generation FROM decision ORDER BY seq LIMIT 1"));
    if (oldest == 0) return out;
    STIPEND_LET(rows, ledger.prepare("SELECT so_sha256 FROM generation WHERE id > ? GROUP BY so_sha256 "
                                     "ORDER BY max(id) DESC LIMIT ?"));
    rows.bind(oldest - live_generations).bind(most);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        out.push_back(rows.text());
    }
}

}  // namespace stipend::ledger
