// A chain as a settlement plugin knows it.
#pragma once

#include <functional>
#include <memory>

#include "host/plugin/instance.hpp"
#include "host/settlement/chain.hpp"

namespace stipend::settlement {

class PluginChain final : public Chain {
  public:
    // Runs work on the thread that owns this object. [any]
    using Post = std::function<void(std::function<void()>)>;

    // A plugin that has not answered within `deadline_ns` has failed that question.
    PluginChain(std::shared_ptr<plugin::Instance> instance, Post post, std::int64_t deadline_ns)
        : instance_(std::move(instance)), post_(std::move(post)), deadline_ns_(deadline_ns) {}

    void account(std::function<void(Result<Account>)> done) override;
    void estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) override;
    void sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) override;
    void recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) override;
    void send(const std::string& raw, std::function<void(Result<void>)> done) override;
    void sight(const std::vector<Sought>& attempts, std::function<void(Result<std::vector<Sighting>>)> done) override;

  private:
    // Starts an operation. Its record becomes a value by `read`, on the thread that brings it, and goes to `done` on
    // this object's, if that is still there.
    template <class T, class Start, class Read>
    void begin(const char* what, std::function<void(Result<T>)> done, Start start, Read read);

    std::shared_ptr<plugin::Instance> instance_;
    Post post_;
    std::int64_t deadline_ns_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // answers hold it weakly
};

}  // namespace stipend::settlement
