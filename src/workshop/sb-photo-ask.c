/* sb-photo-ask.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One question to an endpoint that classifies photos, as SageMaker's own algorithm is asked.
 */

#include "config.h"

#include "workshop/sb-photo-ask.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* InvokeEndpoint takes 6 MiB. */
#define MAX_BODY (5 * 1024 * 1024)
/* Of a photo that is too large, in pixels; far more than any network here looks at. */
#define SHORT_SIDE   1024
#define JPEG_QUALITY "92"

/**
 * sb_photo_to_jpeg:
 * @photo: a photo
 * @error: a %GDK_PIXBUF_ERROR
 *
 * Returns: (transfer full) (nullable): it as a JPEG file
 */
GBytes *
sb_photo_to_jpeg (const SbPhoto *photo, GError **error)
{
  g_autoptr (GdkPixbuf) pixbuf = sb_photo_get_pixbuf (photo);
  char *data;
  gsize length;

  if (!gdk_pixbuf_save_to_buffer (
          pixbuf, &data, &length, "jpeg", error, "quality", JPEG_QUALITY, NULL))
    return NULL;
  return g_bytes_new_take (data, length);
}

/* What SageMaker's own image takes. */
static gboolean
is_jpeg_or_png (const guint8 *data, gsize length)
{
  return (length > 3 && memcmp (data, "\xff\xd8\xff", 3) == 0) ||
         (length > 8 && memcmp (data, "\x89PNG\r\n\x1a\n", 8) == 0);
}

/**
 * sb_photo_make_body:
 * @photo: a file of any format that sb_photo_decode() reads
 * @error: what is wrong with it
 *
 * A file that is too large for a request is made smaller, and one that is neither JPEG nor PNG
 * becomes a JPEG.
 *
 * Returns: (transfer full) (nullable): what is sent to an endpoint
 */
GBytes *
sb_photo_make_body (GBytes *photo, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (photo, &length);
  g_autoptr (SbPhoto) large = NULL;
  g_autoptr (SbPhoto) small = NULL;

  if (is_jpeg_or_png (data, length) && length <= MAX_BODY)
    return g_bytes_ref (photo);
  large = sb_photo_decode (data, length, SHORT_SIDE, error);
  if (large == NULL)
    return NULL;
  if (MIN (large->width, large->height) <= SHORT_SIDE)
    return sb_photo_to_jpeg (large, error);
  small = sb_photo_resize_short (large, SHORT_SIDE);
  return sb_photo_to_jpeg (small, error);
}

/**
 * sb_photo_reading_parse:
 * @body: what an endpoint has answered
 *
 * Returns: (transfer full) (nullable): what was seen, if it is a JSON array of probabilities
 */
SbPhotoReading *
sb_photo_reading_parse (GBytes *body)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  g_autoptr (JsonNode) root = text != NULL ? sb_json_parse (text, (gssize) length, NULL) : NULL;
  JsonArray *values =
      root != NULL && JSON_NODE_HOLDS_ARRAY (root) ? json_node_get_array (root) : NULL;
  guint n = values != NULL ? json_array_get_length (values) : 0;
  g_autoptr (SbPhotoReading) self = NULL;

  if (n == 0)
    return NULL;
  self = g_new0 (SbPhotoReading, 1);
  self->n_classes = n;
  self->probabilities = g_new0 (double, n);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (values, i);
      GType type = json_node_get_value_type (node);

      if (type != G_TYPE_DOUBLE && type != G_TYPE_INT64)
        return NULL;
      self->probabilities[i] = json_node_get_double (node);
      if (self->probabilities[i] > self->probabilities[self->best])
        self->best = i;
    }
  return g_steal_pointer (&self);
}

/**
 * sb_photo_ask:
 * @client: makes the call
 * @endpoint: an endpoint that classifies photos
 * @photo: a photo's file
 * @cancellable: (nullable): a cancellable
 * @error: why there is no answer; %SB_ERROR_PROTOCOL when it is none
 *
 * Blocks.
 *
 * Returns: (transfer full) (nullable): what was seen
 */
SbPhotoReading *
sb_photo_ask (SbClient *client,
              const char *endpoint,
              GBytes *photo,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GBytes) request = sb_photo_make_body (photo, error);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;
  SbPhotoReading *reading;
  gint64 begin = g_get_monotonic_time ();

  if (request == NULL)
    return NULL;
  input = sb_json_object_new (
      "EndpointName", "s", endpoint, "ContentType", "s", "application/x-image", NULL);
  answer = sb_client_call_with_body (
      client, "sagemaker-runtime", "InvokeEndpoint", input, request, &body, cancellable, error);
  if (answer == NULL)
    return NULL;
  reading = sb_photo_reading_parse (body);
  if (reading == NULL)
    g_set_error_literal (error,
                         SB_ERROR,
                         SB_ERROR_PROTOCOL,
                         _ ("The endpoint did not answer with the probabilities of classes; it may "
                            "host a model of another kind"));
  else
    reading->milliseconds = (double) (g_get_monotonic_time () - begin) / 1000;
  return reading;
}
