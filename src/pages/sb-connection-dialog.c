/* sb-connection-dialog.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-connection-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-aws-config.h"
#include "cloud/sb-keyring-provider.h"
#include "pages/sb-problem-box.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-regions.h"

#define DEFAULT_REGION "us-east-1"

/* Which page of the form it is. */
typedef enum
{
  KIND_ACCESS_KEY,
  KIND_PROFILE,
  KIND_SSO,
  KIND_SERVER,
} Kind;

/**
 * SbConnectionDialog:
 *
 * Asks for what a new connection needs, checks with the service who that is, and keeps it.
 *
 * Its signal `added` carries the connection.
 */
struct _SbConnectionDialog
{
  AdwWindow parent_instance;

  SbConnectionStore *store;
  SbAsker *asker;
  GCancellable *cancellable;
  Kind kind;
  gboolean busy;
  SbConnectionInfo *info; /* (nullable): what is being added */
  SbCredentials *credentials;
  SbSsoToken *sso_token;
  JsonArray *accounts;

  GtkStack *stack;
  GtkButton *back_button;
  GtkSpinner *spinner;
  AdwPreferencesPage *form;
  AdwEntryRow *name;
  AdwEntryRow *endpoint;
  AdwComboRow *profile;
  AdwEntryRow *start_url;
  AdwComboRow *sso_region;
  AdwComboRow *account;
  AdwComboRow *role;
  AdwEntryRow *key_id;
  AdwPasswordEntryRow *secret;
  AdwPasswordEntryRow *token;
  AdwComboRow *region;
  AdwActionRow *keep_row;
  GtkSwitch *keep;
  AdwActionRow *fips_row;
  GtkSwitch *fips;
  SbProblemBox *problem;
  GtkButton *add_button;
  GtkButton *anyway_button;
};

G_DEFINE_FINAL_TYPE (SbConnectionDialog, sb_connection_dialog, ADW_TYPE_WINDOW)

enum
{
  ADDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const char *
text_of (gpointer row)
{
  return gtk_editable_get_text (GTK_EDITABLE (row));
}

static const char *
chosen (AdwComboRow *row)
{
  GtkStringObject *item = adw_combo_row_get_selected_item (row);

  return item != NULL ? gtk_string_object_get_string (item) : NULL;
}

/* The list is that of the Regions, in their order, and behind them what a profile has named that
 * is newer than this program. */
static const char *
chosen_region (AdwComboRow *row)
{
  gsize n;
  const SbRegion *regions = sb_regions_get (&n);
  guint at = adw_combo_row_get_selected (row);

  if (at < n)
    return regions[at].id;
  return chosen (row) != NULL ? chosen (row) : DEFAULT_REGION;
}

static void
choose_region (AdwComboRow *row, const char *region)
{
  GtkStringList *list = GTK_STRING_LIST (adw_combo_row_get_model (row));
  gsize n;
  const SbRegion *regions = sb_regions_get (&n);
  guint at = 0;

  while (at < n && strcmp (regions[at].id, region) != 0)
    at++;
  while (at >= n && gtk_string_list_get_string (list, at) != NULL &&
         strcmp (gtk_string_list_get_string (list, at), region) != 0)
    at++;
  if (at >= g_list_model_get_n_items (G_LIST_MODEL (list)))
    gtk_string_list_append (list, region);
  adw_combo_row_set_selected (row, at);
}

static void
fill_regions (AdwComboRow *row)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  gsize n;
  const SbRegion *regions = sb_regions_get (&n);

  for (gsize i = 0; i < n; i++)
    gtk_string_list_take (list, g_strdup_printf ("%s – %s", regions[i].id, regions[i].title));
  adw_combo_row_set_model (row, G_LIST_MODEL (list));
}

static gboolean
is_complete (SbConnectionDialog *self)
{
  if (*text_of (self->name) == '\0')
    return FALSE;
  switch (self->kind)
    {
    case KIND_PROFILE:
      return chosen (self->profile) != NULL;
    case KIND_SSO:
      return *text_of (self->start_url) != '\0';
    case KIND_SERVER:
      if (*text_of (self->endpoint) == '\0')
        return FALSE;
      /* fall through */
    case KIND_ACCESS_KEY:
    default:
      return *text_of (self->key_id) != '\0' && *text_of (self->secret) != '\0';
    }
}

