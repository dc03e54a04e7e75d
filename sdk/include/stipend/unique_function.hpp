// A function object that can be moved but not copied, so that it may own move-only values such as a Completion.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace stipend {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
  public:
    UniqueFunction() = default;
    template <class F>
    requires(!std::is_same_v<F, UniqueFunction> && std::is_invocable_r_v<R, F&, Args...>)
        UniqueFunction(F work)  // NOLINT(google-explicit-constructor): a lambda is a function
        : work_(std::make_unique<Model<F>>(std::move(work))) {}

    explicit operator bool() const { return work_ != nullptr; }
    // Requires that there is one.
    R operator()(Args... args) { return work_->call(std::forward<Args>(args)...); }

  private:
    struct Concept {
        Concept() = default;
        virtual ~Concept() = default;
        Concept(const Concept&) = delete;
        Concept& operator=(const Concept&) = delete;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Model final : Concept {
        explicit Model(F&& work) : work_(std::move(work)) {}
        R call(Args... args) override { return work_(std::forward<Args>(args)...); }
        F work_;
    };
    std::unique_ptr<Concept> work_;
};

}  // namespace stipend
