/* sb-fetch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files from the web: streamed to disk, gone on with after an interruption, checked against a
 * SHA-256 that is known beforehand.
 */

#include "config.h"

#include "cloud/sb-fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/sb-digest.h"
#include "wire/sb-error.h"

#define READ_SIZE      65536
#define IDLE_TIMEOUT_S 30
/* No file that is fetched is larger; one whose size is not known has to end somewhere. */
#define MAX_SIZE (G_GUINT64_CONSTANT (2) << 30)

typedef struct
{
  const char *url;
  const char *sha256;
  guint64 size; /* 0 when it is not known */
  SbProgressFunc progress;
  gpointer user_data;
  GCancellable *cancellable;

  SoupSession *session;
  int fd;
  SbDigest *digest;
  guint64 done;
  guint64 expected; /* as the server says; 0 when it does not */
  gboolean resumed;
} Fetch;

static gboolean
fail_errno (const char *path, GError **error)
{
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               _ ("“%s” cannot be written: %s"),
               path,
               g_strerror (errno));
  return FALSE;
}

static gboolean
fail_network (Fetch *self, const GError *reason, GError **error)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_error_copy (reason));
  else if (self->done > 0)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("The download from %s was interrupted (%s). Run this again: it goes on where "
                    "it stopped."),
                 self->url,
                 reason->message);
  else
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("%s cannot be reached (%s); check the network, or choose a file instead"),
                 self->url,
                 reason->message);
  return FALSE;
}

static void
start_digest (Fetch *self)
{
  g_clear_pointer (&self->digest, sb_digest_free);
  self->digest = sb_digest_new (SB_DIGEST_SHA256);
  self->done = 0;
}

static gboolean
start_anew (Fetch *self, const char *part, GError **error)
{
  start_digest (self);
  if (ftruncate (self->fd, 0) != 0 || lseek (self->fd, 0, SEEK_SET) < 0)
    return fail_errno (part, error);
  return TRUE;
}

/* What an earlier attempt has left is read once, for the checksum. */
static gboolean
open_part (Fetch *self, const char *part, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);
  gssize n;

  self->fd = g_open (part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->fd < 0)
    return fail_errno (part, error);
  if (flock (self->fd, LOCK_EX | LOCK_NB) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CONFLICT,
                   _ ("%s is being downloaded already; wait for that to end"),
                   self->url);
      return FALSE;
    }
  start_digest (self);
  while ((n = read (self->fd, buffer, READ_SIZE)) > 0)
    {
      sb_digest_update (self->digest, buffer, (gsize) n);
      self->done += (guint64) n;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
    }
  if (n < 0)
    return fail_errno (part, error);
  /* With all of it there is nothing to ask for. */
  if (self->done >= (self->size > 0 ? self->size : MAX_SIZE))
    return start_anew (self, part, error);
  return TRUE;
}

static gboolean
write_all (Fetch *self, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gssize n = write (self->fd, data, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          length -= (gsize) n;
        }
    }
  return TRUE;
}

static gboolean
copy (Fetch *self, GInputStream *from, const char *part, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);
  g_autoptr (GError) local = NULL;
  guint64 most = self->size > 0 ? self->size : MAX_SIZE;
  gssize n;

  while ((n = g_input_stream_read (from, buffer, READ_SIZE, self->cancellable, &local)) > 0)
    {
      if (!write_all (self, buffer, (gsize) n))
        {
          fail_errno (part, error);
          /* A disk that is full gets its room back. */
          g_unlink (part);
          return FALSE;
        }
      sb_digest_update (self->digest, buffer, (gsize) n);
      self->done += (guint64) n;
      if (self->done > most)
        break;
      if (self->progress != NULL)
        self->progress (self->done, self->size > 0 ? self->size : self->expected, self->user_data);
    }
  if (n == 0 && self->done < self->expected)
    g_set_error_literal (&local, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, _ ("the connection ended"));
  return local == NULL ? TRUE : fail_network (self, local, error);
}

