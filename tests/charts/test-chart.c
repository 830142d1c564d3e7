/* test-chart.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "charts/sb-chart-draw.h"
#include "charts/sb-chart-export.h"

#define WIDTH  480
#define HEIGHT 320

#define LINE                                                                                       \
  "{\"id\":\"auc\",\"kind\":\"line\",\"title\":\"AUC\",\"x\":{\"title\":\"Round\"},"               \
  "\"y\":{\"title\":\"AUC\"},\"series\":[{\"name\":\"train\",\"x\":[0,1,2,3],"                     \
  "\"y\":[0.5,0.6,null,0.9]},{\"name\":\"validation, \\\"new\\\"\",\"x\":[0,1,2,3],"               \
  "\"y\":[0.5,0.55,0.6,0.65]}]}"
#define BAR                                                                                        \
  "{\"id\":\"balance\",\"kind\":\"bar\",\"title\":\"Balance\",\"categories\":[\"miss\",\"hit\"],"  \
  "\"series\":[{\"name\":\"games\",\"values\":[14662,2057]}]}"
#define HISTOGRAM                                                                                         \
  "{\"id\":\"h\",\"kind\":\"histogram\",\"title\":\"H\",\"edges\":[0,1,2,4],\"series\":[{\"name\":\"n\"," \
  "\"values\":[3,0,7]}]}"
#define SCATTER                                                                                    \
  "{\"id\":\"s\",\"kind\":\"scatter\",\"title\":\"S\",\"x\":{\"scale\":\"log\"},"                  \
  "\"y\":{\"scale\":\"log\"},\"series\":[{\"name\":\"a\",\"x\":[0.01,1,10],\"y\":[1,0,100]}]}"
#define HEATMAP                                                                                    \
  "{\"id\":\"m\",\"kind\":\"heatmap\",\"title\":\"M\",\"rows\":[\"miss\",\"hit\"],"                \
  "\"columns\":[\"miss\",\"hit\"],\"values\":[[600,71],[61,71]],\"format\":\"integer\"}"
#define ROC                                                                                        \
  "{\"id\":\"r\",\"kind\":\"roc\",\"title\":\"R\",\"series\":[{\"name\":\"test\","                 \
  "\"x\":[0,0.1,1],\"y\":[0,0.8,1],\"auc\":0.85,\"marker\":{\"x\":0.1,\"y\":0.8,"                  \
  "\"label\":\"0.5\"}}]}"

static const char *const all[] = { LINE, BAR, HISTOGRAM, SCATTER, HEATMAP, ROC };

static SbChart *
make (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);
  SbChart *chart;

  g_assert_no_error (error);
  chart = sb_chart_new_from_json (json_node_get_object (node), &error);
  g_assert_no_error (error);
  return chart;
}

static guint
count_inked (cairo_surface_t *surface)
{
  const guint8 *data;
  guint n = 0;

  cairo_surface_flush (surface);
  data = cairo_image_surface_get_data (surface);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      {
        guint32 pixel;

        memcpy (&pixel, data + y * cairo_image_surface_get_stride (surface) + x * 4, sizeof pixel);
        if (pixel >> 24 != 0)
          n++;
      }
  return n;
}

/* Every kind draws something, in both colour schemes, and hiding a series leaves less. */
static void
test_draw (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (int dark = 0; dark < 2; dark++)
      {
        g_autoptr (SbChart) chart = make (all[i]);
        g_auto (SbChartStyle) style = { 0 };
        cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
        cairo_surface_t *bare = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
        cairo_t *cr = cairo_create (surface);
        cairo_t *bare_cr = cairo_create (bare);

        sb_chart_style_init (&style, dark);
        style.background.alpha = 0;
        sb_chart_draw (chart, cr, &style, WIDTH, HEIGHT);
        g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
        g_assert_cmpuint (count_inked (surface), >, 500);
        if (sb_chart_get_kind (chart) != SB_CHART_HEATMAP)
          {
            style.hidden = ~G_GUINT64_CONSTANT (0);
            sb_chart_draw (chart, bare_cr, &style, WIDTH, HEIGHT);
            g_assert_cmpuint (count_inked (bare), <, count_inked (surface));
          }
        cairo_destroy (cr);
        cairo_destroy (bare_cr);
        cairo_surface_destroy (surface);
        cairo_surface_destroy (bare);
      }
}

/* The keyboard reaches every value, and the pointer finds each where the keyboard says it is. */
static void
test_hit (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autoptr (SbChart) chart = make (all[i]);
      g_auto (SbChartStyle) style = { 0 };
      g_auto (SbChartPoint) point = { 0 };
      guint seen = 0;

      sb_chart_style_init (&style, FALSE);
      g_assert_true (
          sb_chart_step_point (chart, &style, WIDTH, HEIGHT, SB_CHART_STEP_FIRST, &point));
      do
        {
          g_auto (SbChartPoint) hit = { 0 };

          g_test_message ("%s: %g %g", sb_chart_get_id (chart), point.px, point.py);
          g_assert_true (sb_chart_hit (chart, &style, WIDTH, HEIGHT, point.px, point.py, &hit));
          g_assert_nonnull (hit.text);
          g_assert_cmpfloat_with_epsilon (hit.px, point.px, 1);
          g_assert_cmpfloat_with_epsilon (hit.py, point.py, 1);
          seen++;
        }
      while (seen < 100 &&
             sb_chart_step_point (chart, &style, WIDTH, HEIGHT, SB_CHART_STEP_RIGHT, &point));
      g_assert_cmpuint (seen, >=, 2);
      g_assert_cmpuint (seen, <, 100);
    }
}

