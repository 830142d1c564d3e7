/* sb-my-digits.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-my-digits.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD (1 + SB_DIGIT_SIZE)

static gboolean
fail (const char *path, GError **error)
{
  int code = errno;

  g_set_error (
      error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", path, g_strerror (code));
  return FALSE;
}

/**
 * sb_my_digits_get_path:
 * @run_folder: a run's folder
 *
 * Returns: (transfer full): the file, which all runs share
 */
char *
sb_my_digits_get_path (const char *run_folder)
{
  g_autofree char *runs = g_path_get_dirname (run_folder);
  g_autofree char *base = g_path_get_dirname (runs);

  return g_build_filename (base, "my-digits", NULL);
}

/**
 * sb_my_digits_load:
 * @path: the file; that there is none yet is no error
 * @error: a %G_FILE_ERROR
 *
 * Returns: (transfer full) (nullable): all of them, in the order in which they were drawn
 */
SbMyDigits *
sb_my_digits_load (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  SbMyDigits *self;
  gsize length = 0;

  if (!g_file_get_contents (path, &text, &length, &local) &&
      !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  self = g_new0 (SbMyDigits, 1);
  self->pixels = g_byte_array_new ();
  self->labels = g_byte_array_new ();
  for (gsize at = 0; at + RECORD <= length; at += RECORD)
    {
      const guint8 *record = (const guint8 *) text + at;

      if (record[0] > 9)
        continue;
      g_byte_array_append (self->labels, record, 1);
      g_byte_array_append (self->pixels, record + 1, SB_DIGIT_SIZE);
      self->n++;
    }
  return self;
}

void
sb_my_digits_free (SbMyDigits *self)
{
  g_byte_array_unref (self->pixels);
  g_byte_array_unref (self->labels);
  g_free (self);
}

static gboolean
append (int file, const guint8 record[RECORD])
{
  struct stat info;
  off_t whole;

  if (fstat (file, &info) != 0)
    return FALSE;
  /* Over what was left half written, so that records stay where they belong. */
  whole = info.st_size / RECORD * RECORD;
  for (gsize done = 0; done < RECORD;)
    {
      ssize_t n = pwrite (file, record + done, RECORD - done, whole + (off_t) done);

      if (n < 0 && errno != EINTR)
        return FALSE;
      done += n > 0 ? (gsize) n : 0;
    }
  return fsync (file) == 0;
}

/**
 * sb_my_digits_add:
 * @path: the file, which is made when there is none
 * @label: 0 to 9
 * @pixels: ink from 0 to 255, row by row
 * @error: a %G_FILE_ERROR
 *
 * Returns: whether the digit is on disk
 */
gboolean
sb_my_digits_add (const char *path, guint label, const guint8 pixels[SB_DIGIT_SIZE], GError **error)
{
  guint8 record[RECORD] = { (guint8) label };
  int file = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  gboolean fine;

  g_return_val_if_fail (label <= 9, FALSE);
  memcpy (record + 1, pixels, SB_DIGIT_SIZE);
  if (file < 0)
    return fail (path, error);
  fine = append (file, record) || fail (path, error);
  close (file);
  return fine;
}
