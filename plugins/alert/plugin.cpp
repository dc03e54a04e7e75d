#include "webhook.hpp"

STIPEND_PLUGINS(alert::Webhook);
