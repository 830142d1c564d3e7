/* sb-upload.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file to S3: in one piece, or in parts that survive an interruption.
 */

#include "config.h"

#include "cloud/sb-upload-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "cloud/sb-client-private.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define MEBIBYTE    ((goffset) 1024 * 1024)
#define SINGLE_MAX  (16 * MEBIBYTE)
#define PART_BYTES  (16 * MEBIBYTE)
#define MAX_PARTS   10000
#define MAX_THREADS 4

/**
 * Upload:
 *
 * A file on its way. Everything but the parts' own rows is constant while they are sent.
 */
typedef struct
{
  SbClient *client;
  const char *bucket;
  const char *key;
  const char *path;
  JsonObject *transfer;
  SbProgress *progress;
  int fd;
  goffset size;
  gint64 mtime_ns;
  char *state_path;
  char *upload_id;
  goffset part_bytes;
  guint n_parts;
  guint8 *md5s; /* SB_MD5_LENGTH bytes a part */
  char **there; /* the ETags of parts that an earlier attempt sent, or NULL */
} Upload;

static void
upload_clear (Upload *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->state_path);
  g_free (self->upload_id);
  g_free (self->md5s);
  for (guint i = 0; self->there != NULL && i < self->n_parts; i++)
    g_free (self->there[i]);
  g_free (self->there);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Upload, upload_clear)

gboolean
_sb_upload_is_small (goffset size)
{
  return size <= SINGLE_MAX;
}

static gint64
mtime_ns (const struct stat *info)
{
  return (gint64) info->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + info->st_mtim.tv_nsec;
}

static gboolean
open_file (Upload *self, GError **error)
{
  struct stat info;

  self->fd = g_open (self->path, O_RDONLY | O_CLOEXEC, 0);
  if (self->fd < 0 || fstat (self->fd, &info) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The file “%s” could not be opened: %s"),
                   self->path,
                   g_strerror (errno));
      return FALSE;
    }
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("“%s” is no file. Choose a file to upload."),
                   self->path);
      return FALSE;
    }
  self->size = info.st_size;
  self->mtime_ns = mtime_ns (&info);
  (void) posix_fadvise (self->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return TRUE;
}

/* A checksum proves that a part arrived as it was read, not that all were read from one file. */
static gboolean
check_unchanged (Upload *self, GError **error)
{
  struct stat info;

  if (fstat (self->fd, &info) == 0 && info.st_size == self->size &&
      mtime_ns (&info) == self->mtime_ns)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_CONFLICT,
               _ ("The file “%s” changed while it was uploaded. Try again when it is complete."),
               self->path);
  return FALSE;
}

static JsonObject *
object_input (Upload *self)
{
  return sb_json_object_new ("Bucket", "s", self->bucket, "Key", "s", self->key, NULL);
}

static JsonObject *
call (Upload *self,
      const char *operation,
      JsonObject *input,
      GCancellable *cancellable,
      GError **error)
{
  SbCallOptions options = { .transfer = self->transfer };

  return _sb_client_call_full (self->client, "s3", operation, input, &options, cancellable, error);
}

/* Reads the range twice, for its checksum and for the wire: S3 then refuses what was damaged on its
 * way before it stores it. The second time it comes from the page cache. */
static gboolean
send_range (Upload *self,
            const char *operation,
            JsonObject *input,
            SbFileRange *range,
            const guint8 md5[SB_MD5_LENGTH],
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *base64 = g_base64_encode (md5, SB_MD5_LENGTH);
  g_autofree char *etag = _sb_etag_of_md5 (md5);
  SbHttpSource source = { .open = _sb_file_range_open, .length = range->length, .data = range };
  SbCallOptions options = {
    .source = &source, .content_md5 = base64, .transfer = self->transfer, .source_path = self->path
  };
  g_autoptr (JsonObject) output =
      _sb_client_call_full (self->client, "s3", operation, input, &options, cancellable, error);

  return output != NULL && _sb_etag_check (output, etag, error);
}

static gboolean
send_whole (Upload *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) input = object_input (self);
  SbFileRange range = { self->fd, 0, self->size, self->progress, 0 };
  guint8 md5[SB_MD5_LENGTH];

  return _sb_file_range_md5 (&range, md5, cancellable, error) &&
         send_range (self, "PutObject", input, &range, md5, cancellable, error) &&
         check_unchanged (self, error);
}

/* One file a target: where the application keeps what it can do without. */
static char *
make_state_path (Upload *self)
{
  SbConnection *connection = sb_client_get_connection (self->client);
  g_autofree char *absolute = g_canonicalize_filename (self->path, NULL);
  const char *url = sb_connection_get_endpoint_url (connection);
  g_autofree char *all = g_strjoin ("\n",
                                    sb_connection_get_id (connection),
                                    url != NULL ? url : "",
                                    self->bucket,
                                    self->key,
                                    absolute,
                                    NULL);
  g_autofree char *hash = sb_sha256_hex (all, -1);
  g_autofree char *name = g_strconcat (hash, ".json", NULL);

  return g_build_filename (g_get_user_cache_dir (), "sagebrush", "uploads", name, NULL);
}

