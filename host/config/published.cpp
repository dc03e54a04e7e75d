#include "host/config/published.hpp"

#include <algorithm>

#include "host/config/expand.hpp"
#include "host/config/path.hpp"
#include "host/config/url.hpp"

namespace stipend::config {
namespace {

// "listen.worker is 0.0.0.0:9876" of the first listener that others can reach; empty: there is none.
std::string reachable(const Settings& settings) {
    const std::pair<std::string_view, std::string_view> listeners[] = {{"listen.worker", settings.worker_listen},
                                                                       {"listen.metrics", settings.metrics_listen}};
    for (const auto& [name, address] : listeners) {
        if (!address.empty() && !loopback_listen(address)) return cat(name, " is ", address);
    }
    return {};
}

bool secret_key(std::string_view key) {
    std::string upper(key);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return secret_name(upper);
}

class Search {
  public:
    Search(std::string reachable, Problems& problems, std::vector<std::string>& warnings)
        : reachable_(std::move(reachable)), problems_(problems), warnings_(warnings) {}

    void below(const Node& node, const Path& path) {
        std::size_t index = 0;
        for (const auto& child : node.children) {
            below(child, node.is(Node::Kind::mapping) ? path.key(child.key) : path.item(index++));
        }
        if (!node.is(Node::Kind::scalar) || node.refused || !published_secret(node.text)) return;
        if (node.secret || secret_key(node.key)) report(node.mark, path.text());
    }

  private:
    void report(Mark mark, std::string path) {
        const auto variable = variable_at(mark);
        const auto mend = cat("want one of your own", variable.empty() ? "" : cat(" in ", variable),
                              ", here and where it is checked, such as this prints: openssl rand -hex 32");
        if (reachable_.empty()) {
            warnings_.push_back(cat(problems_.file(), ":", mark.line, ":", mark.column, ": ", path,
                                    ": got a secret that everybody knows; nothing but loopback may be listened on "
                                    "with it: ",
                                    mend));
        } else {
            problems_.add(mark, std::move(path),
                          cat("got a secret that everybody knows, while ", reachable_, ": ", mend));
        }
    }

    // The first secret variable that the value is written with; empty: none.
    [[nodiscard]] std::string variable_at(Mark mark) const {
        std::string_view rest = problems_.source();
        for (std::int32_t line = 1; line < mark.line; ++line)
            rest.remove_prefix(std::min(rest.find('\n') + 1, rest.size()));
        rest = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(static_cast<std::size_t>(mark.column - 1), rest.size()));
        const auto names = variables_of(rest);
        const auto found = std::find_if(names.begin(), names.end(), [](const auto& name) { return secret_name(name); });
        return found == names.end() ? std::string() : *found;
    }

    const std::string reachable_;
    Problems& problems_;
    std::vector<std::string>& warnings_;
};

}  // namespace

void check_published(const Node& root, const Settings& settings, Problems& problems,
                     std::vector<std::string>& warnings) {
    Search(reachable(settings), problems, warnings).below(root, Path());
}

}  // namespace stipend::config
