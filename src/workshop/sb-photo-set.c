/* sb-photo-set.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-photo-set.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/sb-archive.h"
#include "formats/sb-lst.h"
#include "formats/sb-photo.h"
#include "formats/sb-recordio.h"
#include "wire/sb-error.h"

/* Deeper than any data set; a folder that leads into itself has to end somewhere. */
#define MAX_DEPTH 16
/* Folders that hold but one folder, as an unpacked archive does. */
#define MAX_WRAPPERS 4
#define MAX_CLASSES  10000
/* So many of the files that cannot be used are named. */
#define MAX_NAMED 20
#define CHUNK     (64 * 1024)
/* No photo is larger; what is, is no photo. */
#define MAX_PHOTO (256 * 1024 * 1024)
/* Leftovers of macOS, which look like photos. */
#define RUBBISH "__MACOSX"

/* What people call the parts. */
static const struct
{
  const char *name;
  SbPhotoPart part;
} part_names[] = {
  { "train", SB_PHOTO_TRAIN },           { "training", SB_PHOTO_TRAIN },
  { "val", SB_PHOTO_VALIDATION },        { "valid", SB_PHOTO_VALIDATION },
  { "validation", SB_PHOTO_VALIDATION }, { "test", SB_PHOTO_TEST },
  { "testing", SB_PHOTO_TEST },
};

typedef struct
{
  SbPhotoSet *set;
  GCancellable *cancellable;
  guint16 archive;
  SbPhotoPart part;
} Walk;

static SbPhotoSet *
set_new (const char *root)
{
  SbPhotoSet *self = g_new0 (SbPhotoSet, 1);

  self->root = g_strdup (root);
  self->archives = g_ptr_array_new_with_free_func (g_free);
  self->classes = g_ptr_array_new_with_free_func (g_free);
  self->left_out = g_ptr_array_new_with_free_func (g_free);
  self->items = g_array_new (FALSE, FALSE, sizeof (SbPhotoItem));
  self->names = g_string_chunk_new (CHUNK);
  self->labels = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
sb_photo_set_free (SbPhotoSet *self)
{
  g_hash_table_unref (self->labels);
  g_free (self->root);
  g_ptr_array_unref (self->archives);
  g_ptr_array_unref (self->classes);
  g_ptr_array_unref (self->left_out);
  g_array_unref (self->items);
  g_string_chunk_free (self->names);
  g_free (self);
}

static void
leave_out (SbPhotoSet *self, const char *path, const char *why)
{
  if (self->n_left_out++ < MAX_NAMED)
    {
      g_autofree char *shown = g_utf8_make_valid (path, -1);

      g_ptr_array_add (self->left_out, g_strdup_printf ("%s: %s", shown, why));
    }
}

/* A line of a list is a name, and so is a key of S3. */
static gboolean
check_name (SbPhotoSet *self, const char *path)
{
  const char *why = NULL;

  if (!g_utf8_validate (path, -1, NULL))
    why = _ ("its name is not UTF-8; rename it");
  for (const char *p = path; why == NULL && *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) || (p[1] == '\0' && g_ascii_isspace (*p)))
      why = _ ("its name has a character that a list cannot hold; rename it");
  if (why == NULL && strchr (path, '/') == NULL)
    why = _ ("it is in no class’s folder");
  if (why != NULL)
    leave_out (self, path, why);
  return why == NULL;
}

/* The labels are sorted once all classes are known. */
static gboolean
find_label (SbPhotoSet *self, const char *class, guint16 *label, GError **error)
{
  gpointer value;

  if (g_hash_table_lookup_extended (self->labels, class, NULL, &value))
    {
      *label = (guint16) GPOINTER_TO_UINT (value);
      return TRUE;
    }
  if (self->classes->len == MAX_CLASSES)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” has more than %d classes; choose the folder whose folders are named "
                      "after what the photos show"),
                   self->root,
                   MAX_CLASSES);
      return FALSE;
    }
  *label = (guint16) self->classes->len;
  g_ptr_array_add (self->classes, g_strdup (class));
  g_hash_table_insert (self->labels,
                       g_ptr_array_index (self->classes, *label),
                       GUINT_TO_POINTER (*label));
  return TRUE;
}

