/* sb-dataset.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-dataset-private.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "algorithms/vision/sb-net.h"
#include "formats/sb-photo.h"
#include "formats/sb-recordio.h"

/* Labels are below this. */
#define MAX_CLASSES 100000

static void
container_clear (gpointer data)
{
  g_free (((SbContainer *) data)->path);
}

/* Takes over the names of another data set's classes, so that a label means the same in both. */
static void
take_classes (SbDataset *self, const SbDataset *like)
{
  for (guint i = 0; i < like->class_names->len; i++)
    {
      char *name = g_strdup (like->class_names->pdata[i]);

      g_ptr_array_add (self->class_names, name);
      g_hash_table_insert (self->classes, name, GUINT_TO_POINTER (i));
    }
  self->classes_are_given = TRUE;
}

SbDataset *
_sb_dataset_new (const SbDataset *like)
{
  SbDataset *self = g_new0 (SbDataset, 1);

  self->containers = g_array_new (FALSE, FALSE, sizeof (SbContainer));
  g_array_set_clear_func (self->containers, container_clear);
  self->samples = g_array_new (FALSE, FALSE, sizeof (SbSample));
  self->labels = g_array_new (FALSE, FALSE, sizeof (float));
  self->names = g_string_chunk_new (64 * 1024);
  self->classes = g_hash_table_new (g_str_hash, g_str_equal);
  self->class_names = g_ptr_array_new_with_free_func (g_free);
  if (like != NULL && like->class_names->len > 0)
    take_classes (self, like);
  return self;
}

void
sb_dataset_free (SbDataset *self)
{
  g_array_unref (self->containers);
  g_array_unref (self->samples);
  g_array_unref (self->labels);
  g_string_chunk_free (self->names);
  g_hash_table_unref (self->classes);
  g_ptr_array_unref (self->class_names);
  g_free (self->counts);
  g_free (self);
}

guint
_sb_dataset_add_container (SbDataset *self, SbContainerKind kind, const char *path)
{
  SbContainer container = { kind, g_strdup (path) };

  g_array_append_val (self->containers, container);
  return self->containers->len - 1;
}

/* The numbers of new classes follow the order in which they come, until all are known. */
gboolean
_sb_dataset_find_class (SbDataset *self, const char *name, float *label, GError **error)
{
  gpointer number;

  if (!g_hash_table_lookup_extended (self->classes, name, NULL, &number))
    {
      char *copy;

      if (self->classes_are_given)
        {
          g_set_error (error,
                       SB_NET_ERROR,
                       SB_NET_ERROR_INVALID,
                       "the training data have no class “%s”",
                       name);
          return FALSE;
        }
      copy = g_strdup (name);
      self->classes_are_folders = TRUE;
      number = GUINT_TO_POINTER (self->class_names->len);
      g_ptr_array_add (self->class_names, copy);
      g_hash_table_insert (self->classes, copy, number);
    }
  *label = (float) GPOINTER_TO_UINT (number);
  return TRUE;
}

/* For labels that are numbers already; a name that came first stays. */
void
_sb_dataset_name_class (SbDataset *self, float label, const char *name)
{
  guint number;

  if (self->classes_are_given || *name == '\0' || !(label >= 0 && label < MAX_CLASSES))
    return;
  number = (guint) label;
  if (number >= self->class_names->len)
    g_ptr_array_set_size (self->class_names, (int) number + 1);
  if (self->class_names->pdata[number] == NULL)
    self->class_names->pdata[number] = g_strdup (name);
}

