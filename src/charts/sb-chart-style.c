/* sb-chart-style.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "charts/sb-chart-style.h"

#include <math.h>
#include <string.h>

/* Okabe and Ito's colours, which colour-blind eyes tell apart. Those that are too pale for a line
 * on white are darkened, those too dark for a line on near-black lightened, at the same hue. */
static const guint32 light_palette[SB_CHART_N_COLORS] = { 0x0072b2, 0xd55e00, 0x008a66, 0xb8578f,
                                                          0xa87000, 0x2f8fc4, 0x857c00, 0x4d4d4d };
static const guint32 dark_palette[SB_CHART_N_COLORS] = { 0x4ea6e6, 0xf5853f, 0x2cc79a, 0xe39cc6,
                                                         0xe9ac1e, 0x9ad6f7, 0xf0e442, 0xc8c8c8 };

static SbChartColor
color_from_rgb (guint32 rgb, double alpha)
{
  return (SbChartColor){
    .red = (double) (rgb >> 16 & 0xff) / 255,
    .green = (double) (rgb >> 8 & 0xff) / 255,
    .blue = (double) (rgb & 0xff) / 255,
    .alpha = alpha,
  };
}

/**
 * sb_chart_style_set_dark:
 * @dark: whether it is drawn on a dark background
 *
 * Sets every colour to the one that goes with it.
 */
void
sb_chart_style_set_dark (SbChartStyle *self, gboolean dark)
{
  self->dark = dark;
  self->foreground = color_from_rgb (dark ? 0xffffff : 0x000000, dark ? 0.88 : 0.80);
  self->background = color_from_rgb (dark ? 0x303030 : 0xffffff, 1);
  self->grid = color_from_rgb (dark ? 0xffffff : 0x000000, dark ? 0.14 : 0.10);
  for (guint i = 0; i < SB_CHART_N_COLORS; i++)
    self->palette[i] = color_from_rgb (dark ? dark_palette[i] : light_palette[i], 1);
}

/**
 * sb_chart_style_init:
 * @dark: whether it is drawn on a dark background
 *
 * Sets up the look of a drawing that stands alone, with title and legend.
 */
void
sb_chart_style_init (SbChartStyle *self, gboolean dark)
{
  memset (self, 0, sizeof *self);
  sb_chart_style_set_dark (self, dark);
  self->font_family = g_strdup ("Cantarell, sans-serif");
  self->font_size = 12;
  self->line_width = 2;
  self->show_title = TRUE;
  self->show_legend = TRUE;
  sb_chart_style_reset_view (self);
}

void
sb_chart_style_clear (SbChartStyle *self)
{
  g_clear_pointer (&self->font_family, g_free);
}

void
sb_chart_style_set_font_family (SbChartStyle *self, const char *family)
{
  char *copy = g_strdup (family);

  g_free (self->font_family);
  self->font_family = copy;
}

/**
 * sb_chart_style_reset_view:
 *
 * Makes all there is visible again.
 */
void
sb_chart_style_reset_view (SbChartStyle *self)
{
  self->view_x_min = self->view_x_max = self->view_y_min = self->view_y_max = NAN;
}

gboolean
sb_chart_style_is_zoomed (const SbChartStyle *self)
{
  return !isnan (self->view_x_min) || !isnan (self->view_y_min);
}

gboolean
sb_chart_style_is_hidden (const SbChartStyle *self, guint series)
{
  return series < 64 && (self->hidden >> series & 1) != 0;
}

/**
 * sb_chart_style_get_color:
 *
 * Returns: (transfer none): the colour of a series
 */
const SbChartColor *
sb_chart_style_get_color (const SbChartStyle *self, guint series)
{
  return &self->palette[series % SB_CHART_N_COLORS];
}

SbChartMarker
sb_chart_style_get_marker (guint series)
{
  return (SbChartMarker) (series % 8);
}

/**
 * sb_chart_style_get_marker_text:
 *
 * Returns: the series' shape as a character
 */
const char *
sb_chart_style_get_marker_text (guint series)
{
  static const char *const shapes[] = { "●", "■", "▲", "◆", "▼", "✕", "✚", "○" };

  return shapes[sb_chart_style_get_marker (series)];
}

/**
 * sb_chart_style_get_dashes:
 * @dashes: (out): lengths in pixels
 *
 * Returns: how many lengths there are, 0 for a solid line
 */
guint
sb_chart_style_get_dashes (const SbChartStyle *self, guint series, double dashes[4])
{
  static const double patterns[][4] = {
    { 0 },    { 4, 2 },     { 1, 1.6 },     { 5, 1.8, 1, 1.8 },
    { 8, 2 }, { 2.2, 2.2 }, { 8, 2, 1, 2 }, { 3, 1 },
  };
  const double *pattern = patterns[series % G_N_ELEMENTS (patterns)];
  guint n = 0;

  for (; n < 4 && pattern[n] > 0; n++)
    dashes[n] = pattern[n] * self->line_width;
  return n;
}
