/* sb-accessible.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-accessible.h"

/**
 * sb_accessible_set_name:
 * @widget: a #GtkAccessible
 * @name: what screen readers call it, in place of the text that it shows
 *
 * In later versions of GTK than 4.8 what shows a text is labelled by it, which would go before a
 * name; so this is to be called after the text was set.
 */
void
sb_accessible_set_name (gpointer widget, const char *name)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name,
                                  -1);
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}
