#include "price.hpp"

STIPEND_PLUGINS(price::Price);
