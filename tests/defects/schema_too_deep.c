#define TEN(text) text text text text text text text text text text
#define DEFECT_SCHEMA TEN(TEN("{\"not\":")) "{}" TEN(TEN("}"))
#include "defect.h"