static void
update (SbConnectionDialog *self)
{
  gboolean signs_in = self->kind == KIND_SSO && self->sso_token == NULL;

  gtk_widget_action_set_enabled (GTK_WIDGET (self),
                                 "dialog.add",
                                 !self->busy && is_complete (self));
  gtk_widget_set_sensitive (GTK_WIDGET (self->back_button), !self->busy);
  gtk_button_set_label (self->add_button, signs_in ? _ ("Sign In") : _ ("Check and Add"));
  gtk_spinner_set_spinning (self->spinner, self->busy);
}

static void
set_busy (SbConnectionDialog *self, gboolean busy)
{
  self->busy = busy;
  update (self);
}

/* A question that the person closed needs no explanation. */
static void
show_problem (SbConnectionDialog *self, const GError *error)
{
  gboolean silent = error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  sb_problem_box_set_error (self->problem, silent ? NULL : error);
  gtk_widget_set_visible (GTK_WIDGET (self->anyway_button), FALSE);
}

static void
on_changed (SbConnectionDialog *self)
{
  gboolean fips = sb_region_has_fips (chosen_region (self->region)) && self->kind != KIND_SERVER;

  gtk_widget_set_visible (GTK_WIDGET (self->fips_row), fips);
  if (!fips)
    gtk_switch_set_active (self->fips, FALSE);
  show_problem (self, NULL);
  update (self);
}

static void
show_rows (SbConnectionDialog *self)
{
  const struct
  {
    gpointer row;
    gboolean visible;
  } rows[] = {
    { self->endpoint, self->kind == KIND_SERVER },
    { self->profile, self->kind == KIND_PROFILE },
    { self->start_url, self->kind == KIND_SSO },
    { self->sso_region, self->kind == KIND_SSO },
    { self->account, self->kind == KIND_SSO && self->sso_token != NULL },
    { self->role, self->kind == KIND_SSO && self->sso_token != NULL },
    { self->key_id, self->kind == KIND_ACCESS_KEY || self->kind == KIND_SERVER },
    { self->secret, self->kind == KIND_ACCESS_KEY || self->kind == KIND_SERVER },
    { self->token, self->kind == KIND_ACCESS_KEY || self->kind == KIND_SERVER },
    { self->keep_row, self->kind != KIND_PROFILE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    gtk_widget_set_visible (GTK_WIDGET (rows[i].row), rows[i].visible);
}

static SbAwsConfig *
load_config (GError **error)
{
  g_autofree char *config_path = sb_aws_config_default_path ();
  g_autofree char *credentials_path = sb_aws_credentials_default_path ();

  return sb_aws_config_load (config_path, credentials_path, error);
}

static void
fill_profiles (SbConnectionDialog *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbAwsConfig) config = load_config (&error);
  g_auto (GStrv) names = config != NULL ? sb_aws_config_list_profiles (config) : NULL;
  g_autoptr (GtkStringList) list = gtk_string_list_new ((const char *const *) names);

  adw_combo_row_set_model (self->profile, G_LIST_MODEL (list));
  if (config != NULL && *names == NULL)
    g_set_error_literal (&error,
                         SB_ERROR,
                         SB_ERROR_NOT_FOUND,
                         _ ("There are no profiles in ~/.aws. “aws configure” makes one."));
  if (error != NULL)
    show_problem (self, error);
}

/* A profile brings its name and its Region with it. */
static void
on_profile (SbConnectionDialog *self)
{
  const char *profile = chosen (self->profile);
  g_autoptr (SbAwsConfig) config = NULL;
  const char *region;

  if (profile == NULL || self->kind != KIND_PROFILE)
    return;
  config = load_config (NULL);
  region = config != NULL ? sb_aws_config_get (config, profile, "region") : NULL;
  gtk_editable_set_text (GTK_EDITABLE (self->name), profile);
  if (region != NULL)
    choose_region (self->region, region);
  on_changed (self);
}

static void
forget_sign_in (SbConnectionDialog *self)
{
  g_clear_pointer (&self->sso_token, sb_sso_token_unref);
  g_clear_pointer (&self->accounts, json_array_unref);
  show_rows (self);
}

static void
on_start_url (SbConnectionDialog *self)
{
  forget_sign_in (self);
  on_changed (self);
}

static void
choose_kind (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbConnectionDialog *self = SB_CONNECTION_DIALOG (widget);
  static const char *const names[] = { "access-key", "profile", "sso", "server" };
  const char *name = g_variant_get_string (parameter, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], name) == 0)
      self->kind = (Kind) i;
  show_rows (self);
  on_changed (self);
  if (self->kind == KIND_PROFILE)
    {
      fill_profiles (self);
      on_profile (self);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->back_button), TRUE);
  gtk_stack_set_visible_child_name (self->stack, "form");
  gtk_widget_grab_focus (GTK_WIDGET (self->name));
}

