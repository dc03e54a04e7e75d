// The plugin instances of a host: made beside those in use, put in their place, retired, destroyed. All on [control],
// unless a function says otherwise.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/plugin/instance.hpp"
#include "host/plugin/prepare.hpp"
#include "host/runtime/control_loop.hpp"

namespace stipend::runtime {

// An instance that a plan wants.
struct PlannedInstance {
    std::string key;   // unique within the plan: "dispatch", "price", "monitor:NAME"
    std::string name;  // names it in the log and in metrics
    plugin::Prepared prepared;
    std::string values = {};  // the name of its stored values, which others may share; empty: `name`
};

// An instance, and what it was made of: the same again need not be made anew.
struct InstanceRef {
    std::shared_ptr<plugin::Instance> instance;
    std::string made_of;
};

using InstanceSet = std::map<std::string, InstanceRef>;  // by the plan's key

[[nodiscard]] std::string monitor_key(const std::string& name);
[[nodiscard]] std::string receiver_key(const std::string& name);  // of alerts
// The monitors of a set, by their names.
[[nodiscard]] InstanceSet monitors_of(const InstanceSet& set);

class Instances {
  public:
    // `loop` outlives this.
    explicit Instances(ControlLoop& loop) : loop_(loop) {}
    // Quiesces what is in use, waits up to two seconds for what is under way, then destroys all of them.
    ~Instances();
    Instances(const Instances&) = delete;
    Instances& operator=(const Instances&) = delete;

    // A started instance for each one planned; those in use that are made of the same are shared. On failure none of
    // the new ones is left, and those in use are unchanged.
    Result<InstanceSet> make(const std::vector<PlannedInstance>& planned, const stipend_terms& terms,
                             const plugin::Services& services);
    // Retires what `fresh` has and is not in use.
    void discard(const InstanceSet& fresh);
    // Puts `fresh` in use; what was in use and is not in `fresh` is retired.
    void replace(InstanceSet fresh);
    // Takes one out of use: it completes what it has and is destroyed, and `then` follows. Nothing where it is not
    // there.
    void retire(const std::string& key, std::function<void()> then);

    [[nodiscard]] const InstanceSet& in_use() const { return in_use_; }
    // How many are not destroyed, retired ones included.
    [[nodiscard]] std::size_t alive() const { return alive_.size(); }
    // The one in use under that key; it is there.
    [[nodiscard]] plugin::Instance& at(const std::string& key) const { return *in_use_.at(key).instance; }

  private:
    void retire(const std::shared_ptr<plugin::Instance>& instance, std::function<void()> then = {});
    void quiesce(const std::shared_ptr<plugin::Instance>& instance, std::function<void()> then);
    void destroy(const plugin::Instance* raw, const std::function<void()>& then);

    ControlLoop& loop_;
    InstanceSet in_use_;
    std::vector<std::shared_ptr<plugin::Instance>> alive_;  // all that are not destroyed
    std::set<const plugin::Instance*> retired_;             // those of them that are quiesced
};

}  // namespace stipend::runtime
