/* sb-dataset-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What finds the photos of a channel, one file for each way in which they may come.
 */

#pragma once

#include "algorithms/vision/sb-dataset.h"

G_BEGIN_DECLS

/* Where the bytes of a photo are. */
typedef enum
{
  SB_CONTAINER_FOLDER,
  SB_CONTAINER_TAR,
  SB_CONTAINER_RECORDS,
} SbContainerKind;

typedef struct
{
  SbContainerKind kind;
  char *path;
} SbContainer;

/* What the labels of a photo mean. */
typedef enum
{
  SB_LABELS_ONE,
  SB_LABELS_MULTI_HOT,
  SB_LABELS_CLASS_IDS,
} SbLabels;

/* A photo: a file in a folder, or a part of a file. Its labels are @n_labels of the data set's. */
typedef struct
{
  const char *name;
  guint64 offset;
  gsize first_label;
  guint32 length;
  guint32 container;
  guint32 n_labels;
} SbSample;

struct _SbDataset
{
  GArray *containers;
  GArray *samples;
  GArray *labels;
  GStringChunk *names;
  SbLabels meaning;

  /* Names of classes, by label: of the folders that photos are in, given by another data set, or as
   * a file says. */
  GHashTable *classes;
  GPtrArray *class_names;
  gboolean classes_are_given;
  gboolean classes_are_folders;

  guint n_classes;
  guint *counts;
};

SbDataset *_sb_dataset_new (const SbDataset *like);
guint _sb_dataset_add_container (SbDataset *self, SbContainerKind kind, const char *path);
gboolean _sb_dataset_find_class (SbDataset *self, const char *name, float *label, GError **error);
void _sb_dataset_name_class (SbDataset *self, float label, const char *name);
void _sb_dataset_add (SbDataset *self,
                      guint container,
                      const char *name,
                      guint64 offset,
                      guint32 length,
                      const float *labels,
                      guint n_labels);
gboolean _sb_dataset_finish (SbDataset *self, const char *source, GError **error);

gboolean
_sb_dataset_add_classes (SbDataset *self, const char *folder, GPtrArray *files, GError **error);
gboolean
_sb_dataset_add_list (SbDataset *self, const char *folder, const char *path, GError **error);
gboolean _sb_dataset_add_records (SbDataset *self, const char *path, GError **error);
gboolean _sb_dataset_add_manifest (SbDataset *self,
                                   const char *folder,
                                   const char *path,
                                   const char *attribute,
                                   GError **error);

G_END_DECLS