static void
on_back (SbConnectionDialog *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->secret), "");
  gtk_editable_set_text (GTK_EDITABLE (self->token), "");
  gtk_editable_set_text (GTK_EDITABLE (self->name), "");
  forget_sign_in (self);
  gtk_widget_set_visible (GTK_WIDGET (self->back_button), FALSE);
  gtk_stack_set_visible_child_name (self->stack, "kinds");
}

static const char *
chosen_member (SbConnectionDialog *self, const char *member)
{
  guint at = adw_combo_row_get_selected (self->account);

  if (self->accounts == NULL || at >= json_array_get_length (self->accounts))
    return NULL;
  return sb_json_get_string (json_array_get_object_element (self->accounts, at), member, NULL);
}

static SbConnectionInfo *
make_info (SbConnectionDialog *self)
{
  static const SbConnectionKind kinds[] = {
    SB_CONNECTION_ACCESS_KEY, SB_CONNECTION_PROFILE, SB_CONNECTION_SSO, SB_CONNECTION_ACCESS_KEY
  };
  SbConnectionInfo *info = sb_connection_info_new (kinds[self->kind],
                                                   text_of (self->name),
                                                   chosen_region (self->region));

  if (gtk_switch_get_active (self->fips))
    sb_connection_info_set_fips (info, TRUE);
  if (self->kind != KIND_PROFILE && !gtk_switch_get_active (self->keep))
    sb_connection_info_set (info, "keep", "session");
  if (self->kind == KIND_SERVER)
    sb_connection_info_set_endpoint (info, NULL, text_of (self->endpoint));
  if (self->kind == KIND_PROFILE)
    sb_connection_info_set (info, "profile", chosen (self->profile));
  else if (self->kind != KIND_SSO)
    sb_connection_info_set (info, "access_key_id", text_of (self->key_id));
  else
    {
      sb_connection_info_set (info, "sso_start_url", text_of (self->start_url));
      sb_connection_info_set (info, "sso_region", chosen_region (self->sso_region));
      sb_connection_info_set (info, "sso_account_id", chosen_member (self, "accountId"));
      sb_connection_info_set (info, "sso_role_name", chosen (self->role));
    }
  return info;
}

static void
on_kept (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbConnectionDialog) self = data;
  g_autoptr (GError) error = NULL;

  set_busy (self, FALSE);
  if (!sb_connection_store_add_finish (SB_CONNECTION_STORE (source), result, &error))
    {
      show_problem (self, error);
      return;
    }
  g_signal_emit (self, signals[ADDED], 0, self->info);
  gtk_window_close (GTK_WINDOW (self));
}

static void
keep_info (SbConnectionDialog *self, SbConnectionInfo *info)
{
  SbSecrets secrets = { self->credentials, self->sso_token };

  g_set_object (&self->info, info);
  sb_connection_store_add_async (
      self->store, info, &secrets, self->cancellable, on_kept, g_object_ref (self));
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbConnectionDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbConnectionInfo) checked = sb_connection_check_finish (result, &error);

  if (checked != NULL)
    {
      keep_info (self, checked);
      return;
    }
  set_busy (self, FALSE);
  show_problem (self, error);
  /* Some servers that speak as AWS does know nothing of the Security Token Service. */
  gtk_widget_set_visible (GTK_WIDGET (self->anyway_button), self->kind == KIND_SERVER);
}

/* What a sign-in was asked for, and what came of it. */
typedef struct
{
  SbEndpoints *endpoints;
  char *start_url;
  char *who;
  SbAsker *asker;
  SbSsoToken *token;
  char *account_id; /* (nullable): whose roles are wanted, of a sign-in that is there */
  JsonArray *items;
} SignIn;

static void
sign_in_free (gpointer data)
{
  SignIn *sign_in = data;

  sb_endpoints_unref (sign_in->endpoints);
  g_free (sign_in->start_url);
  g_free (sign_in->who);
  g_clear_object (&sign_in->asker);
  g_clear_pointer (&sign_in->token, sb_sso_token_unref);
  g_free (sign_in->account_id);
  g_clear_pointer (&sign_in->items, json_array_unref);
  g_free (sign_in);
}

