// Takes the place of a plugin that is put aside: every call of it fails with a reason, so that its payees are held and
// the host runs.
#pragma once

#include "stipend/abi/entry.h"

namespace stipend::plugin {

inline constexpr const char* put_aside_text =
    "the plugin's file is put aside, since it ended the host twice in a row: put another build in its place";

// Only its lifecycle is to be used; it offers every kind.
[[nodiscard]] const stipend_entry& stand_in_entry();

}  // namespace stipend::plugin
