#include "price.hpp"

STIPEND_PLUGINS(price::FixedPrice);
