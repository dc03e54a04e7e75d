/* A policy that is sound in every trial; later it uses up its stack. */
#include "trigger.h"
static int deep(volatile int* above) {
    volatile int here[1024];
    here[0] = *above + 1;
    return deep(here) + here[0];
}
static int dive(void) {
    volatile int top = 0;
    return deep(&top);
}
#define DEFECT_DECIDE_ONE(d) ((d)->action = triggered() ? dive() : STIPEND_SKIP)
#include "defect.h"
