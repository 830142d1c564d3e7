/* sb-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/sb-inventory.h"
#include "app/sb-notices.h"
#include "app/sb-window-private.h"
#include "pages/sb-clean-up-page.h"
#include "pages/sb-connection-menu.h"
#include "pages/sb-endpoints-page.h"
#include "pages/sb-jobs-page.h"
#include "pages/sb-module-page.h"
#include "pages/sb-module-row.h"
#include "pages/sb-storage-page.h"
#include "pages/sb-subwindow.h"
#include "pages/sb-journal-page.h"
#include "pages/sb-notebooks-page.h"
#include "wire/sb-json.h"

/**
 * SbWindow:
 *
 * The modules at the side, one page of them at a time.
 */
struct _SbWindow
{
  AdwApplicationWindow parent_instance;

  GSettings *settings;
  SbWorkshop *workshop;
  SbPrices *prices;
  SbNotices *notices;
  SbInventory *inventory;
  gboolean leaving;
  GListStore *waiting; /* files to open once there is a workshop */
  AdwToastOverlay *toasts;
  AdwLeaflet *leaflet;
  SbConnectionMenu *connections;
  GtkListBox *modules;
  GtkListBox *workspace;
  GtkLabel *n_resources;
  GtkButton *status_button;
  GtkLabel *status;
  AdwWindowTitle *page_title;
  GtkStack *pages;
  AdwStatusPage *starting;
  GtkSpinner *spinner;
  GtkButton *back_button;
};

G_DEFINE_FINAL_TYPE (SbWindow, sb_window, ADW_TYPE_APPLICATION_WINDOW)

static void
toast (SbWindow *self, const char *text)
{
  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (text));
}

/* On this computer nothing costs anything; what runs is worth knowing all the same. */
static void
show_status (SbWindow *self)
{
  SbResources *resources = sb_inventory_get_shown (self->inventory);
  guint n = sb_resources_get_n_running (resources);
  guint all = g_list_model_get_n_items (G_LIST_MODEL (resources));
  g_autofree char *price =
      sb_price_format_per_hour (sb_inventory_get_shown_price (self->inventory));
  g_autofree char *count = g_strdup_printf (ngettext ("%u is running", "%u are running", n), n);
  g_autofree char *text =
      n == 0 ? g_strdup (_ ("Nothing is running")) : g_strdup_printf ("%s · %s", count, price);
  g_autofree char *number = all > 0 ? g_strdup_printf ("%u", all) : NULL;

  gtk_label_set_label (self->status, text);
  gtk_label_set_label (self->n_resources, number != NULL ? number : "");
}

static void
on_n_done (SbRun *run, GParamSpec *pspec, SbWindow *self)
{
  sb_inventory_refresh (self->inventory);
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!sb_run_execute_finish (SB_RUN (source), result, &error))
    g_debug ("%s", error->message);
}

static SbModulePage *
find_page (SbWindow *self, const char *id)
{
  GtkWidget *page = gtk_stack_get_child_by_name (self->pages, id);

  return page != NULL && SB_IS_MODULE_PAGE (page) ? SB_MODULE_PAGE (page) : NULL;
}

static void
add_page (SbWindow *self, SbRun *run)
{
  const char *id = sb_module_get_id (sb_run_get_module (run));
  SbModulePage *old = find_page (self, id);

  if (old != NULL)
    gtk_stack_remove (self->pages, GTK_WIDGET (old));
  gtk_stack_add_named (self->pages, sb_module_page_new (run), id);
}

static const char *
row_id (GtkListBoxRow *row)
{
  return sb_module_get_id (sb_module_row_get_module (SB_MODULE_ROW (row)));
}

static GtkListBoxRow *
find_row (SbWindow *self, const char *id)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->modules, i)) != NULL; i++)
    if (strcmp (row_id (row), id) == 0)
      return row;
  return NULL;
}

static void
enable_page_actions (SbWindow *self, gboolean enabled)
{
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.start-over", enabled);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export-notebook", enabled);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export-report", enabled);
}

#define CLEAN_UP  "clean-up"
#define ENDPOINTS "endpoints"
#define JOBS      "jobs"
#define NOTEBOOKS "notebooks"
#define JOURNAL   "journal"
#define STORAGE   "storage"

