#include "ethereum/rlp.hpp"

#include <algorithm>

namespace stipend::ethereum {
namespace {

constexpr std::uint8_t text_base = 0x80;
constexpr std::uint8_t list_base = 0xc0;
constexpr std::size_t short_most = 55;  // the longest of which one byte is the length

ByteView without_zeros(ByteView number) {
    while (!number.empty() && number.front() == 0) number = number.subspan(1);
    return number;
}

std::array<std::uint8_t, 8> bytes_of(std::uint64_t number) {
    std::array<std::uint8_t, 8> out{};
    for (std::size_t at = 0; at < out.size(); ++at) out[at] = static_cast<std::uint8_t>(number >> (56 - 8 * at));
    return out;
}

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_head(Bytes& out, std::uint8_t base, std::size_t size) {
    if (size <= short_most) {
        out.push_back(static_cast<std::uint8_t>(base + size));
        return;
    }
    const auto bytes = bytes_of(size);
    const auto length = without_zeros(bytes);
    out.push_back(static_cast<std::uint8_t>(base + short_most + length.size()));
    append(out, length);
}

class RlpReader {
  public:
    RlpReader(ByteView input, RlpLimits limits) : input_(input), limits_(limits) {}

    Result<RlpItem> whole() {
        if (input_.size() > limits_.bytes) {
            return fail(STIPEND_E_LIMIT, "RLP too large: got ", input_.size(), " bytes, want at most ", limits_.bytes);
        }
        STIPEND_LET(item, next(input_.size(), 0));
        if (at_ != input_.size()) return refuse("bytes behind the item");
        return std::move(item);
    }

  private:
    [[nodiscard]] Error refuse(std::string_view why) const {
        return fail(STIPEND_E_INVALID, "not RLP at byte ", at_, ": ", why);
    }

    // One item that ends at `end` at the latest.
    Result<RlpItem> next(std::size_t end, std::size_t depth) {
        if (++count_ > limits_.items) return fail(STIPEND_E_LIMIT, "RLP of more than ", limits_.items, " items");
        if (at_ >= end) return refuse("cut off");
        const auto first = input_[at_];
        RlpItem out;
        if (first < text_base) {
            out.text = input_.subspan(at_++, 1);
            return out;
        }
        out.list = first >= list_base;
        STIPEND_LET(size, length(out.list ? list_base : text_base, end));
        if (!out.list) {
            out.text = input_.subspan(at_, size);
            if (size == 1 && out.text.front() < text_base) return refuse("a single byte with a length");
            at_ += size;
            return out;
        }
        if (depth >= limits_.depth) return fail(STIPEND_E_LIMIT, "RLP nested deeper than ", limits_.depth);
        for (const auto stop = at_ + size; at_ < stop;) {
            STIPEND_LET(item, next(stop, depth + 1));
            out.items.push_back(std::move(item));
        }
        return out;
    }

    Result<std::size_t> length(std::uint8_t base, std::size_t end) {
        std::size_t size = input_[at_++] - static_cast<std::size_t>(base);
        if (size > short_most) {
            const std::size_t digits = size - short_most;
            if (digits > end - at_) return refuse("cut off in a length");
            if (digits > 4) return refuse("a length beyond all limits");
            if (input_[at_] == 0) return refuse("a length with a leading zero");
            size = 0;
            for (std::size_t digit = 0; digit < digits; ++digit) size = size << 8 | input_[at_++];
            if (size <= short_most) return refuse("a short length in the long form");
        }
        if (size > end - at_) return refuse("cut off");
        return size;
    }

    ByteView input_;
    RlpLimits limits_;
    std::size_t at_ = 0;
    std::size_t count_ = 0;
};

Result<ByteView> number_text(const RlpItem& item, std::size_t most) {
    if (item.list) return fail(STIPEND_E_INVALID, "got a list, want a number");
    if (item.text.size() > most) {
        return fail(STIPEND_E_INVALID, "got a number of ", item.text.size(), " bytes, want at most ", most);
    }
    if (!item.text.empty() && item.text.front() == 0) {
        return fail(STIPEND_E_INVALID, "got a number with a leading zero");
    }
    return item.text;
}

}  // namespace

void append_rlp(Bytes& out, ByteView text) {
    if (text.size() == 1 && text.front() < text_base) return out.push_back(text.front());
    append_head(out, text_base, text.size());
    append(out, text);
}

void append_rlp(Bytes& out, std::uint64_t number) {
    const auto bytes = bytes_of(number);
    append_rlp(out, without_zeros(bytes));
}

void append_rlp(Bytes& out, const Uint256& number) {
    const auto bytes = to_bytes32(number);
    append_rlp(out, without_zeros(bytes));
}

Bytes rlp_list(ByteView payload, ByteView prefix) {
    Bytes out(prefix.begin(), prefix.end());
    out.reserve(prefix.size() + payload.size() + 9);
    append_head(out, list_base, payload.size());
    append(out, payload);
    return out;
}

Result<RlpItem> parse_rlp(ByteView input, RlpLimits limits) {
    return RlpReader(input, limits).whole();
}

Result<std::uint64_t> rlp_u64(const RlpItem& item) {
    STIPEND_LET(text, number_text(item, sizeof(std::uint64_t)));
    std::uint64_t out = 0;
    for (const auto byte : text) out = out << 8 | byte;
    return out;
}

Result<Uint256> rlp_u256(const RlpItem& item) {
    STIPEND_LET(text, number_text(item, sizeof(Bytes32)));
    Bytes32 bytes{};
    std::copy(text.begin(), text.end(), bytes.end() - static_cast<std::ptrdiff_t>(text.size()));
    return from_bytes32(bytes);
}

}  // namespace stipend::ethereum
