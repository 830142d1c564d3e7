/* sb-accessible.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-accessible.h"

/**
 * sb_accessible_keep_name:
 * @widget: a #GtkAccessible
 *
 * Lets the name of its .ui file go before the text that it shows. In later versions of GTK than 4.8
 * what shows a text is labelled by it, and that would count.
 */
void
sb_accessible_keep_name (gpointer widget)
{
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

/**
 * sb_accessible_set_name:
 * @widget: a #GtkAccessible whose text is set
 * @name: what screen readers call it, in place of the text that it shows
 */
void
sb_accessible_set_name (gpointer widget, const char *name)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  sb_accessible_keep_name (widget);
}
