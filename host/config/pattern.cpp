#include "host/config/pattern.hpp"

#include <boost/regex.hpp>

namespace stipend::config {

struct Pattern::Impl {
    boost::regex regex;
};

Result<Pattern> Pattern::compile(std::string_view text) {
    try {
        auto impl = std::make_shared<Impl>();
        impl->regex.assign(text.data(), text.data() + text.size(), boost::regex::ECMAScript);
        return Pattern(std::move(impl), text);
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INVALID, "not a regular expression: got \"", text.substr(0, 80), "\": ", error.what());
    }
}

bool Pattern::matches(std::string_view text) const {
    try {
        // As in ECMAScript: ^ and $ are the ends of the text, not of its lines.
        const auto flags = boost::match_single_line | boost::match_not_dot_newline;
        return boost::regex_search(text.data(), text.data() + text.size(), impl_->regex, flags);
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace stipend::config