/* Rows of the workspace have the names of their pages. */
static GtkListBoxRow *
find_workspace_row (SbWindow *self, const char *id)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->workspace, i)) != NULL; i++)
    if (strcmp (gtk_widget_get_name (GTK_WIDGET (row)), id) == 0)
      return row;
  return NULL;
}

static void
show_workspace (SbWindow *self, const char *id)
{
  GtkWidget *page = gtk_stack_get_child_by_name (self->pages, id);

  gtk_stack_set_visible_child (self->pages, page);
  adw_window_title_set_title (self->page_title,
                              gtk_stack_page_get_title (gtk_stack_get_page (self->pages, page)));
  gtk_list_box_unselect_all (self->modules);
  gtk_list_box_select_row (self->workspace, find_workspace_row (self, id));
  g_settings_set_string (self->settings, "page", id);
  enable_page_actions (self, FALSE);
  adw_leaflet_set_visible_child_name (self->leaflet, "content");
  if (SB_IS_CLEAN_UP_PAGE (page))
    sb_clean_up_page_refresh (SB_CLEAN_UP_PAGE (page));
}

static void
on_workspace_activated (GtkListBox *list, GtkListBoxRow *row, SbWindow *self)
{
  show_workspace (self, gtk_widget_get_name (GTK_WIDGET (row)));
}

static void
on_status_clicked (GtkButton *button, SbWindow *self)
{
  show_workspace (self, CLEAN_UP);
}

static void
show_page (SbWindow *self, const char *id)
{
  SbModulePage *page = find_page (self, id);

  if (page == NULL)
    return;
  gtk_list_box_unselect_all (self->workspace);
  enable_page_actions (self, TRUE);
  gtk_stack_set_visible_child (self->pages, GTK_WIDGET (page));
  adw_window_title_set_title (self->page_title,
                              sb_module_get_title (
                                  sb_run_get_module (sb_module_page_get_run (page))));
  gtk_list_box_select_row (self->modules, find_row (self, id));
  g_settings_set_string (self->settings, "page", id);
  adw_leaflet_set_visible_child_name (self->leaflet, "content");
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, SbWindow *self)
{
  show_page (self, row_id (row));
}

static void
on_back (GtkButton *button, SbWindow *self)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "sidebar");
}

static void
follow_run (SbWindow *self, SbRun *run)
{
  const char *id = sb_module_get_id (sb_run_get_module (run));

  sb_module_row_set_run (SB_MODULE_ROW (find_row (self, id)), run);
  g_signal_handlers_disconnect_by_func (run, on_n_done, self);
  g_signal_connect_object (run, "notify::n-done", G_CALLBACK (on_n_done), self, 0);
  add_page (self, run);
  sb_notices_follow_run (self->notices, run);
  if (sb_run_is_interrupted (run))
    sb_run_resume_async (run, on_resumed, NULL);
}

static gboolean
is_this_computer (SbWindow *self)
{
  SbConnection *connection = sb_workshop_get_connection (self->workshop);

  return strcmp (sb_connection_get_id (connection), "local") == 0;
}

static void
add_module (SbWindow *self, SbModule *module)
{
  g_autoptr (GError) error = NULL;
  SbRun *run = sb_workshop_get_run (self->workshop, sb_module_get_id (module), &error);

  gtk_list_box_append (self->modules, sb_module_row_new (module));
  if (run == NULL)
    {
      toast (self, error->message);
      return;
    }
  follow_run (self, run);
  /* Get Started asks nothing on this computer, so it does itself; elsewhere people say so. */
  if (sb_module_is_automatic (module) && is_this_computer (self) && !sb_run_get_running (run) &&
      sb_run_get_n_done (run) < sb_run_get_n_wanted (run))
    sb_run_execute_all_async (run, SB_RUN_DEFAULT, on_resumed, NULL);
}

static void
add_workspace (SbWindow *self, const char *id, const char *title, GtkWidget *page)
{
  GtkWidget *old = gtk_stack_get_child_by_name (self->pages, id);

  if (old != NULL)
    gtk_stack_remove (self->pages, old);
  gtk_stack_add_titled (self->pages, page, id, title);
  gtk_widget_set_sensitive (GTK_WIDGET (find_workspace_row (self, id)), TRUE);
}

