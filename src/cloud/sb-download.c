/* sb-download.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file from S3: in ranges, to a name of its own until all of it is there and right.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-etag-private.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define MEBIBYTE    ((goffset) 1024 * 1024)
#define RANGE_BYTES (16 * MEBIBYTE)
#define MAX_THREADS 4

/**
 * Check:
 * @CHECK_LENGTH: the ETag says nothing of the bytes
 * @CHECK_WHOLE: the ETag is the MD5 of all bytes
 * @CHECK_PARTS: the ETag is made of the MD5s of parts, and ranges are parts
 */
typedef enum
{
  CHECK_LENGTH,
  CHECK_WHOLE,
  CHECK_PARTS,
} Check;

typedef struct
{
  SbClient *client;
  const char *bucket;
  const char *key;
  const char *path;
  JsonObject *transfer;
  SbProgress progress;
  char *part_path;
  int fd;
  goffset size;
  char *etag;
  Check check;
  goffset range_bytes;
  guint n_ranges;
  guint8 *md5s; /* with CHECK_PARTS, SB_MD5_LENGTH bytes a range */

  GMutex lock;
  gboolean *arrived; /* guarded by lock, as are those below */
  guint n_hashed;    /* how many ranges from the beginning are in whole */
  gboolean hashing;
  SbDigest *whole;
} Download;

/* One range while it arrives. */
typedef struct
{
  Download *download;
  goffset offset;
  goffset length;
  goffset at;
  gboolean ranged;
  SbDigest *digest;
} Arrival;

static void
download_clear (Download *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->part_path);
  g_free (self->etag);
  g_free (self->md5s);
  g_free (self->arrived);
  g_clear_pointer (&self->whole, sb_digest_free);
  _sb_progress_clear (&self->progress);
  g_mutex_clear (&self->lock);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Download, download_clear)

static gboolean
fail_storage (Download *self, GError **error)
{
  int code = errno;

  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               _ ("The file “%s” could not be written: %s"),
               self->path,
               g_strerror (code));
  return FALSE;
}

static JsonObject *
object_input (Download *self)
{
  return sb_json_object_new ("Bucket", "s", self->bucket, "Key", "s", self->key, NULL);
}

static JsonObject *
head (Download *self, guint part, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) input = object_input (self);
  SbCallOptions options = { .transfer = self->transfer };

  if (part > 0)
    json_object_set_int_member (input, "PartNumber", part);
  return _sb_client_call_full (
      self->client, "s3", "HeadObject", input, &options, cancellable, error);
}

/* An ETag of parts can be checked when the parts are all of one length, which S3 tells. */
static void
plan_parts (Download *self, GCancellable *cancellable)
{
  guint n = _sb_etag_get_n_parts (self->etag);
  g_autoptr (JsonObject) first = head (self, 1, cancellable, NULL);
  goffset length = first != NULL ? sb_json_get_int (first, "ContentLength", 0) : 0;

  if (length <= 0 || sb_json_get_int (first, "PartsCount", 0) != n ||
      (self->size + length - 1) / length != n)
    return;
  self->check = CHECK_PARTS;
  self->range_bytes = length;
  self->md5s = g_malloc0_n (n, SB_MD5_LENGTH);
}

static gboolean
plan (Download *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) about = head (self, 0, cancellable, error);

  if (about == NULL)
    return FALSE;
  self->size = sb_json_get_int (about, "ContentLength", -1);
  self->etag = g_strdup (sb_json_get_string (about, "ETag", NULL));
  if (self->size < 0)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_PROTOCOL,
                           _ ("S3 did not say how long the object is."));
      return FALSE;
    }
  self->range_bytes = RANGE_BYTES;
  if (_sb_etag_is_md5 (about) && _sb_etag_get_n_parts (self->etag) > 0)
    plan_parts (self, cancellable);
  else if (_sb_etag_is_md5 (about))
    {
      self->check = CHECK_WHOLE;
      self->whole = sb_digest_new (SB_DIGEST_MD5);
    }
  self->n_ranges = (guint) MAX (1, (self->size + self->range_bytes - 1) / self->range_bytes);
  self->arrived = g_new0 (gboolean, self->n_ranges);
  self->progress.total = (guint64) self->size;
  return TRUE;
}