void
_sb_dataset_add (SbDataset *self,
                 guint container,
                 const char *name,
                 guint64 offset,
                 guint32 length,
                 const float *labels,
                 guint n_labels)
{
  SbSample sample = {
    .name = name != NULL ? g_string_chunk_insert (self->names, name) : NULL,
    .offset = offset,
    .length = length,
    .container = container,
    .first_label = self->labels->len,
    .n_labels = n_labels,
  };

  g_array_append_vals (self->labels, labels, n_labels);
  g_array_append_val (self->samples, sample);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The classes' numbers become those of their names in order, whatever came first. */
static void
sort_classes (SbDataset *self)
{
  guint n = self->class_names->len;
  g_autofree float *numbers = g_new (float, n + 1);

  g_ptr_array_sort (self->class_names, compare_names);
  for (guint i = 0; i < n; i++)
    {
      gpointer old = g_hash_table_lookup (self->classes, self->class_names->pdata[i]);

      numbers[GPOINTER_TO_UINT (old)] = (float) i;
    }
  for (guint i = 0; i < n; i++)
    g_hash_table_insert (self->classes, self->class_names->pdata[i], GUINT_TO_POINTER (i));
  for (guint i = 0; i < self->labels->len; i++)
    {
      float *label = &g_array_index (self->labels, float, i);

      *label = numbers[(guint) *label];
    }
}

static const SbSample *
get_sample (const SbDataset *self, guint index)
{
  return &g_array_index (self->samples, SbSample, index);
}

static const float *
get_labels (const SbDataset *self, const SbSample *sample)
{
  return &g_array_index (self->labels, float, sample->first_label);
}

static gboolean
is_label (const SbDataset *self, float value)
{
  if (self->meaning == SB_LABELS_MULTI_HOT)
    return value == 0 || value == 1;
  return value >= 0 && value < MAX_CLASSES && value == truncf (value);
}

/* The largest label and one more, or how many there are if each stands for one class. */
static gboolean
count_classes (SbDataset *self, guint index, guint *n_classes)
{
  const SbSample *sample = get_sample (self, index);
  const float *labels = get_labels (self, sample);

  if (self->meaning == SB_LABELS_MULTI_HOT && sample->n_labels != get_sample (self, 0)->n_labels)
    return FALSE;
  if (self->meaning == SB_LABELS_MULTI_HOT)
    *n_classes = MAX (*n_classes, sample->n_labels);
  for (guint i = 0; i < sample->n_labels; i++)
    {
      if (!is_label (self, labels[i]))
        return FALSE;
      if (self->meaning != SB_LABELS_MULTI_HOT)
        *n_classes = MAX (*n_classes, (guint) labels[i] + 1);
    }
  return TRUE;
}

static void
count_samples (SbDataset *self)
{
  self->counts = g_new0 (guint, self->n_classes + 1);
  for (guint i = 0; i < self->samples->len; i++)
    {
      const SbSample *sample = get_sample (self, i);
      const float *labels = get_labels (self, sample);

      for (guint k = 0; k < sample->n_labels; k++)
        if (self->meaning != SB_LABELS_MULTI_HOT)
          self->counts[(guint) labels[k]]++;
        else if (labels[k] != 0)
          self->counts[k]++;
    }
}

/* Where only some classes have a name, the others are called by their number. */
static void
complete_names (SbDataset *self)
{
  if (self->class_names->len == 0)
    return;
  if (self->class_names->len < self->n_classes)
    g_ptr_array_set_size (self->class_names, (int) self->n_classes);
  for (guint i = 0; i < self->class_names->len; i++)
    {
      if (self->class_names->pdata[i] == NULL)
        self->class_names->pdata[i] = g_strdup_printf ("%u", i);
      g_hash_table_insert (self->classes, self->class_names->pdata[i], GUINT_TO_POINTER (i));
    }
}

static gboolean
fail_label (const SbDataset *self, guint index, GError **error)
{
  g_autofree char *name = sb_dataset_dup_name (self, index);

  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               self->meaning == SB_LABELS_MULTI_HOT
                   ? "%s: several labels have to be as many as there are classes, each 0 or 1. If "
                     "they are numbers of classes, add “;label-format=class-id” to the content type"
                   : "%s: a label has to be a whole number from 0",
               name);
  return FALSE;
}

