/* sb-log-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-log-view.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"

#define HEIGHT 180

/**
 * SbLogView:
 *
 * Lines of a log. It follows the end unless somebody has scrolled away from it.
 */
struct _SbLogView
{
  AdwBin parent_instance;

  GtkTextView *text;
  GtkTextBuffer *buffer;
  GtkScrolledWindow *scroller;
};

G_DEFINE_FINAL_TYPE (SbLogView, sb_log_view, ADW_TYPE_BIN)

static gboolean
is_at_end (SbLogView *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  return gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment) >=
         gtk_adjustment_get_upper (adjustment) - 4;
}

/**
 * sb_log_view_append:
 * @self: a view
 * @lines: (element-type utf8): the whole log
 * @from: the first line that is new
 */
void
sb_log_view_append (SbLogView *self, const GPtrArray *lines, guint from)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean follow = is_at_end (self);
  GtkTextIter end;

  for (guint i = from; i < lines->len; i++)
    g_string_append_printf (text, "%s\n", (const char *) lines->pdata[i]);
  gtk_text_buffer_get_end_iter (self->buffer, &end);
  gtk_text_buffer_insert (self->buffer, &end, text->str, (int) text->len);
  if (!follow)
    return;
  gtk_text_buffer_get_end_iter (self->buffer, &end);
  gtk_text_buffer_place_cursor (self->buffer, &end);
  gtk_text_view_scroll_mark_onscreen (self->text, gtk_text_buffer_get_insert (self->buffer));
}

void
sb_log_view_clear (SbLogView *self)
{
  gtk_text_buffer_set_text (self->buffer, "", 0);
}

static void
sb_log_view_class_init (SbLogViewClass *klass)
{
}

static void
sb_log_view_init (SbLogView *self)
{
  self->scroller = GTK_SCROLLED_WINDOW (gtk_scrolled_window_new ());
  self->text = GTK_TEXT_VIEW (gtk_text_view_new ());
  self->buffer = gtk_text_view_get_buffer (self->text);
  gtk_text_view_set_editable (self->text, FALSE);
  gtk_text_view_set_monospace (self->text, TRUE);
  gtk_text_view_set_left_margin (self->text, 9);
  gtk_text_view_set_right_margin (self->text, 9);
  gtk_text_view_set_top_margin (self->text, 6);
  gtk_text_view_set_bottom_margin (self->text, 6);
  sb_accessible_set_name (self->text, _ ("Log"));
  gtk_scrolled_window_set_min_content_height (self->scroller, HEIGHT);
  gtk_scrolled_window_set_has_frame (self->scroller, TRUE);
  gtk_scrolled_window_set_child (self->scroller, GTK_WIDGET (self->text));
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->scroller));
}

GtkWidget *
sb_log_view_new (void)
{
  return g_object_new (SB_TYPE_LOG_VIEW, NULL);
}