/* "bytes 1000-4999/5000" */
static gboolean
is_rest (Fetch *self, SoupMessage *message)
{
  goffset start, end, total;

  return soup_message_get_status (message) == SOUP_STATUS_PARTIAL_CONTENT &&
         soup_message_headers_get_content_range (soup_message_get_response_headers (message),
                                                 &start,
                                                 &end,
                                                 &total) &&
         (guint64) start == self->done && total >= 0;
}

static gboolean
fail_integrity (Fetch *self, GError **error)
{
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INTEGRITY,
               _ ("What came from %s is not the file that is expected there; try again later, or "
                  "choose a file instead"),
               self->url);
  return FALSE;
}

static gboolean
take (Fetch *self, SoupMessage *message, GInputStream *from, const char *part, GError **error)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  guint status = soup_message_get_status (message);

  self->resumed = self->done > 0 && is_rest (self, message);
  /* There is no such rest: the file has become another one. */
  if (self->done > 0 && status == SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE)
    {
      self->resumed = TRUE;
      g_unlink (part);
      return fail_integrity (self, error);
    }
  if (!self->resumed && status != SOUP_STATUS_OK)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_NETWORK,
                   _ ("%s answered with status %u; try again later, or choose a file instead"),
                   self->url,
                   status);
      return FALSE;
    }
  if (!self->resumed && !start_anew (self, part, error))
    return FALSE;
  self->expected = soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
                       ? self->done + (guint64) soup_message_headers_get_content_length (headers)
                       : 0;
  return copy (self, from, part, error);
}

static gboolean
get (Fetch *self, const char *part, GError **error)
{
  g_autoptr (SoupMessage) message = soup_message_new ("GET", self->url);
  g_autoptr (GInputStream) from = NULL;
  g_autoptr (GError) local = NULL;

  if (message == NULL)
    {
      g_set_error (error, SB_ERROR, SB_ERROR_INVALID, _ ("“%s” is no address"), self->url);
      return FALSE;
    }
  if (self->done > 0)
    soup_message_headers_set_range (soup_message_get_request_headers (message),
                                    (goffset) self->done,
                                    -1);
  from = soup_session_send (self->session, message, self->cancellable, &local);
  if (from == NULL)
    return fail_network (self, local, error);
  return take (self, message, from, part, error);
}

static gboolean
check (Fetch *self, GError **error)
{
  g_autofree char *found = sb_digest_finish_hex (self->digest);

  if ((self->size == 0 || self->done == self->size) && strcmp (found, self->sha256) == 0)
    return TRUE;
  return fail_integrity (self, error);
}

static gboolean
fetch_once (Fetch *self, const char *part, const char *path, GError **error)
{
  gboolean done = open_part (self, part, error) && get (self, part, error);

  if (done && !check (self, error))
    {
      done = FALSE;
      g_unlink (part);
    }
  if (done && (fsync (self->fd) != 0 || g_rename (part, path) != 0))
    done = fail_errno (path, error);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->digest, sb_digest_free);
  return done;
}

/**
 * sb_fetch_file:
 * @url: where the file is
 * @path: where it goes
 * @sha256: its SHA-256 in hexadecimal
 * @size: its bytes, or 0 when nobody knows
 * @progress: (nullable): told of what has come
 * @user_data: data for @progress
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_NETWORK, %SB_ERROR_INTEGRITY, %SB_ERROR_CONFLICT when somebody else fetches
 *   it, or %SB_ERROR_STORAGE
 *
 * Downloads a file. There is nothing new at @path unless it is the right file. What had come
 * before the connection was lost or it was cancelled is kept beside it, and the next call goes on
 * from there if the server can. Blocks.
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
  g_autoptr (GError) local = NULL;
  Fetch fetch = { .url = url,
                  .sha256 = sha256,
                  .size = size,
                  .progress = progress,
                  .user_data = user_data,
                  .cancellable = cancellable,
                  .session = session,
                  .fd = -1 };

  if (fetch_once (&fetch, part, path, &local))
    return TRUE;
  /* The file may have changed since its first part came. */
  if (fetch.resumed && g_error_matches (local, SB_ERROR, SB_ERROR_INTEGRITY))
    {
      g_clear_error (&local);
      if (fetch_once (&fetch, part, path, &local))
        return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
