#include "dynamic_policy.hpp"

STIPEND_PLUGINS(payment_dynamic::DynamicPolicy);