static void
save_state (Upload *self)
{
  g_autofree char *folder = g_path_get_dirname (self->state_path);
  g_autoptr (JsonObject) state = sb_json_object_new ("upload_id",
                                                     "s",
                                                     self->upload_id,
                                                     "size",
                                                     "i",
                                                     (gint64) self->size,
                                                     "mtime_ns",
                                                     "i",
                                                     self->mtime_ns,
                                                     "part_bytes",
                                                     "i",
                                                     (gint64) self->part_bytes,
                                                     NULL);
  g_autoptr (GError) error = NULL;

  (void) g_mkdir_with_parents (folder, 0700);
  /* Without it the upload works and only cannot be resumed. */
  if (!sb_json_save_file (state, self->state_path, &error))
    g_debug ("%s", error->message);
}

static void
forget_state (Upload *self)
{
  (void) g_unlink (self->state_path);
}

static void
abort_upload (Upload *self)
{
  g_autoptr (JsonObject) input = object_input (self);
  g_autoptr (JsonObject) output = NULL;

  json_object_set_string_member (input, "UploadId", self->upload_id);
  output = call (self, "AbortMultipartUpload", input, NULL, NULL);
  forget_state (self);
}

static void
take_listed (Upload *self, JsonObject *page)
{
  JsonArray *parts = sb_json_get_array (page, "Parts");

  for (guint i = 0; parts != NULL && i < json_array_get_length (parts); i++)
    {
      JsonObject *part = json_array_get_object_element (parts, i);
      gint64 number = sb_json_get_int (part, "PartNumber", 0);

      if (number < 1 || number > self->n_parts)
        continue;
      g_free (self->there[number - 1]);
      self->there[number - 1] = g_strdup (sb_json_get_string (part, "ETag", NULL));
    }
}

/* What S3 has of an earlier attempt. */
static gboolean
list_parts (Upload *self, GCancellable *cancellable)
{
  gint64 marker = 0;

  for (;;)
    {
      g_autoptr (JsonObject) input = object_input (self);
      g_autoptr (JsonObject) page = NULL;

      json_object_set_string_member (input, "UploadId", self->upload_id);
      if (marker > 0)
        json_object_set_int_member (input, "PartNumberMarker", marker);
      page = call (self, "ListParts", input, cancellable, NULL);
      if (page == NULL)
        return FALSE;
      take_listed (self, page);
      if (!sb_json_get_bool (page, "IsTruncated", FALSE) ||
          sb_json_get_int (page, "NextPartNumberMarker", 0) <= marker)
        return TRUE;
      marker = sb_json_get_int (page, "NextPartNumberMarker", 0);
    }
}

static gboolean
resume (Upload *self, GCancellable *cancellable)
{
  g_autoptr (JsonObject) state = sb_json_load_file (self->state_path, NULL);

  if (state == NULL)
    return FALSE;
  self->upload_id = g_strdup (sb_json_get_string (state, "upload_id", ""));
  if (sb_json_get_int (state, "size", -1) == self->size &&
      sb_json_get_int (state, "mtime_ns", -1) == self->mtime_ns &&
      sb_json_get_int (state, "part_bytes", -1) == self->part_bytes &&
      list_parts (self, cancellable))
    return TRUE;
  /* Parts of a file that is no more would be paid for until somebody finds them. */
  if (!g_cancellable_is_cancelled (cancellable))
    abort_upload (self);
  g_clear_pointer (&self->upload_id, g_free);
  return FALSE;
}

static gboolean
begin (Upload *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) input = object_input (self);
  g_autoptr (JsonObject) output = NULL;

  if (resume (self, cancellable))
    return TRUE;
  output = call (self, "CreateMultipartUpload", input, cancellable, error);
  if (output == NULL)
    return FALSE;
  self->upload_id = g_strdup (sb_json_get_string (output, "UploadId", NULL));
  if (self->upload_id != NULL)
    save_state (self);
  else
    g_set_error_literal (error, SB_ERROR, SB_ERROR_PROTOCOL, _ ("S3 gave the upload no name."));
  return self->upload_id != NULL;
}

static gboolean
send_part (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  Upload *self = data;
  goffset offset = (goffset) index * self->part_bytes;
  SbFileRange range = {
    self->fd, offset, MIN (self->part_bytes, self->size - offset), self->progress, 0
  };
  guint8 *md5 = self->md5s + (gsize) index * SB_MD5_LENGTH;
  g_autofree char *etag = NULL;
  g_autoptr (JsonObject) input = NULL;

  if (!_sb_file_range_md5 (&range, md5, cancellable, error))
    return FALSE;
  etag = _sb_etag_of_md5 (md5);
  if (g_strcmp0 (self->there[index], etag) == 0)
    {
      _sb_progress_add (self->progress, range.length);
      return TRUE;
    }
  input = object_input (self);
  json_object_set_int_member (input, "PartNumber", index + 1);
  json_object_set_string_member (input, "UploadId", self->upload_id);
  return send_range (self, "UploadPart", input, &range, md5, cancellable, error);
}

