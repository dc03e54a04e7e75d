#include "dispatch.hpp"

STIPEND_PLUGINS(runner::Dispatch);
