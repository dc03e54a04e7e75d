// What the host writes for its operator, beside what plugins log.
#pragma once

#include <string_view>

#include "host/plugin/services.hpp"

namespace stipend::runtime {

// All functions: [any] thread.
class Log : public plugin::LogSink {
  public:
    virtual void info(std::string_view message) = 0;
    virtual void warn(std::string_view message) = 0;
    virtual void error(std::string_view message) = 0;
};

}  // namespace stipend::runtime
