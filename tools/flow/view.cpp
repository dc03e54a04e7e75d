#include "tools/flow/view.hpp"

#include <algorithm>
#include <utility>

#include "stipend/ascii.hpp"

namespace stipend::flow {
namespace {

constexpr std::size_t longest_filter = 64;

bool passes(const Lane& lane, const std::string& wanted) {
    if (wanted.empty()) return true;
    const auto has = [&](const std::string& text) { return ascii::to_lower(text).find(wanted) != std::string::npos; };
    return has(lane.id) || has(text_of(lane.standing, "status")) || has(text_of(lane.standing, "last_tier"));
}

SignedWei owed_by(const Lane* lane) {
    const auto owed = SignedWei::parse(text_of(lane->standing, "owed_wei"));
    return owed ? *owed : SignedWei::lowest();
}

std::int64_t uptime_of(const Lane* lane) {
    return scaled(lane->standing, "last_uptime_percent", 4).value_or(-1);
}

std::int64_t failures_of(const Lane* lane) {
    return scaled(lane->standing, "consecutive_failures", 0).value_or(0);
}

// Times of the API are of one length, so that their order is that of the texts; those without one are the last.
std::string next_of(const Lane* lane) {
    const auto text = text_of(lane->standing, "next_due");
    return text == "-" ? "~" : text;
}

template <class Order>
void sort_by(std::vector<const Lane*>& lanes, Order order) {
    using Value = decltype(order(nullptr));
    std::vector<std::pair<Value, const Lane*>> keyed;
    keyed.reserve(lanes.size());
    for (const auto* lane : lanes) keyed.emplace_back(order(lane), lane);
    std::ranges::stable_sort(keyed, [](const auto& a, const auto& b) { return a.first < b.first; });
    std::ranges::transform(keyed, lanes.begin(), [](const auto& one) { return one.second; });
}

// The greater amount is the first.
struct Falling {
    SignedWei amount;
    friend bool operator<(const Falling& a, const Falling& b) { return b.amount < a.amount; }
};

// Where a key moves to from `at`, of `size` in all.
std::size_t moved(Key key, std::size_t at, std::size_t size, std::size_t page) {
    switch (key) {
        case Key::up:
            return at - std::min<std::size_t>(at, 1);
        case Key::down:
            return at + 1;
        case Key::page_up:
            return at - std::min(at, page);
        case Key::page_down:
            return at + page;
        case Key::home:
            return 0;
        case Key::end:
            return size == 0 ? 0 : size - 1;
        default:
            return at;
    }
}

Wish press_in_detail(View& view, Key key, char character, std::size_t page) {
    if (key == Key::escape || key == Key::enter || (key == Key::text && character == 'q')) {
        view.mode = View::Mode::list;
        view.top = 0;
        return Wish::refresh;
    }
    const auto most = view.detail.size() > page ? view.detail.size() - page : 0;
    view.top = key == Key::end ? most : std::min(moved(key, view.top, view.detail.size(), page), most);
    return Wish::none;
}

Wish press_in_filter(View& view, Key key, char character) {
    if (key == Key::enter) view.mode = View::Mode::list;
    if (key == Key::escape) {
        view.mode = View::Mode::list;
        view.filter.clear();
    }
    if (key == Key::backspace && !view.filter.empty()) view.filter.pop_back();
    if (key == Key::text && character >= ' ' && character < 0x7f && view.filter.size() < longest_filter)
        view.filter += character;
    view.top = 0;
    return Wish::refresh;
}

}  // namespace

std::string_view name_of(Sort sort) {
    static constexpr std::string_view names[] = {"name", "next payment", "most owed", "least uptime", "failures"};
    static_assert(std::size(names) == sorts);
    return names[static_cast<std::size_t>(sort)];
}

std::vector<const Lane*> lanes_of(const Model& model, const View& view) {
    std::vector<const Lane*> out;
    const auto wanted = ascii::to_lower(view.filter);
    for (const auto& [id, lane] : model.lanes()) {
        if (passes(lane, wanted)) out.push_back(&lane);
    }
    switch (view.sort) {
        case Sort::name:
            break;
        case Sort::next:
            sort_by(out, next_of);
            break;
        case Sort::owed:
            sort_by(out, [](const Lane* lane) { return Falling{owed_by(lane)}; });
            break;
        case Sort::uptime:
            sort_by(out, uptime_of);
            break;
        case Sort::failures:
            sort_by(out, [](const Lane* lane) { return -failures_of(lane); });
            break;
    }
    return out;
}

void settle(View& view, const std::vector<const Lane*>& lanes, std::size_t page) {
    if (lanes.empty()) {
        view.top = 0;
        return;
    }
    const auto found = std::ranges::find(lanes, view.selected, &Lane::id);
    const auto at = found == lanes.end() ? 0 : static_cast<std::size_t>(found - lanes.begin());
    view.selected = lanes[at]->id;
    view.top = std::min(view.top, lanes.size() > page ? lanes.size() - page : 0);
    if (at < view.top) view.top = at;
    if (at >= view.top + page) view.top = at + 1 - page;
}

Wish press(View& view, const Model& model, Key key, char character, std::size_t page) {
    if (view.mode == View::Mode::detail) return press_in_detail(view, key, character, page);
    if (view.mode == View::Mode::filter) return press_in_filter(view, key, character);
    const auto lanes = lanes_of(model, view);
    if (key == Key::text) {
        if (character == 'q') view.quit = true;
        if (character == '/') view.mode = View::Mode::filter;
        if (character == 's') {
            view.sort = static_cast<Sort>((static_cast<std::uint8_t>(view.sort) + 1) % sorts);
            view.top = 0;
            view.selected.clear();
        }
        return Wish::none;
    }
    if (key == Key::escape) view.filter.clear();
    if (lanes.empty()) return Wish::none;
    const auto found = std::ranges::find(lanes, view.selected, &Lane::id);
    const auto at = found == lanes.end() ? 0 : static_cast<std::size_t>(found - lanes.begin());
    if (key == Key::enter) {
        view.selected = lanes[at]->id;
        view.mode = View::Mode::detail;
        view.top = 0;
        view.detail = {"asking for the explanation of its last decision ..."};
        return Wish::explain;
    }
    view.selected = lanes[std::min(moved(key, at, lanes.size(), page), lanes.size() - 1)]->id;
    return Wish::none;
}

}  // namespace stipend::flow
