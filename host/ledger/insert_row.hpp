// How the files of the writer insert a row of a rare kind. Private to them.
#pragma once

#include "host/ledger/columns.hpp"
#include "host/ledger/journal_writer.hpp"

namespace stipend::ledger {

template <class Row>
Result<void> JournalWriter::insert_row(std::string_view table, Seq seq, const Row& row) {
    STIPEND_LET(insert, database_.prepare(insert_sql(table, cat("seq, ", columns<Row>()))));
    bind_row(insert.bind(seq), row);
    return insert.run();
}

}  // namespace stipend::ledger