static void
add_workspaces (SbWindow *self)
{
  SbResources *resources = sb_inventory_get_shown (self->inventory);

  add_workspace (self, JOBS, _ ("Training Jobs"), sb_jobs_page_new (self->workshop, self->prices));
  add_workspace (self,
                 ENDPOINTS,
                 _ ("Endpoints"),
                 sb_endpoints_page_new (resources, self->prices, self->settings));
  add_workspace (self, NOTEBOOKS, _ ("Notebooks"), sb_notebooks_page_new (resources));
  add_workspace (self,
                 STORAGE,
                 _ ("Storage"),
                 sb_storage_page_new (sb_workshop_get_connection (self->workshop),
                                      sb_workshop_get_journal (self->workshop)));
  add_workspace (self, JOURNAL, _ ("Journal"), sb_journal_page_new (self->workshop));
  add_workspace (self,
                 CLEAN_UP,
                 _ ("Clean Up"),
                 sb_clean_up_page_new (resources, self->prices, self->settings));
  gtk_widget_set_sensitive (GTK_WIDGET (self->status_button), TRUE);
  show_status (self);
}

/* What belongs to another connection goes; its runs go on in their workshop. */
static void
remove_modules (SbWindow *self)
{
  GtkListBoxRow *row;
  SbModulePage *page;

  while ((row = gtk_list_box_get_row_at_index (self->modules, 0)) != NULL)
    {
      page = find_page (self, row_id (row));
      gtk_list_box_remove (self->modules, GTK_WIDGET (row));
      if (page != NULL)
        gtk_stack_remove (self->pages, GTK_WIDGET (page));
    }
}

static void
add_module_of_file (SbWindow *self, const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  SbModule *module =
      sb_module_store_import (sb_workshop_get_modules (self->workshop), path, &error);

  if (module == NULL)
    {
      toast (self, error->message);
      return;
    }
  add_module (self, module);
  show_page (self, sb_module_get_id (module));
  text = g_strdup_printf (_ ("The module “%s” was added"), sb_module_get_title (module));
  toast (self, text);
}

static void
open_file (SbWindow *self, GFile *file)
{
  g_autofree char *path = g_file_get_path (file);
  g_autofree char *name = path != NULL ? g_ascii_strdown (path, -1) : NULL;

  if (path == NULL)
    toast (self, _ ("Only files on this computer can be opened. Save it here first."));
  else if (g_str_has_suffix (name, ".ipynb"))
    _sb_window_show_notebook (self, path);
  else
    add_module_of_file (self, path);
}

/* The run of a module that needs not be shown. */
SbRun *
_sb_window_get_run (SbWindow *self, const char *module)
{
  return sb_workshop_get_run (self->workshop, module, NULL);
}

/* The run of the module that is shown, or NULL. */
SbRun *
_sb_window_get_shown_run (SbWindow *self)
{
  SbModulePage *page = find_page (self, gtk_stack_get_visible_child_name (self->pages));

  return page != NULL ? sb_module_page_get_run (page) : NULL;
}

/**
 * sb_window_open:
 * @self: a window
 * @file: a module or a notebook
 *
 * Adds a module to the person's own and shows it, shows a notebook, as soon as there is a workshop.
 */
void
sb_window_open (SbWindow *self, GFile *file)
{
  g_return_if_fail (SB_IS_WINDOW (self));

  if (self->workshop != NULL)
    open_file (self, file);
  else
    g_list_store_append (self->waiting, file);
}

static void
open_waiting (SbWindow *self)
{
  g_autoptr (GFile) file = NULL;

  while ((file = g_list_model_get_item (G_LIST_MODEL (self->waiting), 0)) != NULL)
    {
      g_list_store_remove (self->waiting, 0);
      open_file (self, file);
      g_clear_object (&file);
    }
}

/**
 * sb_window_set_workshop:
 * @self: a window
 * @workshop: what it shows, in place of what it showed before
 */
