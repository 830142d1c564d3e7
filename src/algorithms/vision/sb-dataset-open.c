/* sb-dataset-open.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In which way the photos of a channel come.
 */

#include "config.h"

#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-dataset-private.h"
#include "algorithms/vision/sb-net.h"

/* Folders in folders: no one has more, and a link to a folder above would have no end. */
#define MAX_DEPTH 16
/* No file with the names of classes is larger, in bytes. */
#define MAX_NAMES (1024 * 1024)

/* What the job says of a channel besides its files. */
typedef struct
{
  char *list_folder;
  char *label_format;
  char *attribute;
} Details;

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
list_files (const char *root, const char *folder, int depth, GPtrArray *files, GError **error)
{
  g_autofree char *path = g_build_filename (root, folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below =
          *folder == '\0' ? g_strdup (name) : g_build_filename (folder, name, NULL);
      g_autofree char *full = g_build_filename (root, below, NULL);

      if (name[0] == '.')
        continue;
      if (!g_file_test (full, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (files, g_steal_pointer (&below));
      else if (depth < MAX_DEPTH && !list_files (root, below, depth + 1, files, error))
        return FALSE;
    }
  return dir != NULL;
}

/* Those with one of two endings, as whole paths. */
static GPtrArray *
pick_files (const char *folder, GPtrArray *files, const char *ending, const char *other)
{
  GPtrArray *picked = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < files->len; i++)
    if (g_str_has_suffix (files->pdata[i], ending) || g_str_has_suffix (files->pdata[i], other))
      g_ptr_array_add (picked, g_build_filename (folder, files->pdata[i], NULL));
  return picked;
}

static GPtrArray *
list_sorted (const char *folder, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  if (!list_files (folder, "", 0, files, error))
    return NULL;
  g_ptr_array_sort (files, compare);
  return g_steal_pointer (&files);
}

/* A line for each class: what `im2rec` writes beside its records. */
static gboolean
take_class_names (SbDataset *self, const char *folder, GPtrArray *files, GError **error)
{
  g_autoptr (GPtrArray) picked = pick_files (folder, files, "labels.txt", "classes.txt");
  g_auto (GStrv) names = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (picked->len == 0 || self->classes_are_given)
    return TRUE;
  if (!g_file_get_contents (picked->pdata[0], &text, &length, error))
    return FALSE;
  if (length > MAX_NAMES || !g_utf8_validate (text, (gssize) length, NULL))
    return TRUE;
  names = g_strsplit (g_strchomp (text), "\n", -1);
  for (guint i = 0; names[i] != NULL; i++)
    _sb_dataset_name_class (self, (float) i, g_strstrip (names[i]));
  return TRUE;
}

static gboolean
add_lists (SbDataset *self, const char *folder, const char *list_folder, GError **error)
{
  g_autoptr (GPtrArray) files = list_sorted (list_folder, error);

  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      g_autofree char *path = g_build_filename (list_folder, files->pdata[i], NULL);

      if (!_sb_dataset_add_list (self, folder, path, error))
        return FALSE;
    }
  return files != NULL;
}

static gboolean
add_all (SbDataset *self,
         const char *folder,
         GPtrArray *files,
         const Details *details,
         GError **error)
{
  g_autoptr (GPtrArray) records = pick_files (folder, files, ".rec", ".recordio");
  g_autoptr (GPtrArray) manifests = pick_files (folder, files, ".manifest", ".jsonl");
  g_autoptr (GPtrArray) lists = pick_files (folder, files, ".lst", ".lst");
  gboolean done = TRUE;

  if (details->list_folder != NULL)
    return add_lists (self, folder, details->list_folder, error);
  if (records->len + manifests->len + lists->len == 0)
    return _sb_dataset_add_classes (self, folder, files, error);
  for (guint i = 0; done && i < records->len; i++)
    done = _sb_dataset_add_records (self, records->pdata[i], error);
  for (guint i = 0; done && records->len == 0 && i < manifests->len; i++)
    done = _sb_dataset_add_manifest (self, folder, manifests->pdata[i], details->attribute, error);
  for (guint i = 0; done && records->len + manifests->len == 0 && i < lists->len; i++)
    done = _sb_dataset_add_list (self, folder, lists->pdata[i], error);
  return done && take_class_names (self, folder, files, error);
}

static SbDataset *
open_with (const char *folder, const Details *details, const SbDataset *like, GError **error)
{
  g_autoptr (SbDataset) self = _sb_dataset_new (like);
  g_autoptr (GPtrArray) files = list_sorted (folder, error);

  if (files == NULL)
    return NULL;
  if (g_strcmp0 (details->label_format, "class-id") == 0)
    self->meaning = SB_LABELS_CLASS_IDS;
  if (!add_all (self, folder, files, details, error) || !_sb_dataset_finish (self, folder, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_dataset_open_folder:
 * @folder: a folder with photos
 * @like: (nullable): a data set whose classes are meant; any other class is an error
 * @error: %SB_NET_ERROR_INVALID, %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * Opens what is there, the first of these: .rec files as MXNet's im2rec writes them; augmented
 * manifests (.manifest, .jsonl) with photos beside them; .lst files with the photos that they list;
 * folders that are named after classes, or uncompressed tar files of such. Several files of
 * one kind are one data set. Where folders name the classes, the labels follow the order of their
 * names; else a file that ends in `labels.txt` may name them, one a line.
 *
 * Returns: (transfer full) (nullable): the photos
 */
SbDataset *
sb_dataset_open_folder (const char *folder, const SbDataset *like, GError **error)
{
  Details details = { NULL };

  return open_with (folder, &details, like, error);
}

/**
 * sb_dataset_open:
 * @channel: a channel of the job, such as `train`
 * @like: (nullable): a data set whose classes are meant; any other class is an error
 * @error: %SB_NET_ERROR_INVALID, %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * Opens what the job has below its channel's folder, as sb_dataset_open_folder() does. A channel
 * with `_lst` behind its name lists the photos of it. For an augmented manifest, the parameter
 * `label-format` of the content type says whether several labels are `multi-hot` or
 * `class-id`, and the second of AttributeNames where they are.
 *
 * Returns: (transfer full) (nullable): the photos; %NULL without an error when the job has no such
 *   channel
 */
SbDataset *
sb_dataset_open (const char *channel, const SbDataset *like, GError **error)
{
  g_autofree char *folder = sb_contract_path ("input", "data", channel, NULL);
  g_autofree char *list = g_strconcat (channel, "_lst", NULL);
  g_autofree char *list_folder = sb_contract_path ("input", "data", list, NULL);
  g_autofree char *format = sb_contract_dup_content_parameter (channel, "label-format");
  g_autofree char *attribute = sb_contract_dup_attribute (channel, 1);
  Details details = { NULL, format, attribute };

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    return NULL;
  if (g_file_test (list_folder, G_FILE_TEST_IS_DIR))
    details.list_folder = list_folder;
  return open_with (folder, &details, like, error);
}
