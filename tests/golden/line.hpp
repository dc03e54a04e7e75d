// One line of a golden run: a letter, then whole numbers or one text. The format knows nothing of the engine's types,
// so that a run outlives them.
//
// Definitions; each takes the next number of its kind, from 0 on:
//   x TEXT                                            a text
//   y key address services capability payout worker   a payee's identity (texts)
//   q outcome flags ppm reason status served latency window body   a job's result; ppm -1: none; body: a text, -1: none
//   s interval price_every in_flight host_step host_burst own_step own_burst own_limit all_limit price_min price_max
//     price_step price_age memory_version version (policy base)...  a configuration; policies are texts, the first one
//     is
//                                                                   that of payees without terms of their own
// Events; the first number is the time since the event before:
//   o dt                          the process starts, after the last one ended, if there was one
//   g dt setup [(identity terms)...]  a configuration is installed; without a list: the payees stay
//   t dt                          a tick
//   j dt identity result [attempt]    a job ends: the last one of this payee, or an earlier attempt, whose answer is
//   void c dt what                     the commit ends: 0 durable, 1 BUSY, 2 failed, 3 durable, but reported as failed
//   p dt rate age valid source    the price source answers; valid 0: no end
//   P dt text                     the price source fails
//   v dt identity up coverage     what the host's own monitors see of a payee from here on; up -1: nothing
//   a dt id severity text         an alert from outside the engine
//   r dt id                       ... is over
//   d dt                          the engine drains
// Expectations:
//   k count digest                how much the engine asked and reported since the line before of this kind, and what
//   h number                      the ledger is what expected.txt says under this number
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace golden {

struct Line {
    char kind = 0;
    std::vector<std::int64_t> numbers = {};
    std::string text = {};
};

// Millions are written with an "m": most numbers are times in nanoseconds.
inline std::string print(const Line& line) {
    std::string out(1, line.kind);
    for (const auto number : line.numbers) {
        const bool millions = number != 0 && number % 1'000'000 == 0;
        out += ' ';
        out += std::to_string(millions ? number / 1'000'000 : number);
        if (millions) out += 'm';
    }
    if (line.kind == 'x') out += ' ' + line.text;
    return out;
}

// False where the line is malformed.
inline bool parse(std::string_view in, Line& out) {
    if (in.empty()) return false;
    out = {.kind = in[0]};
    in.remove_prefix(1);
    if (out.kind == 'x') {
        if (in.empty()) return false;
        out.text = in.substr(1);
        return true;
    }
    while (!in.empty()) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(in.data() + 1, in.data() + in.size(), number);
        if (in[0] != ' ' || error != std::errc()) return false;
        in.remove_prefix(static_cast<std::size_t>(end - in.data()));
        if (!in.empty() && in[0] == 'm') {
            number *= 1'000'000;
            in.remove_prefix(1);
        }
        out.numbers.push_back(number);
    }
    return true;
}

}  // namespace golden