static void
test_zoom (void)
{
  g_autoptr (SbChart) chart = make (LINE);
  g_auto (SbChartStyle) style = { 0 };
  SbChartRect plot, area;

  sb_chart_style_init (&style, FALSE);
  plot = sb_chart_get_plot_area (chart, &style, WIDTH, HEIGHT);
  area = (SbChartRect){ plot.x + plot.width / 4, plot.y, plot.width / 2, plot.height / 2 };
  g_assert_true (sb_chart_can_zoom (chart));
  g_assert_false (sb_chart_style_is_zoomed (&style));
  g_assert_true (sb_chart_zoom (chart, &style, WIDTH, HEIGHT, &area));
  g_assert_true (sb_chart_style_is_zoomed (&style));
  g_assert_cmpfloat_with_epsilon (style.view_x_min, 0.75, 0.01);
  g_assert_cmpfloat_with_epsilon (style.view_x_max, 2.25, 0.01);
  sb_chart_style_reset_view (&style);
  g_assert_false (sb_chart_style_is_zoomed (&style));
}

static void
test_export (void)
{
  static const struct
  {
    SbChartFormat format;
    const char *magic;
    const char *extension;
  } formats[] = {
    { SB_CHART_PNG, "\x89PNG", "png" },
    { SB_CHART_SVG, "<?xml", "svg" },
    { SB_CHART_PDF, "%PDF", "pdf" },
  };
  g_auto (SbChartStyle) style = { 0 };

  sb_chart_style_init (&style, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    for (guint k = 0; k < G_N_ELEMENTS (all); k++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (SbChart) chart = make (all[k]);
        g_autoptr (GBytes) bytes =
            sb_chart_to_bytes (chart, &style, formats[i].format, WIDTH, HEIGHT, &error);

        g_assert_no_error (error);
        g_assert_true (g_str_has_prefix (g_bytes_get_data (bytes, NULL), formats[i].magic));
        g_assert_cmpstr (sb_chart_format_get_extension (formats[i].format),
                         ==,
                         formats[i].extension);
      }
}

static void
test_csv (void)
{
  g_autoptr (SbChart) line = make (LINE);
  g_autoptr (SbChart) bar = make (BAR);
  g_autofree char *line_csv = sb_chart_to_csv (line);
  g_autofree char *bar_csv = sb_chart_to_csv (bar);

  g_test_message ("%s%s", line_csv, bar_csv);
  g_assert_nonnull (strstr (line_csv, ",1,0.55\n"));
  g_assert_nonnull (strstr (line_csv, "\"validation, \"\"new\"\"\""));
  g_assert_nonnull (strstr (bar_csv, "\"games\",\"hit\",2057\n"));
}

static void
test_refuse (void)
{
  static const char *const bad[] = {
    "{}",
    "{\"id\":\"a\",\"kind\":\"wonder\",\"title\":\"t\",\"series\":[]}",
    "{\"id\":\"a\",\"kind\":\"line\",\"title\":\"t\",\"series\":[{\"name\":\"n\",\"x\":[1],"
    "\"y\":[1,2]}]}",
    "{\"id\":\"a\",\"kind\":\"bar\",\"title\":\"t\",\"categories\":[\"a\"],\"series\":[{\"name\":"
    "\"n\",\"values\":[1,2]}]}",
    "{\"id\":\"a\",\"kind\":\"histogram\",\"title\":\"t\",\"edges\":[0,1],\"series\":[{\"name\":\"n\",\"values\":"
    "[1,2]}]}",
    "{\"id\":\"a\",\"kind\":\"heatmap\",\"title\":\"t\",\"rows\":[\"a\"],\"columns\":[\"b\"],"
    "\"values\":[[1,2]]}",
    "{\"id\":\"a\",\"kind\":\"line\",\"title\":\"t\",\"series\":[{\"name\":\"n\",\"x\":[\"w\"],"
    "\"y\":[1]}]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (bad[i], NULL);

      g_test_message ("%s", bad[i]);
      g_assert_null (sb_chart_new_from_json (json_node_get_object (node), &error));
      g_assert_error (error, SB_CHART_ERROR, SB_CHART_ERROR_INVALID);
    }
}

/* Nothing to show, and hardly any room to show it. */
static void
test_empty (void)
{
  static const char text[] =
      "{\"id\":\"a\",\"kind\":\"line\",\"title\":\"t\",\"series\":[{\"name\":\"n\",\"x\":[],"
      "\"y\":[]}]}";
  g_autoptr (SbChart) chart = make (text);
  g_auto (SbChartStyle) style = { 0 };
  g_auto (SbChartPoint) point = { 0 };

  sb_chart_style_init (&style, TRUE);
  g_assert_true (sb_chart_is_empty (chart));
  g_assert_false (sb_chart_hit (chart, &style, WIDTH, HEIGHT, 100, 100, &point));
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (int size = 1; size < 60; size += 19)
      {
        g_autoptr (SbChart) small = make (all[i]);
        cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, size, size);
        cairo_t *cr = cairo_create (surface);

        sb_chart_draw (small, cr, &style, size, size);
        g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
        cairo_destroy (cr);
        cairo_surface_destroy (surface);
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/charts/chart/draw", test_draw);
  g_test_add_func ("/charts/chart/hit", test_hit);
  g_test_add_func ("/charts/chart/zoom", test_zoom);
  g_test_add_func ("/charts/chart/export", test_export);
  g_test_add_func ("/charts/chart/csv", test_csv);
  g_test_add_func ("/charts/chart/refuse", test_refuse);
  g_test_add_func ("/charts/chart/empty", test_empty);
  return g_test_run ();
}
