// A yardstick for `custody append` and `custody verify`: the ledger format's work, done by one
// thread in plain C on the same libraries (OpenSSL, SQLite), the same tables and the same pragmas.
//
//   ledger append EVENTS.ndjson STORE_DIR [BATCH=1000]   a new store, one transaction a batch
//   ledger verify LEDGER.sqlite                          every stored body, as level `bodies`
//   ledger selftest                                      the public XAES-256-GCM vectors; versions
//
// It does what makes a ledger file (claim, sealing, leaf, tree, rows, commits) and leaves out what
// only a product does: checking that contents are JSON, wrapping keys, signing checkpoints, locks.
//
// Build: cc -O2 -DSCHEMA_FILE='"schema.sql"' ledger.c -lsqlite3 -lcrypto
// where schema.sql is the product's own ledger migrations, joined, so that the tables cannot drift.

#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef PAGE_SIZE
#define PAGE_SIZE 8192
#endif
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

enum {
  hash_size = 32,
  id_size = 16,
  nonce_size = 24,
  key_size = 32,
  tag_size = 16,
  salt_size = 32,
  padding_unit = 64,
  name_max = 512,
  key_count_max = 8,
  header_max = 239 + 3 * name_max + key_count_max * id_size,
  finding_max = 20,
};
static const int64_t wal_limit = 64 << 20;

extern const char schema[];
__asm__(
    ".pushsection .rodata\n"
    ".global schema\n"
    "schema: .incbin \"" SCHEMA_FILE "\"\n"
    ".byte 0\n"
    ".popsection\n");

// ---------------------------------------------------------------------------------------------
// Faults end the program: a yardstick has nobody to recover for.

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(70);
}

static void crypto(int ok) {
  if (!ok) die("OpenSSL refused a call");
}

static void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (!memory) die("out of memory");
  return memory;
}

static int64_t now_microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(uint64_t events, double seconds) {
  printf("%" PRIu64 " events %.3f seconds %.0f events/s\n", events, seconds,
         (double)events / seconds);
}

// ---------------------------------------------------------------------------------------------
// Hashing. Algorithms are fetched once and contexts reused: a fetch costs more than a hash.

static EVP_MD *sha256;
static EVP_MD_CTX *hasher;
static EVP_CIPHER_CTX *block_cipher;  // AES-256-ECB, keyed with the data key used last
static EVP_CIPHER_CTX *aead;          // AES-256-GCM, keyed for one message

static void open_crypto(void) {
  EVP_CIPHER *ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
  EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  hasher = EVP_MD_CTX_new();
  block_cipher = EVP_CIPHER_CTX_new();
  aead = EVP_CIPHER_CTX_new();
  crypto(ecb && gcm && sha256 && hasher && block_cipher && aead);
  crypto(EVP_DigestInit_ex2(hasher, sha256, NULL));
  crypto(EVP_EncryptInit_ex2(block_cipher, ecb, NULL, NULL, NULL));
  crypto(EVP_CIPHER_CTX_set_padding(block_cipher, 0));
  crypto(EVP_EncryptInit_ex2(aead, gcm, NULL, NULL, NULL));
  EVP_CIPHER_free(ecb);  // the contexts hold references of their own
  EVP_CIPHER_free(gcm);
}

static void hash_start(void) { crypto(EVP_DigestInit_ex2(hasher, NULL, NULL)); }
static void hash_add(const void *bytes, size_t count) {
  crypto(EVP_DigestUpdate(hasher, bytes, count));
}
static void hash_end(uint8_t hash[hash_size]) { crypto(EVP_DigestFinal_ex(hasher, hash, NULL)); }

static void hash_bytes(const void *bytes, size_t count, uint8_t hash[hash_size]) {
  hash_start();
  hash_add(bytes, count);
  hash_end(hash);
}

static const uint8_t zeros[64];

static void hash_commitment(const uint8_t salt[salt_size], const void *content, size_t count,
                            uint8_t hash[hash_size]) {
  uint8_t prefix[1 + salt_size] = {0};
  memcpy(prefix + 1, salt, salt_size);
  hash_start();
  hash_add(prefix, sizeof prefix);
  hash_add(content, count);
  hash_end(hash);
}

static void hash_node(const uint8_t left[hash_size], const uint8_t right[hash_size],
                      uint8_t hash[hash_size]) {
  uint8_t node[1 + 2 * hash_size];
  node[0] = 1;  // RFC 6962 §2.1: HASH(0x01 || MTH(D[0:k]) || MTH(D[k:n]))
  memcpy(node + 1, left, hash_size);
  memcpy(node + 1 + hash_size, right, hash_size);
  hash_bytes(node, sizeof node, hash);
}

