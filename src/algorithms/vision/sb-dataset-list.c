/* sb-dataset-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos that somebody has listed with their labels: in .lst files, or packed into .rec files.
 */

#include "config.h"

#include "algorithms/vision/sb-dataset-private.h"
#include "formats/sb-lst.h"
#include "formats/sb-recordio.h"

typedef struct
{
  SbDataset *dataset;
  guint container;
} Target;

static gboolean
add_line (guint64 index,
          const float *labels,
          guint n_labels,
          const char *path,
          gpointer user_data,
          GError **error)
{
  Target *self = user_data;

  if (n_labels > 1)
    self->dataset->meaning = SB_LABELS_MULTI_HOT;
  _sb_dataset_add (self->dataset, self->container, path, 0, 0, labels, n_labels);
  return TRUE;
}

/* The paths in the list lead from @folder. */
gboolean
_sb_dataset_add_list (SbDataset *self, const char *folder, const char *path, GError **error)
{
  Target target = { self, _sb_dataset_add_container (self, SB_CONTAINER_FOLDER, folder) };

  return sb_lst_read (path, add_line, &target, error);
}

static void
add_record (SbDataset *self, guint container, guint64 offset, const SbImageRecord *record)
{
  g_autofree float *labels = g_new (float, record->n_labels);

  for (guint32 i = 0; i < record->n_labels; i++)
    labels[i] = sb_image_record_get_label (record, i);
  if (record->n_labels > 1)
    self->meaning = SB_LABELS_MULTI_HOT;
  _sb_dataset_add (self, container, NULL, offset, 0, labels, record->n_labels);
}

gboolean
_sb_dataset_add_records (SbDataset *self, const char *path, GError **error)
{
  guint container = _sb_dataset_add_container (self, SB_CONTAINER_RECORDS, path);
  g_autoptr (SbRecordReader) reader = sb_record_reader_open (path, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GError *local = NULL;
  SbImageRecord record;

  if (reader == NULL)
    return FALSE;
  for (;;)
    {
      guint64 offset = sb_record_reader_tell (reader);

      if (!sb_record_reader_skim_image (reader, bytes, &record, &local))
        break;
      add_record (self, container, offset, &record);
    }
  if (local == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, local, "%s: ", path);
  return FALSE;
}
