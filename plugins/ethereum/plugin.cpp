#include "settlement.hpp"

STIPEND_PLUGINS(evm::Settlement);