static gboolean
open_part (Download *self, GError **error)
{
  self->part_path = g_strconcat (self->path, ".part", NULL);
  self->fd = g_open (self->part_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (self->fd < 0)
    return fail_storage (self, error);
  if (flock (self->fd, LOCK_EX | LOCK_NB) != 0)
    {
      close (self->fd);
      self->fd = -1;
      g_clear_pointer (&self->part_path, g_free);
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CONFLICT,
                   _ ("“%s” is being downloaded already. Wait until that is done."),
                   self->path);
      return FALSE;
    }
  if (ftruncate (self->fd, 0) != 0)
    return fail_storage (self, error);
  /* Space that is lacking is better known now. Not every file system can tell. */
  if (self->size > 0 && fallocate (self->fd, 0, 0, self->size) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
    return fail_storage (self, error);
  return TRUE;
}

static gboolean
begin_range (const SbAnswer *answer, gpointer data, GError **error)
{
  Arrival *arrival = data;

  _sb_progress_add (&arrival->download->progress, -arrival->at);
  arrival->at = 0;
  g_clear_pointer (&arrival->digest, sb_digest_free);
  if (arrival->download->check == CHECK_PARTS)
    arrival->digest = sb_digest_new (SB_DIGEST_MD5);
  if (!arrival->ranged || answer->status == 206)
    return TRUE;
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_PROTOCOL,
                       _ ("The service sent all of the object where it was asked for a part."));
  return FALSE;
}

static gboolean
write_all (Download *self, const char *bytes, gsize length, goffset offset, GError **error)
{
  while (length > 0)
    {
      gssize n = pwrite (self->fd, bytes, length, offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail_storage (self, error);
      bytes += n;
      offset += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
write_range (const void *bytes, gsize length, gpointer data, GError **error)
{
  Arrival *arrival = data;

  if ((goffset) length > arrival->length - arrival->at)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INTEGRITY,
                           _ ("The service sent more than the object has. Try again."));
      return FALSE;
    }
  if (!write_all (arrival->download, bytes, length, arrival->offset + arrival->at, error))
    return FALSE;
  if (arrival->digest != NULL)
    sb_digest_update (arrival->digest, bytes, length);
  arrival->at += (goffset) length;
  _sb_progress_add (&arrival->download->progress, (gint64) length);
  return TRUE;
}

/* The MD5 of all goes over the ranges in their order. Whoever brings the one that is next hashes
 * what is there, out of the page cache, while the others go on. */
static gboolean
hash_in_order (Download *self, guint index, GCancellable *cancellable, GError **error)
{
  gboolean fine = TRUE;

  g_mutex_lock (&self->lock);
  self->arrived[index] = TRUE;
  while (fine && !self->hashing && self->n_hashed < self->n_ranges && self->arrived[self->n_hashed])
    {
      goffset offset = (goffset) self->n_hashed * self->range_bytes;
      goffset length = MIN (self->range_bytes, self->size - offset);

      self->hashing = TRUE;
      g_mutex_unlock (&self->lock);
      fine = _sb_file_range_update (self->fd, offset, length, self->whole, cancellable, error);
      g_mutex_lock (&self->lock);
      self->hashing = FALSE;
      self->n_hashed++;
    }
  g_mutex_unlock (&self->lock);
  return fine;
}

static gboolean
check_range (Arrival *arrival, guint index, GCancellable *cancellable, GError **error)
{
  Download *self = arrival->download;
  guint8 full[SB_DIGEST_MAX_LENGTH];

  if (arrival->at != arrival->length)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INTEGRITY,
                           _ ("The service sent less than the object has. Try again."));
      return FALSE;
    }
  if (self->check == CHECK_WHOLE)
    return hash_in_order (self, index, cancellable, error);
  if (self->check == CHECK_PARTS)
    {
      sb_digest_finish (arrival->digest, full);
      memcpy (self->md5s + (gsize) index * SB_MD5_LENGTH, full, SB_MD5_LENGTH);
    }
  return TRUE;
}

