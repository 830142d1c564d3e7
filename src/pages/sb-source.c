/* sb-source.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Program text, in the colours of the desktop.
 */

#include "config.h"

#include "pages/sb-source.h"

#include "widgets/sb-accessible.h"

#define MARGIN 12

static gboolean
to_scheme (GBinding *binding, const GValue *dark, GValue *scheme, gpointer data)
{
  const char *name = g_value_get_boolean (dark) ? "Adwaita-dark" : "Adwaita";
  GtkSourceStyleSchemeManager *manager = gtk_source_style_scheme_manager_get_default ();

  g_value_set_object (scheme, gtk_source_style_scheme_manager_get_scheme (manager, name));
  return TRUE;
}

/**
 * sb_source_buffer_new:
 * @text: a program
 * @language: (nullable): its language, such as `python3`
 *
 * Returns: (transfer full): a buffer with it, coloured for light and dark
 */
GtkSourceBuffer *
sb_source_buffer_new (const char *text, const char *language)
{
  GtkSourceLanguageManager *manager = gtk_source_language_manager_get_default ();
  GtkSourceBuffer *buffer = gtk_source_buffer_new (NULL);

  if (language != NULL)
    gtk_source_buffer_set_language (buffer,
                                    gtk_source_language_manager_get_language (manager, language));
  gtk_source_buffer_set_highlight_matching_brackets (buffer, FALSE);
  gtk_text_buffer_set_text (GTK_TEXT_BUFFER (buffer), text, -1);
  g_object_bind_property_full (adw_style_manager_get_default (),
                               "dark",
                               buffer,
                               "style-scheme",
                               G_BINDING_SYNC_CREATE,
                               to_scheme,
                               NULL,
                               NULL,
                               NULL);
  return buffer;
}

/**
 * sb_source_view_new:
 * @buffer: a buffer
 * @name: accessible name
 *
 * Returns: a view of it that cannot be written to
 */
GtkWidget *
sb_source_view_new (GtkSourceBuffer *buffer, const char *name)
{
  GtkWidget *view = gtk_source_view_new_with_buffer (buffer);

  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_monospace (GTK_TEXT_VIEW (view), TRUE);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), MARGIN);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), MARGIN);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), MARGIN);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (view), MARGIN);
  sb_accessible_set_name (view, name);
  return view;
}
