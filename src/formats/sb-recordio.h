/* sb-recordio.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MXNet's RecordIO (.rec): records one after the other, and the image records that its im2rec puts
 * into them.
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/**
 * SbRecordReader:
 *
 * Reads a file of records from front to back, or from a place where one is known to begin. It
 * holds a small part of the file at a time.
 */
typedef struct _SbRecordReader SbRecordReader;

SbRecordReader *sb_record_reader_open (const char *path, GError **error);
void sb_record_reader_free (SbRecordReader *self);
void sb_record_reader_seek (SbRecordReader *self, guint64 offset);
guint64 sb_record_reader_tell (const SbRecordReader *self);
gboolean sb_record_reader_next (SbRecordReader *self, GByteArray *record, GError **error);
gboolean
sb_record_reader_skim (SbRecordReader *self, gsize most, GByteArray *record, GError **error);

/**
 * SbRecordWriter:
 *
 * Writes a file of records, and with it the .idx file that says where each one begins.
 */
typedef struct _SbRecordWriter SbRecordWriter;

SbRecordWriter *sb_record_writer_new (const char *path, const char *index_path, GError **error);
gboolean sb_record_writer_add (SbRecordWriter *self,
                               guint64 key,
                               const void *data,
                               gsize length,
                               GError **error);
gboolean sb_record_writer_finish (SbRecordWriter *self, GError **error);
void sb_record_writer_free (SbRecordWriter *self);

/* Before the labels, if there are several, and the picture. */
#define SB_IMAGE_RECORD_HEAD 24

/**
 * SbImageRecord:
 * @id: number of the image
 * @id2: mostly 0
 * @n_labels: how many
 * @labels: (array length=n_labels): in the record's bytes, and perhaps not aligned
 * @data: the picture, a file of its own
 * @length: its bytes
 *
 * What is in a record of im2rec.
 */
typedef struct
{
  guint64 id;
  guint64 id2;
  guint32 n_labels;
  const guint8 *labels;
  const guint8 *data;
  gsize length;
} SbImageRecord;

gboolean
sb_image_record_parse (SbImageRecord *self, const guint8 *data, gsize length, GError **error);
gboolean sb_record_reader_skim_image (SbRecordReader *self,
                                      GByteArray *bytes,
                                      SbImageRecord *record,
                                      GError **error);
float sb_image_record_get_label (const SbImageRecord *self, guint32 index);
void sb_image_record_append (GByteArray *record,
                             guint64 id,
                             const float *labels,
                             guint32 n_labels,
                             const void *data,
                             gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbRecordReader, sb_record_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbRecordWriter, sb_record_writer_free)

G_END_DECLS
