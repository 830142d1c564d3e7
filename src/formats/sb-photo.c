/* sb-photo.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-photo.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>
#include <string.h>

#include "formats/sb-photo-private.h"

/* Larger ones are decoded one at a time, however many threads there are. */
#define LARGE (16 * 1000 * 1000)

/* One photo being decoded. */
typedef struct
{
  GdkPixbufLoader *loader;
  SbPhotoHead head;
  int short_side;
  int width;
  int height;
  int part;
  int first_row;
  int end_row;
  gboolean refused;
  gboolean locked;
} Decoder;

static GMutex large_lock;

/**
 * sb_photo_new:
 * @width: in pixels
 * @height: in pixels
 *
 * Returns: (transfer full): a photo whose pixels are yet to be set
 */
SbPhoto *
sb_photo_new (int width, int height)
{
  SbPhoto *self = g_malloc (sizeof *self + (gsize) width * (gsize) height * 3);

  self->width = width;
  self->height = height;
  return self;
}

void
sb_photo_free (SbPhoto *self)
{
  g_free (self);
}

/**
 * sb_photo_get_size:
 * @self: a photo
 *
 * Returns: the memory that it takes, in bytes
 */
gsize
sb_photo_get_size (const SbPhoto *self)
{
  return sizeof *self + (gsize) self->width * (gsize) self->height * 3;
}

/**
 * sb_photo_is_named_like_one:
 * @name: the name of a file
 *
 * Of the formats that cannot be read, those of telephones are named as well: that their photos are
 * left out has to be said.
 *
 * Returns: whether its ending is one of photos, and it is not hidden
 */
