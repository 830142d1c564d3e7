/* sb-photo-entry.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-photo-entry.h"

#include <glib/gi18n.h>
#include <string.h>

/**
 * SbPhotoEntry:
 *
 * A photo in a list: where it is, what it really is if that is known, and what a model said. The
 * picture itself is not kept here, so that a list may be long.
 */
struct _SbPhotoEntry
{
  GObject parent_instance;

  guint64 serial;
  GFile *file;   /* (nullable) */
  GBytes *bytes; /* (nullable): of one that is no file */
  char *name;
  char *name_key; /* to sort by */
  char *truth;    /* (nullable): a ref string */
  SbPhotoState state;
  SbPhotoGuess guesses[SB_PHOTO_TOP]; /* likeliest first; labels are ref strings */
  guint n_guesses;
  double milliseconds;
  char *message;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbPhotoEntry, sb_photo_entry, G_TYPE_OBJECT)

static void
clear_guesses (SbPhotoEntry *self)
{
  for (guint i = 0; i < self->n_guesses; i++)
    g_ref_string_release ((char *) self->guesses[i].label);
  self->n_guesses = 0;
}

/* Number, never given twice: thumbnails are kept by it. */
guint64
sb_photo_entry_get_serial (SbPhotoEntry *self)
{
  return self->serial;
}

GFile *
sb_photo_entry_get_file (SbPhotoEntry *self)
{
  return self->file;
}

GBytes *
sb_photo_entry_get_bytes (SbPhotoEntry *self)
{
  return self->bytes;
}

const char *
sb_photo_entry_get_name (SbPhotoEntry *self)
{
  return self->name;
}

const char *
sb_photo_entry_get_truth (SbPhotoEntry *self)
{
  return self->truth;
}

SbPhotoState
sb_photo_entry_get_state (SbPhotoEntry *self)
{
  return self->state;
}

/**
 * sb_photo_entry_get_label:
 * @self: a photo
 *
 * Returns: (nullable): what the model holds it for
 */
const char *
sb_photo_entry_get_label (SbPhotoEntry *self)
{
  return self->n_guesses > 0 ? self->guesses[0].label : NULL;
}

/**
 * sb_photo_entry_get_confidence:
 * @self: a photo
 *
 * Returns: how likely its label is, from 0 to 1; below zero when there is none
 */
double
sb_photo_entry_get_confidence (SbPhotoEntry *self)
{
  return self->n_guesses > 0 ? self->guesses[0].probability : -1;
}

/**
 * sb_photo_entry_get_guesses:
 * @self: a photo
 * @n: (out): how many there are, at most %SB_PHOTO_TOP
 *
 * Returns: (transfer none) (array length=n): the likeliest first
 */
const SbPhotoGuess *
sb_photo_entry_get_guesses (SbPhotoEntry *self, guint *n)
{
  *n = self->n_guesses;
  return self->guesses;
}

/**
 * sb_photo_entry_get_milliseconds:
 * @self: a photo
 *
 * Returns: from the question to the answer; zero when that is not known
 */
double
sb_photo_entry_get_milliseconds (SbPhotoEntry *self)
{
  return self->milliseconds;
}

/**
 * sb_photo_entry_get_message:
 * @self: a photo
 *
 * Returns: (nullable): why it has no label
 */
const char *
sb_photo_entry_get_message (SbPhotoEntry *self)
{
  return self->message;
}

/**
 * sb_photo_entry_get_class:
 * @self: a photo
 *
 * Returns: (nullable): what it is listed under: its label; without one, what it really is
 */
const char *
sb_photo_entry_get_class (SbPhotoEntry *self)
{
  return self->n_guesses > 0 ? self->guesses[0].label : self->truth;
}

/**
 * sb_photo_entry_is_wrong:
 * @self: a photo
 *
 * Returns: whether it has a label that it should not have
 */
gboolean
sb_photo_entry_is_wrong (SbPhotoEntry *self)
{
  return self->n_guesses > 0 && self->truth != NULL &&
         strcmp (self->guesses[0].label, self->truth) != 0;
}

