/* sb-blob.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-object-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/sb-digest.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define COPY_SIZE (1024 * 1024)

struct _SbBlob
{
  SbObjectStore *store;
  char *id;
  char *path; /* NULL once it is stored */
  int fd;
  guint64 size;
};

gboolean
_sb_object_store_fail_io (GError **error, const char *what)
{
  int code = errno;
  gboolean full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  g_autofree char *message = NULL;

  if (full)
    message = g_strdup ("The disk is full: free some space, then try again.");
  else
    message = g_strdup_printf ("%s: %s", what, g_strerror (code));
  g_propagate_error (error,
                     sb_error_new_service (full ? 507 : 500, "InternalError", message, NULL));
  return FALSE;
}

/**
 * sb_blob_new:
 * @store: where it will be stored
 * @error: why not
 *
 * Returns: (transfer full) (nullable): an empty blob
 */
SbBlob *
sb_blob_new (SbObjectStore *store, GError **error)
{
  SbBlob *self = g_new0 (SbBlob, 1);

  self->store = store;
  self->id = g_uuid_string_random ();
  self->path = g_build_filename (store->incoming, self->id, NULL);
  self->fd = open (self->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
  if (self->fd >= 0)
    return self;
  _sb_object_store_fail_io (error, "An object cannot be written");
  g_clear_pointer (&self->path, g_free);
  sb_blob_free (self);
  return NULL;
}

/**
 * sb_blob_free:
 * @self: a blob; what was not stored is thrown away
 */
void
sb_blob_free (SbBlob *self)
{
  if (self->fd >= 0)
    close (self->fd);
  if (self->path != NULL)
    g_unlink (self->path);
  g_free (self->path);
  g_free (self->id);
  g_free (self);
}

/**
 * sb_blob_write:
 * @self: a blob that is not stored yet
 * @data: bytes
 * @length: their number
 * @error: why not, such as a full disk
 *
 * Returns: whether all were written
 */
gboolean
sb_blob_write (SbBlob *self, const void *data, gsize length, GError **error)
{
  const char *p = data;

  while (length > 0)
    {
      gssize n = write (self->fd, p, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return _sb_object_store_fail_io (error, "An object cannot be written");
      p += n;
      length -= (gsize) n;
      self->size += (guint64) n;
    }
  return TRUE;
}

static gboolean
sync_folder (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean done = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return done;
}

/**
 * sb_blob_store:
 * @self: a blob
 * @error: why not
 *
 * Makes the blob a file of the store that survives the loss of power. May be called in any thread.
 *
 * Returns: whether it is stored
 */
gboolean
sb_blob_store (SbBlob *self, GError **error)
{
  g_autofree char *target = sb_object_store_dup_blob_path (self->store, self->id);
  g_autofree char *shelf = g_path_get_dirname (target);

  if (fdatasync (self->fd) != 0 || rename (self->path, target) != 0)
    return _sb_object_store_fail_io (error, "An object cannot be stored");
  g_clear_pointer (&self->path, g_free);
  close (self->fd);
  self->fd = -1;
  if (!sync_folder (shelf))
    return _sb_object_store_fail_io (error, "An object cannot be stored");
  return TRUE;
}

const char *
sb_blob_get_id (SbBlob *self)
{
  return self->id;
}

guint64
sb_blob_get_size (SbBlob *self)
{
  return self->size;
}

/* Copies all of one file to the end of what @out stands for; within the kernel where it can. */
static gboolean
append_file (const char *path, int out, GError **error)
{
  int in = open (path, O_RDONLY | O_CLOEXEC);
  g_autofree char *buffer = NULL;
  gssize n = -1;

  if (in < 0)
    return _sb_object_store_fail_io (error, "An object cannot be read");
  do
    n = copy_file_range (in, NULL, out, NULL, 1 << 30, 0);
  while (n > 0);
  if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
    {
      buffer = g_malloc (COPY_SIZE);
      while ((n = read (in, buffer, COPY_SIZE)) > 0)
        for (gssize done = 0, m; done < n; done += m)
          {
            m = write (out, buffer + done, (gsize) (n - done));
            if (m < 0)
              {
                close (in);
                return _sb_object_store_fail_io (error, "An object cannot be copied");
              }
          }
    }
  close (in);
  return n == 0 ? TRUE : _sb_object_store_fail_io (error, "An object cannot be copied");
}

static gboolean
append_blobs (SbObjectStore *self, const char *blobs, int out, GError **error)
{
  g_auto (GStrv) items = g_strsplit (blobs, ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      g_autofree char *path = NULL;
      char *colon = strchr (items[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      path = sb_object_store_dup_blob_path (self, items[i]);
      if (!append_file (path, out, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_object_store_materialise:
 * @self: a store
 * @object: an object
 * @path: a file that does not exist yet
 * @error: why not
 *
 * Makes the object a file for a job to read: a hard link where it can be one. May be called in any
 * thread.
 *
 * Returns: whether the file is there
 */
gboolean
sb_object_store_materialise (SbObjectStore *self,
                             const SbObject *object,
                             const char *path,
                             GError **error)
{
  gboolean done;
  int out;

  if (strchr (object->blobs, ',') == NULL && *object->blobs != '\0')
    {
      const char *colon = strchr (object->blobs, ':');
      g_autofree char *id = g_strndup (object->blobs, (gsize) (colon - object->blobs));
      g_autofree char *source = sb_object_store_dup_blob_path (self, id);

      if (link (source, path) == 0)
        return TRUE;
    }
  out = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0)
    return _sb_object_store_fail_io (error, "A job’s input cannot be written");
  done = append_blobs (self, object->blobs, out, error);
  close (out);
  return done;
}

/**
 * sb_object_store_copy:
 * @self: a store
 * @from: an object
 * @bucket: the bucket that gets the copy
 * @key: the key of the copy
 * @headers: (nullable): its headers
 * @copied: (out): the copy
 * @error: why not
 *
 * Returns: whether it is there
 */
gboolean
sb_object_store_copy (SbObjectStore *self,
                      const SbObject *from,
                      const char *bucket,
                      const char *key,
                      JsonObject *headers,
                      SbObject **copied,
                      GError **error)
{
  g_autoptr (SbBlob) blob = sb_blob_new (self, error);
  g_autoptr (SbObject) object = g_new0 (SbObject, 1);

  if (blob == NULL || !append_blobs (self, from->blobs, blob->fd, error) ||
      !sb_blob_store (blob, error))
    return FALSE;
  object->key = g_strdup (key);
  object->size = from->size;
  object->etag = g_strdup (from->etag);
  object->modified = _sb_object_store_now ();
  object->headers = headers != NULL ? json_object_ref (headers) : NULL;
  object->blobs = g_strdup_printf ("%s:%" G_GUINT64_FORMAT, blob->id, from->size);
  if (!sb_object_store_put (self, bucket, object, error))
    return FALSE;
  *copied = g_steal_pointer (&object);
  return TRUE;
}

static char *
md5_of_file (const char *path, guint64 *size, GError **error)
{
  g_autofree char *buffer = g_malloc (COPY_SIZE);
  g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize n;

  if (fd < 0)
    {
      _sb_object_store_fail_io (error, "A job’s output cannot be read");
      return NULL;
    }
  *size = 0;
  while ((n = read (fd, buffer, COPY_SIZE)) > 0)
    {
      sb_digest_update (digest, buffer, (gsize) n);
      *size += (guint64) n;
    }
  close (fd);
  return sb_digest_finish_hex (digest);
}

/**
 * sb_object_store_put_file:
 * @self: a store
 * @bucket: a bucket
 * @key: a key
 * @path: a file, which the caller may delete afterwards
 * @content_type: its type
 * @error: why not
 *
 * Puts a file of the engine itself, such as a job's model, into the store.
 *
 * Returns: whether it is there
 */
gboolean
sb_object_store_put_file (SbObjectStore *self,
                          const char *bucket,
                          const char *key,
                          const char *path,
                          const char *content_type,
                          GError **error)
{
  g_autoptr (SbObject) object = g_new0 (SbObject, 1);
  g_autoptr (SbBlob) blob = NULL;

  if (!sb_object_store_require_bucket (self, bucket, error))
    return FALSE;
  object->etag = md5_of_file (path, &object->size, error);
  blob = object->etag != NULL ? sb_blob_new (self, error) : NULL;
  if (blob == NULL || !append_file (path, blob->fd, error) || !sb_blob_store (blob, error))
    return FALSE;
  object->key = g_strdup (key);
  object->modified = _sb_object_store_now ();
  object->headers = sb_json_object_new ("content-type", "s", content_type, NULL);
  object->blobs = g_strdup_printf ("%s:%" G_GUINT64_FORMAT, blob->id, object->size);
  return sb_object_store_put (self, bucket, object, error);
}
