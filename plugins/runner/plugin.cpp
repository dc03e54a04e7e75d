#include "dispatch.hpp"
#include "worker.hpp"

STIPEND_PLUGINS(runner::Dispatch, runner::Worker);
