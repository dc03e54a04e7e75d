#include "host/plugin/isolated/wire.hpp"

#include <algorithm>
#include <cstring>

#include "host/plugin/record_check.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin::isolated {
namespace {

constexpr std::uint64_t no_address = std::uint64_t{1} << 63U;
constexpr std::size_t min_frame_bytes = 1 + 8;  // message and number

}  // namespace

Writer& Writer::text(stipend_str given) {
    if (given.ptr == nullptr && given.len != 0) return number(no_address | given.len);
    return text(std::string_view(given.ptr, std::min(given.len, max_text_bytes + 1)));
}

Writer& Writer::text(stipend_bytes given) {
    return text(stipend_str{reinterpret_cast<const char*>(given.ptr), given.len});
}

Writer& Writer::error(stipend_status status, const stipend_error* error) {
    number(status);
    if (status == STIPEND_OK) return *this;
    const auto given = from_abi(status, error);
    return number(static_cast<std::uint8_t>(given.permanent)).text(given.path).text(given.message);
}

std::string_view Reader::take(std::size_t size) {
    if (size > rest_.size()) {
        good_ = false;
        rest_ = {};
        return {};
    }
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
}

std::string_view Reader::text() {
    return take(number<std::uint64_t>());
}

stipend_str Reader::given_text() {
    const auto length = number<std::uint64_t>();
    if ((length & no_address) != 0) return {nullptr, length & ~no_address};
    return to_abi(take(length));
}

stipend_bytes Reader::given_bytes() {
    const auto text = given_text();
    return {reinterpret_cast<const std::uint8_t*>(text.ptr), text.len};
}

void Reader::raw(void* to, std::size_t size) {
    const auto bytes = take(size);
    std::memset(to, 0, size);
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
}

stipend_status Reader::error(stipend_error& out) {
    out = empty_error();
    const auto status = number<stipend_status>();
    if (status == STIPEND_OK) return good_ ? STIPEND_OK : STIPEND_E_INTERNAL;
    Error error{.status = status};
    error.permanent = number<std::uint8_t>() != 0;
    error.path = text();
    error.message = text();
    return report(&out, error);
}

std::string make_frame(Message message, std::uint64_t number, const Writer& body) {
    Writer out;
    out.number(static_cast<std::uint32_t>(min_frame_bytes + body.body().size()));
    out.number(message).number(number).raw(body.body().data(), body.body().size());
    return out.body();
}

void FrameReader::append(std::string_view bytes) {
    bytes_.erase(0, read_);
    read_ = 0;
    bytes_ += bytes;
}

Result<std::optional<Frame>> FrameReader::next() {
    const auto rest = std::string_view(bytes_).substr(read_);
    if (rest.size() < frame_head_bytes) return std::optional<Frame>();
    const auto size = Reader(rest).number<std::uint32_t>();
    if (size < min_frame_bytes || size > max_frame_bytes) {
        return fail(STIPEND_E_INVALID, "got a frame of ", size, " bytes, want ", min_frame_bytes, " .. ",
                    max_frame_bytes);
    }
    if (rest.size() - frame_head_bytes < size) return std::optional<Frame>();
    read_ += frame_head_bytes + size;
    Reader head(rest.substr(frame_head_bytes, min_frame_bytes));
    const auto message = head.one_of(Message::handled);
    if (!head.good()) return fail(STIPEND_E_INVALID, "got a frame of no known message");
    return std::optional<Frame>({message, head.number<std::uint64_t>(),
                                 rest.substr(frame_head_bytes + min_frame_bytes, size - min_frame_bytes)});
}

}  // namespace stipend::plugin::isolated
