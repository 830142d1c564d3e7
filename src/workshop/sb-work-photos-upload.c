/* sb-work-photos-upload.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos: to S3, as thousands of small files or as a few large ones; and what a training job is to
 * begin with.
 */

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud/sb-fetch.h"
#include "cloud/sb-transfer.h"
#include "formats/sb-weight-file.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"
#include "workshop/sb-photos-data.h"

#define RECORDS "application/x-recordio"
#define IMAGES  "application/x-image"
#define MODEL   "application/x-sagemaker-model"

typedef struct
{
  SbWork *work;
  const char *bucket;
  const char *prefix; /* without a slash at its end */
  JsonArray *channels;
  SbPhotosProgress progress;
  guint skipped;
  guint sent;
} Upload;

static void
on_file (guint done, guint total, guint skipped, gpointer user_data)
{
  Upload *self = user_data;

  self->skipped = skipped;
  sb_photos_progress_set (&self->progress, done, total, _ ("Uploading"));
}

static gboolean
send_names (Upload *self,
            const char *below,
            const char *folder,
            const char *const *names,
            const char *list,
            GError **error)
{
  g_autofree char *prefix = g_strdup_printf ("%s/%s/", self->prefix, below);
  guint before = self->skipped;

  if (!sb_transfer_upload_list (self->work->client,
                                self->bucket,
                                prefix,
                                folder,
                                names,
                                list,
                                on_file,
                                self,
                                self->work->cancellable,
                                error))
    return FALSE;
  self->sent += g_strv_length ((char **) names) - self->skipped;
  self->skipped += before;
  return TRUE;
}

static void
add_channel (Upload *self, const char *name, const char *content_type)
{
  g_autofree char *uri = g_strdup_printf ("s3://%s/%s/%s/", self->bucket, self->prefix, name);

  json_array_add_object_element (
      self->channels,
      sb_json_object_new (
          "name", "s", name, "uri", "s", uri, "content-type", "s", content_type, NULL));
}

static gboolean
send_list (Upload *self, const SbPhotoSet *set, const char *part, const char *list, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *lists = g_strconcat (part, "_lst", NULL);
  g_autofree char *base = g_path_get_basename (list);
  const char *const one[] = { base, NULL };

  for (guint i = 0; i < set->items->len; i++)
    g_ptr_array_add (names, (gpointer) sb_photo_set_get (set, i)->path);
  g_ptr_array_add (names, NULL);
  if (!send_names (self, part, set->root, (const char *const *) names->pdata, list, error) ||
      !send_names (self, lists, self->work->folder, one, NULL, error))
    return FALSE;
  add_channel (self, part, IMAGES);
  add_channel (self, lists, IMAGES);
  return TRUE;
}

static gboolean
send_records (Upload *self, JsonArray *records, const char *part, GError **error)
{
  for (guint i = 0; i < json_array_get_length (records); i++)
    {
      const char *path = json_array_get_string_element (records, i);
      g_autofree char *folder = g_path_get_dirname (path);
      g_autofree char *base = g_path_get_basename (path);
      const char *const one[] = { base, NULL };

      if (!send_names (self, part, folder, one, NULL, error))
        return FALSE;
    }
  add_channel (self, part, RECORDS);
  return TRUE;
}

static gboolean
send_part (Upload *self, SbPhotoPart part, GError **error)
{
  const char *name = sb_photos_get_part_name (part);
  JsonObject *parts = sb_json_get_object (sb_work_result (self->work, "prepare"), "parts");
  JsonObject *json = sb_json_get_object (parts, name);
  JsonArray *records = sb_json_get_array (json, "records");
  g_autoptr (SbPhotoSet) set = NULL;

  if (records != NULL)
    return send_records (self, records, name, error);
  set = sb_photos_open_part (self->work, part, error);
  return set != NULL && send_list (self, set, name, sb_json_get_string (json, "list", ""), error);
}

/* The names of the classes travel with the photos, so that the model knows them. */
static gboolean
send_all (Upload *self, GError **error)
{
  static const char *const names[] = { "labels.txt", NULL };

  return send_part (self, SB_PHOTO_TRAIN, error) && send_part (self, SB_PHOTO_VALIDATION, error) &&
         send_names (self, "train", self->work->folder, names, NULL, error);
}

static void
add_file (GChecksum *checksum, const char *path, gboolean content)
{
  g_autofree char *text = NULL;
  gsize length;
  struct stat info;

  g_checksum_update (checksum, (const guchar *) path, -1);
  if (content && g_file_get_contents (path, &text, &length, NULL))
    g_checksum_update (checksum, (const guchar *) text, (gssize) length);
  else if (stat (path, &info) == 0)
    {
      g_checksum_update (checksum, (const guchar *) &info.st_size, sizeof info.st_size);
      g_checksum_update (checksum, (const guchar *) &info.st_mtim, sizeof info.st_mtim);
    }
}