static void
sign_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SignIn *sign_in = data;
  SbSsoDoor door = { .endpoints = sign_in->endpoints,
                     .start_url = sign_in->start_url,
                     .who = sign_in->who,
                     .asker = sign_in->asker };
  g_autoptr (GError) error = NULL;

  if (sign_in->token == NULL)
    sign_in->token = sb_sso_sign_in (&door, cancellable, &error);
  if (sign_in->token != NULL)
    sign_in->items =
        sign_in->account_id != NULL
            ? sb_sso_list_roles (&door, sign_in->token, sign_in->account_id, cancellable, &error)
            : sb_sso_list_accounts (&door, sign_in->token, cancellable, &error);
  if (sign_in->items != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
begin_sign_in (SbConnectionDialog *self, const char *account_id, GAsyncReadyCallback callback)
{
  SignIn *sign_in = g_new0 (SignIn, 1);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, callback, NULL);

  sign_in->endpoints = sb_endpoints_new (chosen_region (self->sso_region));
  sb_endpoints_set_fips (sign_in->endpoints, gtk_switch_get_active (self->fips));
  sign_in->start_url = g_strdup (text_of (self->start_url));
  sign_in->who = g_strdup (text_of (self->name));
  sign_in->asker = g_object_ref (self->asker);
  sign_in->account_id = g_strdup (account_id);
  if (self->sso_token != NULL)
    sign_in->token = sb_sso_token_ref (self->sso_token);
  g_task_set_task_data (task, sign_in, sign_in_free);
  set_busy (self, TRUE);
  g_task_run_in_thread (task, sign_in_thread);
}

static void
fill_combo (AdwComboRow *row, JsonArray *items, const char *member, const char *also)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);

  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      JsonObject *item = json_array_get_object_element (items, i);
      const char *text = sb_json_get_string (item, member, "");
      const char *more = also != NULL ? sb_json_get_string (item, also, "") : NULL;

      gtk_string_list_take (list,
                            more != NULL ? g_strdup_printf ("%s – %s", more, text)
                                         : g_strdup (text));
    }
  adw_combo_row_set_model (row, G_LIST_MODEL (list));
}

static SignIn *
finish_sign_in (SbConnectionDialog *self, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;

  set_busy (self, FALSE);
  if (g_task_propagate_boolean (G_TASK (result), &error))
    return g_task_get_task_data (G_TASK (result));
  show_problem (self, error);
  return NULL;
}

static void
on_roles (GObject *source, GAsyncResult *result, gpointer data)
{
  SbConnectionDialog *self = SB_CONNECTION_DIALOG (source);
  SignIn *sign_in = finish_sign_in (self, result);

  if (sign_in != NULL)
    fill_combo (self->role, sign_in->items, "roleName", NULL);
}

static void
on_account (SbConnectionDialog *self)
{
  const char *account = chosen_member (self, "accountId");

  if (account != NULL && !self->busy)
    begin_sign_in (self, account, on_roles);
}

static void
on_accounts (GObject *source, GAsyncResult *result, gpointer data)
{
  SbConnectionDialog *self = SB_CONNECTION_DIALOG (source);
  SignIn *sign_in = finish_sign_in (self, result);

  if (sign_in == NULL)
    return;
  self->sso_token = sb_sso_token_ref (sign_in->token);
  self->accounts = json_array_ref (sign_in->items);
  self->busy = TRUE;
  fill_combo (self->account, sign_in->items, "accountId", "accountName");
  self->busy = FALSE;
  show_rows (self);
  on_account (self);
  update (self);
}

static void
add (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbConnectionDialog *self = SB_CONNECTION_DIALOG (widget);
  g_autoptr (SbConnectionInfo) info = NULL;
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  SbSecrets secrets;

  show_problem (self, NULL);
  if (self->kind == KIND_SSO && self->sso_token == NULL)
    {
      begin_sign_in (self, NULL, on_accounts);
      return;
    }
  info = make_info (self);
  if (!sb_connection_info_validate (info, &error))
    {
      show_problem (self, error);
      return;
    }
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  if (sb_connection_info_get_kind (info) == SB_CONNECTION_ACCESS_KEY)
    self->credentials =
        sb_credentials_new (text_of (self->key_id), text_of (self->secret), text_of (self->token));
  set_busy (self, TRUE);
  if (strcmp (action, "dialog.add-anyway") == 0)
    {
      keep_info (self, info);
      return;
    }
  secrets = (SbSecrets){ self->credentials, self->sso_token };
  connection = sb_connection_store_try (self->store, info, &secrets);
  sb_connection_check_async (info, connection, self->cancellable, on_checked, g_object_ref (self));
}