static JsonObject *
complete_input (Upload *self)
{
  JsonObject *input = object_input (self);
  JsonArray *parts = json_array_sized_new (self->n_parts);

  for (guint i = 0; i < self->n_parts; i++)
    {
      g_autofree char *etag = _sb_etag_of_md5 (self->md5s + (gsize) i * SB_MD5_LENGTH);

      json_array_add_object_element (
          parts, sb_json_object_new ("PartNumber", "i", (gint64) i + 1, "ETag", "s", etag, NULL));
    }
  json_object_set_string_member (input, "UploadId", self->upload_id);
  json_object_set_object_member (input,
                                 "MultipartUpload",
                                 sb_json_object_new ("Parts", "a", parts, NULL));
  return input;
}

/* The answer that it is complete may have been lost; the upload has no name any more then. */
static JsonObject *
look_for_object (Upload *self, const char *etag, GCancellable *cancellable)
{
  g_autoptr (JsonObject) input = object_input (self);
  g_autoptr (JsonObject) output = call (self, "HeadObject", input, cancellable, NULL);

  if (output != NULL && g_strcmp0 (sb_json_get_string (output, "ETag", NULL), etag) == 0)
    return g_steal_pointer (&output);
  return NULL;
}

static gboolean
complete (Upload *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) input = complete_input (self);
  g_autofree char *etag = _sb_etag_of_parts (self->md5s, self->n_parts);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) output =
      call (self, "CompleteMultipartUpload", input, cancellable, &local);

  if (output == NULL && g_strcmp0 (sb_error_get_service_code (local), "NoSuchUpload") == 0)
    output = look_for_object (self, etag, cancellable);
  if (output == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return _sb_etag_check (output, etag, error);
}

/* What a later attempt could go on with. */
static gboolean
may_resume (const GError *error)
{
  return error->domain == SB_ERROR &&
         (error->code == SB_ERROR_NETWORK || error->code == SB_ERROR_SERVICE ||
          error->code == SB_ERROR_THROTTLED || error->code == SB_ERROR_CREDENTIALS);
}

static void
divide (Upload *self)
{
  self->part_bytes = PART_BYTES;
  while (self->size > self->part_bytes * MAX_PARTS)
    self->part_bytes += MEBIBYTE;
  self->n_parts = (guint) ((self->size + self->part_bytes - 1) / self->part_bytes);
  self->md5s = g_malloc0_n (self->n_parts, SB_MD5_LENGTH);
}

/*< private >
 * _sb_upload_dup_etag:
 * @path: a file
 * @cancellable: (nullable): a cancellable
 * @error: why it cannot be read
 *
 * Returns: (transfer full) (nullable): the ETag that S3 gives the file when it is uploaded here
 */
char *
_sb_upload_dup_etag (const char *path, GCancellable *cancellable, GError **error)
{
  g_auto (Upload) self = { .path = path, .fd = -1 };
  guint8 md5[SB_MD5_LENGTH];

  if (!open_file (&self, error))
    return NULL;
  if (_sb_upload_is_small (self.size))
    {
      SbFileRange all = { self.fd, 0, self.size, NULL, 0 };

      return _sb_file_range_md5 (&all, md5, cancellable, error) ? _sb_etag_of_md5 (md5) : NULL;
    }
  divide (&self);
  for (guint i = 0; i < self.n_parts; i++)
    {
      goffset offset = (goffset) i * self.part_bytes;
      SbFileRange part = { self.fd, offset, MIN (self.part_bytes, self.size - offset), NULL, 0 };

      if (!_sb_file_range_md5 (&part, self.md5s + (gsize) i * SB_MD5_LENGTH, cancellable, error))
        return NULL;
    }
  return _sb_etag_of_parts (self.md5s, self.n_parts);
}

static gboolean
send_parts (Upload *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  divide (self);
  self->there = g_new0 (char *, self->n_parts);
  self->state_path = make_state_path (self);
  if (!begin (self, cancellable, error))
    return FALSE;
  if (sb_parallel_run (self->n_parts, MAX_THREADS, send_part, self, cancellable, &local) &&
      check_unchanged (self, &local) && complete (self, cancellable, &local))
    {
      forget_state (self);
      return TRUE;
    }
  if (!may_resume (local))
    abort_upload (self);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/*< private >
 * _sb_upload_file:
 * @client: who sends
 * @bucket: the bucket
 * @key: the key
 * @path: the file
 * @transfer: what the journal says of it
 * @progress: learns what was sent
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: whether S3 has the file
 */
gboolean
_sb_upload_file (SbClient *client,
                 const char *bucket,
                 const char *key,
                 const char *path,
                 JsonObject *transfer,
                 SbProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  g_auto (Upload) self = { .client = client,
                           .bucket = bucket,
                           .key = key,
                           .path = path,
                           .transfer = transfer,
                           .progress = progress,
                           .fd = -1 };

  if (!open_file (&self, error))
    return FALSE;
  if (progress->total == 0)
    progress->total = (guint64) self.size;
  if (_sb_upload_is_small (self.size))
    return send_whole (&self, cancellable, error);
  return send_parts (&self, cancellable, error);
}