static SbPhotoPart
find_part (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    if (g_ascii_strcasecmp (name, part_names[i].name) == 0)
      return part_names[i].part;
  return SB_PHOTO_N_PARTS;
}

/* "caltech-256-60-train.rec" */
static SbPhotoPart
find_part_in (const char *name)
{
  g_auto (GStrv) words = g_strsplit_set (name, "-_./ ", -1);
  SbPhotoPart part = SB_PHOTO_N_PARTS;

  for (guint i = 0; words[i] != NULL && part == SB_PHOTO_N_PARTS; i++)
    part = find_part (words[i]);
  return part;
}

/* "train/ants/1.jpg", or "ants/1.jpg": the last folder is the class, the first may be the part. */
static gboolean
add_photo (Walk *walk, const char *path, guint64 offset, guint64 length, GError **error)
{
  SbPhotoSet *self = walk->set;
  g_auto (GStrv) words = NULL;
  SbPhotoItem item = { .archive = walk->archive,
                       .part = (guint8) walk->part,
                       .offset = offset,
                       .length = (guint32) length };
  guint n;

  if (!check_name (self, path))
    return TRUE;
  words = g_strsplit (path, "/", -1);
  n = g_strv_length (words);
  if (n > 2 && find_part (words[0]) != SB_PHOTO_N_PARTS)
    item.part = (guint8) find_part (words[0]);
  self->in_parts = self->in_parts || item.part != SB_PHOTO_N_PARTS;
  if (!find_label (self, words[n - 2], &item.label, error))
    return FALSE;
  item.path = g_string_chunk_insert (self->names, path);
  g_array_append_val (self->items, item);
  return TRUE;
}

static gboolean
add_member (const char *name, guint64 offset, guint64 length, gpointer data, GError **error)
{
  Walk *walk = data;

  if (g_cancellable_set_error_if_cancelled (walk->cancellable, error))
    return FALSE;
  if (strstr (name, RUBBISH) != NULL || !sb_photo_is_named_like_one (name) || length == 0 ||
      length > MAX_PHOTO)
    return TRUE;
  return add_photo (walk, name, offset, length, error);
}

/* The name says what its photos are for, or that of its folder. */
static gboolean
add_archive (Walk *walk, const char *path, GError **error)
{
  const char *below = path;

  if (walk->set->archives->len == G_MAXUINT16)
    {
      g_set_error (error, SB_ERROR, SB_ERROR_INVALID, _ ("“%s” has too many archives"), path);
      return FALSE;
    }
  if (g_str_has_prefix (path, walk->set->root))
    below += strlen (walk->set->root);
  g_ptr_array_add (walk->set->archives, g_strdup (path));
  walk->archive = (guint16) walk->set->archives->len;
  walk->part = find_part_in (below);
  return TRUE;
}

static gboolean
add_tar (Walk *walk, const char *path, GError **error)
{
  return add_archive (walk, path, error) && sb_archive_index (path, add_member, walk, error);
}

static gboolean
add_record (Walk *walk, const SbImageRecord *record, guint64 offset, GError **error)
{
  SbPhotoSet *self = walk->set;
  float label = record->n_labels == 1 ? sb_image_record_get_label (record, 0) : -1;
  g_autofree char *name = NULL;
  SbPhotoItem item = { .archive = walk->archive, .part = (guint8) walk->part, .offset = offset };

  if (!(label >= 0 && label < MAX_CLASSES && label == (float) (guint) label))
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("The photo at byte %" G_GUINT64_FORMAT
                      " of “%s” has no label that is the number of its class"),
                   offset,
                   (const char *) g_ptr_array_index (self->archives, walk->archive - 1u));
      return FALSE;
    }
  name = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  item.label = (guint16) label;
  item.path = g_string_chunk_insert (self->names, name);
  while (self->classes->len <= item.label)
    g_ptr_array_add (self->classes, g_strdup_printf ("%u", self->classes->len));
  g_array_append_val (self->items, item);
  return TRUE;
}