static gboolean
fetch_range (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  Download *self = data;
  goffset offset = (goffset) index * self->range_bytes;
  Arrival arrival = { .download = self,
                      .offset = offset,
                      .length = MIN (self->range_bytes, self->size - offset),
                      .ranged = self->n_ranges > 1 };
  SbHttpSink sink = { begin_range, write_range, &arrival };
  SbCallOptions options = { .sink = &sink, .transfer = self->transfer };
  g_autoptr (JsonObject) input = object_input (self);
  g_autoptr (JsonObject) output = NULL;
  gboolean fine;

  if (self->etag != NULL)
    json_object_set_string_member (input, "IfMatch", self->etag);
  if (arrival.ranged)
    {
      g_autofree char *range = g_strdup_printf ("bytes=%" G_GOFFSET_FORMAT "-%" G_GOFFSET_FORMAT,
                                                offset,
                                                offset + arrival.length - 1);

      json_object_set_string_member (input, "Range", range);
    }
  output =
      _sb_client_call_full (self->client, "s3", "GetObject", input, &options, cancellable, error);
  fine = output != NULL && check_range (&arrival, index, cancellable, error);
  g_clear_pointer (&arrival.digest, sb_digest_free);
  return fine;
}

static gboolean
check_all (Download *self, GError **error)
{
  g_autoptr (JsonObject) about = sb_json_object_new ("ETag", "s", self->etag, NULL);
  g_autofree char *hex = NULL;
  g_autofree char *etag = NULL;

  if (self->check == CHECK_LENGTH)
    return TRUE;
  if (self->check == CHECK_PARTS)
    etag = _sb_etag_of_parts (self->md5s, self->n_ranges);
  else
    {
      hex = sb_digest_finish_hex (self->whole);
      etag = g_strdup_printf ("\"%s\"", hex);
    }
  return _sb_etag_check (about, etag, error);
}

/* On the disk first, then under its name, then the name on the disk. */
static gboolean
publish (Download *self, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  int fd;

  if (ftruncate (self->fd, self->size) != 0 || fsync (self->fd) != 0 ||
      g_rename (self->part_path, self->path) != 0)
    return fail_storage (self, error);
  g_clear_pointer (&self->part_path, g_free);
  fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd >= 0)
    {
      (void) fsync (fd);
      close (fd);
    }
  return TRUE;
}

/**
 * sb_transfer_download_file:
 * @client: who fetches
 * @bucket: the bucket
 * @key: the key
 * @path: the file to write; one that is there is replaced when the new one is complete
 * @progress: (nullable): learns how far it is
 * @user_data: data for @progress
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Downloads an object, in ranges at once when it is long, in constant memory. Until all of it is
 * there, its length and its checksum are right and it is on the disk, it is called `PATH.part`.
 * Blocks.
 *
 * Returns: whether the file is there
 */
gboolean
sb_transfer_download_file (SbClient *client,
                           const char *bucket,
                           const char *key,
                           const char *path,
                           SbProgressFunc progress,
                           gpointer user_data,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (JsonObject) transfer = _sb_transfer_describe ("download", bucket, key, path);
  g_auto (Download) self = {
    .client = client, .bucket = bucket, .key = key, .path = path, .transfer = transfer, .fd = -1
  };
  gboolean fine;

  g_mutex_init (&self.lock);
  _sb_progress_init (&self.progress, 0, progress, user_data);
  fine = plan (&self, cancellable, error) && open_part (&self, error) &&
         sb_parallel_run (self.n_ranges, MAX_THREADS, fetch_range, &self, cancellable, error) &&
         check_all (&self, error) && publish (&self, error);
  if (!fine && self.part_path != NULL)
    (void) g_unlink (self.part_path);
  return fine;
}