/* Other photos, or other parts of them, go to another place: nothing of an earlier split is
 * mistaken for a part of this one. The same go to the same place, so that an upload goes on. */
static char *
make_stamp (SbWork *work)
{
  JsonObject *prepare = sb_work_result (work, "prepare");
  JsonObject *parts = sb_json_get_object (prepare, "parts");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *root = sb_json_get_string (prepare, "root", "");

  g_checksum_update (checksum, (const guchar *) root, -1);
  for (SbPhotoPart part = SB_PHOTO_TRAIN; part < SB_PHOTO_N_PARTS; part++)
    {
      JsonObject *json = sb_json_get_object (parts, sb_photos_get_part_name (part));
      JsonArray *records = json != NULL ? sb_json_get_array (json, "records") : NULL;

      for (guint i = 0; records != NULL && i < json_array_get_length (records); i++)
        add_file (checksum, json_array_get_string_element (records, i), FALSE);
      if (json != NULL && records == NULL)
        add_file (checksum, sb_json_get_string (json, "list", ""), TRUE);
    }
  return g_strndup (g_checksum_get_string (checksum), 8);
}

static JsonObject *
make_result (Upload *self, const char *base)
{
  g_autofree char *output = g_strconcat (base, "/output", NULL);
  g_autofree char *summary = NULL;
  JsonObject *result;

  if (self->skipped > 0)
    summary =
        g_strdup_printf (_ ("%s: %u files sent, %u were there"), base, self->sent, self->skipped);
  else
    summary =
        g_strdup_printf (ngettext ("%s: %u file", "%s: %u files", self->sent), base, self->sent);
  result = sb_json_object_new ("summary", "s", summary, "output", "s", output, NULL);
  json_object_set_string_member (result, "bucket", self->bucket);
  json_object_set_string_member (result, "base", base);
  json_object_set_array_member (result, "channels", json_array_ref (self->channels));
  return result;
}

JsonObject *
sb_work_upload_photos (SbWork *work, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *bucket = sb_work_ensure_bucket (work, error);
  g_autofree char *run =
      g_strdup_printf ("%s/%s", sb_json_get_string (work->module, "prefix", "workshop"), work->run);
  g_autofree char *base = g_strdup_printf ("s3://%s/%s", bucket, run);
  g_autofree char *stamp = make_stamp (work);
  g_autofree char *prefix = g_strdup_printf ("%s/%s", run, stamp);
  g_autoptr (JsonArray) channels = json_array_new ();
  Upload self = { .work = work, .bucket = bucket, .prefix = prefix, .channels = channels };
  gboolean done;

  if (bucket == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_OBJECTS, base, work->id, region, error))
    return NULL;
  sb_photos_progress_init (&self.progress, work);
  done = send_all (&self, error) &&
         sb_ledger_confirm (work->ledger, SB_RESOURCE_OBJECTS, base, NULL, error);
  sb_photos_progress_clear (&self.progress);
  return done ? make_result (&self, base) : NULL;
}

static void
on_downloaded (guint64 done, guint64 total, gpointer user_data)
{
  sb_work_progress (user_data,
                    total > 0 ? (double) done / (double) total : -1,
                    _ ("Downloading weights"));
}

/* Where the other programs of this computer's desk look for them, too. */
static char *
get_weights_folder (void)
{
  const char *folder = g_getenv ("SAGEBRUSH_WEIGHTS_DIR");

  return folder != NULL ? g_strdup (folder)
                        : g_build_filename (g_get_user_cache_dir (), "sagebrush", "weights", NULL);
}