static gboolean
add_records (Walk *walk, const char *path, GError **error)
{
  g_autoptr (SbRecordReader) reader = sb_record_reader_open (path, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GError *local = NULL;
  SbImageRecord record;

  if (reader == NULL || !add_archive (walk, path, error))
    return FALSE;
  walk->set->has_records = TRUE;
  walk->set->in_parts = walk->set->in_parts || walk->part != SB_PHOTO_N_PARTS;
  for (;;)
    {
      guint64 offset = sb_record_reader_tell (reader);

      if (g_cancellable_set_error_if_cancelled (walk->cancellable, error))
        return FALSE;
      if (!sb_record_reader_skim_image (reader, bytes, &record, &local))
        break;
      if (!add_record (walk, &record, offset, error))
        return FALSE;
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_folder (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local);
  GPtrArray *names;
  const char *name;

  if (dir == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” could not be read: %s"),
                   path,
                   local->message);
      return NULL;
    }
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (*name != '.' && strcmp (name, RUBBISH) != 0)
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gboolean
walk_folder (Walk *walk, const char *path, const char *below, guint depth, GError **error)
{
  g_autoptr (GPtrArray) names = list_folder (path, error);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *child = g_build_filename (path, name, NULL);
      g_autofree char *relative = g_strconcat (below, name, NULL);
      g_autofree char *prefix = g_strconcat (relative, "/", NULL);
      struct stat info;
      gboolean fine = TRUE;

      if (g_cancellable_set_error_if_cancelled (walk->cancellable, error))
        return FALSE;
      if (stat (child, &info) != 0)
        continue;
      if (S_ISDIR (info.st_mode) && depth < MAX_DEPTH)
        fine = walk_folder (walk, child, prefix, depth + 1, error);
      else if (S_ISREG (info.st_mode) && g_str_has_suffix (name, ".tar"))
        {
          Walk inner = *walk;

          fine = add_tar (&inner, child, error);
        }
      else if (S_ISREG (info.st_mode) && sb_photo_is_named_like_one (name))
        fine = add_photo (walk, relative, 0, 0, error);
      if (!fine)
        return FALSE;
    }
  return names != NULL;
}

static gboolean
has_folders (const char *path)
{
  g_autoptr (GPtrArray) names = list_folder (path, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *child = g_build_filename (path, g_ptr_array_index (names, i), NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        return TRUE;
    }
  return FALSE;
}

/* An archive often unpacks to a folder in a folder. One that has no folders itself is a class. */
static char *
unwrap (const char *path)
{
  char *root = g_strdup (path);

  for (guint i = 0; i < MAX_WRAPPERS; i++)
    {
      g_autoptr (GPtrArray) names = list_folder (root, NULL);
      g_autofree char *only = NULL;

      if (names == NULL || names->len != 1 ||
          find_part (g_ptr_array_index (names, 0)) != SB_PHOTO_N_PARTS)
        break;
      only = g_build_filename (root, g_ptr_array_index (names, 0), NULL);
      if (!has_folders (only))
        break;
      g_free (root);
      root = g_steal_pointer (&only);
    }
  return root;
}

static void
list_records_of (const char *folder, gboolean deeper, GPtrArray *paths)
{
  g_autoptr (GPtrArray) names = list_folder (folder, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_str_has_suffix (name, ".rec"))
        g_ptr_array_add (paths, g_steal_pointer (&path));
      else if (deeper && find_part (name) != SB_PHOTO_N_PARTS)
        list_records_of (path, FALSE, paths);
    }
}

/* Whether two names differ in the part only: "a-train.rec" and "a-val.rec". */
static gboolean
belong_together (const char *file, const char *name)
{
  const char *part = strstr (file, "train");

  return strcmp (name, file) == 0 || (part != NULL && find_part_in (name) != SB_PHOTO_N_PARTS &&
                                      strncmp (name, file, (gsize) (part - file)) == 0);
}

/* All in the folder and in its parts, or the file and what belongs to it. */
static GPtrArray *
list_records (const char *folder, const char *file)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  list_records_of (folder, file == NULL, paths);
  for (guint i = paths->len; file != NULL && i-- > 0;)
    {
      g_autofree char *name = g_path_get_basename (g_ptr_array_index (paths, i));

      if (!belong_together (file, name))
        g_ptr_array_remove_index (paths, i);
    }
  return paths;
}

