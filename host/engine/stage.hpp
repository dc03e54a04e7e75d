// The life of a payee in the engine, as one state machine.
#pragma once

#include <array>
#include <cstdint>

#include "stipend/result.hpp"

namespace stipend::engine {

// Rationale: a payee that leaves the configuration while an entry of a queue or a job refers to it passes through the
// `leaving` stage of the same name, and is retired when that reference comes up. One that comes back meanwhile goes on
// as if it had never left.
enum class Stage : std::uint8_t {
    unconfigured,  // read from the ledger, or new; in no configuration of this run
    retired,       // not in the configuration, and recorded so
    scheduled,     // in the schedule, until it is due
    ready,         // due, waits for a place
    in_flight,     // its job was sent, and holds a place
    waiting,       // its job takes longer than others, and holds no place any more
    sampled,       // its job ended, waits to be decided
    committing,    // its decision is being written
    leaving_scheduled,
    leaving_ready,
    leaving_in_flight,
    leaving_waiting,
    leaving_sampled,
    leaving_committing,
};
inline constexpr std::size_t stage_count = 14;

// For each stage the ones that may follow, as bits.
namespace stage_table {

template <class... Stages>
constexpr std::uint16_t to(Stages... stages) {
    return static_cast<std::uint16_t>(((1U << static_cast<int>(stages)) | ...));
}
inline constexpr std::array<std::uint16_t, stage_count> edges{
    /* unconfigured */ to(Stage::scheduled, Stage::retired),
    /* retired */ to(Stage::scheduled),
    /* scheduled */ to(Stage::ready, Stage::leaving_scheduled),
    /* ready */ to(Stage::in_flight, Stage::scheduled, Stage::leaving_ready),
    /* in_flight */ to(Stage::waiting, Stage::sampled, Stage::leaving_in_flight),
    /* waiting */ to(Stage::sampled, Stage::leaving_waiting),
    /* sampled */ to(Stage::committing, Stage::scheduled, Stage::leaving_sampled),
    /* committing */ to(Stage::scheduled, Stage::leaving_committing),
    /* leaving_scheduled */ to(Stage::retired, Stage::scheduled),
    /* leaving_ready */ to(Stage::retired, Stage::ready),
    /* leaving_in_flight */ to(Stage::leaving_waiting, Stage::retired, Stage::in_flight),
    /* leaving_waiting */ to(Stage::retired, Stage::waiting),
    /* leaving_sampled */ to(Stage::leaving_committing, Stage::leaving_scheduled, Stage::sampled),
    /* leaving_committing */ to(Stage::retired, Stage::committing),
};

}  // namespace stage_table

class Life {
  public:
    [[nodiscard]] Stage stage() const { return stage_; }
    [[nodiscard]] bool is(Stage stage) const { return stage_ == stage; }
    // In the configuration.
    [[nodiscard]] bool active() const { return stage_ >= Stage::scheduled && stage_ <= Stage::committing; }
    [[nodiscard]] bool leaving() const { return stage_ >= Stage::leaving_scheduled; }
    // Its job was sent and has not ended; with a place, or without.
    [[nodiscard]] bool has_place() const { return is(Stage::in_flight) || is(Stage::leaving_in_flight); }
    [[nodiscard]] bool waits() const { return is(Stage::waiting) || is(Stage::leaving_waiting); }

    // Moves on along an edge of the table above.
    void move(Stage to) {
        STIPEND_ASSERT(allowed(stage_, to));
        stage_ = to;
    }
    // Moves on to `to`, or to its leaving twin while leaving.
    void proceed(Stage to) { move(leaving() ? twin(to) : to); }
    // Leaves the configuration: at once, or when what refers to it comes up.
    void leave() { move(active() ? twin(stage_) : Stage::retired); }
    // Comes back while leaving.
    void come_back() { move(static_cast<Stage>(static_cast<int>(stage_) - twin_distance)); }

    [[nodiscard]] static constexpr bool allowed(Stage from, Stage to) {
        const unsigned edges = stage_table::edges[static_cast<std::size_t>(from)];
        return (edges >> static_cast<unsigned>(to) & 1U) != 0;
    }

  private:
    static constexpr int twin_distance =
        static_cast<int>(Stage::leaving_scheduled) - static_cast<int>(Stage::scheduled);
    static constexpr Stage twin(Stage stage) { return static_cast<Stage>(static_cast<int>(stage) + twin_distance); }
    Stage stage_ = Stage::unconfigured;
};

}  // namespace stipend::engine