void
sb_window_set_workshop (SbWindow *self, SbWorkshop *workshop)
{
  GListModel *modules = G_LIST_MODEL (sb_workshop_get_modules (workshop));
  g_autofree char *page = g_settings_get_string (self->settings, "page");
  g_autofree char *side = g_strdup (adw_leaflet_get_visible_child_name (self->leaflet));
  gboolean first = self->workshop == NULL;
  guint duration = gtk_stack_get_transition_duration (self->pages);

  if (!g_set_object (&self->workshop, workshop))
    return;
  /* A stack that shows nothing shows what comes first, and a page that is shown asks the service:
   * it has to be the one that people have chosen. */
  gtk_stack_set_transition_duration (self->pages, 0);
  gtk_stack_set_visible_child_name (self->pages, "starting");
  remove_modules (self);
  sb_connection_menu_set_current (self->connections,
                                  sb_connection_get_id (sb_workshop_get_connection (workshop)));
  sb_inventory_show (self->inventory, workshop);
  add_workspaces (self);
  for (guint i = 0; i < g_list_model_get_n_items (modules); i++)
    {
      g_autoptr (SbModule) module = g_list_model_get_item (modules, i);

      add_module (self, module);
    }
  if (find_workspace_row (self, page) != NULL)
    show_workspace (self, page);
  else
    show_page (self, find_page (self, page) != NULL ? page : "video-game-sales");
  gtk_stack_set_transition_duration (self->pages, duration);
  /* Who chose another connection in a narrow window goes on to choose a module. */
  if (!first)
    adw_leaflet_set_visible_child_name (self->leaflet, side);
  sb_inventory_refresh (self->inventory);
  open_waiting (self);
}

/**
 * sb_window_find:
 * @application: the application
 *
 * Returns: (transfer none) (nullable): its active window, or the one that belongs to it
 */
SbWindow *
sb_window_find (GtkApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (application);

  while (window != NULL && !SB_IS_WINDOW (window))
    window = gtk_window_get_transient_for (window);
  return (SbWindow *) window;
}

/**
 * sb_window_show_page:
 * @self: a window
 * @page: the id of a module, or of a page of the workspace such as `clean-up`
 *
 * Shows that page of the workshop, if there is one, as soon as there is a workshop.
 */
void
sb_window_show_page (SbWindow *self, const char *page)
{
  g_return_if_fail (SB_IS_WINDOW (self));

  if (self->workshop == NULL)
    g_settings_set_string (self->settings, "page", page);
  else if (find_workspace_row (self, page) != NULL)
    show_workspace (self, page);
  else
    show_page (self, page);
  gtk_window_present (GTK_WINDOW (self));
}

/**
 * sb_window_set_store:
 * @self: a window
 * @store: the connections that can be chosen
 */
void
sb_window_set_store (SbWindow *self, SbConnectionStore *store)
{
  sb_connection_menu_set_store (self->connections, store);
}

/**
 * sb_window_forget_connection:
 * @self: a window, which shows another connection now
 * @id: a connection that was removed
 *
 * What runs there is not asked about any more.
 */
void
sb_window_forget_connection (SbWindow *self, const char *id)
{
  sb_inventory_forget (self->inventory, id);
}

/**
 * sb_window_toast:
 * @self: a window
 * @text: what has happened
 */
void
sb_window_toast (SbWindow *self, const char *text)
{
  toast (self, text);
}

/**
 * sb_window_show_problem:
 * @self: a window
 * @error: why there is nothing to show
 */
void
sb_window_show_problem (SbWindow *self, const GError *error)
{
  gtk_spinner_stop (self->spinner);
  adw_status_page_set_icon_name (self->starting, "dialog-warning-symbolic");
  adw_status_page_set_title (self->starting, _ ("The Local Engine Does Not Start"));
  adw_status_page_set_description (self->starting, error->message);
}

static void
on_start_over_response (AdwMessageDialog *dialog, const char *response, SbWindow *self)
{
  const char *id = gtk_stack_get_visible_child_name (self->pages);
  g_autofree char *module = g_strdup (id);
  g_autoptr (GError) error = NULL;
  SbRun *run;

  if (strcmp (response, "start-over") != 0 || find_page (self, module) == NULL)
    return;
  run = sb_workshop_start_over (self->workshop, module, &error);
  if (run == NULL)
    {
      toast (self, error->message);
      return;
    }
  follow_run (self, run);
  show_page (self, module);
}

/* Something that is paid for was started or stopped where no step tells of it. */
static void
refresh_resources (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_inventory_refresh (SB_WINDOW (widget)->inventory);
}

