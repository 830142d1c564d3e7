/* sb-archive.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)
/* Of a file that is unpacked, whatever is in it. */
#define MIN_COST 512

static gboolean
fail (GError **error, struct archive *archive, const char *path)
{
  int code = archive_errno (archive);

  g_set_error (error,
               G_IO_ERROR,
               g_io_error_from_errno (code),
               "%s: %s",
               path,
               archive_error_string (archive) != NULL ? archive_error_string (archive)
                                                      : g_strerror (code));
  return FALSE;
}

static gboolean
fail_errno (GError **error, const char *path)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", path, g_strerror (code));
  return FALSE;
}

static gboolean
copy_in (struct archive *archive, int fd, const char *path, GCancellable *cancel, GError **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_SIZE);
  gssize n;

  while ((n = read (fd, buffer, BUFFER_SIZE)) > 0)
    {
      if (g_cancellable_set_error_if_cancelled (cancel, error))
        return FALSE;
      if (archive_write_data (archive, buffer, (gsize) n) != n)
        return fail (error, archive, path);
    }
  return n == 0 ? TRUE : fail_errno (error, path);
}

static gboolean
pack_file (struct archive *archive,
           const char *path,
           const char *name,
           const struct stat *info,
           GCancellable *cancel,
           GError **error)
{
  struct archive_entry *entry = archive_entry_new ();
  gboolean is_file = S_ISREG (info->st_mode);
  gboolean done;
  int fd = -1;

  archive_entry_copy_pathname (entry, name);
  archive_entry_set_filetype (entry, is_file ? AE_IFREG : AE_IFDIR);
  archive_entry_set_perm (entry, is_file ? 0644 : 0755);
  archive_entry_set_mtime (entry, info->st_mtime, 0);
  if (is_file)
    archive_entry_set_size (entry, info->st_size);
  done = archive_write_header (archive, entry) == ARCHIVE_OK;
  archive_entry_free (entry);
  if (!done)
    return fail (error, archive, path);
  if (!is_file)
    return TRUE;
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail_errno (error, path);
  done = copy_in (archive, fd, path, cancel, error);
  close (fd);
  return done;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_sorted (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  GPtrArray *names;
  const char *name;

  if (dir == NULL)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare);
  return names;
}

static gboolean
pack_folder (struct archive *archive,
             const char *folder,
             const char *prefix,
             GCancellable *cancel,
             GError **error)
{
  g_autoptr (GPtrArray) names = list_sorted (folder, error);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, names->pdata[i], NULL);
      g_autofree char *name = *prefix != '\0' ? g_strconcat (prefix, "/", names->pdata[i], NULL)
                                              : g_strdup (names->pdata[i]);
      struct stat info;

      if (g_lstat (path, &info) != 0)
        return fail_errno (error, path);
      if (!S_ISREG (info.st_mode) && !S_ISDIR (info.st_mode))
        continue;
      if (!pack_file (archive, path, name, &info, cancel, error) ||
          (S_ISDIR (info.st_mode) && !pack_folder (archive, path, name, cancel, error)))
        return FALSE;
    }
  return names != NULL;
}

/**
 * sb_archive_pack_folder:
 * @folder: a folder
 * @path: the tar.gz to write
 * @cancellable: (nullable): to stop it
 * @error: a %G_IO_ERROR
 *
 * Packs what is in the folder, in the order of the names; links and devices are left out. Streams:
 * the archive may be larger than memory. On failure there is no file at @path.
 *
 * Returns: whether it was written
 */
gboolean
sb_archive_pack_folder (const char *folder,
                        const char *path,
                        GCancellable *cancellable,
                        GError **error)
{
  struct archive *archive = archive_write_new ();
  gboolean done;

  archive_write_set_format_pax_restricted (archive);
  /* Names as they are on disk, whatever the locale: a daemon may well run in "C". */
  archive_write_set_format_option (archive, "pax", "hdrcharset", "BINARY");
  archive_write_add_filter_gzip (archive);
  archive_write_set_filter_option (archive, "gzip", "compression-level", "4");
  archive_write_set_filter_option (archive, "gzip", "timestamp", NULL);
  done = archive_write_open_filename (archive, path) == ARCHIVE_OK || fail (error, archive, path);
  done = done && pack_folder (archive, folder, "", cancellable, error);
  if (done && archive_write_close (archive) != ARCHIVE_OK)
    done = fail (error, archive, path);
  archive_write_free (archive);
  if (!done)
    g_unlink (path);
  return done;
}

