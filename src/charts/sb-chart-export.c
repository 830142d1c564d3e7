/* sb-chart-export.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "charts/sb-chart-export.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>

#include "charts/sb-chart-draw.h"
#include "charts/sb-chart-private.h"

/* Pictures are for print and slides, too. */
#define PNG_SCALE 2

/**
 * sb_chart_format_get_extension:
 * @format: a format
 *
 * Returns: (transfer none): how names of such files end, without the dot
 */
const char *
sb_chart_format_get_extension (SbChartFormat format)
{
  static const char *const extensions[] = { "png", "svg", "pdf", "csv" };

  return extensions[format];
}

static void
append_text (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text != NULL ? text : ""; *p != '\0'; p++)
    {
      if (*p == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

/* The shortest decimal that reads back as the same number. */
static void
append_number (GString *out, double value)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char buffer[G_ASCII_DTOSTR_BUF_SIZE] = "";

  if (isnan (value))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_ascii_strtod (g_ascii_formatd (buffer, sizeof buffer, formats[i], value), NULL) == value)
      break;
  g_string_append (out, buffer);
}

static void
append_row (GString *out, SbChart *self, const SbChartSeries *series, guint index)
{
  append_text (out, series->name);
  g_string_append_c (out, ',');
  if (self->kind == SB_CHART_HEATMAP)
    {
      append_text (out, self->rows[index / MAX (1, self->n_categories)]);
      g_string_append_c (out, ',');
      append_text (out, self->categories[index % MAX (1, self->n_categories)]);
    }
  else if (self->kind == SB_CHART_BAR)
    append_text (out, self->categories[index]);
  else if (self->kind == SB_CHART_HISTOGRAM)
    {
      append_number (out, self->edges[index]);
      g_string_append_c (out, ',');
      append_number (out, self->edges[index + 1]);
    }
  else
    append_number (out, series->x[index]);
  g_string_append_c (out, ',');
  append_number (out, series->y[index]);
  g_string_append_c (out, '\n');
}

/**
 * sb_chart_to_csv:
 * @self: a chart
 *
 * Returns: (transfer full): its data, one value a row
 */
char *
sb_chart_to_csv (SbChart *self)
{
  GString *out = g_string_new (self->kind == SB_CHART_HEATMAP     ? "series,row,column,value\n"
                               : self->kind == SB_CHART_BAR       ? "series,category,value\n"
                               : self->kind == SB_CHART_HISTOGRAM ? "series,from,to,value\n"
                                                                  : "series,x,y\n");

  for (guint i = 0; i < self->series->len; i++)
    {
      const SbChartSeries *series = _sb_chart_get_series (self, i);

      for (guint j = 0; j < series->n; j++)
        append_row (out, self, series, j);
    }
  return g_string_free (out, FALSE);
}

static cairo_status_t
take_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *
make_surface (SbChartFormat format, guint width, guint height, GByteArray *bytes)
{
  if (format == SB_CHART_SVG)
    return cairo_svg_surface_create_for_stream (take_bytes, bytes, width, height);
  if (format == SB_CHART_PDF)
    return cairo_pdf_surface_create_for_stream (take_bytes, bytes, width, height);
  return cairo_image_surface_create (CAIRO_FORMAT_ARGB32,
                                     (int) width * PNG_SCALE,
                                     (int) height * PNG_SCALE);
}

/**
 * sb_chart_to_bytes:
 * @self: a chart
 * @style: (nullable): how it is drawn; %NULL for paper
 * @format: the format
 * @width: in points or pixels
 * @height: in points or pixels
 * @error: %SB_CHART_ERROR_FAILED
 *
 * Returns: (transfer full) (nullable): the content of a file
 */
GBytes *
sb_chart_to_bytes (SbChart *self,
                   const SbChartStyle *style,
                   SbChartFormat format,
                   guint width,
                   guint height,
                   GError **error)
{
  GByteArray *bytes;
  cairo_surface_t *surface;
  cairo_t *cr;
  cairo_status_t status;
  g_auto (SbChartStyle) paper = { 0 };

  if (format == SB_CHART_CSV)
    {
      char *text = sb_chart_to_csv (self);

      return g_bytes_new_take (text, strlen (text));
    }
  sb_chart_style_init (&paper, FALSE);
  paper.background = (SbChartColor){ 1, 1, 1, 1 };
  paper.show_title = TRUE;
  paper.show_legend = TRUE;
  bytes = g_byte_array_new ();
  surface = make_surface (format, width, height, bytes);
  cr = cairo_create (surface);
  if (format == SB_CHART_PNG)
    cairo_scale (cr, PNG_SCALE, PNG_SCALE);
  sb_chart_draw (self, cr, style != NULL ? style : &paper, width, height);
  if (format == SB_CHART_PNG)
    cairo_surface_write_to_png_stream (surface, take_bytes, bytes);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS && bytes->len > 0)
    return g_byte_array_free_to_bytes (bytes);
  g_byte_array_unref (bytes);
  g_set_error (error,
               SB_CHART_ERROR,
               SB_CHART_ERROR_FAILED,
               "The chart cannot be drawn: %s",
               cairo_status_to_string (status));
  return NULL;
}

/**
 * sb_chart_save:
 * @self: a chart
 * @path: the file
 * @format: its format
 * @width: in points or pixels
 * @height: in points or pixels
 * @error: why it cannot be written
 *
 * Returns: whether it was written
 */
gboolean
sb_chart_save (SbChart *self,
               const char *path,
               SbChartFormat format,
               guint width,
               guint height,
               GError **error)
{
  g_autoptr (GBytes) bytes = sb_chart_to_bytes (self, NULL, format, width, height, error);
  gsize length;
  const char *data;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &length);
  return g_file_set_contents (path, data, (gssize) length, error);
}

/**
 * sb_chart_to_svg_string:
 * @self: a chart
 * @style: (nullable): how it is drawn; %NULL for paper
 * @width: in points
 * @height: in points
 * @error: %SB_CHART_ERROR_FAILED
 *
 * Returns: (transfer full) (nullable): an SVG document
 */
char *
sb_chart_to_svg_string (SbChart *self,
                        const SbChartStyle *style,
                        guint width,
                        guint height,
                        GError **error)
{
  g_autoptr (GBytes) bytes = sb_chart_to_bytes (self, style, SB_CHART_SVG, width, height, error);
  gsize length;
  const char *data;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  return g_strndup (data, length);
}