/* A file that ends in "labels.txt" beside records may name their classes, one a line. */
static void
name_classes (SbPhotoSet *self)
{
  g_autoptr (GPtrArray) names = list_folder (self->root, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (self->root, g_ptr_array_index (names, i), NULL);
      g_autofree char *text = NULL;
      g_auto (GStrv) lines = NULL;

      if (!g_str_has_suffix (path, "labels.txt") ||
          !g_file_get_contents (path, &text, NULL, NULL) || !g_utf8_validate (text, -1, NULL))
        continue;
      lines = g_strsplit (g_strchomp (text), "\n", -1);
      if (g_strv_length (lines) != self->classes->len)
        continue;
      g_ptr_array_set_size (self->classes, 0);
      for (guint k = 0; lines[k] != NULL; k++)
        g_ptr_array_add (self->classes, g_strdup (g_strstrip (lines[k])));
      return;
    }
}

/* Labels follow the order of the names. */
static void
sort_classes (SbPhotoSet *self)
{
  guint n = self->classes->len;
  g_autofree guint16 *labels = g_new (guint16, n);

  g_hash_table_remove_all (self->labels);
  for (guint i = 0; i < n; i++)
    g_hash_table_insert (self->labels, g_ptr_array_index (self->classes, i), GUINT_TO_POINTER (i));
  g_ptr_array_sort (self->classes, compare_names);
  for (guint i = 0; i < n; i++)
    {
      gpointer old = g_hash_table_lookup (self->labels, g_ptr_array_index (self->classes, i));

      labels[GPOINTER_TO_UINT (old)] = (guint16) i;
    }
  for (guint i = 0; i < self->items->len; i++)
    {
      SbPhotoItem *item = &g_array_index (self->items, SbPhotoItem, i);

      item->label = labels[item->label];
    }
}

static gboolean
fill (SbPhotoSet *self, GPtrArray *records, const char *file, Walk *walk, GError **error)
{
  if (records->len > 0)
    {
      for (guint i = 0; i < records->len; i++)
        if (!add_records (walk, g_ptr_array_index (records, i), error))
          return FALSE;
      name_classes (self);
      return TRUE;
    }
  if (file != NULL ? !add_tar (walk, file, error) : !walk_folder (walk, self->root, "", 0, error))
    return FALSE;
  sort_classes (self);
  return TRUE;
}

static gboolean
check (SbPhotoSet *self, const char *path, GError **error)
{
  if (self->items->len == 0)
    g_set_error (
        error,
        SB_ERROR,
        SB_ERROR_INVALID,
        _ ("There are no photos in folders below “%s”. Put the photos of each class into a "
           "folder that is named after it."),
        path);
  else if (self->classes->len < 2)
    g_set_error (
        error,
        SB_ERROR,
        SB_ERROR_INVALID,
        _ ("All photos in “%s” are of one class, “%s”. At least two are needed: choose the "
           "folder above."),
        path,
        sb_photo_set_get_class (self, 0));
  else
    return TRUE;
  return FALSE;
}

/**
 * sb_photo_set_open:
 * @path: a folder of folders that are named after classes, perhaps below `train`, `val` and
 *   `test`; or of .rec files; or a .rec file, with those beside it that only differ in the
 *   part; or a tar file of photos that is not compressed
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_INVALID when there are no photos of at least two classes, %SB_ERROR_STORAGE, or
 *   what is wrong with an archive
 *
 * Blocks. Photos are not read, and those whose names cannot be used are left out.
 *
 * Returns: (transfer full) (nullable): what is there
 */
