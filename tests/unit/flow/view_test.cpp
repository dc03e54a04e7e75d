#include "tools/flow/view.hpp"

#include <doctest/doctest.h>

#include "tests/unit/flow/answers.hpp"

using namespace stipend;
using namespace stipend::flow;

namespace {

Model of_three() {
    Model out;
    out.take_orchestrators(Json::array()
                               .push(standing("alpha", 1, "9"))
                               .push(standing("beta", 1, "10", "50"))
                               .push(standing("gamma", 1, "-3", "99")));
    return out;
}
std::string order(const Model& model, const View& view) {
    std::string out;
    for (const auto* lane : lanes_of(model, view)) out += lane->id.substr(0, 1);
    return out;
}
void type(View& view, const Model& model, std::string_view text) {
    for (const char c : text) static_cast<void>(press(view, model, Key::text, c, 2));
}
void hit(View& view, const Model& model, Key key) {
    static_cast<void>(press(view, model, key, 0, 2));
}

}  // namespace

TEST_CASE("s goes through the orders, and comes back to the first") {
    const auto model = of_three();
    View view;
    std::string all;
    for (int i = 0; i < sorts; ++i) {
        all += order(model, view) + " ";
        type(view, model, "s");
    }
    CHECK(all == "abg abg bag bga abg ");
    CHECK(view.sort == Sort::name);
}

TEST_CASE("a filter is typed behind a slash, ignores case, and ends with Enter or is given up with Escape") {
    const auto model = of_three();
    View view;
    type(view, model, "/aM");
    CHECK(view.mode == View::Mode::filter);
    CHECK(order(model, view) == "g");
    hit(view, model, Key::backspace);
    hit(view, model, Key::backspace);
    CHECK(order(model, view) == "abg");
    type(view, model, "beq");  // q is a letter here
    CHECK_FALSE(view.quit);
    hit(view, model, Key::backspace);
    hit(view, model, Key::enter);
    CHECK(view.mode == View::Mode::list);
    CHECK(order(model, view) == "b");
    hit(view, model, Key::escape);
    CHECK(order(model, view) == "abg");
    type(view, model, "/" + std::string(1000, 'x'));
    CHECK(view.filter.size() <= 64);
    CHECK(order(model, view).empty());
}

TEST_CASE("a filter finds by status and tier as well") {
    const auto model = of_three();
    View view;
    view.filter = "CONNECTED";
    CHECK(order(model, view) == "abg");
    view.filter = "excell";
    CHECK(order(model, view) == "abg");
    view.filter = "poor";
    CHECK(order(model, view).empty());
}

TEST_CASE("arrows move the selected lane, which stays on the screen") {
    const auto model = of_three();
    View view;
    const auto lanes = lanes_of(model, view);
    settle(view, lanes, 2);
    CHECK(view.selected == "alpha");
    hit(view, model, Key::up);
    CHECK(view.selected == "alpha");
    hit(view, model, Key::page_down);
    settle(view, lanes, 2);
    CHECK(view.selected == "gamma");
    CHECK(view.top == 1);
    hit(view, model, Key::down);
    CHECK(view.selected == "gamma");
    hit(view, model, Key::home);
    settle(view, lanes, 2);
    CHECK(view.top == 0);
    hit(view, model, Key::end);
    CHECK(view.selected == "gamma");
}

TEST_CASE("a selected lane that is gone gives way to the first one") {
    View view;
    view.selected = "gone";
    view.top = 100;
    const auto model = of_three();
    settle(view, lanes_of(model, view), 2);
    CHECK(view.selected == "alpha");
    CHECK(view.top == 0);
    settle(view, {}, 2);
    CHECK(view.top == 0);
}

TEST_CASE("Enter asks for an explanation, whose lines scroll, and q leaves it") {
    const auto model = of_three();
    View view;
    CHECK(press(view, Model(), Key::enter, 0, 2) == Wish::none);
    hit(view, model, Key::down);
    CHECK(press(view, model, Key::enter, 0, 2) == Wish::explain);
    CHECK(view.selected == "beta");
    view.detail = {"1", "2", "3", "4", "5"};
    hit(view, model, Key::page_down);
    CHECK(view.top == 2);
    hit(view, model, Key::end);
    CHECK(view.top == 3);
    hit(view, model, Key::down);
    CHECK(view.top == 3);
    hit(view, model, Key::home);
    CHECK(view.top == 0);
    type(view, model, "q");
    CHECK(view.mode == View::Mode::list);
    CHECK_FALSE(view.quit);
    type(view, model, "q");
    CHECK(view.quit);
}