// ---------------------------------------------------------------------------------------------
// XAES-256-GCM (C2SP): CMAC's first step, done once a data key, derives a key for each message.

struct data_key {
  uint8_t id[id_size];
  uint8_t key[key_size];
};

static uint8_t subkey[16];  // K1 of the key in block_cipher

static void use_key(const uint8_t key[key_size]) {
  static uint8_t current[key_size];
  static bool keyed;
  if (keyed && memcmp(current, key, key_size) == 0) return;
  crypto(EVP_EncryptInit_ex2(block_cipher, NULL, key, NULL, NULL));
  uint8_t l[16];
  int count;
  crypto(EVP_EncryptUpdate(block_cipher, l, &count, zeros, sizeof l));
  for (int i = 0; i < 15; i++) subkey[i] = (uint8_t)(l[i] << 1 | l[i + 1] >> 7);
  subkey[15] = (uint8_t)(l[15] << 1 ^ (l[0] >> 7) * 0x87);
  memcpy(current, key, key_size);
  keyed = true;
}

// Writes `count` bytes of ciphertext and a tag behind them; `sealed` may be `plaintext`.
static void seal(const uint8_t key[key_size], const uint8_t nonce[nonce_size],
                 const uint8_t *claim, size_t claim_count, const uint8_t *plaintext, size_t count,
                 uint8_t *sealed) {
  use_key(key);
  uint8_t blocks[32] = {0, 1, 'X', 0, [16] = 0, 2, 'X', 0};
  memcpy(blocks + 4, nonce, 12);
  memcpy(blocks + 20, nonce, 12);
  for (int i = 0; i < 32; i++) blocks[i] ^= subkey[i % 16];
  uint8_t message_key[key_size];
  int written;
  crypto(EVP_EncryptUpdate(block_cipher, message_key, &written, blocks, sizeof blocks));
  crypto(EVP_EncryptInit_ex2(aead, NULL, message_key, nonce + 12, NULL));
  if (claim_count) crypto(EVP_EncryptUpdate(aead, NULL, &written, claim, (int)claim_count));
  crypto(EVP_EncryptUpdate(aead, sealed, &written, plaintext, (int)count));
  crypto(EVP_EncryptFinal_ex(aead, sealed + count, &written));
  crypto(EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_GET_TAG, tag_size, sealed + count));
}

// OpenSSL's generator costs most of a microsecond a call however little is asked for.
static void random_bytes(void *bytes, size_t count) {
  static uint8_t pool[1 << 14];
  static size_t used = sizeof pool;
  if (sizeof pool - used < count) {
    crypto(RAND_bytes(pool, sizeof pool) == 1);
    used = 0;
  }
  memcpy(bytes, pool + used, count);
  OPENSSL_cleanse(pool + used, count);
  used += count;
}

// ---------------------------------------------------------------------------------------------
// The header.

static uint8_t *put(uint8_t *at, const void *bytes, size_t count) {
  memcpy(at, bytes, count);
  return at + count;
}

static uint8_t *put_u16(uint8_t *at, uint64_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
  return at + 2;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value) {
  uint64_t big_endian = __builtin_bswap64(value);  // x86-64 and arm64 are little-endian
  return put(at, &big_endian, 8);
}

struct text {
  const char *bytes;
  size_t count;
};

static uint8_t *put_text(uint8_t *at, struct text text) {
  return put(put_u16(at, text.count), text.bytes, text.count);
}

struct claim {
  const uint8_t *ledger_id, *event_id, *correlation_id, *causation_id, *key_ids, *nonce;
  struct text stream, type, actor;
  int64_t occurred_at;
  uint64_t type_version;
  uint8_t flags, key_count;
};

static uint8_t *put_claim(uint8_t *at, const struct claim *claim) {
  at = put(at, "CUST\x01", 5);
  *at++ = claim->flags;
  at = put(at, claim->ledger_id, id_size);
  at = put(at, claim->event_id, id_size);
  at = put(at, claim->correlation_id, id_size);
  at = put(at, claim->causation_id, id_size);
  at = put_u64(at, (uint64_t)claim->occurred_at);
  at = put_text(at, claim->stream);
  at = put_text(at, claim->type);
  at = put_u16(at, claim->type_version);
  at = put_text(at, claim->actor);
  *at++ = claim->key_count;
  at = put(at, claim->key_ids, (size_t)claim->key_count * id_size);
  return put(at, claim->nonce, nonce_size);
}

