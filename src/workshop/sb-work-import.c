/* sb-work-import.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A model from elsewhere in the place of one that was trained.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-transfer.h"
#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "workshop/sb-model-file.h"
#include "workshop/sb-model-program.h"
#include "workshop/sb-work.h"

static void
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  sb_work_progress (user_data, total > 0 ? (double) done / (double) total : -1, _ ("Uploading"));
}

/* The endpoint of this module is asked what this module asks. */
static gboolean
fits (SbWork *work, JsonObject *description, GError **error)
{
  const char *wanted = sb_json_get_string (work->module, "algorithm", "");
  const char *algorithm = sb_json_get_string (description, "algorithm", "digits");

  if (strcmp (wanted, algorithm) == 0)
    return TRUE;
  g_set_error_literal (
      error,
      SB_ERROR,
      SB_ERROR_INVALID,
      strcmp (algorithm, "digits") == 0
          ? _ ("This model reads digits: import it in the module Handwritten Digits")
          : _ ("This model classifies photos: import it in the module Image Classification"));
  return FALSE;
}

/* Writes what training would have left behind. */
static JsonObject *
convert (SbWork *work, const char *archive, GError **error)
{
  g_autofree char *folder = sb_work_path (work, "imported");
  const char *const arguments[] = { "import", work->import, folder, NULL };
  g_autoptr (GBytes) output = NULL;
  g_autoptr (JsonObject) description = NULL;
  gboolean fine;

  sb_folder_remove (folder);
  sb_work_progress (work, -1, _ ("Reading the model"));
  output = sb_model_program_run (arguments, work->cancellable, error);
  if (output != NULL)
    description = sb_model_describe (folder, work->cancellable, error);
  fine = description != NULL && fits (work, description, error) &&
         sb_archive_pack_folder (folder, archive, work->cancellable, error);
  sb_folder_remove (folder);
  return fine ? g_steal_pointer (&description) : NULL;
}

static char *
upload (SbWork *work, const char *archive, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *bucket = sb_work_ensure_bucket (work, error);
  g_autofree char *stamp = sb_job_name_new ("imported", g_get_real_time () / 1000);
  g_autofree char *prefix =
      g_strdup_printf ("%s/%s", sb_json_get_string (work->module, "prefix", "workshop"), work->run);
  g_autofree char *base = g_strdup_printf ("s3://%s/%s", bucket, prefix);
  g_autofree char *key = g_strdup_printf ("%s/%s/model.tar.gz", prefix, stamp);

  if (bucket == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_OBJECTS, base, work->id, region, error) ||
      !sb_transfer_upload_file (
          work->client, bucket, key, archive, on_bytes, work, work->cancellable, error) ||
      !sb_ledger_confirm (work->ledger, SB_RESOURCE_OBJECTS, base, NULL, error))
    return NULL;
  return g_strdup_printf ("s3://%s/%s", bucket, key);
}

/* A file from anywhere may say anything. */
static gboolean
are_names (JsonArray *classes)
{
  for (guint i = 0; classes != NULL && i < json_array_get_length (classes); i++)
    if (json_node_get_value_type (json_array_get_element (classes, i)) != G_TYPE_STRING)
      return FALSE;
  return classes != NULL && json_array_get_length (classes) > 0;
}

static JsonObject *
make_result (SbWork *work, JsonObject *description, const char *image, const char *artifact)
{
  g_autofree char *base = g_path_get_basename (work->import);
  g_autofree char *name = g_filename_display_name (base);
  g_autofree char *summary = g_strdup_printf (_ ("Imported “%s”, %" G_GINT64_FORMAT " parameters"),
                                              name,
                                              sb_json_get_int (description, "parameters", 0));
  JsonArray *classes = sb_json_get_array (description, "classes");
  JsonObject *result = sb_json_object_new (
      "summary", "s", summary, "image", "s", image, "artifact", "s", artifact, NULL);

  json_object_set_boolean_member (result, "imported", TRUE);
  if (are_names (classes))
    json_object_set_array_member (result, "classes", json_array_ref (classes));
  return result;
}

/* In place of sb_work_train(): its result is of the same kind, so that the model can be hosted. */
JsonObject *
sb_work_import (SbWork *work, GError **error)
{
  g_autofree char *image = sb_work_find_image (work, error);
  g_autofree char *archive = sb_work_path (work, "imported.tar.gz");
  g_autoptr (JsonObject) description = image != NULL ? convert (work, archive, error) : NULL;
  g_autofree char *artifact = description != NULL ? upload (work, archive, error) : NULL;

  return artifact != NULL ? make_result (work, description, image, artifact) : NULL;
}
