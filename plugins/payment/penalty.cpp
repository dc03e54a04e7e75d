#include "penalty.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include "stipend/duration.hpp"

namespace payment {

using boost::multiprecision::cpp_int;

std::vector<std::int64_t> penalties_s(std::int64_t interval_ns, Punishment punishment) {
    std::vector<std::int64_t> out{0};
    // interval x (m/1000)^n, as one fraction: nothing is rounded before the one floor of each entry.
    cpp_int numerator = interval_ns;
    cpp_int denominator = stipend::ns_per_s;
    do {
        numerator *= punishment.multiplier_milli;
        denominator *= 1000;
        if (numerator >= denominator * punishment.cap_s) {
            out.push_back(punishment.cap_s);
            return out;
        }
        out.push_back(static_cast<std::int64_t>(cpp_int(numerator / denominator)));
    } while (punishment.multiplier_milli > 1000);  // a factor of 1 never reaches the cap
    return out;
}

}  // namespace payment