/* Weights learned from ImageNet are public for some depths. */
static char *
fetch_weights (SbWork *work, const char *layers, GError **error)
{
  JsonObject *spec = sb_json_get_object (work->module, "weights");
  const char *override = spec != NULL ? g_getenv (sb_json_get_string (spec, "override", "")) : NULL;
  JsonObject *files = spec != NULL ? sb_json_get_object (spec, "files") : NULL;
  JsonObject *file = files != NULL ? sb_json_get_object (files, layers) : NULL;
  g_autofree char *folder = get_weights_folder ();
  g_autofree char *path = NULL;
  g_autofree char *url = NULL;

  if (file == NULL)
    {
      g_set_error (
          error,
          SB_ERROR,
          SB_ERROR_INVALID,
          _ ("There are no weights learned from ImageNet for %s layers. Choose 18, 34, 50, "
             "101 or 152 layers, or other weights."),
          layers);
      return NULL;
    }
  path = g_build_filename (folder, sb_json_get_string (file, "name", ""), NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” cannot be made: %s"),
                   folder,
                   g_strerror (errno));
      return NULL;
    }
  url = g_strconcat (override != NULL ? override : sb_json_get_string (spec, "base", ""),
                     sb_json_get_string (file, "name", ""),
                     NULL);
  if (!sb_fetch_file (url,
                      path,
                      sb_json_get_string (file, "sha256", ""),
                      (guint64) sb_json_get_int (file, "size", 0),
                      on_downloaded,
                      work,
                      work->cancellable,
                      error))
    return NULL;
  return g_steal_pointer (&path);
}

/* A file that is no weights is told of here rather than by a job that failed. */
static char *
find_own_weights (SbWork *work, GError **error)
{
  const char *path = sb_json_get_string (work->values, "weights_path", "");
  g_autoptr (SbWeightFile) file = NULL;

  if (*path == '\0')
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("Choose a file of weights, or begin with others"));
      return NULL;
    }
  if (g_str_has_suffix (path, ".tar.gz"))
    return g_strdup (path);
  file = sb_weight_file_open (path, error);
  return file != NULL ? g_strdup (path) : NULL;
}

static gboolean
send_weights (SbWork *work, const char *path, JsonArray *channels, GError **error)
{
  JsonObject *upload = sb_work_result (work, "upload");
  const char *base = sb_json_get_string (upload, "base", "");
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *uri = g_strdup_printf ("%s/model/%s", base, name);
  g_autofree char *bucket = NULL;
  g_autofree char *run = NULL;
  g_autofree char *prefix = NULL;
  const char *const one[] = { name, NULL };

  if (!sb_s3_uri_parse (base, &bucket, &run, error))
    return FALSE;
  prefix = g_strconcat (run, "/model/", NULL);
  sb_work_progress (work, -1, _ ("Uploading weights"));
  if (!sb_transfer_upload_list (
          work->client, bucket, prefix, folder, one, NULL, NULL, NULL, work->cancellable, error))
    return FALSE;
  json_array_add_object_element (
      channels,
      sb_json_object_new ("name", "s", "model", "uri", "s", uri, "content-type", "s", MODEL, NULL));
  return TRUE;
}

static void
set_number (JsonObject *hyperparameters, const char *name, gint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  json_object_set_string_member (hyperparameters, name, text);
}

static gboolean
refuse_bundled (GError **error)
{
  g_set_error_literal (
      error,
      SB_ERROR,
      SB_ERROR_INVALID,
      _ ("The weights that come with Sagebrush are for jobs on this computer. On AWS, "
         "begin with those learned from ImageNet, or from scratch."));
  return FALSE;
}

/**
 * sb_photos_complete_job:
 * @work: a step that trains
 * @hyperparameters: what the form has given
 * @channels: what the upload has given, as {"name", "uri", "content-type"}
 * @error: why the job cannot be started
 *
 * Adds what the photos themselves say, and the weights that the job is to begin with, which may
 * have to be downloaded first. SageMaker's own image brings those of ImageNet along.
 *
 * Returns: whether the job is complete
 */
gboolean
sb_photos_complete_job (SbWork *work,
                        JsonObject *hyperparameters,
                        JsonArray *channels,
                        GError **error)
{
  SbConnection *connection = sb_client_get_connection (work->client);
  gboolean is_engine = sb_connection_is_engine (connection);
  const char *weights = sb_json_get_string (work->values, "weights", "scratch");
  JsonObject *parts = sb_json_get_object (sb_work_result (work, "prepare"), "parts");
  g_auto (GStrv) classes = sb_photos_list_classes (work);
  g_autofree char *path = NULL;

  set_number (hyperparameters, "num_classes", g_strv_length (classes));
  set_number (hyperparameters, "num_training_samples", sb_json_get_int (parts, "train.count", 0));
  set_number (hyperparameters, "use_pretrained_model", strcmp (weights, "scratch") != 0);
  if (strcmp (weights, "bundled") == 0)
    return is_engine || refuse_bundled (error);
  if (strcmp (weights, "file") == 0)
    path = find_own_weights (work, error);
  else if (strcmp (weights, "imagenet") == 0 && is_engine)
    path = fetch_weights (work, sb_json_get_string (hyperparameters, "num_layers", "152"), error);
  else
    return TRUE;
  return path != NULL && send_weights (work, path, channels, error);
}
