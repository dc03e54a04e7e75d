// A piece of work that can be moved but not copied, so that it may own what it needs.
#pragma once

#include "stipend/unique_function.hpp"

namespace stipend {

using Task = UniqueFunction<void()>;

}  // namespace stipend