SbPhotoSet *
sb_photo_set_open (const char *path, GCancellable *cancellable, GError **error)
{
  gboolean is_folder = g_file_test (path, G_FILE_TEST_IS_DIR);
  g_autofree char *root = is_folder ? unwrap (path) : g_path_get_dirname (path);
  g_autofree char *name = is_folder ? NULL : g_path_get_basename (path);
  g_autoptr (SbPhotoSet) self = set_new (root);
  g_autoptr (GPtrArray) records = NULL;
  Walk walk = { .set = self, .cancellable = cancellable, .part = SB_PHOTO_N_PARTS };

  if (!g_file_test (path, G_FILE_TEST_EXISTS) ||
      (!is_folder && !g_str_has_suffix (path, ".rec") && !g_str_has_suffix (path, ".tar")))
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   g_file_test (path, G_FILE_TEST_EXISTS)
                       ? _ ("“%s” is neither a folder of photos nor a .rec file")
                       : _ ("There is no “%s”"),
                   path);
      return NULL;
    }
  records = g_str_has_suffix (path, ".tar") && !is_folder ? g_ptr_array_new_with_free_func (g_free)
                                                          : list_records (root, name);
  if (!fill (self, records, is_folder ? NULL : path, &walk, error) || !check (self, path, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
add_line (guint64 index,
          const float *labels,
          guint n_labels,
          const char *path,
          gpointer user_data,
          GError **error)
{
  SbPhotoSet *self = user_data;
  SbPhotoItem item = { .part = SB_PHOTO_N_PARTS };

  if (n_labels != 1 || !(labels[0] >= 0 && labels[0] < (float) self->classes->len))
    {
      g_set_error (
          error, SB_ERROR, SB_ERROR_INVALID, _ ("“%s” is of a class that is not known"), path);
      return FALSE;
    }
  item.label = (guint16) labels[0];
  item.path = g_string_chunk_insert (self->names, path);
  g_array_append_val (self->items, item);
  return TRUE;
}

/**
 * sb_photo_set_open_list:
 * @root: the folder that the list is about
 * @list: a .lst file that sb_photo_set_save_list() has written
 * @classes: (array zero-terminated=1): their names
 * @error: why it cannot be read
 *
 * Returns: (transfer full) (nullable): the photos that are listed, in that order
 */
SbPhotoSet *
sb_photo_set_open_list (const char *root,
                        const char *list,
                        const char *const *classes,
                        GError **error)
{
  g_autoptr (SbPhotoSet) self = set_new (root);

  for (guint i = 0; classes[i] != NULL; i++)
    g_ptr_array_add (self->classes, g_strdup (classes[i]));
  return sb_lst_read (list, add_line, self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * sb_photo_set_open_records:
 * @paths: (array zero-terminated=1): .rec files
 * @classes: (array zero-terminated=1): the names of their classes
 * @cancellable: (nullable): a cancellable
 * @error: why they cannot be read
 *
 * Returns: (transfer full) (nullable): the photos in them
 */
SbPhotoSet *
sb_photo_set_open_records (const char *const *paths,
                           const char *const *classes,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (SbPhotoSet) self = set_new ("");
  Walk walk = { .set = self, .cancellable = cancellable, .part = SB_PHOTO_N_PARTS };
  guint n = g_strv_length ((char **) classes);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (self->classes, g_strdup (classes[i]));
  for (guint i = 0; paths[i] != NULL; i++)
    if (!add_records (&walk, paths[i], error))
      return NULL;
  if (self->classes->len == n)
    return g_steal_pointer (&self);
  g_set_error (
      error, SB_ERROR, SB_ERROR_INVALID, _ ("“%s” has a class that is not known"), paths[0]);
  return NULL;
}

/**
 * sb_photo_set_get:
 * @self: a set
 * @index: below the length of its items
 *
 * Returns: (transfer none): that photo
 */
const SbPhotoItem *
sb_photo_set_get (const SbPhotoSet *self, guint index)
{
  return &g_array_index (self->items, SbPhotoItem, index);
}

const char *
sb_photo_set_get_class (const SbPhotoSet *self, guint label)
{
  return g_ptr_array_index (self->classes, label);
}

static gboolean
read_range (const char *path, const SbPhotoItem *item, GByteArray *bytes, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gsize done = 0;
  struct stat info;
  guint64 length = item->length;
  gboolean fine = fd >= 0 && fstat (fd, &info) == 0;

  if (fine && item->archive == 0)
    length = (guint64) info.st_size;
  if (fine && length > MAX_PHOTO)
    {
      errno = EFBIG;
      fine = FALSE;
    }
  g_byte_array_set_size (bytes, fine ? (guint) length : 0);
  while (fine && done < length)
    {
      gssize n = pread (fd, bytes->data + done, length - done, (off_t) (item->offset + done));

      if (n == 0)
        break;
      fine = n > 0 || errno == EINTR;
      done += n > 0 ? (gsize) n : 0;
    }
  if (fine)
    g_byte_array_set_size (bytes, (guint) done);
  else
    g_set_error (error, SB_ERROR, SB_ERROR_STORAGE, "%s: %s", item->path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return fine;
}

static gboolean
read_record (const char *path, const SbPhotoItem *item, GByteArray *bytes, GError **error)
{
  g_autoptr (SbRecordReader) reader = sb_record_reader_open (path, error);
  GError *local = NULL;
  SbImageRecord record;
  gsize skip;

  if (reader == NULL)
    return FALSE;
  sb_record_reader_seek (reader, item->offset);
  if (!sb_record_reader_next (reader, bytes, &local) ||
      !sb_image_record_parse (&record, bytes->data, bytes->len, &local))
    {
      if (local == NULL)
        g_set_error (&local, SB_ERROR, SB_ERROR_STORAGE, _ ("“%s” has become shorter"), path);
      g_propagate_error (error, local);
      return FALSE;
    }
  skip = (gsize) (record.data - bytes->data);
  g_byte_array_remove_range (bytes, 0, (guint) skip);
  g_byte_array_set_size (bytes, (guint) record.length);
  return TRUE;
}

/**
 * sb_photo_set_read:
 * @self: a set
 * @index: which photo
 * @bytes: gets the file's bytes in place of what it had
 * @error: why they cannot be read
 *
 * May be called in several threads at once.
 *
 * Returns: whether they were read; whether they are a photo is another matter
 */
gboolean
sb_photo_set_read (const SbPhotoSet *self, guint index, GByteArray *bytes, GError **error)
{
  const SbPhotoItem *item = sb_photo_set_get (self, index);
  g_autofree char *path = item->archive == 0
                              ? g_build_filename (self->root, item->path, NULL)
                              : g_strdup (g_ptr_array_index (self->archives, item->archive - 1u));

  if (item->archive > 0 && self->has_records)
    return read_record (path, item, bytes, error);
  return read_range (path, item, bytes, error);
}

/**
 * sb_photo_set_count:
 * @self: a set
 * @part: a part, or %SB_PHOTO_N_PARTS
 *
 * Returns: how many photos of it are for that part, or for none yet
 */
guint
sb_photo_set_count (const SbPhotoSet *self, SbPhotoPart part)
{
  guint n = 0;

  for (guint i = 0; i < self->items->len; i++)
    n += sb_photo_set_get (self, i)->part == part ? 1 : 0;
  return n;
}

/**
 * sb_photo_set_count_classes:
 * @self: a set
 * @part: a part, or %SB_PHOTO_N_PARTS for all photos
 *
 * Returns: (transfer full): how many photos of each class there are; free it with g_free()
 */
guint *
sb_photo_set_count_classes (const SbPhotoSet *self, SbPhotoPart part)
{
  guint *counts = g_new0 (guint, self->classes->len);

  for (guint i = 0; i < self->items->len; i++)
    {
      const SbPhotoItem *item = sb_photo_set_get (self, i);

      counts[item->label] += part == SB_PHOTO_N_PARTS || item->part == part ? 1 : 0;
    }
  return counts;
}
