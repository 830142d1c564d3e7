/* sb-connection-menu.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-connection-menu.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets/sb-accessible.h"
#include "wire/sb-regions.h"

#define LOCAL "local"

/**
 * SbConnectionMenu:
 *
 * Says over which connection the window works, and lets people choose, add and remove others. It
 * activates `app.connect`, `app.add-connection` and `app.remove-connection`.
 */
struct _SbConnectionMenu
{
  AdwBin parent_instance;

  SbConnectionStore *store;
  char *current;

  GtkMenuButton *button;
  GtkImage *icon;
  GtkLabel *label;
  GtkPopover *popover;
  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (SbConnectionMenu, sb_connection_menu, ADW_TYPE_BIN)

static void
on_close (SbConnectionMenu *self)
{
  gtk_popover_popdown (self->popover);
}

static void
on_row_activated (SbConnectionMenu *self, GtkListBoxRow *row)
{
  on_close (self);
  gtk_widget_activate_action (GTK_WIDGET (self),
                              "app.connect",
                              "s",
                              g_object_get_data (G_OBJECT (row), "sb-id"));
}

static void
on_remove (GtkButton *button, SbConnectionMenu *self)
{
  on_close (self);
  gtk_widget_activate_action (GTK_WIDGET (self),
                              "app.remove-connection",
                              "s",
                              g_object_get_data (G_OBJECT (button), "sb-id"));
}

static GtkWidget *
make_row (SbConnectionMenu *self, const char *id, const char *name, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *check = gtk_image_new_from_icon_name ("object-select-symbolic");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_widget_set_opacity (check, strcmp (id, self->current) == 0 ? 1 : 0);
  sb_accessible_set_name (check, _ ("In use"));
  gtk_accessible_update_state (GTK_ACCESSIBLE (check),
                               GTK_ACCESSIBLE_STATE_HIDDEN,
                               strcmp (id, self->current) != 0,
                               -1);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  g_object_set_data_full (G_OBJECT (row), "sb-id", g_strdup (id), g_free);
  return row;
}

static GtkWidget *
make_remove_button (SbConnectionMenu *self, const char *id, const char *name)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *label = g_strdup_printf (_ ("Remove: %s"), name);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Remove"));
  sb_accessible_set_name (button, label);
  g_object_set_data_full (G_OBJECT (button), "sb-id", g_strdup (id), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (on_remove), self);
  return button;
}

/* "123456789012 · user/workshop\nEurope (Frankfurt)" */
static char *
make_subtitle (SbConnectionInfo *info)
{
  g_autofree char *user = sb_connection_info_dup_user (info);
  const char *account = sb_connection_info_get (info, "account");
  const char *url = sb_connection_info_get (info, "endpoint_url");
  const char *place =
      url != NULL ? url : sb_region_get_title (sb_connection_info_get_region (info));

  if (account == NULL || user == NULL)
    return g_strdup (place);
  return g_strdup_printf ("%s · %s\n%s", account, user, place);
}

static void
show_current (SbConnectionMenu *self)
{
  SbConnectionInfo *info = self->store != NULL && strcmp (self->current, LOCAL) != 0
                               ? sb_connection_store_find (self->store, self->current)
                               : NULL;
  const char *name = info != NULL ? sb_connection_info_get_name (info) : _ ("This Computer");
  g_autofree char *label = g_strdup_printf (_ ("Connection: %s"), name);

  gtk_label_set_label (self->label, name);
  gtk_image_set_from_icon_name (self->icon,
                                info != NULL ? "network-server-symbolic" : "computer-symbolic");
  sb_accessible_set_name (self->button, label);
}

static void
fill (SbConnectionMenu *self)
{
  GListModel *model = G_LIST_MODEL (self->store);
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  gtk_list_box_append (self->list,
                       make_row (self, LOCAL, _ ("This Computer"), _ ("Without an account")));
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (SbConnectionInfo) info = g_list_model_get_item (model, i);
      const char *id = sb_connection_info_get_id (info);
      const char *name = sb_connection_info_get_name (info);
      g_autofree char *subtitle = make_subtitle (info);
      GtkWidget *one = make_row (self, id, name, subtitle);

      adw_action_row_add_suffix (ADW_ACTION_ROW (one), make_remove_button (self, id, name));
      gtk_list_box_append (self->list, one);
    }
  show_current (self);
}

static void
sb_connection_menu_dispose (GObject *object)
{
  SbConnectionMenu *self = SB_CONNECTION_MENU (object);

  /* Else the template takes away the child that the bin still points to. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_CONNECTION_MENU);
  g_clear_object (&self->store);
  g_clear_pointer (&self->current, g_free);

  G_OBJECT_CLASS (sb_connection_menu_parent_class)->dispose (object);
}

static void
sb_connection_menu_class_init (SbConnectionMenuClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_connection_menu_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-connection-menu.ui");
  gtk_widget_class_bind_template_child (widget_class, SbConnectionMenu, button);
  gtk_widget_class_bind_template_child (widget_class, SbConnectionMenu, icon);
  gtk_widget_class_bind_template_child (widget_class, SbConnectionMenu, label);
  gtk_widget_class_bind_template_child (widget_class, SbConnectionMenu, popover);
  gtk_widget_class_bind_template_child (widget_class, SbConnectionMenu, list);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_close);
}

static void
sb_connection_menu_init (SbConnectionMenu *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->current = g_strdup (LOCAL);
}

/**
 * sb_connection_menu_set_store:
 * @self: a menu
 * @store: the connections that it lists
 */
void
sb_connection_menu_set_store (SbConnectionMenu *self, SbConnectionStore *store)
{
  if (!g_set_object (&self->store, store))
    return;
  g_signal_connect_object (store, "items-changed", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
  fill (self);
}

/**
 * sb_connection_menu_set_current:
 * @self: a menu
 * @id: the connection over which the window works; `local` for this computer
 */
void
sb_connection_menu_set_current (SbConnectionMenu *self, const char *id)
{
  if (strcmp (self->current, id) == 0)
    return;
  g_free (self->current);
  self->current = g_strdup (id);
  if (self->store != NULL)
    fill (self);
}
