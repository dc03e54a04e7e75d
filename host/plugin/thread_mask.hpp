// The signals that the host's threads take, where a plugin changes them in a call: put back as the call ends, or a
// later one on that thread.
#pragma once

#include <vector>

namespace stipend::plugin {

struct CallOwner;  // of calls.hpp

// Each thread looks at its mask once after this, as the next call of a plugin on it ends. [any]
void look_at_thread_masks();

// This thread looks as each call ends: for one whose calls cost far more than that system call, and so are always
// named.
void look_at_mask_after_each_call();

// Masks that were put back since the last question: by which plugin, or NULL where calls of several ended on that
// thread since it was looked at before. [any]
[[nodiscard]] std::vector<const CallOwner*> take_mask_changes();

// Of CallScope: ahead of the first call on this thread, whose mask is then the one that it keeps; and as an outermost
// call ends.
void call_begins_on_thread();
void call_ends_on_thread(const CallOwner* owner);

}  // namespace stipend::plugin
