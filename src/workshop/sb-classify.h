/* sb-classify.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run's endpoint sees in photos: in one, in many at once, and why. All of it asynchronous;
 * callbacks come in the main context of the thread that has called.
 *
 * Beside "summary", "facts" and "charts" the results of the steps of a module whose "data" is
 * "photos" have:
 *
 *   choose-data  "classes": names in the order of their labels; "synthetic"; "path"
 *   explore      "photos": {"paths", "captions"}: some photos of each class, to look at; "broken":
 *                {"count", "names"}: files that are no photos, the first of them with the reason
 *   predict      "classify": true; "photos" as above: test photos, with what they are and were
 *                taken for
 *   evaluate     "classes"; "matrix": [truth][said] (none above 300 classes); "accuracy", "top5"
 *                (null below 6 classes), "right", "total"; "mistakes": {"paths", "truth", "said",
 *                "probability"}: photos taken for something else, the surest mistakes first;
 *                "files": paths of files for a person to keep: a CSV of all answers
 */

#pragma once

#include "workshop/sb-run.h"

G_BEGIN_DECLS

/* Squares of an occlusion map along the shorter side of a photo. */
#define SB_OCCLUSION_CELLS 8

/**
 * SbPhotoReading:
 * @n_classes: how many classes the model tells apart
 * @probabilities: (array length=n_classes): of each, from 0 to 1
 * @best: index of the likeliest
 * @milliseconds: from the question to the answer
 *
 * What was seen in a photo. The names are those of sb_run_list_photo_classes(); a model may have
 * more classes than there are names.
 */
typedef struct
{
  guint n_classes;
  double *probabilities;
  guint best;
  double milliseconds;
} SbPhotoReading;

#define SB_TYPE_PHOTO_READING (sb_photo_reading_get_type ())
GType sb_photo_reading_get_type (void) G_GNUC_CONST;
SbPhotoReading *sb_photo_reading_copy (const SbPhotoReading *self);
void sb_photo_reading_free (SbPhotoReading *self);
guint sb_photo_reading_rank (const SbPhotoReading *self, guint *order, guint n);

char **sb_run_list_photo_classes (SbRun *self);
char **sb_photo_classes_of_endpoint (const char *data_dir, const char *endpoint);

void sb_run_classify_photo_async (SbRun *self,
                                  GBytes *photo,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
SbPhotoReading *sb_run_classify_photo_finish (SbRun *self, GAsyncResult *result, GError **error);

/**
 * SbPhotoFunc:
 * @index: which of the photos
 * @reading: (nullable): what was seen in it
 * @error: (nullable): why there is no @reading, such as that it is no photo
 * @user_data: the caller's data
 *
 * One of many photos has been classified, in whatever order they are ready.
 */
typedef void (*SbPhotoFunc) (guint index,
                             const SbPhotoReading *reading,
                             const GError *error,
                             gpointer user_data);

void sb_run_classify_photos_async (SbRun *self,
                                   const char *const *paths,
                                   SbPhotoFunc func,
                                   gpointer func_data,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean sb_run_classify_photos_finish (SbRun *self, GAsyncResult *result, GError **error);

/**
 * SbOcclusionMap:
 * @columns: squares from left to right
 * @rows: squares from top to bottom
 * @drops: (array): row by row, how much the probability of @best falls when a square is covered,
 *   from -1 to 1
 * @best: index of the class that was likeliest for the whole photo
 * @probability: of that class for the whole photo, from 0 to 1
 *
 * Which parts of a photo made the model say what it said.
 */
typedef struct
{
  guint columns;
  guint rows;
  double *drops;
  guint best;
  double probability;
} SbOcclusionMap;

/**
 * SbOcclusionFunc:
 * @done: squares that were covered
 * @total: squares in all
 * @user_data: the caller's data
 */
typedef void (*SbOcclusionFunc) (guint done, guint total, gpointer user_data);

void sb_run_explain_photo_async (SbRun *self,
                                 GBytes *photo,
                                 guint cells,
                                 SbOcclusionFunc func,
                                 gpointer func_data,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
SbOcclusionMap *sb_run_explain_photo_finish (SbRun *self, GAsyncResult *result, GError **error);
void sb_occlusion_map_free (SbOcclusionMap *self);

/**
 * SbFoundPhoto:
 * @path: its file
 * @truth: (nullable): the name of its folder, when that is the name of a class
 */
typedef struct
{
  char *path;
  char *truth;
} SbFoundPhoto;

void sb_found_photo_free (SbFoundPhoto *self);
void sb_run_find_photos_async (SbRun *self,
                               const char *const *paths,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
GPtrArray *sb_run_find_photos_finish (SbRun *self, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbPhotoReading, sb_photo_reading_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOcclusionMap, sb_occlusion_map_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbFoundPhoto, sb_found_photo_free)

G_END_DECLS
