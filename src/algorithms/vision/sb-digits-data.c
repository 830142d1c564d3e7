/* sb-digits-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-digits-data.h"

#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-world.h"

/* What tells the labels of some images from the images themselves: "train-images-idx3-ubyte.gz"
 * and "train-labels-idx1-ubyte" are of one pair, and so are "part-0/images" and "part-0/labels". */
static char *
make_pair_name (const char *path)
{
  static const char *const parts[] = { "images", "labels", "image", "label", "idx3", "idx1" };
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autoptr (GString) name = g_string_new (base);

  if (g_str_has_suffix (base, ".gz"))
    g_string_truncate (name, name->len - 3);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_string_replace (name, parts[i], "", 0);
  return g_build_filename (folder, name->str, NULL);
}

/* The numbers of the pairs follow the order in which the files come, which is by name. */
static guint
find_pair (GHashTable *pairs, const char *path)
{
  g_autofree char *name = make_pair_name (path);
  gpointer number;

  if (!g_hash_table_lookup_extended (pairs, name, NULL, &number))
    {
      number = GUINT_TO_POINTER (g_hash_table_size (pairs));
      g_hash_table_insert (pairs, g_steal_pointer (&name), number);
    }
  return GPOINTER_TO_UINT (number);
}

/* Keeps this worker's pairs; all workers see the same files, so none is read twice or not at all.
 */
static gboolean
keep_share (GPtrArray *files, const char *channel, GError **error)
{
  g_autoptr (GHashTable) pairs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint rank = (guint) sb_world_get_rank (), size = (guint) sb_world_get_size ();
  guint i = 0;

  while (i < files->len)
    if (find_pair (pairs, files->pdata[i]) % size == rank)
      i++;
    else
      g_ptr_array_remove_index (files, i);
  if (g_hash_table_size (pairs) >= size)
    return TRUE;
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "There are %u workers and %u pair(s) of images and labels in the channel “%s”: with "
               "ShardedByS3Key a worker would be without data. Upload a pair of files for each "
               "worker, or choose FullyReplicated",
               size,
               g_hash_table_size (pairs),
               channel);
  return FALSE;
}

/**
 * sb_digits_load_channel:
 * @channel: a channel
 * @required: whether the job must have it
 * @error: %SB_NET_ERROR_INVALID, %SB_FORMAT_ERROR_INVALID, or why a file cannot be read
 *
 * Reads what this worker has of a channel: all of it, or with ShardedByS3Key every so many-th pair
 * of files, a file of images with the file of their labels. Files are of one pair when they are
 * in one folder and their names differ in "images" and "labels" only.
 *
 * Returns: (transfer full) (nullable): the images; %NULL without an error when the job has no such
 *   channel and need not have it
 */
SbImages *
sb_digits_load_channel (const char *channel, gboolean required, GError **error)
{
  GError *local = NULL;
  g_autoptr (GPtrArray) files = sb_contract_list_channel (channel, &local);
  g_autoptr (SbImages) images = sb_images_new ();

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  if (files == NULL)
    {
      if (required)
        g_set_error (
            error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "The channel “%s” is missing", channel);
      return NULL;
    }
  if (sb_contract_is_sharded (channel) && !keep_share (files, channel, error))
    return NULL;
  for (guint i = 0; i < files->len; i++)
    if (!sb_images_add_file (images, channel, files->pdata[i], error))
      return NULL;
  return sb_images_check (images, SB_DIGITS_CLASSES, error) ? g_steal_pointer (&images) : NULL;
}
