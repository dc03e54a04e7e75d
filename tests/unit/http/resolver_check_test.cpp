#include "host/http/resolver_check.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "host/http/os.hpp"

using namespace stipend::http;

namespace {

// A resolver that answers a question when it is let, and says how many it was asked.
class Resolver {
  public:
    NameAnswer ask(const std::string& name) {
        CHECK(name.ends_with(".example."));
        std::unique_lock lock(mutex_);
        ++asked_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !answers_.empty(); });
        const auto answer = answers_.front();
        answers_.pop_front();
        return answer;
    }
    void answer(NameAnswer answer) {
        const std::lock_guard lock(mutex_);
        answers_.push_back(answer);
        changed_.notify_all();
    }
    void until_asked(int times) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return asked_ == times; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<NameAnswer> answers_;
    int asked_ = 0;
};

struct World {
    std::shared_ptr<Resolver> resolver = std::make_shared<Resolver>();
    ResolverCheck check{[held = resolver](const std::string& name) { return held->ask(name); }};
};

}  // namespace

TEST_CASE("a resolver has answered only where the question began late enough") {
    World world;
    const auto early = monotonic_ns();
    CHECK_FALSE(world.check.answered(early));
    world.check.ask(early);
    world.resolver->until_asked(1);
    CHECK_FALSE(world.check.answered(early));
    world.check.ask(early);  // the one under way will do
    const auto later = monotonic_ns();
    world.check.ask(later);  // and for this it will not
    world.resolver->answer(NameAnswer::none);
    world.resolver->until_asked(2);  // so the first one is over
    CHECK(world.check.answered(early));
    CHECK_FALSE(world.check.answered(later));
    world.resolver->answer(NameAnswer::found);
    const auto last = monotonic_ns();
    world.check.ask(last);
    world.resolver->until_asked(3);
    CHECK(world.check.answered(later));
    world.resolver->answer(NameAnswer::none);
}

TEST_CASE("silence, and a lookup that fails on this machine, are no answers") {
    for (const auto answer : {NameAnswer::silent, NameAnswer::local}) {
        World world;
        const auto since = monotonic_ns();
        world.check.ask(since);
        world.resolver->answer(answer);
        world.resolver->until_asked(1);
        const auto later = monotonic_ns();
        world.check.ask(later);
        world.resolver->until_asked(2);
        CHECK_FALSE(world.check.answered(since));
        world.resolver->answer(NameAnswer::none);
    }
}
