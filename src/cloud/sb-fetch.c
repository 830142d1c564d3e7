/* sb-fetch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data sets from the web: streamed to disk, checked against a SHA-256 that is known beforehand.
 */

#include "config.h"

#include "cloud/sb-fetch.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#include "wire/sb-digest.h"
#include "wire/sb-error.h"

#define READ_SIZE      65536
#define IDLE_TIMEOUT_S 30

typedef struct
{
  GInputStream *from;
  GOutputStream *to;
  SbDigest *digest;
  guint64 done;
  guint64 size;
  SbProgressFunc progress;
  gpointer user_data;
} Fetch;

static gboolean
copy (Fetch *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *buffer = g_malloc (READ_SIZE);
  gssize n;

  while ((n = g_input_stream_read (self->from, buffer, READ_SIZE, cancellable, error)) > 0)
    {
      if (!g_output_stream_write_all (self->to, buffer, (gsize) n, NULL, cancellable, error))
        return FALSE;
      sb_digest_update (self->digest, buffer, (gsize) n);
      self->done += (guint64) n;
      if (self->done > self->size)
        break;
      if (self->progress != NULL)
        self->progress (self->done, self->size, self->user_data);
    }
  return n >= 0;
}

static gboolean
check (Fetch *self, const char *url, const char *sha256, GError **error)
{
  g_autofree char *found = sb_digest_finish_hex (self->digest);

  if (self->done == self->size && strcmp (found, sha256) == 0)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INTEGRITY,
               _ ("What came from %s is not the file that is expected there; try again later, or "
                  "choose a file instead"),
               url);
  return FALSE;
}

static GInputStream *
open_url (SoupSession *session, const char *url, GCancellable *cancellable, GError **error)
{
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  g_autoptr (GError) local = NULL;
  g_autoptr (GInputStream) stream = NULL;

  if (message == NULL)
    {
      g_set_error (error, SB_ERROR, SB_ERROR_INVALID, _ ("“%s” is no address"), url);
      return NULL;
    }
  stream = soup_session_send (session, message, cancellable, &local);
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else if (stream == NULL)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("%s cannot be reached (%s); check the network, or choose a file instead"),
                 url,
                 local->message);
  else if (soup_message_get_status (message) != SOUP_STATUS_OK)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("%s answered with status %u; try again later, or choose a file instead"),
                 url,
                 soup_message_get_status (message));
  else
    return g_steal_pointer (&stream);
  return NULL;
}

static GOutputStream *
open_part (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return G_OUTPUT_STREAM (
      g_file_replace (file, NULL, FALSE, G_FILE_CREATE_PRIVATE, cancellable, error));
}

/**
 * sb_fetch_file:
 * @url: where the file is
 * @path: where it goes
 * @sha256: its SHA-256 in hexadecimal
 * @size: its bytes
 * @progress: (nullable): told of what has come
 * @user_data: data for @progress
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_NETWORK, %SB_ERROR_INTEGRITY, or why it cannot be written
 *
 * Downloads a file. There is nothing new at @path unless it is the right file. Blocks.
 *
 * Returns: whether it is there
 */
gboolean
sb_fetch_file (const char *url,
               const char *path,
               const char *sha256,
               guint64 size,
               SbProgressFunc progress,
               gpointer user_data,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SoupSession) session =
      soup_session_new_with_options ("timeout", IDLE_TIMEOUT_S, "user-agent", "Sagebrush ", NULL);
  g_autofree char *part = g_strconcat (path, ".part", NULL);
  g_autoptr (GInputStream) from = open_url (session, url, cancellable, error);
  g_autoptr (GOutputStream) to = from != NULL ? open_part (part, cancellable, error) : NULL;
  g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_SHA256);
  Fetch fetch = { from, to, digest, 0, size, progress, user_data };
  gboolean done;

  if (to == NULL)
    return FALSE;
  done = copy (&fetch, cancellable, error);
  done = g_output_stream_close (to, NULL, done ? error : NULL) && done;
  done = done && check (&fetch, url, sha256, error);
  if (done && g_rename (part, path) == 0)
    return TRUE;
  if (done)
    g_set_error (error, SB_ERROR, SB_ERROR_STORAGE, _ ("“%s” cannot be written"), path);
  g_unlink (part);
  return FALSE;
}
