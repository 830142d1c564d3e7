/* sb-remove-objects.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything below one prefix of a bucket: objects, their versions, the markers that deletions have
 * left, and uploads that were never finished, which are paid for, too.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"
#include "workshop/sb-remove.h"

#define MAX_DELETE 1000

typedef struct
{
  SbClient *client;
  GCancellable *cancellable;
  char *bucket;
  char *prefix;
} Place;

static void
place_clear (Place *self)
{
  g_free (self->bucket);
  g_free (self->prefix);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static gboolean
place_init (Place *self,
            SbClient *client,
            const char *uri,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *key = NULL;

  self->client = client;
  self->cancellable = cancellable;
  if (!sb_s3_uri_parse (uri, &self->bucket, &key, error))
    return FALSE;
  /* The slash keeps neighbours whose names begin the same. */
  self->prefix = key != NULL && *key != '\0' ? g_strconcat (key, "/", NULL) : g_strdup ("");
  return TRUE;
}

static JsonObject *
call (Place *self, const char *operation, JsonObject *input, GError **error)
{
  return sb_client_call (self->client, "s3", operation, input, self->cancellable, error);
}

static JsonObject *
list (Place *self, const char *operation, const char *limit, gint64 max, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new (
      "Bucket", "s", self->bucket, "Prefix", "s", self->prefix, limit, "i", max, NULL);

  return call (self, operation, input, error);
}

static guint
count (JsonObject *page, const char *member)
{
  JsonArray *items = page != NULL ? sb_json_get_array (page, member) : NULL;

  return items != NULL ? json_array_get_length (items) : 0;
}

static void
add_doomed (JsonArray *doomed, JsonObject *page, const char *member)
{
  for (guint i = 0; i < count (page, member); i++)
    {
      JsonObject *item = json_array_get_object_element (sb_json_get_array (page, member), i);

      json_array_add_object_element (
          doomed,
          sb_json_object_new ("Key",
                              "s",
                              sb_json_get_string (item, "Key", ""),
                              "VersionId",
                              "s",
                              sb_json_get_string (item, "VersionId", NULL),
                              NULL));
    }
}

static gboolean
delete_page (Place *self, JsonArray *doomed, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new (
      "Bucket",
      "s",
      self->bucket,
      "Delete",
      "o",
      sb_json_object_new ("Objects", "a", json_array_ref (doomed), "Quiet", "b", TRUE, NULL),
      NULL);
  g_autoptr (JsonObject) answer = call (self, "DeleteObjects", input, error);

  if (answer == NULL || count (answer, "Errors") == 0)
    return answer != NULL;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_FAILED,
               _ ("A file in S3 could not be deleted: %s"),
               sb_json_get_string (answer, "Errors.0.Message", ""));
  return FALSE;
}

/* The pages are read from the start each time: what was on the one before is gone. */
static gboolean
delete_versions (Place *self, GError **error)
{
  for (;;)
    {
      g_autoptr (JsonObject) page = list (self, "ListObjectVersions", "MaxKeys", MAX_DELETE, error);
      g_autoptr (JsonArray) doomed = json_array_new ();

      if (page == NULL)
        return FALSE;
      add_doomed (doomed, page, "Versions");
      add_doomed (doomed, page, "DeleteMarkers");
      if (json_array_get_length (doomed) == 0)
        return TRUE;
      if (!delete_page (self, doomed, error))
        return FALSE;
    }
}

static gboolean
abort_upload (Place *self, JsonObject *upload, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket",
                                                     "s",
                                                     self->bucket,
                                                     "Key",
                                                     "s",
                                                     sb_json_get_string (upload, "Key", ""),
                                                     "UploadId",
                                                     "s",
                                                     sb_json_get_string (upload, "UploadId", ""),
                                                     NULL);
  g_autoptr (JsonObject) answer = call (self, "AbortMultipartUpload", input, &local);

  if (answer != NULL || sb_remove_is_gone (local))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
abort_uploads (Place *self, GError **error)
{
  for (;;)
    {
      g_autoptr (JsonObject) page =
          list (self, "ListMultipartUploads", "MaxUploads", MAX_DELETE, error);
      guint n = count (page, "Uploads");

      if (page == NULL || n == 0)
        return page != NULL;
      for (guint i = 0; i < n; i++)
        if (!abort_upload (self,
                           json_array_get_object_element (sb_json_get_array (page, "Uploads"), i),
                           error))
          return FALSE;
    }
}

/**
 * sb_remove_objects:
 * @client: makes the calls
 * @uri: `s3://BUCKET/PREFIX`; what lies in the folder of that name
 * @cancellable: (nullable): a cancellable
 * @error: why not all of it could be deleted
 *
 * Deletes what lies there, with all versions and unfinished uploads. Blocks.
 *
 * Returns: whether nothing is there now
 */
SbRemoval
sb_remove_objects (SbClient *client, const char *uri, GCancellable *cancellable, GError **error)
{
  g_auto (Place) place = { 0 };
  g_autoptr (GError) local = NULL;

  if (!place_init (&place, client, uri, cancellable, error))
    return SB_REMOVAL_FAILED;
  /* Uploads first: one that completes meanwhile has become an object. */
  if (abort_uploads (&place, &local) && delete_versions (&place, &local))
    return SB_REMOVAL_DONE;
  if (sb_remove_is_gone (local))
    return SB_REMOVAL_DONE;
  g_propagate_error (error, g_steal_pointer (&local));
  return SB_REMOVAL_FAILED;
}

/**
 * sb_remove_ask_objects:
 * @client: makes the calls
 * @uri: `s3://BUCKET/PREFIX`
 * @cancellable: (nullable): a cancellable
 * @error: why the service could not be asked
 *
 * Returns: whether anything lies there
 */
SbPresence
sb_remove_ask_objects (SbClient *client, const char *uri, GCancellable *cancellable, GError **error)
{
  g_auto (Place) place = { 0 };
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) versions = NULL;
  g_autoptr (JsonObject) uploads = NULL;

  if (!place_init (&place, client, uri, cancellable, error))
    return SB_PRESENCE_UNKNOWN;
  versions = list (&place, "ListObjectVersions", "MaxKeys", 1, &local);
  if (versions != NULL && count (versions, "Versions") + count (versions, "DeleteMarkers") == 0)
    uploads = list (&place, "ListMultipartUploads", "MaxUploads", 1, &local);
  if (local != NULL && sb_remove_is_gone (local))
    return SB_PRESENCE_GONE;
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return SB_PRESENCE_UNKNOWN;
    }
  return uploads == NULL || count (uploads, "Uploads") > 0 ? SB_PRESENCE_THERE : SB_PRESENCE_GONE;
}
