/* sb-photo-table.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was said of many photos, as a matrix and as a file.
 */

#include "config.h"

#include "pages/sb-photo-table.h"

#include <glib/gi18n.h>

#include "formats/sb-csv.h"
#include "widgets/sb-photo-entry.h"
#include "wire/sb-json.h"

/* Classes that a matrix shows; of more, those with the most photos. */
#define MAX_CLASSES 40

/* Of the photos whose class is known: how often each was taken for each. */
typedef struct
{
  GPtrArray *names; /* (element-type utf8) */
  guint *values;    /* [truth][label] */
  guint n_right;
  guint n;
} Matrix;

static void
matrix_clear (Matrix *self)
{
  g_ptr_array_unref (self->names);
  g_free (self->values);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Matrix, matrix_clear)

static gboolean
is_checked (SbPhotoEntry *item)
{
  return sb_photo_entry_get_truth (item) != NULL && sb_photo_entry_get_label (item) != NULL;
}

static void
count_name (GHashTable *counts, const char *name)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, name));

  g_hash_table_insert (counts, (gpointer) name, GUINT_TO_POINTER (n + 1));
}

static int
compare_counts (gconstpointer a, gconstpointer b, gpointer user_data)
{
  guint left = GPOINTER_TO_UINT (g_hash_table_lookup (user_data, *(const char *const *) a));
  guint right = GPOINTER_TO_UINT (g_hash_table_lookup (user_data, *(const char *const *) b));

  return (left < right) - (left > right);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate (*(const char *const *) a, *(const char *const *) b);
}

/* Names that occur, in their order; of too many those that occur most. */
static GPtrArray *
choose_names (GHashTable *counts)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort_with_data (names, compare_counts, counts);
  if (names->len > MAX_CLASSES)
    g_ptr_array_set_size (names, MAX_CLASSES);
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
add_to_matrix (Matrix *self, SbPhotoEntry *item)
{
  guint truth, label;

  self->n++;
  self->n_right += sb_photo_entry_is_wrong (item) ? 0 : 1;
  if (g_ptr_array_find_with_equal_func (
          self->names, sb_photo_entry_get_truth (item), g_str_equal, &truth) &&
      g_ptr_array_find_with_equal_func (
          self->names, sb_photo_entry_get_label (item), g_str_equal, &label))
    self->values[truth * self->names->len + label]++;
}

static void
matrix_init (Matrix *self, GListModel *photos)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  guint n = g_list_model_get_n_items (photos);

  *self = (Matrix){ NULL };
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SbPhotoEntry) item = g_list_model_get_item (photos, i);

      if (!is_checked (item))
        continue;
      count_name (counts, sb_photo_entry_get_truth (item));
      count_name (counts, sb_photo_entry_get_label (item));
    }
  self->names = choose_names (counts);
  self->values = g_new0 (guint, self->names->len * self->names->len + 1);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SbPhotoEntry) item = g_list_model_get_item (photos, i);

      if (is_checked (item))
        add_to_matrix (self, item);
    }
}

static JsonArray *
list_names (const Matrix *self)
{
  JsonArray *names = json_array_new ();

  for (guint i = 0; i < self->names->len; i++)
    json_array_add_string_element (names, self->names->pdata[i]);
  return names;
}

static JsonArray *
list_values (const Matrix *self)
{
  JsonArray *rows = json_array_new ();

  for (guint i = 0; i < self->names->len; i++)
    {
      JsonArray *row = json_array_new ();

      for (guint k = 0; k < self->names->len; k++)
        json_array_add_int_element (row, self->values[i * self->names->len + k]);
      json_array_add_array_element (rows, row);
    }
  return rows;
}

/**
 * sb_photo_table_make_matrix:
 * @photos: (element-type SbPhotoEntry): photos
 *
 * Returns: (transfer full) (nullable): a chart of what photos are by their folders and what they
 * were taken for; %NULL when no folder is named like a class
 */
