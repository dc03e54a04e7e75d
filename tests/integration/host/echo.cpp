// A service that answers each of its routes with what it got: its routes and the headers of its answers are those of
// its configuration.
#include "stipend/plugin.hpp"
#include "stipend/routes.hpp"

namespace {

using namespace stipend;

constexpr const char* schema = R"({"type": "object", "additionalProperties": false, "required": ["routes"],
    "properties": {"routes": {"type": "array", "items": {"type": "string"}},
                   "headers": {"type": "array", "items": {"type": "string"}}}})";

class Echo {
  public:
    struct Settings {
        std::vector<std::string> routes;  // "api GET /echo/x"
        std::string headers;
    };
    static constexpr PluginInfo info{
        .id = "org.stipend.test.echo", .name = "Echo", .version = "1", .config_schema = schema};

    Echo(Settings settings, Host host) : settings_(std::move(settings)), host_(host) {}
    static Result<Settings> parse(const Json& config, const stipend_terms&) {
        Settings out;
        for (const auto& one : config.find("routes")->items()) out.routes.push_back(one.text());
        if (const auto* headers = config.find("headers")) {
            for (const auto& one : headers->items()) out.headers += one.text() + "\r\n";
        }
        return out;
    }
    Result<void> start() {
        for (const auto& route : settings_.routes) {
            const auto first = route.find(' ');
            const auto second = route.find(' ', first + 1);
            STIPEND_LET(added, Route::add(host_, route.substr(0, first), route.substr(first + 1, second - first - 1),
                                          route.substr(second + 1),
                                          [this](RouteRequest request) { answer(std::move(request)); }));
            routes_.push_back(std::move(added));
        }
        return {};
    }
    void quiesce() {}
    Result<std::string> report() { return std::string("{}"); }

  private:
    void answer(RouteRequest request) const {
        const auto body = Json::object()
                              .append("method", request.method)
                              .append("path", request.path)
                              .append("query", request.query)
                              .append("headers", request.headers)
                              .append("principal", request.principal)
                              .append("role", request.role)
                              .append("orchestrator", request.orchestrator)
                              .append("body", request.body)
                              .dump();
        request.respond(200, "content-type: application/json\r\n" + settings_.headers, body);
    }

    const Settings settings_;
    const Host host_;
    std::vector<Route> routes_;
};

}  // namespace

STIPEND_PLUGINS(Echo);
