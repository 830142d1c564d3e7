/* sb-photo-split.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which photos of a set are for what, and how that is written down.
 */

#include "config.h"

#include <math.h>

#include "formats/sb-lst.h"
#include "formats/sb-recordio.h"
#include "workshop/sb-mt19937.h"
#include "workshop/sb-photo-set.h"

/* Of a class with so few photos all are needed to train on. */
#define MIN_TO_SPLIT 3

/* How many photos of @n go to a part with this share: at least one of a class that has enough. */
static guint
get_share (guint n, double share)
{
  guint wanted = (guint) floor (n * share + 0.5);

  if (share <= 0 || n < MIN_TO_SPLIT)
    return 0;
  return MAX (wanted, 1);
}

/* Of each class those that are trained on, in the order of their paths. */
static GPtrArray *
list_classes (const SbPhotoSet *self)
{
  GPtrArray *classes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (guint i = 0; i < self->classes->len; i++)
    g_ptr_array_add (classes, g_array_new (FALSE, FALSE, sizeof (guint)));
  for (guint i = 0; i < self->items->len; i++)
    {
      const SbPhotoItem *item = sb_photo_set_get (self, i);

      if (item->part == SB_PHOTO_TRAIN)
        g_array_append_val ((GArray *) g_ptr_array_index (classes, item->label), i);
    }
  return classes;
}

static void
assign (SbPhotoSet *self, const GArray *indices, const guint32 *order, guint n, SbPhotoPart part)
{
  for (guint i = 0; i < n; i++)
    {
      guint index = g_array_index (indices, guint, order[i]);

      g_array_index (self->items, SbPhotoItem, index).part = (guint8) part;
    }
}

static void
split_class (SbPhotoSet *self,
             const GArray *indices,
             double validation,
             double test,
             SbMt19937 *random)
{
  g_autofree guint32 *order = g_new (guint32, indices->len + 1);
  guint n_validation = get_share (indices->len, validation);
  guint n_test = get_share (indices->len, test);

  sb_mt19937_permutation (random, order, indices->len);
  assign (self, indices, order, n_validation, SB_PHOTO_VALIDATION);
  /* However small a class is, one of it is trained on. */
  n_test = MIN (n_test, MAX (indices->len, n_validation + 1) - n_validation - 1);
  assign (self, indices, order + n_validation, n_test, SB_PHOTO_TEST);
}

/**
 * sb_photo_set_split:
 * @self: a set
 * @validation: share of each class that goes to the validation, from 0 to 0.5
 * @test: share of each class that goes to the test, from 0 to 0.5
 * @seed: which photos
 *
 * Photos whose folder says what they are for keep to it; where it says so of some, the others are
 * trained on. What it does not provide for is taken from those to train on, class by class. The
 * same seed gives the same parts, whatever the file system's order.
 */
void
sb_photo_set_split (SbPhotoSet *self, double validation, double test, guint32 seed)
{
  gboolean has_validation = sb_photo_set_count (self, SB_PHOTO_VALIDATION) > 0;
  gboolean has_test = sb_photo_set_count (self, SB_PHOTO_TEST) > 0;
  g_autoptr (GPtrArray) classes = NULL;
  SbMt19937 random;

  for (guint i = 0; i < self->items->len; i++)
    {
      SbPhotoItem *item = &g_array_index (self->items, SbPhotoItem, i);

      if (item->part == SB_PHOTO_N_PARTS)
        item->part = SB_PHOTO_TRAIN;
    }
  /* Who has set photos aside to judge by does not want fewer to train on. */
  if (has_validation || has_test)
    test = 0;
  if (has_validation)
    validation = 0;
  sb_mt19937_init (&random, seed);
  classes = list_classes (self);
  for (guint i = 0; i < classes->len; i++)
    split_class (self, g_ptr_array_index (classes, i), validation, test, &random);
}

/**
 * sb_photo_set_list:
 * @self: a set that was split
 * @part: a part
 * @seed: which order
 *
 * Returns: (transfer full) (element-type guint): its photos, shuffled
 */
GArray *
sb_photo_set_list (const SbPhotoSet *self, SbPhotoPart part, guint32 seed)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint));
  GArray *shuffled = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree guint32 *order = NULL;
  SbMt19937 random;

  for (guint i = 0; i < self->items->len; i++)
    if (sb_photo_set_get (self, i)->part == part)
      g_array_append_val (all, i);
  order = g_new (guint32, all->len + 1);
  sb_mt19937_init (&random, seed + part);
  sb_mt19937_permutation (&random, order, all->len);
  for (guint i = 0; i < all->len; i++)
    g_array_append_val (shuffled, g_array_index (all, guint, order[i]));
  return shuffled;
}

/**
 * sb_photo_set_save_list:
 * @self: a set whose photos are files of their own
 * @order: (element-type guint): some of its photos
 * @path: the .lst file to write
 * @error: a %G_FILE_ERROR
 *
 * Returns: whether it was written
 */
gboolean
sb_photo_set_save_list (const SbPhotoSet *self,
                        const GArray *order,
                        const char *path,
                        GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < order->len; i++)
    {
      const SbPhotoItem *item = sb_photo_set_get (self, g_array_index (order, guint, i));
      float label = item->label;

      sb_lst_append (list, i, &label, 1, item->path);
    }
  return g_file_set_contents (path, list->str, (gssize) list->len, error);
}

static gboolean
pack_one (const SbPhotoSet *self,
          SbRecordWriter *writer,
          guint index,
          guint64 id,
          GByteArray *bytes,
          GByteArray *record,
          GError **error)
{
  float label = sb_photo_set_get (self, index)->label;

  if (!sb_photo_set_read (self, index, bytes, error))
    return FALSE;
  g_byte_array_set_size (record, 0);
  sb_image_record_append (record, id, &label, 1, bytes->data, bytes->len);
  return sb_record_writer_add (writer, id, record->data, record->len, error);
}

/**
 * sb_photo_set_pack:
 * @self: a set
 * @order: (element-type guint): some of its photos
 * @path: the .rec file to write
 * @progress: (nullable): told how many photos of how many are packed
 * @user_data: data for @progress
 * @cancellable: (nullable): a cancellable
 * @error: why not
 *
 * Packs photos as MXNet's im2rec does, as they are. One photo at a time is in memory.
 *
 * Returns: whether the file was written
 */
gboolean
sb_photo_set_pack (const SbPhotoSet *self,
                   const GArray *order,
                   const char *path,
                   GFileProgressCallback progress,
                   gpointer user_data,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (SbRecordWriter) writer = sb_record_writer_new (path, NULL, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GByteArray) record = g_byte_array_new ();

  if (writer == NULL)
    return FALSE;
  for (guint i = 0; i < order->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !pack_one (self, writer, g_array_index (order, guint, i), i, bytes, record, error))
        return FALSE;
      if (progress != NULL)
        progress (i + 1, order->len, user_data);
    }
  return sb_record_writer_finish (writer, error);
}
