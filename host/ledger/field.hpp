// What a list of fields is made of: see fields.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace stipend::ledger {

// How an export prints a value whose type alone does not say it.
enum class Format : std::uint8_t { plain, utc_time, percent, factor, seconds, milliseconds };

struct Field {
    std::string_view column;
    std::size_t max_bytes = 0;       // of a text or a blob; every one of these has a bound
    std::string_view json = {};      // the name in a body of the chain, where it is not that of the column
    std::string_view exported = {};  // the name in an export; empty: not exported
    Format format = Format::plain;
    std::optional<std::int64_t> unsaid = {};  // a body of the chain leaves the field out where it has this value
    bool brief = true;                        // DecisionFilter::brief reads it
};

// Bytes that need not be text: a BLOB in the tables.
template <class Text>
struct Blob {
    Text& bytes;
};
template <class Text>
Blob(Text&) -> Blob<Text>;

// A text that a body of the chain holds as its hash only.
template <class Text>
struct Hashed {
    Text& text;
};
template <class Text>
Hashed(Text&) -> Hashed<Text>;

// Bytes of which a body of the chain holds the hash only: a BLOB in the tables.
template <class Text>
struct HashedBlob {
    Text& bytes;
};
template <class Text>
HashedBlob(Text&) -> HashedBlob<Text>;

// `Row` is `Record` or a const `Record`.
template <class Row, class Record>
concept RowOf = std::same_as<std::remove_const_t<Row>, Record>;

}  // namespace stipend::ledger
