/* sb-photo-set.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbPhotoPart:
 * @SB_PHOTO_TRAIN: to train on
 * @SB_PHOTO_VALIDATION: to find the best epoch with
 * @SB_PHOTO_TEST: to test the model with
 * @SB_PHOTO_N_PARTS: no part yet; and how many there are
 */
typedef enum
{
  SB_PHOTO_TRAIN,
  SB_PHOTO_VALIDATION,
  SB_PHOTO_TEST,
  SB_PHOTO_N_PARTS,
} SbPhotoPart;

/**
 * SbPhotoItem:
 * @path: the file below SbPhotoSet.root, or what it is called in its archive
 * @archive: 0 for a file of its own, else the number of the archive that it is in, from 1
 * @label: index of its class
 * @part: what it is for
 * @length: bytes in a tar file
 * @offset: where it begins in its archive, or its record does
 *
 * One photo of a set: where it is, not its bytes.
 */
typedef struct
{
  const char *path;
  guint16 archive;
  guint16 label;
  guint8 part;
  guint32 length;
  guint64 offset;
} SbPhotoItem;

/**
 * SbPhotoSet:
 * @root: the folder
 * @archives: (element-type utf8): .rec or .tar files
 * @classes: (element-type utf8): names, in the order of their labels
 * @items: (element-type SbPhotoItem): the photos, in the order of their paths
 * @left_out: (element-type utf8): files that cannot be used because of their names, and why
 * @n_left_out: how many; @left_out has the first of them
 * @in_parts: whether the folder says itself which photos are for what
 * @has_records: whether the photos are in .rec files
 *
 * Photos and their classes. A set takes some 100 bytes of memory for each.
 */
typedef struct
{
  char *root;
  GPtrArray *archives;
  GPtrArray *classes;
  GArray *items;
  GPtrArray *left_out;
  guint n_left_out;
  gboolean in_parts;
  gboolean has_records;
  /*< private >*/
  GStringChunk *names;
  GHashTable *labels;
} SbPhotoSet;

SbPhotoSet *sb_photo_set_open (const char *path, GCancellable *cancellable, GError **error);
SbPhotoSet *sb_photo_set_open_list (const char *root,
                                    const char *list,
                                    const char *const *classes,
                                    GError **error);
SbPhotoSet *sb_photo_set_open_records (const char *const *paths,
                                       const char *const *classes,
                                       GCancellable *cancellable,
                                       GError **error);
void sb_photo_set_free (SbPhotoSet *self);
const SbPhotoItem *sb_photo_set_get (const SbPhotoSet *self, guint index);
const char *sb_photo_set_get_class (const SbPhotoSet *self, guint label);
gboolean sb_photo_set_read (const SbPhotoSet *self, guint index, GByteArray *bytes, GError **error);
guint sb_photo_set_count (const SbPhotoSet *self, SbPhotoPart part);
guint *sb_photo_set_count_classes (const SbPhotoSet *self, SbPhotoPart part);
void sb_photo_set_split (SbPhotoSet *self, double validation, double test, guint32 seed);
GArray *sb_photo_set_list (const SbPhotoSet *self, SbPhotoPart part, guint32 seed);
gboolean sb_photo_set_save_list (const SbPhotoSet *self,
                                 const GArray *order,
                                 const char *path,
                                 GError **error);
gboolean sb_photo_set_pack (const SbPhotoSet *self,
                            const GArray *order,
                            const char *path,
                            GFileProgressCallback progress,
                            gpointer user_data,
                            GCancellable *cancellable,
                            GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbPhotoSet, sb_photo_set_free)

G_END_DECLS