static void
forget_answer (SbPhotoEntry *self, SbPhotoState state)
{
  if (self->state == state)
    return;
  clear_guesses (self);
  g_clear_pointer (&self->message, g_free);
  self->state = state;
  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * sb_photo_entry_set_plain:
 * @self: a photo
 *
 * Nobody asks any more.
 */
void
sb_photo_entry_set_plain (SbPhotoEntry *self)
{
  forget_answer (self, SB_PHOTO_PLAIN);
}

/**
 * sb_photo_entry_set_waiting:
 * @self: a photo
 *
 * Somebody has asked.
 */
void
sb_photo_entry_set_waiting (SbPhotoEntry *self)
{
  forget_answer (self, SB_PHOTO_WAITING);
}

/* The likeliest stay; of equals the one that came first. */
static void
add_guess (SbPhotoEntry *self, const char *label, double probability)
{
  guint at = self->n_guesses;

  while (at > 0 && self->guesses[at - 1].probability < probability)
    at--;
  if (at == SB_PHOTO_TOP)
    return;
  if (self->n_guesses == SB_PHOTO_TOP)
    g_ref_string_release ((char *) self->guesses[--self->n_guesses].label);
  memmove (&self->guesses[at + 1],
           &self->guesses[at],
           (self->n_guesses - at) * sizeof (SbPhotoGuess));
  self->guesses[at] = (SbPhotoGuess){ g_ref_string_new_intern (label), probability };
  self->n_guesses++;
}

/**
 * sb_photo_entry_set_guesses:
 * @self: a photo
 * @labels: (array length=n): every class
 * @probabilities: (array length=n): how likely each is, from 0 to 1
 * @n: how many classes there are
 * @milliseconds: from the question to the answer
 *
 * What a model said.
 */
void
sb_photo_entry_set_guesses (SbPhotoEntry *self,
                            const char *const *labels,
                            const double *probabilities,
                            guint n,
                            double milliseconds)
{
  clear_guesses (self);
  for (guint i = 0; i < n; i++)
    add_guess (self, labels[i], probabilities[i]);
  g_clear_pointer (&self->message, g_free);
  self->milliseconds = milliseconds;
  self->state = SB_PHOTO_READ;
  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * sb_photo_entry_set_message:
 * @self: a photo
 * @message: why there is no label
 */
void
sb_photo_entry_set_message (SbPhotoEntry *self, const char *message)
{
  clear_guesses (self);
  g_free (self->message);
  self->message = g_strdup (message);
  self->state = SB_PHOTO_FAILED;
  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * sb_photo_entry_compare_names:
 * @a: a photo
 * @b: another one
 *
 * Returns: as strcmp(), by name in the order of the person's language, numbers by their value
 */
int
sb_photo_entry_compare_names (SbPhotoEntry *a, SbPhotoEntry *b)
{
  return strcmp (a->name_key, b->name_key);
}

static gboolean
has (const char *text, const char *folded)
{
  g_autofree char *own = text != NULL ? g_utf8_casefold (text, -1) : NULL;

  return own != NULL && strstr (own, folded) != NULL;
}

/**
 * sb_photo_entry_matches:
 * @self: a photo
 * @folded: what to look for, from g_utf8_casefold()
 *
 * Returns: whether its name or one of its labels has that in it
 */
gboolean
sb_photo_entry_matches (SbPhotoEntry *self, const char *folded)
{
  return *folded == '\0' || has (self->name, folded) || has (self->truth, folded) ||
         has (sb_photo_entry_get_label (self), folded);
}

/**
 * sb_photo_entry_describe:
 * @self: a photo
 *
 * Returns: (transfer full): all that is known, in one sentence
 */
char *
sb_photo_entry_describe (SbPhotoEntry *self)
{
  const char *label = sb_photo_entry_get_label (self);
  double percent = 100 * sb_photo_entry_get_confidence (self);

  if (self->state == SB_PHOTO_FAILED)
    return g_strdup_printf (_ ("%s: %s"), self->name, self->message);
  if (self->state == SB_PHOTO_WAITING)
    return g_strdup_printf (_ ("%s: not read yet"), self->name);
  if (label == NULL)
    return self->truth != NULL ? g_strdup_printf (_ ("%s: %s"), self->name, self->truth)
                               : g_strdup (self->name);
  if (sb_photo_entry_is_wrong (self))
    /* translators: file name, wrong label, its probability, right label */
    return g_strdup_printf (
        _ ("%s: taken for %s (%.1f %%), but it is %s"), self->name, label, percent, self->truth);
  if (self->truth != NULL)
    return g_strdup_printf (_ ("%s: %s (%.1f %%), which is right"), self->name, label, percent);
  return g_strdup_printf (_ ("%s: %s (%.1f %%)"), self->name, label, percent);
}

static void
sb_photo_entry_finalize (GObject *object)
{
  SbPhotoEntry *self = SB_PHOTO_ENTRY (object);

  clear_guesses (self);
  g_clear_object (&self->file);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->truth, g_ref_string_release);
  g_free (self->name);
  g_free (self->name_key);
  g_free (self->message);
  G_OBJECT_CLASS (sb_photo_entry_parent_class)->finalize (object);
}

static void
sb_photo_entry_class_init (SbPhotoEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_photo_entry_finalize;
  /**
   * SbPhotoEntry::changed:
   *
   * There is another answer.
   */
  signals[CHANGED] = g_signal_new (
      "changed", SB_TYPE_PHOTO_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sb_photo_entry_init (SbPhotoEntry *self)
{
  static gint64 last;

  self->serial = (guint64) ++last;
}

static SbPhotoEntry *
make (char *name)
{
  SbPhotoEntry *self = g_object_new (SB_TYPE_PHOTO_ENTRY, NULL);

  self->name = name;
  self->name_key = g_utf8_collate_key_for_filename (name, -1);
  return self;
}

/**
 * sb_photo_entry_new:
 * @file: a file that may be a photo
 * @truth: (nullable): what it really is
 *
 * Returns: (transfer full): a photo of which nothing has been said; lives in the main thread
 */
SbPhotoEntry *
sb_photo_entry_new (GFile *file, const char *truth)
{
  g_autofree char *base = g_file_get_basename (file);
  SbPhotoEntry *self = make (g_filename_display_name (base));

  self->file = g_object_ref (file);
  self->truth = truth != NULL ? g_ref_string_new_intern (truth) : NULL;
  return self;
}

/**
 * sb_photo_entry_new_for_bytes:
 * @bytes: a picture in any format that GdkPixbuf reads
 * @name: what it is called
 *
 * Returns: (transfer full): a photo of which nothing has been said
 */
SbPhotoEntry *
sb_photo_entry_new_for_bytes (GBytes *bytes, const char *name)
{
  SbPhotoEntry *self = make (g_strdup (name));

  self->bytes = g_bytes_ref (bytes);
  return self;
}
