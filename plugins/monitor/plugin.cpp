#include "docker_monitor.hpp"
#include "monitor.hpp"

STIPEND_PLUGINS(monitor::Monitor, monitor::docker::Docker);
