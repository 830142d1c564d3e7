/* sb-dataset.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbDataset:
 *
 * The photos of a channel with their labels: where each one's bytes are, not the bytes themselves.
 * After it was opened it does not change, so that threads may share it.
 */
typedef struct _SbDataset SbDataset;

SbDataset *sb_dataset_open (const char *channel, const SbDataset *like, GError **error);
SbDataset *sb_dataset_open_folder (const char *folder, const SbDataset *like, GError **error);
void sb_dataset_free (SbDataset *self);
guint sb_dataset_get_n (const SbDataset *self);
guint sb_dataset_get_n_classes (const SbDataset *self);
const char *const *sb_dataset_get_class_names (const SbDataset *self);
const guint *sb_dataset_get_counts (const SbDataset *self);
gboolean sb_dataset_is_multi_label (const SbDataset *self);
int sb_dataset_get_label (const SbDataset *self, guint index);
void sb_dataset_fill_targets (const SbDataset *self, guint index, guint n_classes, float *targets);
const char *sb_dataset_get_path (const SbDataset *self, guint index);
char *sb_dataset_dup_name (const SbDataset *self, guint index);
gboolean sb_dataset_read (const SbDataset *self, guint index, GByteArray *bytes, GError **error);
gboolean sb_dataset_check (const SbDataset *self, guint n_classes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbDataset, sb_dataset_free)

G_END_DECLS
