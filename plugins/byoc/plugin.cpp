#include "dispatch.hpp"
#include "worker.hpp"

STIPEND_PLUGINS(byoc::Dispatch, byoc::Worker);