/* @source is what was opened, for messages. */
gboolean
_sb_dataset_finish (SbDataset *self, const char *source, GError **error)
{
  if (self->samples->len == 0)
    {
      g_set_error (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "%s: there are no photos", source);
      return FALSE;
    }
  if (self->classes_are_folders)
    sort_classes (self);
  self->n_classes = self->class_names->len;
  for (guint i = 0; i < self->samples->len; i++)
    if (!count_classes (self, i, &self->n_classes))
      return fail_label (self, i, error);
  complete_names (self);
  count_samples (self);
  return TRUE;
}

/**
 * sb_dataset_get_n:
 * @self: a data set
 *
 * Returns: the number of its photos, which are numbered from 0
 */
guint
sb_dataset_get_n (const SbDataset *self)
{
  return self->samples->len;
}

/**
 * sb_dataset_get_n_classes:
 * @self: a data set
 *
 * Returns: the number of names of classes; where they have none, one more than the largest label
 */
guint
sb_dataset_get_n_classes (const SbDataset *self)
{
  return self->n_classes;
}

/**
 * sb_dataset_get_class_names:
 * @self: a data set
 *
 * Returns: (nullable) (array): the names of the classes, sb_dataset_get_n_classes() of them, by
 *   label; %NULL when they have none
 */
const char *const *
sb_dataset_get_class_names (const SbDataset *self)
{
  return self->class_names->len > 0 ? (const char *const *) self->class_names->pdata : NULL;
}

/**
 * sb_dataset_get_counts:
 * @self: a data set
 *
 * Returns: (array): how many photos each class has
 */
const guint *
sb_dataset_get_counts (const SbDataset *self)
{
  return self->counts;
}

/**
 * sb_dataset_is_multi_label:
 * @self: a data set
 *
 * Returns: whether a photo may be of several classes
 */
gboolean
sb_dataset_is_multi_label (const SbDataset *self)
{
  return self->meaning != SB_LABELS_ONE;
}

/**
 * sb_dataset_get_label:
 * @self: a data set
 * @index: number of a photo
 *
 * Returns: its class; of several classes the first; -1 if it is of none
 */
int
sb_dataset_get_label (const SbDataset *self, guint index)
{
  const SbSample *sample = get_sample (self, index);
  const float *labels = get_labels (self, sample);

  if (self->meaning != SB_LABELS_MULTI_HOT)
    return sample->n_labels > 0 ? (int) labels[0] : -1;
  for (guint i = 0; i < sample->n_labels; i++)
    if (labels[i] != 0)
      return (int) i;
  return -1;
}

/**
 * sb_dataset_fill_targets:
 * @self: a data set
 * @index: number of a photo
 * @n_classes: how many classes there are
 * @targets: (out) (array length=n_classes): 1 for each class that it is of, else 0
 */
void
sb_dataset_fill_targets (const SbDataset *self, guint index, guint n_classes, float *targets)
{
  const SbSample *sample = get_sample (self, index);
  const float *labels = get_labels (self, sample);

  memset (targets, 0, n_classes * sizeof (float));
  for (guint i = 0; i < sample->n_labels; i++)
    if (self->meaning == SB_LABELS_MULTI_HOT && i < n_classes)
      targets[i] = labels[i];
    else if (self->meaning != SB_LABELS_MULTI_HOT && labels[i] < (float) n_classes)
      targets[(guint) labels[i]] = 1;
}

/**
 * sb_dataset_check:
 * @self: a data set
 * @n_classes: the hyperparameter num_classes
 * @error: %SB_NET_ERROR_INVALID
 *
 * Returns: whether every label is below @n_classes
 */
gboolean
sb_dataset_check (const SbDataset *self, guint n_classes, GError **error)
{
  if (self->n_classes <= n_classes)
    return TRUE;
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "num_classes is %u, but the data have %u classes",
               n_classes,
               self->n_classes);
  return FALSE;
}

/**
 * sb_dataset_get_path:
 * @self: a data set
 * @index: number of a photo
 *
 * Returns: (nullable): its path from the channel's folder or in its tar file; %NULL for one that is
 *   in a file of records
 */
const char *
sb_dataset_get_path (const SbDataset *self, guint index)
{
  return get_sample (self, index)->name;
}

