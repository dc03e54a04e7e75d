// A function that can be moved but not copied, so that it may own what it needs. Called at most once by its users.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace stipend {

class Task {
  public:
    Task() = default;
    template <class F>
    requires(!std::is_same_v<F, Task>) Task(F work)  // NOLINT(google-explicit-constructor): a lambda is a task
        : work_(std::make_unique<Model<F>>(std::move(work))) {}

    explicit operator bool() const { return work_ != nullptr; }
    void operator()() { work_->run(); }

  private:
    struct Concept {
        virtual ~Concept() = default;
        virtual void run() = 0;
    };
    template <class F>
    struct Model final : Concept {
        explicit Model(F&& work) : work_(std::move(work)) {}
        void run() override { work_(); }
        F work_;
    };
    std::unique_ptr<Concept> work_;
};

}  // namespace stipend
