#include "monitor.hpp"

STIPEND_PLUGINS(monitor::Monitor);