/**
 * sb_dataset_dup_name:
 * @self: a data set
 * @index: number of a photo
 *
 * Returns: (transfer full): its file, or the file and the place in it, for messages
 */
char *
sb_dataset_dup_name (const SbDataset *self, guint index)
{
  const SbSample *sample = get_sample (self, index);
  const SbContainer *container = &g_array_index (self->containers, SbContainer, sample->container);
  g_autofree char *base = NULL;

  if (container->kind == SB_CONTAINER_FOLDER)
    return g_strdup (sample->name);
  base = g_path_get_basename (container->path);
  if (sample->name != NULL)
    return g_strdup_printf ("%s: %s", base, sample->name);
  return g_strdup_printf ("%s at byte %" G_GUINT64_FORMAT, base, sample->offset);
}

static gboolean
fail (GError **error, const char *path, int code)
{
  g_set_error (
      error, G_IO_ERROR, (int) g_io_error_from_errno (code), "%s: %s", path, g_strerror (code));
  return FALSE;
}

static gboolean
read_part (int fd, const char *path, guint64 offset, GByteArray *bytes, GError **error)
{
  gsize n = 0;

  while (n < bytes->len)
    {
      gssize got = pread (fd, bytes->data + n, bytes->len - n, (off_t) (offset + n));

      if (got == 0)
        {
          g_set_error (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "%s: it ends too early", path);
          return FALSE;
        }
      if (got < 0 && errno != EINTR)
        return fail (error, path, errno);
      if (got > 0)
        n += (gsize) got;
    }
  return TRUE;
}

/* All of a file, or with a length only a part of it. */
static gboolean
read_file (const char *path, guint64 offset, goffset length, GByteArray *bytes, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gboolean done = fd >= 0;
  struct stat info;

  if (!done)
    return fail (error, path, errno);
  if (length == 0)
    done = fstat (fd, &info) == 0 || fail (error, path, errno);
  if (done && length == 0)
    length = info.st_size;
  if (done && length > SB_PHOTO_MAX_LENGTH)
    done = fail (error, path, EFBIG);
  if (done)
    {
      g_byte_array_set_size (bytes, (guint) length);
      done = read_part (fd, path, offset, bytes, error);
    }
  close (fd);
  return done;
}

/* The photo in a record. */
static gboolean
read_record (const char *path, guint64 offset, GByteArray *bytes, GError **error)
{
  g_autoptr (SbRecordReader) reader = sb_record_reader_open (path, error);
  GError *local = NULL;
  SbImageRecord record;

  if (reader == NULL)
    return FALSE;
  sb_record_reader_seek (reader, offset);
  if (!sb_record_reader_next (reader, bytes, &local))
    {
      if (local == NULL)
        local = g_error_new (SB_NET_ERROR, SB_NET_ERROR_INVALID, "%s: it ends too early", path);
      g_propagate_error (error, local);
      return FALSE;
    }
  if (!sb_image_record_parse (&record, bytes->data, bytes->len, error))
    return FALSE;
  g_byte_array_remove_range (bytes, 0, (guint) (record.data - bytes->data));
  return TRUE;
}

/**
 * sb_dataset_read:
 * @self: a data set
 * @index: number of a photo
 * @bytes: (out): the photo as it is in its file; what was in it is replaced
 * @error: why it cannot be read
 *
 * Returns: whether it was read
 */
gboolean
sb_dataset_read (const SbDataset *self, guint index, GByteArray *bytes, GError **error)
{
  const SbSample *sample = get_sample (self, index);
  const SbContainer *container = &g_array_index (self->containers, SbContainer, sample->container);
  g_autofree char *path = NULL;

  if (container->kind == SB_CONTAINER_RECORDS)
    return read_record (container->path, sample->offset, bytes, error);
  if (container->kind == SB_CONTAINER_TAR)
    return read_file (container->path, sample->offset, sample->length, bytes, error);
  path = g_build_filename (container->path, sample->name, NULL);
  return read_file (path, 0, 0, bytes, error);
}
