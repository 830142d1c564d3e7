/* test-recordio.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "formats/sb-lst.h"
#include "formats/sb-recordio.h"

static const guint8 magic[] = { 0x0a, 0x23, 0xd7, 0xce };

typedef struct
{
  char *folder;
  char *path;
  char *index;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  place->folder = g_dir_make_tmp ("sb-recordio-XXXXXX", NULL);
  place->path = g_build_filename (place->folder, "a.rec", NULL);
  place->index = g_build_filename (place->folder, "a.idx", NULL);
}

static void
tear_down (Place *place, gconstpointer data)
{
  g_unlink (place->path);
  g_unlink (place->index);
  g_assert_cmpint (g_rmdir (place->folder), ==, 0);
  g_free (place->folder);
  g_free (place->path);
  g_free (place->index);
}

/* Records of all lengths around the padding, and with the magic number where it hurts. */
static GPtrArray *
make_records (void)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);

  for (guint length = 0; length < 70; length++)
    {
      GByteArray *record = g_byte_array_new ();

      for (guint i = 0; i < length; i++)
        g_byte_array_append (record, &(guint8){ (guint8) (i * 7 + length) }, 1);
      /* At multiples of four, alone, twice, at the ends; and once where it means nothing. */
      for (guint i = 0; i < length % 4; i++)
        if (i * 12 + 4 <= length)
          memcpy (record->data + i * 12, magic, 4);
      if (length >= 33)
        memcpy (record->data + 29, magic, 4);
      if (length % 8 == 0 && length > 0)
        memcpy (record->data + length - 4, magic, 4);
      g_ptr_array_add (records, record);
    }
  return records;
}

static void
write_records (Place *place, GPtrArray *records)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbRecordWriter) writer = sb_record_writer_new (place->path, place->index, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < records->len; i++)
    {
      GByteArray *record = records->pdata[i];

      g_assert_true (sb_record_writer_add (writer, i + 5, record->data, record->len, &error));
    }
  g_assert_true (sb_record_writer_finish (writer, &error));
}

static void
assert_record (GByteArray *record, GByteArray *wanted, gsize most)
{
  gsize n = MIN (wanted->len, most);

  g_assert_cmpmem (record->data, MIN (record->len, n), wanted->data, n);
  if (most == G_MAXSIZE)
    g_assert_cmpuint (record->len, ==, wanted->len);
}

static void
test_round_trip (Place *place, gconstpointer data)
{
  static const gsize mosts[] = { G_MAXSIZE, 24, 5, 0 };
  g_autoptr (GPtrArray) records = make_records ();
  g_autoptr (GByteArray) record = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbRecordReader) reader = NULL;

  write_records (place, records);
  reader = sb_record_reader_open (place->path, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < G_N_ELEMENTS (mosts); k++)
    {
      sb_record_reader_seek (reader, 0);
      for (guint i = 0; i < records->len; i++)
        {
          g_assert_cmpuint (sb_record_reader_tell (reader) % 4, ==, 0);
          g_assert_true (sb_record_reader_skim (reader, mosts[k], record, &error));
          assert_record (record, records->pdata[i], mosts[k]);
        }
      g_assert_false (sb_record_reader_next (reader, record, &error));
      g_assert_no_error (error);
    }
}

/* The .idx file leads to every record. */
static void
test_index (Place *place, gconstpointer data)
{
  g_autoptr (GPtrArray) records = make_records ();
  g_autoptr (GByteArray) record = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbRecordReader) reader = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  write_records (place, records);
  reader = sb_record_reader_open (place->path, &error);
  g_assert_true (g_file_get_contents (place->index, &text, NULL, &error));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, records->len + 1);
  for (guint i = records->len; i > 0; i--)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i - 1], "\t", 2);

      g_assert_cmpint (g_ascii_strtoll (parts[0], NULL, 10), ==, i - 1 + 5);
      sb_record_reader_seek (reader, g_ascii_strtoull (parts[1], NULL, 10));
      g_assert_true (sb_record_reader_next (reader, record, &error));
      assert_record (record, records->pdata[i - 1], G_MAXSIZE);
    }
}

/* Reads all of a file; what is wrong has to be said with the file and the place in it. */
static void
assert_damaged (Place *place, const guint8 *bytes, gsize length, const char *where)
{
  g_autoptr (GByteArray) record = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbRecordReader) reader = NULL;

  g_assert_true (g_file_set_contents (place->path, (const char *) bytes, (gssize) length, &error));
  reader = sb_record_reader_open (place->path, &error);
  g_assert_no_error (error);
  while (sb_record_reader_next (reader, record, &error))
    ;
  g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, where));
}

static void
test_damaged (Place *place, gconstpointer data)
{
  /* "abcd", then "efgh". */
  static const guint8 good[] = { 0x0a, 0x23, 0xd7, 0xce, 4, 0, 0, 0, 'a', 'b', 'c', 'd',
                                 0x0a, 0x23, 0xd7, 0xce, 4, 0, 0, 0, 'e', 'f', 'g', 'h' };
  guint8 bytes[sizeof good];

  for (gsize length = 1; length < sizeof good; length++)
    if (length != sizeof good / 2)
      assert_damaged (place,
                      good,
                      length,
                      length < sizeof good / 2 ? "a.rec, byte " : "a.rec, byte 12");
  memcpy (bytes, good, sizeof good);
  bytes[12] ^= 1;
  assert_damaged (place, bytes, sizeof good, "a.rec, byte 12");
  memcpy (bytes, good, sizeof good);
  bytes[18] = 0xff;
  assert_damaged (place, bytes, sizeof good, "a.rec, byte 12");
  /* Parts: a first one without an end, a last one without a beginning, one that there is not. */
  for (guint8 part = 1; part < 8; part++)
    {
      memcpy (bytes, good, sizeof good);
      bytes[19] = (guint8) (part << 5);
      assert_damaged (place, bytes, sizeof good, "a.rec, byte ");
      bytes[19] = 0;
      bytes[7] = (guint8) (part << 5);
      assert_damaged (place, bytes, sizeof good, "a.rec, byte ");
    }
}

