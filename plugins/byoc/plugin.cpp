#include "dispatch.hpp"

STIPEND_PLUGINS(byoc::Dispatch);