static void
start_over (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbWindow *self = SB_WINDOW (widget);
  GtkWidget *dialog = adw_message_dialog_new (
      GTK_WINDOW (self),
      _ ("Start Over?"),
      _ ("The module begins again with nothing done. What this run has created stays until it is "
         "cleaned up, and its results stay in its folder."));

  adw_message_dialog_add_responses (
      ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "start-over", _ ("Start Over"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "start-over",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_start_over_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_leave_response (AdwMessageDialog *dialog, const char *response, SbWindow *self)
{
  if (strcmp (response, "clean-up") == 0)
    show_workspace (self, CLEAN_UP);
  if (strcmp (response, "leave") != 0)
    return;
  self->leaving = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

static void
ask_whether_to_leave (SbWindow *self, guint n, double hourly)
{
  g_autofree char *title =
      g_strdup_printf (ngettext ("Leave With %u in Service?", "Leave With %u in Service?", n), n);
  g_autofree char *daily = sb_price_format (hourly > 0 ? 24 * hourly : hourly);
  g_autofree char *text =
      hourly < 0 ? g_strdup (_ ("What runs on AWS is paid for by the hour, also while Sagebrush is "
                                "closed. How much that is, is not known here."))
                 /* translators: %s is an amount of money */
                 : g_strdup_printf (_ ("What runs on AWS is paid for by the hour, also while "
                                       "Sagebrush is closed: %s per day."),
                                    daily);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), title, text);

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog),
                                    "cancel",
                                    _ ("Cancel"),
                                    "leave",
                                    _ ("Leave"),
                                    "clean-up",
                                    _ ("Clean Up"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "clean-up",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_leave_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* On all connections that were looked at. */
static gboolean
sb_window_close_request (GtkWindow *window)
{
  SbWindow *self = SB_WINDOW (window);
  double hourly = 0;
  guint n = 0;

  if (!sb_subwindow_close_all (window))
    return TRUE;
  if (!self->leaving)
    hourly = sb_inventory_sum_prices (self->inventory, &n);
  if (hourly != 0)
    {
      ask_whether_to_leave (self, n, hourly);
      return TRUE;
    }
  return GTK_WINDOW_CLASS (sb_window_parent_class)->close_request (window);
}

static void
sb_window_dispose (GObject *object)
{
  SbWindow *self = SB_WINDOW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_WINDOW);
  g_clear_object (&self->inventory);
  g_clear_object (&self->notices);
  g_clear_object (&self->workshop);
  g_clear_object (&self->waiting);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (sb_window_parent_class)->dispose (object);
}

static void
sb_window_finalize (GObject *object)
{
  SbWindow *self = SB_WINDOW (object);

  sb_prices_free (self->prices);
  G_OBJECT_CLASS (sb_window_parent_class)->finalize (object);
}

static void
sb_window_class_init (SbWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = sb_window_close_request;
  g_type_ensure (SB_TYPE_CONNECTION_MENU);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/sagebrush/Sagebrush/ui/sb-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SbWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, connections);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, modules);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, workspace);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, n_resources);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, status_button);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, status);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, page_title);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, starting);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, spinner);
  gtk_widget_class_bind_template_child (widget_class, SbWindow, back_button);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_workspace_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_status_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_install_action (widget_class, "win.refresh-resources", NULL, refresh_resources);
  gtk_widget_class_install_action (widget_class, "win.start-over", NULL, start_over);
  _sb_window_install_file_actions (widget_class);
}

static void
sb_window_init (SbWindow *self)
{
  self->prices = sb_prices_new ();
  self->waiting = g_list_store_new (G_TYPE_FILE);
  gtk_widget_init_template (GTK_WIDGET (self));
  enable_page_actions (self, FALSE);
}

/**
 * sb_window_new:
 * @application: the application
 * @settings: where size and page are remembered
 *
 * Returns: a window that waits for its workshop
 */
GtkWidget *
sb_window_new (AdwApplication *application, GSettings *settings)
{
  SbWindow *self = g_object_new (SB_TYPE_WINDOW, "application", application, NULL);

  self->settings = g_object_ref (settings);
  self->notices = sb_notices_new (GTK_APPLICATION (application), settings, self->prices);
  self->inventory = sb_inventory_new (self->prices, self->notices, settings);
  g_signal_connect_object (
      self->inventory, "changed", G_CALLBACK (show_status), self, G_CONNECT_SWAPPED);
  g_settings_bind (settings, "width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
  return GTK_WIDGET (self);
}
