/* sb-secret.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/resource.h>

/* All secrets of a process together; a session token has about a kilobyte. */
#define HEAP_BYTES ((size_t) 256 * 1024)
#define MIN_BYTES  ((size_t) 32)

/* OpenSSL locks this heap into memory, puts guard pages around it and leaves it out of dumps. */
static void
ensure_heap (void)
{
  static gsize ready = 0;

  if (!g_once_init_enter (&ready))
    return;
  (void) CRYPTO_secure_malloc_init (HEAP_BYTES, MIN_BYTES);
  g_once_init_leave (&ready, 1);
}

/**
 * sb_secret_ndup:
 * @text: (array length=length): a secret
 * @length: its bytes
 *
 * Returns: (transfer full): a copy in guarded memory; in ordinary memory when there is none left
 */
SbSecret *
sb_secret_ndup (const char *text, gsize length)
{
  char *copy;

  ensure_heap ();
  copy = OPENSSL_secure_malloc (length + 1);
  if (copy == NULL)
    copy = g_malloc (length + 1);
  memcpy (copy, text, length);
  copy[length] = '\0';
  return copy;
}

/**
 * sb_secret_dup:
 * @text: (nullable): a secret
 *
 * Returns: (transfer full) (nullable): a copy in guarded memory
 */
SbSecret *
sb_secret_dup (const char *text)
{
  return text != NULL ? sb_secret_ndup (text, strlen (text)) : NULL;
}

/**
 * sb_secret_free:
 * @self: (nullable): a secret, or any text from g_malloc()
 *
 * Wipes it, and gives its memory back.
 */
void
sb_secret_free (SbSecret *self)
{
  if (self == NULL)
    return;
  OPENSSL_cleanse (self, strlen (self));
  if (CRYPTO_secure_allocated (self))
    OPENSSL_secure_free (self);
  else
    g_free (self);
}

/**
 * sb_secret_clear:
 * @self: where a secret is kept
 *
 * Like sb_secret_free(), and forgets where it was.
 */
void
sb_secret_clear (SbSecret **self)
{
  g_clear_pointer (self, sb_secret_free);
}

/**
 * sb_secret_wipe:
 * @memory: (nullable): what held a secret
 * @length: its bytes
 *
 * Overwrites memory in a way that compilers do not leave out.
 */
void
sb_secret_wipe (gpointer memory, gsize length)
{
  if (memory != NULL)
    OPENSSL_cleanse (memory, length);
}

static void
wipe_node (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    sb_secret_wipe_json (json_node_get_object (node));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        wipe_node (json_array_get_element (array, i));
    }
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      char *text = (char *) json_node_get_string (node);

      sb_secret_wipe (text, text != NULL ? strlen (text) : 0);
    }
}

/**
 * sb_secret_wipe_json:
 * @object: a document that is not used any more
 *
 * Overwrites all strings of a document that only the caller has.
 */
void
sb_secret_wipe_json (JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    wipe_node (node);
}

static void
free_text (gpointer data)
{
  sb_secret_free (data);
}

/**
 * sb_secret_bytes_new_take:
 * @text: (transfer full): text that may hold secrets
 *
 * Returns: (transfer full): @text without its last zero byte, wiped with the last reference
 */
GBytes *
sb_secret_bytes_new_take (char *text)
{
  return g_bytes_new_with_free_func (text, strlen (text), free_text, text);
}

/**
 * sb_secret_keep_out_of_dumps:
 *
 * A secret passes through memory that is not ours, such as that of HTTP and TLS libraries: a
 * process that handles secrets leaves no core dump when it crashes.
 *
 * Returns: whether the system agreed
 */
gboolean
sb_secret_keep_out_of_dumps (void)
{
  const struct rlimit none = { 0, 0 };

  return setrlimit (RLIMIT_CORE, &none) == 0;
}
