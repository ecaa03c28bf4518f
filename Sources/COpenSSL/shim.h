#ifndef CUSTODY_OPENSSL_SHIM_H
#define CUSTODY_OPENSSL_SHIM_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

// EVP_CIPHER_CTX_ctrl is a function, its command names are macros with casts that Swift does not
// import.
static inline int custody_gcm_get_tag(EVP_CIPHER_CTX *ctx, unsigned char tag[16]) {
  return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

static inline int custody_gcm_set_tag(EVP_CIPHER_CTX *ctx, const unsigned char tag[16]) {
  return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}

// OSSL_PARAM keeps the pointers to its names, which Swift's string bridging would free.
static inline int custody_hkdf_sha256(EVP_KDF_CTX *ctx, const unsigned char *key, size_t key_count,
                                      const unsigned char *salt, size_t salt_count,
                                      const unsigned char *info, size_t info_count,
                                      unsigned char *out, size_t count) {
  OSSL_PARAM params[5], *next = params;
  *next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 0);
  *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_count);
  if (salt_count > 0)
    *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count);
  if (info_count > 0)
    *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count);
  *next = OSSL_PARAM_construct_end();
  return EVP_KDF_derive(ctx, out, count, params);
}

#endif