gboolean
sb_photo_is_named_like_one (const char *name)
{
  static const char *const endings[] = { "jpg",  "jpeg", "jpe", "jfif", "png",  "bmp", "tif",
                                         "tiff", "webp", "gif", "heic", "heif", "avif" };
  g_autofree char *base = g_path_get_basename (name);
  const char *dot = strrchr (base, '.');

  for (guint i = 0; dot != NULL && dot != base && base[0] != '.' && i < G_N_ELEMENTS (endings); i++)
    if (g_ascii_strcasecmp (dot + 1, endings[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_jpeg (const Decoder *self)
{
  return strcmp (self->head.type, "jpeg") == 0;
}

/* Notes the size, and how many times smaller the photo will do; whether it is too large. */
static gboolean
is_too_large (Decoder *self, int width, int height)
{
  gint64 pixels = (gint64) width * height;

  self->width = width;
  self->height = height;
  self->part = 1;
  while (self->short_side > 0 && (is_jpeg (self) || pixels > LARGE) && self->part < 8 &&
         MIN (width, height) / (self->part * 2) >= self->short_side)
    self->part *= 2;
  if (!is_jpeg (self))
    return pixels > SB_PHOTO_MAX_PIXELS;
  return pixels > SB_PHOTO_MAX_JPEG_PIXELS ||
         pixels / (self->part * self->part) > SB_PHOTO_MAX_PIXELS;
}

/* The JPEG decoder itself halves both sides up to three times. The size asked for has to be just
 * what it then gives, or GdkPixbuf would scale a second time. */
static void
size_prepared_cb (GdkPixbufLoader *loader, int width, int height, gpointer user_data)
{
  Decoder *self = user_data;
  int part;

  if (is_too_large (self, width, height))
    {
      self->refused = TRUE;
      gdk_pixbuf_loader_set_size (loader, 0, 0);
      return;
    }
  if ((gint64) width * height > LARGE && !self->locked)
    {
      g_mutex_lock (&large_lock);
      self->locked = TRUE;
    }
  part = self->part;
  if (part > 1 && is_jpeg (self))
    gdk_pixbuf_loader_set_size (loader, (width + part - 1) / part, (height + part - 1) / part);
}

/* Rows come from the top, in BMP from the bottom: which ones are there. */
static void
area_updated_cb (GdkPixbufLoader *loader, int x, int y, int width, int height, gpointer user_data)
{
  Decoder *self = user_data;

  self->first_row = MIN (self->first_row, y);
  self->end_row = MAX (self->end_row, y + height);
}

static gboolean
refuse (Decoder *self, GError **error)
{
  g_clear_error (error);
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "%d × %d pixels are too many: a photo may have %d million, a JPEG %d million. Make "
               "it smaller first",
               self->width,
               self->height,
               SB_PHOTO_MAX_PIXELS / 1000000,
               SB_PHOTO_MAX_JPEG_PIXELS / 1000000);
  return FALSE;
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, what);
  return FALSE;
}

static gboolean
begin (Decoder *self, const guint8 *data, gsize length, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (length == 0)
    return fail (error, "the file is empty");
  if (length > SB_PHOTO_MAX_LENGTH)
    return fail (error, "the file is too large for a photo: 256 MiB are the most");
  if (!_sb_photo_head_read (&self->head, data, length))
    return fail (error, "this is no JPEG, PNG, BMP, TIFF, WebP or GIF picture");
  if (self->head.is_cut)
    return fail (error, "the picture is not complete");
  if (is_too_large (self, self->head.width, self->head.height))
    return refuse (self, error);
  self->loader = gdk_pixbuf_loader_new_with_type (self->head.type, &local);
  if (self->loader == NULL)
    {
      g_set_error (
          error,
          SB_FORMAT_ERROR,
          SB_FORMAT_ERROR_INVALID,
          "GdkPixbuf cannot read %s pictures here (%s). Install its loader, or convert the "
          "picture to JPEG or PNG",
          self->head.type,
          local->message);
      return FALSE;
    }
  g_signal_connect (self->loader, "size-prepared", G_CALLBACK (size_prepared_cb), self);
  g_signal_connect (self->loader, "area-updated", G_CALLBACK (area_updated_cb), self);
  return TRUE;
}

static gboolean
feed (Decoder *self, const guint8 *data, gsize length, GError **error)
{
  gboolean done = gdk_pixbuf_loader_write (self->loader, data, length, error);

  /* A loader that was given up has to be closed all the same. */
  done = gdk_pixbuf_loader_close (self->loader, done ? error : NULL) && done;
  return self->refused ? refuse (self, error) : done;
}

/* What is transparent becomes white. libtiff has multiplied the colours by alpha already. */
static guint
get_colour (const guint8 *pixel, int channel, gboolean has_alpha, gboolean multiplied)
{
  guint colour = pixel[channel];

  if (!has_alpha)
    return colour;
  colour *= multiplied ? 255 : pixel[3];
  return MIN (255, (colour + 255U * (255U - pixel[3]) + 127) / 255);
}

/* Every pixel is the mean of @part by @part ones. */
static SbPhoto *
to_photo (const GdkPixbuf *pixbuf, int part, gboolean multiplied)
{
  gsize stride = (gsize) gdk_pixbuf_get_rowstride (pixbuf);
  int n_channels = gdk_pixbuf_get_n_channels (pixbuf);
  const guint8 *in = gdk_pixbuf_read_pixels (pixbuf);
  SbPhoto *self =
      sb_photo_new (gdk_pixbuf_get_width (pixbuf) / part, gdk_pixbuf_get_height (pixbuf) / part);
  guint8 *out = self->pixels;
  guint area = (guint) (part * part);

  for (int y = 0; y < self->height; y++, in += (gsize) part * stride)
    {
      const guint8 *pixel = in;

      if (part == 1 && n_channels == 3)
        {
          memcpy (out, in, (gsize) self->width * 3);
          out += (gsize) self->width * 3;
          continue;
        }
      for (int x = 0; x < self->width; x++, pixel += part * n_channels)
        for (int k = 0; k < 3; k++)
          {
            guint sum = area / 2;

            for (int i = 0; i < part; i++)
              for (int j = 0; j < part; j++)
                sum += get_colour (pixel + (gsize) i * stride + j * n_channels,
                                   k,
                                   n_channels == 4,
                                   multiplied);
            *out++ = (guint8) (sum / area);
          }
    }
  return self;
}

static SbPhoto *
finish (Decoder *self, GError **error)
{
  GdkPixbuf *pixbuf = gdk_pixbuf_loader_get_pixbuf (self->loader);
  g_autoptr (GdkPixbuf) upright = NULL;

  /* Most loaders are content with the beginning of a picture. */
  if (pixbuf == NULL || self->first_row > 0 || self->end_row < gdk_pixbuf_get_height (pixbuf))
    {
      fail (error, "the picture is not complete");
      return NULL;
    }
  if (self->head.orientation > 0)
    {
      char text[] = { (char) ('0' + MIN (self->head.orientation, 9)), '\0' };

      gdk_pixbuf_set_option (pixbuf, "orientation", text);
    }
  upright = gdk_pixbuf_apply_embedded_orientation (pixbuf);
  g_clear_object (&self->loader);
  return to_photo (upright, is_jpeg (self) ? 1 : self->part, strcmp (self->head.type, "tiff") == 0);
}

/**
 * sb_photo_decode:
 * @data: a JPEG, PNG, BMP, TIFF, WebP or GIF picture
 * @length: its bytes
 * @short_side: the least that is needed, in pixels; 0 for all that there is
 * @error: %SB_FORMAT_ERROR_INVALID, or a %GDK_PIXBUF_ERROR
 *
 * The photo is turned as its EXIF data say; what is transparent becomes white. A JPEG is decoded at
 * a half, a quarter or an eighth of its size as long as its short side keeps @short_side pixels,
 * which takes that part of the memory; a very large picture of another format is made smaller
 * likewise once it is decoded. One that claims to have too many pixels is refused before memory is
 * taken for them.
 *
 * Returns: (transfer full) (nullable): the photo
 */
SbPhoto *
sb_photo_decode (const void *data, gsize length, int short_side, GError **error)
{
  Decoder self = { .short_side = short_side, .first_row = G_MAXINT };
  SbPhoto *photo = NULL;

  if (begin (&self, data, length, error) && feed (&self, data, length, error))
    photo = finish (&self, error);
  g_clear_object (&self.loader);
  if (self.locked)
    g_mutex_unlock (&large_lock);
  return photo;
}

/* At most one byte more than a photo may have. */
static gboolean
read_all (GInputStream *stream, guint8 **data, gsize *length, GError **error)
{
  g_autoptr (GFileInfo) info = g_file_input_stream_query_info (G_FILE_INPUT_STREAM (stream),
                                                               G_FILE_ATTRIBUTE_STANDARD_SIZE,
                                                               NULL,
                                                               error);
  goffset size;

  if (info == NULL)
    return FALSE;
  size = CLAMP (g_file_info_get_size (info), 0, SB_PHOTO_MAX_LENGTH + 1);
  *data = g_malloc ((gsize) size + 1);
  return g_input_stream_read_all (stream, *data, (gsize) size, length, NULL, error);
}

/**
 * sb_photo_load:
 * @path: a JPEG, PNG, BMP, TIFF, WebP or GIF file
 * @short_side: the least that is needed, in pixels; 0 for all that there is
 * @error: as of sb_photo_decode(), or a %G_IO_ERROR; the message begins with @path
 *
 * Returns: (transfer full) (nullable): the photo, as of sb_photo_decode()
 */
SbPhoto *
sb_photo_load (const char *path, int short_side, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree guint8 *data = NULL;
  SbPhoto *photo = NULL;
  gsize length;

  if (stream != NULL && read_all (G_INPUT_STREAM (stream), &data, &length, error))
    photo = sb_photo_decode (data, length, short_side, error);
  if (photo == NULL)
    g_prefix_error (error, "%s: ", path);
  return photo;
}

/* Which pixels of the source one pixel of the result is made of, along one side. */
typedef struct
{
  int *first;
  int n_taps;
  float *weights;
} Taps;

static void
taps_clear (Taps *self)
{
  g_free (self->first);
  g_free (self->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Taps, taps_clear)

/* A triangle that is as wide as two pixels of the result, or of the source if these are larger. */
static void
taps_init (Taps *self, int n_in, double start, double length, int n_out)
{
  double scale = length / n_out, reach = MAX (scale, 1);

  self->n_taps = MIN ((int) ceil (reach) * 2 + 1, n_in);
  self->first = g_new (int, n_out);
  self->weights = g_new0 (float, (gsize) n_out *(gsize) self->n_taps);
  for (int i = 0; i < n_out; i++)
    {
      float *weights = self->weights + (gsize) i * (gsize) self->n_taps;
      double centre = start + (i + 0.5) * scale, sum = 0;
      int low = CLAMP ((int) floor (centre - reach + 0.5), 0, n_in - 1);
      int high = CLAMP ((int) floor (centre + reach + 0.5), low + 1, n_in);

      /* All taps are inside of the source; some at the ends weigh nothing. */
      self->first[i] = MIN (low, n_in - self->n_taps);
      for (int k = low; k < high; k++)
        sum += MAX (0, 1 - fabs (k + 0.5 - centre) / reach);
      for (int k = low; k < high; k++)
        weights[k - self->first[i]] =
            sum > 0 ? (float) (MAX (0, 1 - fabs (k + 0.5 - centre) / reach) / sum) : k == low;
    }
}

/* Down: some rows of the source become one. */
static void
mix_rows (const SbPhoto *self, int first, const float *weights, int n_taps, float *row)
{
  gsize n = (gsize) self->width * 3;

  memset (row, 0, n * sizeof (float));
  for (int k = 0; k < n_taps; k++)
    {
      const guint8 *in = self->pixels + (gsize) (first + k) * n;
      float weight = weights[k];

      if (weight > 0)
        for (gsize i = 0; i < n; i++)
          row[i] += weight * (float) in[i];
    }
}

/* Across: some pixels of a row become one. */
static void
mix_columns (const float *row, const Taps *taps, int n_out, guint8 *out)
{
  for (int i = 0; i < n_out; i++)
    {
      const float *weights = taps->weights + (gsize) i * (gsize) taps->n_taps;
      const float *in = row + (gsize) taps->first[i] * 3;
      float red = 0.5f, green = 0.5f, blue = 0.5f;

      for (int k = 0; k < taps->n_taps; k++, in += 3)
        {
          red += weights[k] * in[0];
          green += weights[k] * in[1];
          blue += weights[k] * in[2];
        }
      *out++ = (guint8) MIN (red, 255);
      *out++ = (guint8) MIN (green, 255);
      *out++ = (guint8) MIN (blue, 255);
    }
}

/**
 * sb_photo_resample:
 * @self: a photo
 * @box: the part of it that is wanted, inside of it
 * @width: of the result, in pixels
 * @height: of the result, in pixels
 *
 * Every pixel of the result is a mean of all that lies below it, weighted by a triangle: what PIL
 * calls bilinear, and torchvision bilinear with antialiasing.
 *
 * Returns: (transfer full): a new photo
 */
SbPhoto *
sb_photo_resample (const SbPhoto *self, const SbPhotoBox *box, int width, int height)
{
  SbPhoto *out = sb_photo_new (width, height);
  g_autofree float *row = g_new (float, (gsize) self->width * 3);
  g_auto (Taps) across = { NULL };
  g_auto (Taps) down = { NULL };

  taps_init (&across, self->width, box->x, box->width, width);
  taps_init (&down, self->height, box->y, box->height, height);
  for (int y = 0; y < height; y++)
    {
      const float *weights = down.weights + (gsize) y * (gsize) down.n_taps;

      mix_rows (self, down.first[y], weights, down.n_taps, row);
      mix_columns (row, &across, width, out->pixels + (gsize) y * (gsize) width * 3);
    }
  return out;
}

/**
 * sb_photo_resize:
 * @self: a photo
 * @width: of the result, in pixels
 * @height: of the result, in pixels
 *
 * Returns: (transfer full): all of the photo, as by sb_photo_resample()
 */
SbPhoto *
sb_photo_resize (const SbPhoto *self, int width, int height)
{
  SbPhotoBox all = { 0, 0, self->width, self->height };

  return width == self->width && height == self->height
             ? sb_photo_crop (self, 0, 0, width, height)
             : sb_photo_resample (self, &all, width, height);
}

/**
 * sb_photo_resize_short:
 * @self: a photo
 * @short_side: of the result, in pixels
 *
 * Returns: (transfer full): all of the photo in its proportions, the long side rounded down
 */
SbPhoto *
sb_photo_resize_short (const SbPhoto *self, int short_side)
{
  gint64 width = self->width, height = self->height;

  if (width <= height)
    return sb_photo_resize (self, short_side, (int) (short_side * height / width));
  return sb_photo_resize (self, (int) (short_side * width / height), short_side);
}

/**
 * sb_photo_crop:
 * @self: a photo
 * @x: left edge, in pixels
 * @y: upper edge, in pixels
 * @width: in pixels; the part has to be inside of the photo
 * @height: in pixels
 *
 * Returns: (transfer full): a copy of that part
 */
SbPhoto *
sb_photo_crop (const SbPhoto *self, int x, int y, int width, int height)
{
  SbPhoto *out = sb_photo_new (width, height);

  g_return_val_if_fail (x >= 0 && y >= 0 && x + width <= self->width, out);
  g_return_val_if_fail (y + height <= self->height, out);
  for (int row = 0; row < height; row++)
    memcpy (out->pixels + (gsize) row * (gsize) width * 3,
            self->pixels + ((gsize) (y + row) * (gsize) self->width + (gsize) x) * 3,
            (gsize) width * 3);
  return out;
}

/**
 * sb_photo_get_pixbuf:
 * @self: a photo, which has to outlive what is returned
 *
 * Returns: (transfer full): the same pixels, for GdkPixbuf's own functions
 */
GdkPixbuf *
sb_photo_get_pixbuf (const SbPhoto *self)
{
  return gdk_pixbuf_new_from_data (self->pixels,
                                   GDK_COLORSPACE_RGB,
                                   FALSE,
                                   8,
                                   self->width,
                                   self->height,
                                   self->width * 3,
                                   NULL,
                                   NULL);
}
