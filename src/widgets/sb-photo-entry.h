/* sb-photo-entry.h
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

#define SB_TYPE_PHOTO_ENTRY (sb_photo_entry_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoEntry, sb_photo_entry, SB, PHOTO_ENTRY, GObject)

SbPhotoEntry *sb_photo_entry_new (GFile *file, const char *truth);
SbPhotoEntry *sb_photo_entry_new_for_bytes (GBytes *bytes, const char *name);

guint64 sb_photo_entry_get_serial (SbPhotoEntry *self);
GFile *sb_photo_entry_get_file (SbPhotoEntry *self);
GBytes *sb_photo_entry_get_bytes (SbPhotoEntry *self);
const char *sb_photo_entry_get_name (SbPhotoEntry *self);
const char *sb_photo_entry_get_truth (SbPhotoEntry *self);

SbPhotoState sb_photo_entry_get_state (SbPhotoEntry *self);
const char *sb_photo_entry_get_label (SbPhotoEntry *self);
double sb_photo_entry_get_confidence (SbPhotoEntry *self);
const SbPhotoGuess *sb_photo_entry_get_guesses (SbPhotoEntry *self, guint *n);
double sb_photo_entry_get_milliseconds (SbPhotoEntry *self);
const char *sb_photo_entry_get_message (SbPhotoEntry *self);
const char *sb_photo_entry_get_class (SbPhotoEntry *self);
gboolean sb_photo_entry_is_wrong (SbPhotoEntry *self);

void sb_photo_entry_set_plain (SbPhotoEntry *self);
void sb_photo_entry_set_waiting (SbPhotoEntry *self);
void sb_photo_entry_set_guesses (SbPhotoEntry *self,
                                 const char *const *labels,
                                 const double *probabilities,
                                 guint n,
                                 double milliseconds);
void sb_photo_entry_set_message (SbPhotoEntry *self, const char *message);

int sb_photo_entry_compare_names (SbPhotoEntry *a, SbPhotoEntry *b);
gboolean sb_photo_entry_matches (SbPhotoEntry *self, const char *folded);
char *sb_photo_entry_describe (SbPhotoEntry *self);

G_END_DECLS