static gboolean
is_safe (const char *name)
{
  g_auto (GStrv) parts = NULL;

  if (name == NULL || *name == '\0' || *name == '/')
    return FALSE;
  parts = g_strsplit (name, "/", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (strcmp (parts[i], "..") == 0)
      return FALSE;
  return TRUE;
}

/* *left is what may still be written; an archive may have been packed to fill the disk. */
static gboolean
take_room (guint64 *left, gsize size, const char *path, GError **error)
{
  if (size > *left)
    {
      g_set_error (error,
                   SB_FORMAT_ERROR,
                   SB_FORMAT_ERROR_INVALID,
                   "%s: the archive holds more than it is allowed to",
                   path);
      return FALSE;
    }
  *left -= size;
  return TRUE;
}

static gboolean
copy_out (struct archive *archive,
          int fd,
          const char *path,
          guint64 *left,
          GCancellable *cancel,
          GError **error)
{
  const void *block;
  size_t size;
  la_int64_t offset;
  int code;

  while ((code = archive_read_data_block (archive, &block, &size, &offset)) == ARCHIVE_OK)
    {
      const char *p = block;

      if (g_cancellable_set_error_if_cancelled (cancel, error) ||
          !take_room (left, size, path, error))
        return FALSE;
      while (size > 0)
        {
          gssize n = pwrite (fd, p, size, offset);

          if (n < 0 && errno != EINTR)
            return fail_errno (error, path);
          if (n > 0)
            {
              p += n;
              size -= (gsize) n;
              offset += n;
            }
        }
    }
  return code == ARCHIVE_EOF ? TRUE : fail (error, archive, path);
}

/* In a locale that cannot write the name libarchive only gives it as UTF-8. */
static const char *
get_name (struct archive_entry *entry)
{
  const char *name = archive_entry_pathname (entry);

  return name != NULL ? name : archive_entry_pathname_utf8 (entry);
}

static gboolean
unpack_entry (struct archive *archive,
              struct archive_entry *entry,
              const char *folder,
              const char *source,
              guint64 *left,
              GCancellable *cancel,
              GError **error)
{
  const char *name = get_name (entry);
  g_autofree char *path = NULL;
  g_autofree char *parent = NULL;
  gboolean done;
  int fd;

  if (!is_safe (name) ||
      (archive_entry_filetype (entry) != AE_IFREG && archive_entry_filetype (entry) != AE_IFDIR))
    {
      g_set_error (error,
                   SB_FORMAT_ERROR,
                   SB_FORMAT_ERROR_INVALID,
                   "%s: “%s” is neither a file nor a folder below the archive’s root",
                   source,
                   name != NULL ? name : "");
      return FALSE;
    }
  path = g_build_filename (folder, name, NULL);
  parent = archive_entry_filetype (entry) == AE_IFDIR ? g_strdup (path) : g_path_get_dirname (path);
  if (g_mkdir_with_parents (parent, 0700) != 0)
    return fail_errno (error, parent);
  if (archive_entry_filetype (entry) == AE_IFDIR)
    return TRUE;
  fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail_errno (error, path);
  done = copy_out (archive, fd, path, left, cancel, error);
  if (close (fd) != 0 && done)
    done = fail_errno (error, path);
  if (!done)
    g_unlink (path);
  return done;
}

/* Each file also takes a place in its folder, however small it is. */
static gboolean
unpack_all (struct archive *archive,
            const char *path,
            const char *folder,
            guint64 left,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  struct archive_entry *entry;
  int code = ARCHIVE_EOF;
  gboolean done;

  done = archive_read_open_filename (archive, path, BUFFER_SIZE) == ARCHIVE_OK ||
         fail (error, archive, name);
  while (done && (code = archive_read_next_header (archive, &entry)) == ARCHIVE_OK)
    done = take_room (&left, MIN_COST, name, error) &&
           unpack_entry (archive, entry, folder, name, &left, cancellable, error);
  if (done && code != ARCHIVE_EOF)
    done = fail (error, archive, name);
  return done;
}

/**
 * sb_archive_unpack:
 * @path: a tar, compressed in any way that libarchive knows
 * @folder: a folder that exists
 * @cancellable: (nullable): to stop it
 * @error: %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * Unpacks files and folders. An entry that would leave the folder, and anything that is neither,
 * is an error.
 *
 * Returns: whether all was unpacked
 */
gboolean
sb_archive_unpack (const char *path, const char *folder, GCancellable *cancellable, GError **error)
{
  struct archive *archive = archive_read_new ();
  gboolean done;

  archive_read_support_filter_all (archive);
  archive_read_support_format_tar (archive);
  done = unpack_all (archive, path, folder, G_MAXUINT64, cancellable, error);
  archive_read_free (archive);
  return done;
}

/**
 * sb_archive_unpack_zip:
 * @path: a zip archive
 * @folder: a folder that exists
 * @most: bytes that it may unpack to; each of its files counts as 512 bytes more
 * @cancellable: (nullable): to stop it
 * @error: %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * As sb_archive_unpack(). On failure some of it may have been unpacked.
 *
 * Returns: whether all was unpacked
 */
gboolean
sb_archive_unpack_zip (const char *path,
                       const char *folder,
                       guint64 most,
                       GCancellable *cancellable,
                       GError **error)
{
  struct archive *archive = archive_read_new ();
  gboolean done;

  archive_read_support_format_zip (archive);
  done = unpack_all (archive, path, folder, most, cancellable, error);
  archive_read_free (archive);
  return done;
}

static gboolean
index_entry (struct archive *archive,
             struct archive_entry *entry,
             SbArchiveFunc func,
             gpointer user_data,
             GError **error)
{
  const char *name = get_name (entry);

  /* A link or a file with holes has no bytes of its own here, or not in one piece. */
  if (name == NULL || archive_entry_filetype (entry) != AE_IFREG ||
      archive_entry_hardlink (entry) != NULL || archive_entry_sparse_count (entry) > 0)
    return TRUE;
  return func (name,
               (guint64) archive_filter_bytes (archive, 0),
               (guint64) archive_entry_size (entry),
               user_data,
               error);
}

static gboolean
fail_index (GError **error, struct archive *archive, const char *name)
{
  /* What libarchive finds wrong by itself has one of these two codes. */
  if (archive_errno (archive) != EILSEQ && archive_errno (archive) != -1)
    return fail (error, archive, name);
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "%s: this is no tar file without compression, or it is damaged (%s)",
               name,
               archive_error_string (archive));
  return FALSE;
}

/**
 * sb_archive_index:
 * @path: a tar that is not compressed
 * @func: (scope call): called for each file in it, in their order
 * @user_data: for @func
 * @error: %SB_FORMAT_ERROR_INVALID, a %G_IO_ERROR, or that of @func
 *
 * Says where in the archive the bytes of its files are, so that they can be read from there.
 *
 * Returns: whether all were named
 */
gboolean
sb_archive_index (const char *path, SbArchiveFunc func, gpointer user_data, GError **error)
{
  struct archive *archive = archive_read_new ();
  g_autofree char *name = g_path_get_basename (path);
  struct archive_entry *entry;
  gboolean done;
  int code = ARCHIVE_EOF;

  archive_read_support_format_tar (archive);
  done = archive_read_open_filename (archive, path, BUFFER_SIZE) == ARCHIVE_OK ||
         fail_index (error, archive, name);
  while (done && (code = archive_read_next_header (archive, &entry)) == ARCHIVE_OK)
    done = index_entry (archive, entry, func, user_data, error);
  if (done && code != ARCHIVE_EOF)
    done = fail_index (error, archive, name);
  archive_read_free (archive);
  return done;
}
