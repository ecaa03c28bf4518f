#ifndef CUSTODY_MALLOC_SHIM_H
#define CUSTODY_MALLOC_SHIM_H

#include <malloc.h>

#endif
