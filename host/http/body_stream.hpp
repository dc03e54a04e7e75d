// A response's body whose end is not known: pieces, as they come.
#pragma once

#include <functional>
#include <string>

namespace stipend::http {

// The server calls it on its thread, and keeps it until the connection is closed.
class BodyStream {
  public:
    struct Piece {
        std::string text = {};  // empty: nothing is there now
        bool over = false;      // the body ends after it
    };
    virtual ~BodyStream() = default;

    // The head is sent. `wake` has the server call `next` again; [any thread], and it never waits.
    virtual void begin(std::function<void()> wake) = 0;
    // What is to be sent now.
    virtual Piece next() = 0;
    // The connection is closed: `wake` is not called after this has returned.
    virtual void end() = 0;
};

}  // namespace stipend::http