static uint8_t *put_seal(uint8_t *at, uint64_t body_count, const uint8_t body_hash[hash_size],
                         const uint8_t commitment[hash_size]) {
  at = put_u64(at, body_count);
  at = put(at, body_hash, hash_size);
  return put(at, commitment, hash_size);
}

static uint8_t *put_place(uint8_t *at, uint64_t position, const uint8_t previous[hash_size],
                          int64_t recorded_at, uint64_t revision) {
  at = put_u64(at, position);
  at = put(at, previous, hash_size);
  at = put_u64(at, (uint64_t)recorded_at);
  return put_u64(at, revision);
}

// `header` starts with the 0x00 of RFC 6962's leaf hash.
static void hash_leaf(const uint8_t *header, const uint8_t *end, uint8_t hash[hash_size]) {
  hash_bytes(header, (size_t)(end - header), hash);
}

// ---------------------------------------------------------------------------------------------
// The tree: only its right edge, the roots of the complete subtrees that make it up.

struct tree {
  uint64_t size;
  uint8_t edge[64][hash_size];  // edge[h]: root over 2^h leaves, present when bit h of size is set
};

// Tells of every complete subtree of 256^level leaves that the leaf has finished.
typedef void tile_writer(int level, uint64_t place, const uint8_t root[hash_size]);

static void tree_append(struct tree *tree, const uint8_t leaf[hash_size], tile_writer *on_tile) {
  uint8_t root[hash_size];
  memcpy(root, leaf, hash_size);
  int height = 0;
  for (; tree->size >> height & 1; height++) {
    hash_node(tree->edge[height], root, root);
    if (on_tile && (height + 1) % 8 == 0)
      on_tile((height + 1) / 8, tree->size >> (height + 1), root);
  }
  memcpy(tree->edge[height], root, hash_size);
  tree->size++;
}

static void tree_root(const struct tree *tree, uint8_t root[hash_size]) {
  if (tree->size == 0) {
    hash_bytes("", 0, root);
    return;
  }
  int height = __builtin_ctzll(tree->size);
  memcpy(root, tree->edge[height], hash_size);
  while (++height < 64)
    if (tree->size >> height & 1) hash_node(tree->edge[height], root, root);
}

// ---------------------------------------------------------------------------------------------
// A map from bytes to a few numbers: names and streams when writing, streams and ids when reading.

struct entry {
  uint64_t hash;  // 0: free
  uint8_t *bytes;
  size_t count;
  int64_t number;  // name.id, or the index of a key
  uint64_t next_revision;
};

struct map {
  struct entry *entries;
  size_t capacity, count;
};

static uint64_t hash_of(const void *bytes, size_t count) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
  return hash | 1;
}

static void map_grow(struct map *map) {
  struct map larger = {.capacity = map->capacity ? map->capacity * 2 : 1024, .count = map->count};
  larger.entries = allocate(larger.capacity * sizeof *larger.entries);
  for (size_t i = 0; i < map->capacity; i++) {
    if (!map->entries[i].hash) continue;
    size_t slot = (map->entries[i].hash >> 1) & (larger.capacity - 1);
    while (larger.entries[slot].hash) slot = (slot + 1) & (larger.capacity - 1);
    larger.entries[slot] = map->entries[i];
  }
  free(map->entries);
  *map = larger;
}

// The entry of these bytes; `*is_new` says that it was made now.
static struct entry *map_entry(struct map *map, const void *bytes, size_t count, bool *is_new) {
  if (2 * map->count >= map->capacity) map_grow(map);
  uint64_t hash = hash_of(bytes, count);
  size_t slot = (hash >> 1) & (map->capacity - 1);
  struct entry *entry;
  while ((entry = &map->entries[slot])->hash) {
    if (entry->hash == hash && entry->count == count && !memcmp(entry->bytes, bytes, count)) {
      *is_new = false;
      return entry;
    }
    slot = (slot + 1) & (map->capacity - 1);
  }
  *entry = (struct entry){.hash = hash, .bytes = allocate(count), .count = count};
  memcpy(entry->bytes, bytes, count);
  map->count++;
  *is_new = true;
  return entry;
}

// A set of 16-byte ids, kept in place: a million of them cost no million allocations.
struct id_set {
  uint8_t (*ids)[id_size];  // all zero: free; the format has no zero event id
  size_t capacity, count;
};

// An event id of version 7 is random behind its first half; one multiplication spreads the rest.
static uint64_t id_hash(const uint8_t id[id_size]) {
  uint64_t halves[2];
  memcpy(halves, id, sizeof halves);
  return ((halves[0] * 0x9e3779b97f4a7c15u) ^ halves[1]) * 0x9e3779b97f4a7c15u >> 16;
}

