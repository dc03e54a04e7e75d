// The one place of the host where the JSON parser is compiled.
#define STIPEND_JSON_LINKAGE
#include "stipend/json_parse.hpp"