JsonObject *
sb_photo_table_make_matrix (GListModel *photos)
{
  g_auto (Matrix) matrix = { NULL };
  g_autofree char *summary = NULL;
  JsonObject *chart;

  matrix_init (&matrix, photos);
  if (matrix.n == 0)
    return NULL;
  summary =
      g_strdup_printf (ngettext ("%u of %u photo in a folder named like a class is right, %.1f %%",
                                 "%u of %u photos in folders named like classes are right, %.1f %%",
                                 matrix.n),
                       matrix.n_right,
                       matrix.n,
                       100.0 * matrix.n_right / matrix.n);
  chart = sb_json_object_new ("id",
                              "s",
                              "photos",
                              "kind",
                              "s",
                              "heatmap",
                              "title",
                              "s",
                              _ ("Confusion matrix"),
                              "summary",
                              "s",
                              summary,
                              "row-title",
                              "s",
                              _ ("Folder"),
                              "column-title",
                              "s",
                              _ ("Taken for"),
                              "format",
                              "s",
                              "integer",
                              NULL);
  json_object_set_array_member (chart, "rows", list_names (&matrix));
  json_object_set_array_member (chart, "columns", list_names (&matrix));
  json_object_set_array_member (chart, "values", list_values (&matrix));
  return chart;
}

static void
append_item (GString *csv, SbPhotoEntry *item)
{
  GFile *file = sb_photo_entry_get_file (item);
  const char *path = file != NULL ? g_file_peek_path (file) : NULL;
  const char *truth = sb_photo_entry_get_truth (item);
  const char *label = sb_photo_entry_get_label (item);
  const char *message = sb_photo_entry_get_message (item);
  g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (g_free);
  const SbPhotoGuess *guesses;
  guint n;

  g_ptr_array_add (fields,
                   g_filename_display_name (path != NULL ? path : sb_photo_entry_get_name (item)));
  g_ptr_array_add (fields, g_strdup (truth != NULL ? truth : ""));
  g_ptr_array_add (fields,
                   g_strdup (truth == NULL || label == NULL   ? ""
                             : sb_photo_entry_is_wrong (item) ? "no"
                                                              : "yes"));
  guesses = sb_photo_entry_get_guesses (item, &n);
  for (guint i = 0; i < SB_PHOTO_TOP; i++)
    {
      char number[G_ASCII_DTOSTR_BUF_SIZE] = "";

      if (i < n)
        g_ascii_formatd (number, sizeof number, "%.6f", guesses[i].probability);
      g_ptr_array_add (fields, g_strdup (i < n ? guesses[i].label : ""));
      g_ptr_array_add (fields, g_strdup (number));
    }
  g_ptr_array_add (fields, g_strdup (message != NULL ? message : ""));
  g_ptr_array_add (fields, NULL);
  sb_csv_append_row (csv, (const char *const *) fields->pdata);
}

static void
append_items (GString *csv, GListModel *items)
{
  for (guint i = 0; i < g_list_model_get_n_items (items); i++)
    {
      g_autoptr (SbPhotoEntry) item = g_list_model_get_item (items, i);

      append_item (csv, item);
    }
}

/**
 * sb_photo_table_to_csv:
 * @photos: (element-type SbPhotoEntry): photos
 * @skipped: (element-type SbPhotoEntry): what turned out to be no photo
 *
 * Returns: (transfer full): a table of the photos, and below them of what is none: its path, the
 * class that its folder is named like, whether that was found, the five likeliest labels with their
 * probabilities, and what went wrong
 */
char *
sb_photo_table_to_csv (GListModel *photos, GListModel *skipped)
{
  static const char *const titles[] = { "photo",         "truth",         "right",
                                        "label",         "probability",   "label_2",
                                        "probability_2", "label_3",       "probability_3",
                                        "label_4",       "probability_4", "label_5",
                                        "probability_5", "problem",       NULL };
  GString *csv = g_string_new (NULL);

  sb_csv_append_row (csv, titles);
  append_items (csv, photos);
  append_items (csv, skipped);
  return g_string_free (csv, FALSE);
}