static bool id_set_insert(struct id_set *set, const uint8_t id[id_size]) {
  if (2 * set->count >= set->capacity) {
    struct id_set larger = {.capacity = set->capacity ? set->capacity * 2 : 1 << 16};
    larger.ids = allocate(larger.capacity * id_size);
    for (size_t i = 0; i < set->capacity; i++)
      if (memcmp(set->ids[i], zeros, id_size)) id_set_insert(&larger, set->ids[i]);
    free(set->ids);
    *set = larger;
  }
  size_t slot = id_hash(id) & (set->capacity - 1);
  while (memcmp(set->ids[slot], zeros, id_size)) {
    if (!memcmp(set->ids[slot], id, id_size)) return false;
    slot = (slot + 1) & (set->capacity - 1);
  }
  memcpy(set->ids[slot], id, id_size);
  set->count++;
  return true;
}

// ---------------------------------------------------------------------------------------------
// SQLite.

static sqlite3 *db;

static void sql(int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
    die("SQLite: %s", sqlite3_errmsg(db));
}

// One thread needs none of the connection's locks.
static void open_database(const char *path, int flags) {
  sql(sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL));
}

static void run(const char *statements) { sql(sqlite3_exec(db, statements, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(const char *text) {
  sqlite3_stmt *statement;
  sql(sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
  return statement;
}

static void step(sqlite3_stmt *statement) {
  sql(sqlite3_step(statement));
  sql(sqlite3_reset(statement));
}

static void bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
  // A null pointer would bind NULL: an empty key list is an empty blob.
  sql(sqlite3_bind_blob(statement, index, bytes ? bytes : "", (int)count, SQLITE_STATIC));
}

static void bind_integer(sqlite3_stmt *statement, int index, int64_t value) {
  sql(sqlite3_bind_int64(statement, index, value));
}

static void bind_text(sqlite3_stmt *statement, int index, struct text text) {
  sql(sqlite3_bind_text(statement, index, text.bytes, (int)text.count, SQLITE_STATIC));
}

// ---------------------------------------------------------------------------------------------
// Appending.

static struct {
  uint8_t ledger_id[id_size];
  uint8_t previous[hash_size];
  int64_t recorded_at;
  struct tree tree;
  struct map names;     // every text of `name`; for a stream, its next revision
  struct map subjects;  // subject identifier -> index into keys
  struct data_key *keys;
  char actor[32];
  sqlite3_stmt *insert_event, *insert_name, *insert_tile;
  int wal_pages;
} ledger;

static int note_wal_size(void *unused, sqlite3 *connection, const char *name, int pages) {
  (void)unused, (void)connection, (void)name;
  ledger.wal_pages = pages;
  return SQLITE_OK;
}

static void checkpoint_wal(void) {
  sql(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
  ledger.wal_pages = 0;
}

static void write_tile(int level, uint64_t place, const uint8_t root[hash_size]) {
  bind_integer(ledger.insert_tile, 1, level);
  bind_integer(ledger.insert_tile, 2, (int64_t)place);
  bind_blob(ledger.insert_tile, 3, root, hash_size);
  step(ledger.insert_tile);
}

static struct entry *name_entry(struct text text) {
  bool is_new;
  struct entry *entry = map_entry(&ledger.names, text.bytes, text.count, &is_new);
  if (is_new) {
    if (text.count < 1 || text.count > name_max) die("a name has %zu bytes", text.count);
    entry->number = (int64_t)ledger.names.count;
    bind_integer(ledger.insert_name, 1, entry->number);
    bind_text(ledger.insert_name, 2, text);
    step(ledger.insert_name);
  }
  return entry;
}

// RFC 9562 §5.7: 48 bits of milliseconds, then random bits around version and variant.
static void make_uuid(uint8_t uuid[id_size], int64_t microseconds) {
  random_bytes(uuid, id_size);
  uint64_t milliseconds = (uint64_t)microseconds / 1000;
  for (int i = 0; i < 6; i++) uuid[i] = (uint8_t)(milliseconds >> (40 - 8 * i));
  uuid[6] = (uuid[6] & 0x0f) | 0x70;
  uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

// Appends one event. Without a key the content is the body.
static void append(struct text stream, struct text type, const struct data_key *key,
                   struct text content) {
  static uint8_t *sealed;
  static size_t sealed_capacity;
  int64_t now = now_microseconds();
  uint8_t event_id[id_size], nonce[nonce_size] = {0}, salt[salt_size] = {0};
  make_uuid(event_id, now);
  if (key) {
    random_bytes(nonce, sizeof nonce);
    random_bytes(salt, sizeof salt);
  }
  struct text actor = {ledger.actor, strlen(ledger.actor)};
  struct claim claim = {
      .ledger_id = ledger.ledger_id,
      .event_id = event_id,
      .correlation_id = zeros,
      .causation_id = zeros,
      .key_ids = key ? key->id : zeros,
      .key_count = key != NULL,
      .nonce = nonce,
      .stream = stream,
      .type = type,
      .type_version = 1,
      .actor = actor,
      .occurred_at = now,
  };
  // Names first: they check the lengths that the header's buffer relies on.
  struct entry *stream_entry = name_entry(stream);
  int64_t stream_id = stream_entry->number;
  uint64_t revision = stream_entry->next_revision++;
  int64_t type_id = name_entry(type)->number, actor_id = name_entry(actor)->number;

  uint8_t header[1 + header_max] = {0};
  uint8_t *end_of_claim = put_claim(header + 1, &claim);

  const uint8_t *body = (const uint8_t *)content.bytes;
  size_t body_count = content.count;
  if (key) {
    size_t padded =
        (salt_size + content.count + 1 + padding_unit - 1) / padding_unit * padding_unit;
    body_count = padded + tag_size;
    if (body_count > sealed_capacity) {
      sealed_capacity = 2 * body_count;
      if (!(sealed = realloc(sealed, sealed_capacity))) die("out of memory");
    }
    uint8_t *end = put(put(sealed, salt, salt_size), content.bytes, content.count);
    *end++ = 0x80;
    memset(end, 0, (size_t)(sealed + padded - end));
    seal(key->key, nonce, header + 1, (size_t)(end_of_claim - header - 1), sealed, padded, sealed);
    body = sealed;
  }
  uint8_t body_hash[hash_size], commitment[hash_size], leaf[hash_size];
  hash_bytes(body, body_count, body_hash);
  hash_commitment(salt, content.bytes, content.count, commitment);

  uint64_t position = ledger.tree.size;
  if (now > ledger.recorded_at) ledger.recorded_at = now;
  uint8_t *end = put_seal(end_of_claim, body_count, body_hash, commitment);
  end = put_place(end, position, ledger.previous, ledger.recorded_at, revision);
  hash_leaf(header, end, leaf);

  sqlite3_stmt *insert = ledger.insert_event;
  bind_integer(insert, 1, (int64_t)position);
  bind_blob(insert, 2, event_id, id_size);
  bind_blob(insert, 3, claim.correlation_id, id_size);
  bind_blob(insert, 4, claim.causation_id, id_size);
  bind_integer(insert, 5, claim.occurred_at);
  bind_integer(insert, 6, stream_id);
  bind_integer(insert, 7, type_id);
  bind_integer(insert, 8, (int64_t)claim.type_version);
  bind_integer(insert, 9, actor_id);
  bind_blob(insert, 10, claim.key_ids, (size_t)claim.key_count * id_size);
  bind_integer(insert, 11, claim.flags);
  bind_blob(insert, 12, nonce, nonce_size);
  bind_integer(insert, 13, (int64_t)body_count);
  bind_blob(insert, 14, body_hash, hash_size);
  bind_blob(insert, 15, commitment, hash_size);
  bind_integer(insert, 16, ledger.recorded_at);
  bind_integer(insert, 17, (int64_t)revision);
  bind_blob(insert, 18, leaf, hash_size);
  bind_blob(insert, 19, body, body_count);
  step(insert);

  memcpy(ledger.previous, leaf, hash_size);
  tree_append(&ledger.tree, leaf, write_tile);
}

static void create_store(const char *directory) {
  char path[4096];
  if (mkdir(directory, 0700) && errno != EEXIST) die("%s: %s", directory, strerror(errno));
  if (snprintf(path, sizeof path, "%s/ledger.sqlite", directory) >= (int)sizeof path)
    die("the path is too long");
  if (access(path, F_OK) == 0) die("%s exists: append makes a new store", path);
  open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  run("PRAGMA page_size=" TEXT(PAGE_SIZE) ";"
      "PRAGMA secure_delete=ON;"
      "PRAGMA journal_mode=WAL;"
      "PRAGMA synchronous=FULL;"
      "PRAGMA temp_store=MEMORY;"
      "PRAGMA wal_autocheckpoint=0;"
      "BEGIN IMMEDIATE;");
  run(schema);
  sqlite3_wal_hook(db, note_wal_size, NULL);
  ledger.insert_event = prepare(
      "INSERT INTO event (position, event_id, correlation_id, causation_id, occurred_at, stream,"
      " type, type_version, actor, key_ids, flags, nonce, body_length, body_hash, commitment,"
      " recorded_at, revision, leaf, body)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  ledger.insert_name = prepare("INSERT INTO name (id, text) VALUES (?, ?)");
  ledger.insert_tile = prepare("INSERT INTO tile (level, place, root) VALUES (?, ?, ?)");

  make_uuid(ledger.ledger_id, now_microseconds());
  snprintf(ledger.actor, sizeof ledger.actor, "uid:%u", (unsigned)getuid());
  const uint8_t *u = ledger.ledger_id;
  char origin[128];
  snprintf(origin, sizeof origin,
           "example.org/"
           "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x/1",
           u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
           u[14], u[15]);
  sqlite3_stmt *insert =
      prepare("INSERT INTO ledger (id, origin, incarnation, format) VALUES (?, ?, 1, 1)");
  bind_blob(insert, 1, ledger.ledger_id, id_size);
  bind_text(insert, 2, (struct text){origin, strlen(origin)});
  step(insert);
  sqlite3_finalize(insert);

  const char *content = "{\"organization\":\"example.org\"}";
  append((struct text){"ledger", 6}, (struct text){"ledger.created", 14}, NULL,
         (struct text){content, strlen(content)});
  run("COMMIT");
}

// Steps over exactly `expected`, or ends the program: the generator writes one fixed form.
static const char *expect(const char *at, const char *expected, uint64_t line) {
  size_t count = strlen(expected);
  if (strncmp(at, expected, count)) die("line %" PRIu64 ": expected %s", line, expected);
  return at + count;
}

static const char *take_string(const char *at, struct text *text, uint64_t line) {
  at = expect(at, "\"", line);
  size_t count = strcspn(at, "\"\\");
  if (at[count] != '"') die("line %" PRIu64 ": a name with an escape or no end", line);
  *text = (struct text){at, count};
  return at + count + 1;
}

static const struct data_key *key_of_subject(struct text subject) {
  bool is_new;
  struct entry *entry = map_entry(&ledger.subjects, subject.bytes, subject.count, &is_new);
  if (is_new) {
    size_t index = ledger.subjects.count - 1;
    ledger.keys = realloc(ledger.keys, (index + 1) * sizeof *ledger.keys);
    if (!ledger.keys) die("out of memory");
    random_bytes(&ledger.keys[index], sizeof *ledger.keys);
    entry->number = (int64_t)index;
  }
  return &ledger.keys[entry->number];
}

static void append_line(const char *at, size_t count, uint64_t line) {
  const char *end = at + count;
  struct text stream, type, subject;
  at = take_string(expect(at, "{\"stream\":", line), &stream, line);
  at = take_string(expect(at, ",\"type\":", line), &type, line);
  at = take_string(expect(at, ",\"subjects\":[", line), &subject, line);
  at = expect(at, "],\"content\":", line);
  if (end - at < 3 || end[-1] != '}') die("line %" PRIu64 ": no content", line);
  append(stream, type, key_of_subject(subject), (struct text){at, (size_t)(end - 1 - at)});
}

// Without its keys a store is noise. One write, at the end, in the clear: these people are made up.
static void write_keys(const char *directory) {
  char path[4096];
  snprintf(path, sizeof path, "%s/keys", directory);
  FILE *file = fopen(path, "wb");
  size_t count = ledger.subjects.count;
  if (!file || fwrite(ledger.keys, sizeof *ledger.keys, count, file) != count || fclose(file))
    die("%s: %s", path, strerror(errno));
}

static int append_file(const char *events, const char *directory, uint64_t batch) {
  FILE *file = fopen(events, "r");
  if (!file) die("%s: %s", events, strerror(errno));
  setvbuf(file, NULL, _IOFBF, 1 << 20);
  create_store(directory);
  checkpoint_wal();

  // Making the store is `custody init`'s work and is not timed there either.
  double start = now_seconds();
  char *line = NULL;
  size_t capacity = 0;
  ssize_t count;
  uint64_t lines = 0;
  while ((count = getline(&line, &capacity, file)) > 0) {
    if (line[count - 1] == '\n') line[--count] = 0;
    if (lines % batch == 0) run("BEGIN IMMEDIATE");
    append_line(line, (size_t)count, ++lines);
    if (lines % batch) continue;
    run("COMMIT");
    if ((int64_t)ledger.wal_pages * PAGE_SIZE > wal_limit) checkpoint_wal();
  }
  if (ferror(file)) die("%s: %s", events, strerror(errno));
  if (lines % batch) run("COMMIT");
  checkpoint_wal();
  write_keys(directory);
  report(lines, now_seconds() - start);
  sqlite3_finalize(ledger.insert_event);
  sqlite3_finalize(ledger.insert_name);
  sqlite3_finalize(ledger.insert_tile);
  sql(sqlite3_close(db));
  free(line);
  fclose(file);
  return 0;
}

// ---------------------------------------------------------------------------------------------
// Verifying.

static uint64_t findings;

static void __attribute__((format(printf, 2, 3)))
finding(uint64_t position, const char *format, ...) {
  if (findings++ >= finding_max) return;
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "position %" PRIu64 ": ", position);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

// A row that is not even of the right types has no header: the walk cannot go on past it.
static const void *column_blob(sqlite3_stmt *row, int column, int count, uint64_t position) {
  if (sqlite3_column_type(row, column) != SQLITE_BLOB) die("position %" PRIu64 ": type", position);
  const void *bytes = sqlite3_column_blob(row, column);
  if (sqlite3_column_bytes(row, column) != count) die("position %" PRIu64 ": length", position);
  return bytes ? bytes : "";
}

static struct text column_text(sqlite3_stmt *row, int column, uint64_t position) {
  if (sqlite3_column_type(row, column) != SQLITE_TEXT) die("position %" PRIu64 ": type", position);
  const char *bytes = (const char *)sqlite3_column_text(row, column);
  struct text text = {bytes, (size_t)sqlite3_column_bytes(row, column)};
  if (text.count < 1 || text.count > name_max) die("position %" PRIu64 ": name", position);
  return text;
}

static int64_t column_integer(sqlite3_stmt *row, int column, uint64_t position) {
  if (sqlite3_column_type(row, column) != SQLITE_INTEGER)
    die("position %" PRIu64 ": type", position);
  return sqlite3_column_int64(row, column);
}

static struct {
  uint8_t ledger_id[id_size];
  uint8_t previous[hash_size];
  int64_t recorded_at;
  struct tree tree;
  struct map streams;
  struct id_set event_ids;
} walk = {.recorded_at = INT64_MIN};

static void check_body(sqlite3_stmt *row, uint64_t position, uint64_t key_count,
                       int64_t body_count, const uint8_t *body_hash, const uint8_t *commitment) {
  if (sqlite3_column_type(row, 12) == SQLITE_NULL) {
    finding(position, "the body is absent, and this program reads no purges");
    return;
  }
  int count = sqlite3_column_bytes(row, 12);
  const void *body = column_blob(row, 12, count, position);
  uint8_t hash[hash_size];
  if (count != body_count) finding(position, "the body has %d bytes", count);
  hash_bytes(body, (size_t)count, hash);
  if (memcmp(hash, body_hash, hash_size)) finding(position, "the body's hash differs");
  if (key_count) return;
  hash_commitment(zeros, body, (size_t)count, hash);
  if (memcmp(hash, commitment, hash_size)) finding(position, "the commitment differs");
}

static void check_event(sqlite3_stmt *row) {
  uint64_t position = walk.tree.size;
  if (column_integer(row, 0, position) != (int64_t)position) die("no position %" PRIu64, position);
  int key_bytes = sqlite3_column_bytes(row, 9);
  if (key_bytes % id_size || key_bytes > key_count_max * id_size) die("key ids");
  int64_t flags = column_integer(row, 10, position);
  int64_t type_version = column_integer(row, 7, position);
  struct claim claim = {
      .ledger_id = walk.ledger_id,
      .event_id = column_blob(row, 1, id_size, position),
      .correlation_id = column_blob(row, 2, id_size, position),
      .causation_id = column_blob(row, 3, id_size, position),
      .occurred_at = column_integer(row, 4, position),
      .stream = column_text(row, 5, position),
      .type = column_text(row, 6, position),
      .type_version = (uint64_t)type_version,
      .actor = column_text(row, 8, position),
      .key_ids = column_blob(row, 9, key_bytes, position),
      .key_count = (uint8_t)(key_bytes / id_size),
      .flags = (uint8_t)flags,
      .nonce = column_blob(row, 11, nonce_size, position),
  };
  int64_t body_count = column_integer(row, 13, position);
  const uint8_t *body_hash = column_blob(row, 14, hash_size, position);
  const uint8_t *commitment = column_blob(row, 15, hash_size, position);
  int64_t recorded_at = column_integer(row, 16, position);
  int64_t revision = column_integer(row, 17, position);
  const uint8_t *leaf = column_blob(row, 18, hash_size, position);

  if (type_version < 0 || type_version > UINT16_MAX) finding(position, "type version");
  if (flags & ~(claim.key_count ? 1 : 0)) finding(position, "a reserved flag");
  if (!claim.key_count && memcmp(claim.nonce, zeros, nonce_size)) finding(position, "the nonce");
  for (int i = 1; i < claim.key_count; i++)
    if (memcmp(claim.key_ids + (i - 1) * id_size, claim.key_ids + i * id_size, id_size) >= 0)
      finding(position, "key ids out of order");
  if (recorded_at < walk.recorded_at) finding(position, "recorded before its predecessor");
  walk.recorded_at = recorded_at;
  if (!memcmp(claim.event_id, zeros, id_size))
    finding(position, "the event id is zero");
  else if (!id_set_insert(&walk.event_ids, claim.event_id))
    finding(position, "the event id was used before");
  bool is_new;
  struct entry *stream =
      map_entry(&walk.streams, claim.stream.bytes, claim.stream.count, &is_new);
  if ((uint64_t)revision != stream->next_revision++)
    finding(position, "revision %" PRId64 ", not the stream's next", revision);

  uint8_t header[1 + header_max] = {0}, hash[hash_size];
  uint8_t *end = put_claim(header + 1, &claim);
  end = put_seal(end, (uint64_t)body_count, body_hash, commitment);
  end = put_place(end, position, walk.previous, recorded_at, (uint64_t)revision);
  hash_leaf(header, end, hash);
  if (memcmp(hash, leaf, hash_size)) finding(position, "the leaf differs");
  check_body(row, position, claim.key_count, body_count, body_hash, commitment);

  // Going on from the stored leaf keeps one changed event one finding.
  memcpy(walk.previous, leaf, hash_size);
  tree_append(&walk.tree, leaf, NULL);
}

static int verify_file(const char *path) {
  double start = now_seconds();
  open_database(path, SQLITE_OPEN_READONLY);
  run("PRAGMA trusted_schema=OFF");
  sqlite3_stmt *row = prepare("SELECT id FROM audit_ledger");
  if (sqlite3_step(row) != SQLITE_ROW) die("%s: no ledger: %s", path, sqlite3_errmsg(db));
  memcpy(walk.ledger_id, column_blob(row, 0, id_size, 0), id_size);
  sqlite3_finalize(row);

  row = prepare(
      "SELECT position, event_id, correlation_id, causation_id, occurred_at, stream, type,"
      " type_version, actor, key_ids, flags, nonce, body, body_length, body_hash, commitment,"
      " recorded_at, revision, leaf FROM audit_event ORDER BY position");
  int code;
  while ((code = sqlite3_step(row)) == SQLITE_ROW) check_event(row);
  sql(code);
  uint8_t root[hash_size];
  tree_root(&walk.tree, root);
  double seconds = now_seconds() - start;
  sqlite3_finalize(row);
  sql(sqlite3_close(db));

  for (int i = 0; i < hash_size; i++) printf("%02x", root[i]);
  putchar(' ');
  report(walk.tree.size, seconds);
  if (findings) fprintf(stderr, "%" PRIu64 " findings\n", findings);
  return findings ? 1 : 0;
}

// ---------------------------------------------------------------------------------------------
// C2SP XAES-256-GCM, "Test vectors".

static void check_vector(uint8_t key_byte, const char *claim, const char *expected) {
  uint8_t key[key_size], sealed[12 + tag_size];
  char hex[2 * sizeof sealed + 1];
  memset(key, key_byte, sizeof key);
  seal(key, (const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVWX", (const uint8_t *)claim, strlen(claim),
       (const uint8_t *)"XAES-256-GCM", 12, sealed);
  for (size_t i = 0; i < sizeof sealed; i++) sprintf(hex + 2 * i, "%02x", sealed[i]);
  if (strcmp(hex, expected)) die("XAES-256-GCM: %s, expected %s", hex, expected);
}

static int selftest(void) {
  check_vector(1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
  check_vector(3, "c2sp.org/XAES-256-GCM",
               "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
  printf("XAES-256-GCM vectors hold; SQLite %s; %s\n", sqlite3_libversion(),
         OpenSSL_version(OPENSSL_VERSION));
  return 0;
}

int main(int count, char **arguments) {
  open_crypto();
  if (count == 2 && !strcmp(arguments[1], "selftest")) return selftest();
  if (count == 3 && !strcmp(arguments[1], "verify")) return verify_file(arguments[2]);
  if ((count == 4 || count == 5) && !strcmp(arguments[1], "append")) {
    long batch = count == 5 ? atol(arguments[4]) : 1000;
    if (batch > 0) return append_file(arguments[2], arguments[3], (uint64_t)batch);
  }
  fputs(
      "usage: ledger append EVENTS.ndjson STORE_DIR [BATCH] | verify LEDGER.sqlite | selftest\n",
      stderr);
  return 2;
}
