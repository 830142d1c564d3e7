/* sb-checkpoint.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-checkpoint.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-world.h"
#include "wire/sb-json.h"

#define POINTER "checkpoint.json"

static char *
checkpoint_path (const char *name)
{
  return sb_contract_path ("checkpoints", name, NULL);
}

static gsize
get_size (const SbCheckpointPart *parts, guint n_parts)
{
  gsize size = 0;

  for (guint i = 0; i < n_parts; i++)
    size += parts[i].count * sizeof (float);
  return size;
}

static gboolean
fail (const char *path, const char *what, GError **error)
{
  int number = errno;

  g_set_error (error,
               G_FILE_ERROR,
               (int) g_file_error_from_errno (number),
               "The checkpoint %s cannot be %s: %s",
               path,
               what,
               g_strerror (number));
  return FALSE;
}

static gboolean
write_parts (const char *path, const SbCheckpointPart *parts, guint n_parts, GError **error)
{
  FILE *file = g_fopen (path, "wb");
  gboolean fine = file != NULL;

  for (guint i = 0; fine && i < n_parts; i++)
    fine = fwrite (parts[i].values, sizeof (float), parts[i].count, file) == parts[i].count;
  fine = fine && fflush (file) == 0 && fsync (fileno (file)) == 0;
  if (!fine)
    fail (path, "written", error);
  if (file != NULL)
    fclose (file);
  if (!fine)
    g_unlink (path);
  return fine;
}

static gboolean
read_parts (const char *path, const SbCheckpointPart *parts, guint n_parts, GError **error)
{
  FILE *file = g_fopen (path, "rb");
  gboolean fine = file != NULL;

  for (guint i = 0; fine && i < n_parts; i++)
    fine = fread (parts[i].values, sizeof (float), parts[i].count, file) == parts[i].count;
  if (!fine)
    fail (path, "read", error);
  if (file != NULL)
    fclose (file);
  return fine;
}

/**
 * sb_checkpoint_save:
 * @epoch: how many epochs are done
 * @more: what else sb_checkpoint_load() is to give; it may not have the members "epoch", "size" and
 *   "file"
 * @parts: (array length=n_parts): what is stored
 * @n_parts: how many
 * @error: a %G_FILE_ERROR
 *
 * What is new gets a name of its own; only then the pointer to it is replaced.
 *
 * Returns: whether it is stored; if not, the checkpoint before it still is
 */
gboolean
sb_checkpoint_save (int epoch,
                    JsonObject *more,
                    const SbCheckpointPart *parts,
                    guint n_parts,
                    GError **error)
{
  g_autofree char *folder = checkpoint_path ("");
  g_autofree char *name = g_strdup_printf ("epoch-%d.state", epoch);
  g_autofree char *path = checkpoint_path (name);
  g_autofree char *pointer = checkpoint_path (POINTER);
  g_autoptr (JsonObject) before = sb_json_load_file (pointer, NULL);
  g_autoptr (JsonObject) json = sb_json_copy (more);

  g_mkdir_with_parents (folder, 0700);
  if (!write_parts (path, parts, n_parts, error))
    return FALSE;
  json_object_set_int_member (json, "epoch", epoch);
  json_object_set_int_member (json, "size", (gint64) get_size (parts, n_parts));
  json_object_set_string_member (json, "file", name);
  if (!sb_json_save_file (json, pointer, error))
    return FALSE;
  if (before != NULL && strcmp (sb_json_get_string (before, "file", name), name) != 0)
    {
      g_autofree char *old = checkpoint_path (sb_json_get_string (before, "file", ""));

      g_unlink (old);
    }
  return TRUE;
}

/**
 * sb_checkpoint_load:
 * @details: (out) (nullable): what was given to sb_checkpoint_save(), and "epoch"; %NULL when there
 *   is no checkpoint, or it is of another size
 * @parts: (array length=n_parts): room for what was stored
 * @n_parts: how many
 * @error: a %G_FILE_ERROR
 *
 * Returns: whether what there is could be read
 */
gboolean
sb_checkpoint_load (JsonObject **details,
                    const SbCheckpointPart *parts,
                    guint n_parts,
                    GError **error)
{
  g_autofree char *pointer = checkpoint_path (POINTER);
  g_autoptr (JsonObject) json = sb_json_load_file (pointer, NULL);
  g_autofree char *path = NULL;
  GStatBuf status;

  *details = NULL;
  if (json == NULL)
    return TRUE;
  path = checkpoint_path (sb_json_get_string (json, "file", ""));
  if (g_stat (path, &status) != 0)
    return fail (path, "read", error);
  if ((gsize) status.st_size != get_size (parts, n_parts))
    {
      if (sb_world_is_first ())
        sb_contract_say ("The checkpoint is of another network or optimizer: starting anew");
      return TRUE;
    }
  if (!read_parts (path, parts, n_parts, error))
    return FALSE;
  *details = g_steal_pointer (&json);
  return TRUE;
}
