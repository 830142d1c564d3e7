/* sb-subwindow.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-subwindow.h"

/**
 * sb_subwindow_present:
 * @self: a window that is not shown yet
 * @parent: a widget of the window that it belongs to
 *
 * Shows a window above that of @parent. The keys of the application count in it, too.
 */
void
sb_subwindow_present (GtkWindow *self, GtkWidget *parent)
{
  GtkRoot *root = gtk_widget_get_root (parent);

  if (GTK_IS_WINDOW (root))
    {
      gtk_window_set_application (self, gtk_window_get_application (GTK_WINDOW (root)));
      gtk_window_set_transient_for (self, GTK_WINDOW (root));
    }
  gtk_window_present (self);
}

static gboolean
is_above (GtkWindow *window, GtkWindow *other)
{
  while (window != NULL && window != other)
    window = gtk_window_get_transient_for (window);
  return window == other;
}

/**
 * sb_subwindow_close_all:
 * @above: a window that is about to be closed
 *
 * Closes what was shown above it. A window that has something to lose asks first, and stays.
 *
 * Returns: whether none is left
 */
gboolean
sb_subwindow_close_all (GtkWindow *above)
{
  GtkApplication *application = gtk_window_get_application (above);
  g_autoptr (GPtrArray) windows = g_ptr_array_new_with_free_func (g_object_unref);
  gboolean none = TRUE;

  if (application == NULL)
    return TRUE;
  for (GList *l = gtk_application_get_windows (application); l != NULL; l = l->next)
    if (l->data != above && is_above (l->data, above))
      g_ptr_array_add (windows, g_object_ref (l->data));
  for (guint i = 0; i < windows->len; i++)
    {
      gtk_window_close (windows->pdata[i]);
      none = none && !gtk_widget_get_visible (windows->pdata[i]);
    }
  return none;
}
