/* The version of stipend: the one place where it is written. CMake reads it from here. */
#ifndef STIPEND_VERSION_H
#define STIPEND_VERSION_H

#define STIPEND_VERSION "0.1.0"

#endif