/* Nothing is left of a file that was not finished. */
static void
test_unfinished (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SbRecordWriter *writer = sb_record_writer_new (place->path, place->index, &error);

  g_assert_no_error (error);
  g_assert_true (sb_record_writer_add (writer, 0, "abc", 3, &error));
  sb_record_writer_free (writer);
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (place->index, G_FILE_TEST_EXISTS));
  g_assert_null (sb_record_writer_new ("/nowhere/a.rec", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_image_record (void)
{
  static const float labels[] = { 1, 0, 0.5f };
  g_autoptr (GError) error = NULL;
  SbImageRecord record;

  for (guint32 n = 1; n <= 3; n++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      sb_image_record_append (bytes, 77, labels, n, "JPEG", 4);
      g_assert_cmpuint (bytes->len, ==, SB_IMAGE_RECORD_HEAD + 4 + (n > 1 ? n * 4 : 0));
      g_assert_true (sb_image_record_parse (&record, bytes->data, bytes->len, &error));
      g_assert_cmpuint (record.id, ==, 77);
      g_assert_cmpuint (record.n_labels, ==, n);
      for (guint32 i = 0; i < n; i++)
        g_assert_cmpfloat (sb_image_record_get_label (&record, i), ==, labels[i]);
      g_assert_cmpmem (record.data, record.length, "JPEG", 4);
      /* The last label is cut, or the head is. */
      g_assert_false (sb_image_record_parse (&record, bytes->data, 23, &error));
      g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
      g_clear_error (&error);
      if (n > 1)
        g_assert_false (
            sb_image_record_parse (&record, bytes->data, SB_IMAGE_RECORD_HEAD + n * 4 - 1, NULL));
    }
}

typedef struct
{
  GString *seen;
  guint most;
} Lines;

static gboolean
note_line (guint64 index,
           const float *labels,
           guint n_labels,
           const char *path,
           gpointer user_data,
           GError **error)
{
  Lines *lines = user_data;

  sb_lst_append (lines->seen, index, labels, n_labels, path);
  if (lines->most-- > 0)
    return TRUE;
  g_set_error_literal (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, "enough");
  return FALSE;
}

static void
test_list (Place *place, gconstpointer data)
{
  static const char text[] = "5\t1.000000\tants/a b.jpg\n0\t0.000000\t1.000000\tü.png\n";
  static const char *const wrong[] = {
    "1\t0\n",     "1 0 a.jpg\n",    "x\t0\ta.jpg\n",     "-1\t0\ta.jpg\n", "1.5\t0\ta.jpg\n",
    "1\t\ta.jpg", "1\tnan\ta.jpg",  "1\t0\t../a.jpg",    "1\t0\t/a.jpg",   "1\t0\t",
    "\t0\ta.jpg", "1\tants\ta.jpg", "1\t0\tb/../../a.x",
  };
  g_autoptr (GString) seen = g_string_new (NULL);
  Lines lines = { seen, 10 };
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (place->path, text, -1, NULL));
  g_assert_true (sb_lst_read (place->path, note_line, &lines, &error));
  g_assert_cmpstr (seen->str, ==, text);
  /* Windows' ends of lines, no end of the last one, empty lines. */
  g_string_truncate (seen, 0);
  g_assert_true (g_file_set_contents (place->path, "\n2\t3\tb.jpg\r\n\r\n4\t5\tc.jpg", -1, NULL));
  g_assert_true (sb_lst_read (place->path, note_line, &lines, &error));
  g_assert_cmpstr (seen->str, ==, "2\t3.000000\tb.jpg\n4\t5.000000\tc.jpg\n");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *content = g_strconcat ("0\t0\tgood.jpg\n", wrong[i], NULL);

      lines.most = 10;
      g_assert_true (g_file_set_contents (place->path, content, -1, NULL));
      g_assert_false (sb_lst_read (place->path, note_line, &lines, &error));
      g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "a.rec, line 2: "));
      g_clear_error (&error);
    }
  lines.most = 0;
  g_assert_true (g_file_set_contents (place->path, text, -1, NULL));
  g_assert_false (sb_lst_read (place->path, note_line, &lines, &error));
  g_assert_cmpstr (error->message, ==, "a.rec, line 1: enough");
}

static void
add (const char *path, void (*func) (Place *, gconstpointer))
{
  g_test_add (path, Place, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("/formats/recordio/round-trip", test_round_trip);
  add ("/formats/recordio/index", test_index);
  add ("/formats/recordio/damaged", test_damaged);
  add ("/formats/recordio/unfinished", test_unfinished);
  g_test_add_func ("/formats/recordio/image", test_image_record);
  add ("/formats/recordio/list", test_list);
  return g_test_run ();
}
