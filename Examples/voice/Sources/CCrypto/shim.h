#ifndef VOICE_CRYPTO_SHIM_H
#define VOICE_CRYPTO_SHIM_H

#include <openssl/sha.h>

#endif
