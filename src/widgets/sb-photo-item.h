/* sb-photo-item.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Of what a model said, so many of the likeliest are kept. */
#define SB_PHOTO_TOP 5

/**
 * SbPhotoGuess:
 * @label: what it may be
 * @probability: how likely, from 0 to 1
 */
typedef struct
{
  const char *label;
  double probability;
} SbPhotoGuess;

/**
 * SbPhotoState:
 * @SB_PHOTO_PLAIN: nobody has asked what it is
 * @SB_PHOTO_WAITING: somebody has asked, and there is no answer yet
 * @SB_PHOTO_READ: there are guesses
 * @SB_PHOTO_FAILED: there is only a message that says why not
 */
typedef enum
{
  SB_PHOTO_PLAIN,
  SB_PHOTO_WAITING,
  SB_PHOTO_READ,
  SB_PHOTO_FAILED,
} SbPhotoState;

#define SB_TYPE_PHOTO_ITEM (sb_photo_item_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoItem, sb_photo_item, SB, PHOTO_ITEM, GObject)

SbPhotoItem *sb_photo_item_new (GFile *file, const char *truth);
SbPhotoItem *sb_photo_item_new_for_bytes (GBytes *bytes, const char *name);

guint64 sb_photo_item_get_serial (SbPhotoItem *self);
GFile *sb_photo_item_get_file (SbPhotoItem *self);
GBytes *sb_photo_item_get_bytes (SbPhotoItem *self);
const char *sb_photo_item_get_name (SbPhotoItem *self);
const char *sb_photo_item_get_truth (SbPhotoItem *self);

SbPhotoState sb_photo_item_get_state (SbPhotoItem *self);
const char *sb_photo_item_get_label (SbPhotoItem *self);
double sb_photo_item_get_confidence (SbPhotoItem *self);
const SbPhotoGuess *sb_photo_item_get_guesses (SbPhotoItem *self, guint *n);
double sb_photo_item_get_milliseconds (SbPhotoItem *self);
const char *sb_photo_item_get_message (SbPhotoItem *self);
const char *sb_photo_item_get_class (SbPhotoItem *self);
gboolean sb_photo_item_is_wrong (SbPhotoItem *self);

void sb_photo_item_set_plain (SbPhotoItem *self);
void sb_photo_item_set_waiting (SbPhotoItem *self);
void sb_photo_item_set_guesses (SbPhotoItem *self,
                                const char *const *labels,
                                const double *probabilities,
                                guint n,
                                double milliseconds);
void sb_photo_item_set_message (SbPhotoItem *self, const char *message);

int sb_photo_item_compare_names (SbPhotoItem *a, SbPhotoItem *b);
gboolean sb_photo_item_matches (SbPhotoItem *self, const char *folded);
char *sb_photo_item_describe (SbPhotoItem *self);

G_END_DECLS
