#include "policy.hpp"

STIPEND_PLUGINS(payment::Policy);
