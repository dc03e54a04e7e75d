#include "dashboard.hpp"

STIPEND_PLUGINS(dashboard::Dashboard);