static void
keyring_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_int (task, sb_keyring_get_state ());
}

static void
on_keyring (GObject *source, GAsyncResult *result, gpointer data)
{
  SbConnectionDialog *self = SB_CONNECTION_DIALOG (source);
  gssize state = g_task_propagate_int (G_TASK (result), NULL);

  if (state != SB_KEYRING_ABSENT)
    return;
  gtk_switch_set_active (self->keep, FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->keep_row), FALSE);
  adw_action_row_set_subtitle (
      self->keep_row, _ ("No keyring is running: the secret is kept for this session only"));
}

static void
sb_connection_dialog_dispose (GObject *object)
{
  SbConnectionDialog *self = SB_CONNECTION_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_CONNECTION_DIALOG);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->store);
  g_clear_object (&self->asker);
  g_clear_object (&self->info);
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  g_clear_pointer (&self->sso_token, sb_sso_token_unref);
  g_clear_pointer (&self->accounts, json_array_unref);

  G_OBJECT_CLASS (sb_connection_dialog_parent_class)->dispose (object);
}

/* Whoever closes it while a check is under way does not want it any more. A password row that has
 * the focus when it goes makes libadwaita 1.2 complain. */
static gboolean
on_close_request (GtkWindow *window)
{
  g_cancellable_cancel (SB_CONNECTION_DIALOG (window)->cancellable);
  gtk_window_set_focus (window, NULL);
  return GTK_WINDOW_CLASS (sb_connection_dialog_parent_class)->close_request (window);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
#define BIND(child) gtk_widget_class_bind_template_child (widget_class, SbConnectionDialog, child)
  BIND (stack);
  BIND (back_button);
  BIND (spinner);
  BIND (form);
  BIND (name);
  BIND (endpoint);
  BIND (profile);
  BIND (start_url);
  BIND (sso_region);
  BIND (account);
  BIND (role);
  BIND (key_id);
  BIND (secret);
  BIND (token);
  BIND (region);
  BIND (keep_row);
  BIND (keep);
  BIND (fips_row);
  BIND (fips);
  BIND (problem);
  BIND (add_button);
  BIND (anyway_button);
#undef BIND
}

static void
sb_connection_dialog_class_init (SbConnectionDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_connection_dialog_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = on_close_request;
  signals[ADDED] = g_signal_new ("added",
                                 G_TYPE_FROM_CLASS (klass),
                                 G_SIGNAL_RUN_LAST,
                                 0,
                                 NULL,
                                 NULL,
                                 NULL,
                                 G_TYPE_NONE,
                                 1,
                                 SB_TYPE_CONNECTION_INFO);
  g_type_ensure (SB_TYPE_PROBLEM_BOX);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-connection-dialog.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_profile);
  gtk_widget_class_bind_template_callback (widget_class, on_start_url);
  gtk_widget_class_bind_template_callback (widget_class, on_account);
  gtk_widget_class_install_action (widget_class, "dialog.kind", "s", choose_kind);
  gtk_widget_class_install_action (widget_class, "dialog.add", NULL, add);
  gtk_widget_class_install_action (widget_class, "dialog.add-anyway", NULL, add);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
sb_connection_dialog_init (SbConnectionDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  fill_regions (self->region);
  fill_regions (self->sso_region);
  update (self);
}

/**
 * sb_connection_dialog_new:
 * @parent: the window over which it appears
 * @store: where the connection is kept
 * @asker: who shows where to sign in
 *
 * Returns: the dialog
 */
GtkWidget *
sb_connection_dialog_new (GtkWindow *parent, SbConnectionStore *store, SbAsker *asker)
{
  SbConnectionDialog *self =
      g_object_new (SB_TYPE_CONNECTION_DIALOG, "transient-for", parent, NULL);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, on_keyring, NULL);

  self->store = g_object_ref (store);
  self->asker = g_object_ref (asker);
  g_task_run_in_thread (task, keyring_thread);
  return GTK_WIDGET (self);
}
