// The clocks that a plugin sees in this program.
#pragma once

namespace stipend::plugin {

// While one lives, the clocks of libc are ahead by more than a year: what a policy reads from them shows as another
// decision. Without effect in builds with a sanitizer, which has these functions itself.
class ClockShift {
  public:
    explicit ClockShift(bool shifted);
    ~ClockShift();
    ClockShift(const ClockShift&) = delete;
    ClockShift& operator=(const ClockShift&) = delete;
};

}  // namespace stipend::plugin
