/* sb-endpoint-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-endpoint-row.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets/sb-accessible.h"
#include "wire/sb-json.h"
#include "workshop/sb-endpoint-info.h"
#include "workshop/sb-photo-ask.h"

/* Of how long until now questions are counted. */
#define COUNTED_MINUTES 60
/* How much of an answer is shown. */
#define MAX_ANSWER 4096

#define PICTURE "application/x-image"

/**
 * SbEndpointRow:
 *
 * An endpoint, or the configuration that a paused one has left: its state and price, and when it is
 * unfolded its variants, how often they were asked, and a panel to ask it in.
 */
struct _SbEndpointRow
{
  AdwExpanderRow parent_instance;

  SbClient *client;
  SbResourceItem *item;
  GCancellable *cancellable; /* of the questions about it */
  GCancellable *asking;      /* of the question to it */
  gint64 asked;
  GtkButton *action;
  AdwActionRow *problem_row;
  GtkListBoxRow *variants_row;
  GtkBox *variants;
  GtkListBoxRow *test_row;
  GtkDropDown *type;
  GtkTextView *question;
  GtkButton *file_button;
  GtkButton *send_button;
  GtkLabel *answer;
  GtkLabel *told;
};

enum
{
  SIGNAL_ACTION,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbEndpointRow, sb_endpoint_row, ADW_TYPE_EXPANDER_ROW)

static gboolean
is_endpoint (SbEndpointRow *self)
{
  return sb_resource_item_get_kind (self->item) == SB_RESOURCE_ENDPOINT;
}

static void
show_problem (SbEndpointRow *self, const char *text)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->problem_row), text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_row), text != NULL);
}

static char *
describe_variant (const SbVariantInfo *variant)
{
  GString *text = g_string_new (NULL);

  if (variant->instance_type != NULL)
    g_string_append_printf (text, "%u × %s · ", variant->n_instances, variant->instance_type);
  if (variant->model != NULL)
    g_string_append_printf (text, "%s · ", variant->model);
  /* translators: the share of the questions that a variant gets, in proportion to the others */
  g_string_append_printf (text, _ ("weight %g"), variant->weight);
  if (!variant->counted)
    return g_string_free (text, FALSE);
  g_string_append (text, "\n");
  g_string_append_printf (text,
                          ngettext ("%u invocation in the last hour",
                                    "%u invocations in the last hour",
                                    (gulong) variant->n_asked),
                          (guint) variant->n_asked);
  if (variant->n_failed > 0)
    g_string_append_printf (text,
                            ngettext (", %u failed", ", %u failed", (gulong) variant->n_failed),
                            (guint) variant->n_failed);
  if (variant->latency > 0)
    g_string_append_printf (text, _ (" · %.1f ms on average"), variant->latency);
  return g_string_free (text, FALSE);
}

static void
remove_variants (SbEndpointRow *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->variants))) != NULL)
    gtk_box_remove (self->variants, child);
  gtk_widget_set_visible (GTK_WIDGET (self->variants_row), FALSE);
}

static void
add_label (SbEndpointRow *self, const char *text, const char *class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  if (class != NULL)
    gtk_widget_add_css_class (label, class);
  gtk_box_append (self->variants, label);
}

static void
show_info (SbEndpointRow *self, SbEndpointInfo *info)
{
  remove_variants (self);
  for (guint i = 0; i < info->variants->len; i++)
    {
      const SbVariantInfo *variant = info->variants->pdata[i];
      g_autofree char *text = describe_variant (variant);

      add_label (self, variant->name, NULL);
      add_label (self, text, "subtitle");
    }
  gtk_widget_set_visible (GTK_WIDGET (self->variants_row), info->variants->len > 0);
  show_problem (self, info->failure != NULL ? info->failure : info->problem);
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbEndpointRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEndpointInfo) info =
      sb_endpoint_info_fetch_finish (SB_CLIENT (source), result, &error);

  if (info != NULL)
    show_info (self, info);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_problem (self, error->message);
}

/* Only what somebody looks at is asked about. */
static void
ask_about (SbEndpointRow *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (!adw_expander_row_get_expanded (ADW_EXPANDER_ROW (self)) || !is_endpoint (self))
    return;
  self->cancellable = g_cancellable_new ();
  sb_endpoint_info_fetch_async (self->client,
                                sb_resource_item_get_name (self->item),
                                COUNTED_MINUTES,
                                self->cancellable,
                                on_info,
                                g_object_ref (self));
}

static void
on_expanded (SbEndpointRow *self)
{
  if (self->item != NULL)
    ask_about (self);
}

static void
on_action (GtkButton *button, SbEndpointRow *self)
{
  g_signal_emit (self, signals[SIGNAL_ACTION], 0);
}

static void
set_asking (SbEndpointRow *self, gboolean asking)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->send_button), !asking);
  gtk_widget_set_sensitive (GTK_WIDGET (self->file_button), !asking);
}

static void
show_answer (SbEndpointRow *self, const char *answer, const char *told)
{
  gtk_label_set_label (self->answer, answer);
  gtk_widget_set_visible (GTK_WIDGET (self->answer), answer != NULL && *answer != '\0');
  gtk_label_set_label (self->told, told);
  gtk_widget_set_visible (GTK_WIDGET (self->told), TRUE);
}

typedef struct
{
  char *endpoint;
  char *type;
  GBytes *body;
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_free (self->endpoint);
  g_free (self->type);
  g_bytes_unref (self->body);
  g_free (self);
}

/* A picture that is too large for a request is made smaller. */
static GBytes *
make_body (const Question *question, GError **error)
{
  if (strcmp (question->type, PICTURE) == 0)
    return sb_photo_make_body (question->body, error);
  return g_bytes_ref (question->body);
}

static void
invoke_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SbEndpointRow *self = SB_ENDPOINT_ROW (source);
  const Question *question = data;
  g_autoptr (JsonObject) input = sb_json_object_new (
      "EndpointName", "s", question->endpoint, "ContentType", "s", question->type, NULL);
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) asked = make_body (question, &error);
  GBytes *body = NULL;

  if (asked != NULL)
    answer = sb_client_call_with_body (self->client,
                                       "sagemaker-runtime",
                                       "InvokeEndpoint",
                                       input,
                                       asked,
                                       &body,
                                       cancellable,
                                       &error);
  if (answer != NULL)
    g_task_return_pointer (task, body, (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
on_invoked (GObject *source, GAsyncResult *result, gpointer data)
{
  SbEndpointRow *self = SB_ENDPOINT_ROW (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = g_task_propagate_pointer (G_TASK (result), &error);
  double milliseconds = (double) (g_get_monotonic_time () - self->asked) / 1000;
  g_autofree char *text = NULL;
  g_autofree char *told = NULL;
  gsize length;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  set_asking (self, FALSE);
  if (body == NULL)
    {
      show_answer (self, NULL, error->message);
      return;
    }
  length = g_bytes_get_size (body);
  text = g_utf8_make_valid (g_bytes_get_data (body, NULL), (gssize) MIN (length, MAX_ANSWER));
  told = g_strdup_printf (ngettext ("%u byte in %.1f ms", "%u bytes in %.1f ms", length),
                          (guint) length,
                          milliseconds);
  show_answer (self, g_strchomp (text), told);
  ask_about (self);
}

static void
invoke (SbEndpointRow *self, const char *type, GBytes *body)
{
  g_autoptr (GTask) task = g_task_new (self, self->asking, on_invoked, NULL);
  Question *question = g_new0 (Question, 1);

  question->endpoint = g_strdup (sb_resource_item_get_name (self->item));
  question->type = g_strdup (type);
  question->body = g_bytes_ref (body);
  g_task_set_source_tag (task, invoke);
  g_task_set_task_data (task, question, question_free);
  set_asking (self, TRUE);
  self->asked = g_get_monotonic_time ();
  g_task_run_in_thread (task, invoke_in_thread);
}

static const char *
get_type_name (SbEndpointRow *self)
{
  return gtk_string_object_get_string (
      GTK_STRING_OBJECT (gtk_drop_down_get_selected_item (self->type)));
}

static void
on_send (GtkButton *button, SbEndpointRow *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->question);
  g_autoptr (GBytes) body = NULL;
  GtkTextIter start, end;
  char *text;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  body = g_bytes_new_take (text, strlen (text));
  invoke (self, get_type_name (self), body);
}

/* A picture says itself that it is one; of anything else people say what it is. */
static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbEndpointRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = g_file_load_bytes_finish (G_FILE (source), result, NULL, &error);
  g_autofree char *type = NULL;
  gboolean is_picture;
  gsize length;
  const guchar *bytes;

  if (body == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        show_answer (self, NULL, error->message);
      return;
    }
  bytes = g_bytes_get_data (body, &length);
  type = g_content_type_guess (NULL, bytes, length, NULL);
  is_picture = g_str_has_prefix (type, "image/");
  invoke (self, is_picture ? PICTURE : get_type_name (self), body);
}

static void
on_file_response (GtkNativeDialog *dialog, int response, SbEndpointRow *self)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  if (file != NULL)
    g_file_load_bytes_async (file, self->asking, on_loaded, g_object_ref (self));
}

static void
on_file (GtkButton *button, SbEndpointRow *self)
{
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_ ("Send a File"),
                                   GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                   GTK_FILE_CHOOSER_ACTION_OPEN,
                                   NULL,
                                   NULL);

  g_signal_connect_object (dialog, "response", G_CALLBACK (on_file_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
sb_endpoint_row_dispose (GObject *object)
{
  SbEndpointRow *self = SB_ENDPOINT_ROW (object);

  g_cancellable_cancel (self->cancellable);
  g_cancellable_cancel (self->asking);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->item);
  G_OBJECT_CLASS (sb_endpoint_row_parent_class)->dispose (object);
}

static void
sb_endpoint_row_finalize (GObject *object)
{
  SbEndpointRow *self = SB_ENDPOINT_ROW (object);

  g_object_unref (self->asking);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sb_endpoint_row_parent_class)->finalize (object);
}

static void
sb_endpoint_row_class_init (SbEndpointRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_endpoint_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_endpoint_row_finalize;
  /**
   * SbEndpointRow::action:
   *
   * It is to be paused, or a paused one is to be resumed.
   */
  signals[SIGNAL_ACTION] = g_signal_new (
      "action", SB_TYPE_ENDPOINT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-endpoint-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, action);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, problem_row);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, variants_row);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, variants);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, test_row);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, type);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, question);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, file_button);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, send_button);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, answer);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointRow, told);
  gtk_widget_class_bind_template_callback (widget_class, on_expanded);
  gtk_widget_class_bind_template_callback (widget_class, on_action);
  gtk_widget_class_bind_template_callback (widget_class, on_file);
  gtk_widget_class_bind_template_callback (widget_class, on_send);
}

static void
sb_endpoint_row_init (SbEndpointRow *self)
{
  self->asking = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  sb_accessible_keep_name (self->type);
}

/**
 * sb_endpoint_row_new:
 * @client: makes the calls
 *
 * Returns: a row that has to be told what it shows
 */
GtkWidget *
sb_endpoint_row_new (SbClient *client)
{
  SbEndpointRow *self = g_object_new (SB_TYPE_ENDPOINT_ROW, NULL);

  self->client = g_object_ref (client);
  return GTK_WIDGET (self);
}

/* Several rows have buttons that look alike. */
static void
name_button (GtkButton *button, const char *label, const char *name)
{
  g_autofree char *accessible = g_strdup_printf ("%s: %s", label, name);

  sb_accessible_set_name (button, accessible);
}

/**
 * sb_endpoint_row_set_item:
 * @self: a row
 * @item: an endpoint, or the configuration of one that is paused
 * @price: (nullable): what it costs, if it runs
 *
 * Shows what the service has answered now; what people have unfolded and typed stays.
 */
void
sb_endpoint_row_set_item (SbEndpointRow *self, SbResourceItem *item, const char *price)
{
  const char *name = sb_resource_item_get_name (item);
  gboolean paused = sb_resource_item_get_kind (item) != SB_RESOURCE_ENDPOINT;
  const char *status = paused ? _ ("Paused") : sb_resource_item_get_status (item);
  const char *label = paused ? _ ("Resume") : _ ("Pause");
  g_autofree char *subtitle = price != NULL ? g_strdup_printf ("%s · %s", status, price)
                                            : g_strdup (status != NULL ? status : "");

  g_set_object (&self->item, item);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), subtitle);
  gtk_button_set_label (self->action, label);
  name_button (self->action, label, name);
  name_button (self->send_button, _ ("Send"), name);
  name_button (self->file_button, _ ("Send a File"), name);
  gtk_widget_set_visible (GTK_WIDGET (self->test_row), g_strcmp0 (status, "InService") == 0);
  if (paused)
    {
      remove_variants (self);
      show_problem (self, NULL);
    }
  ask_about (self);
}

SbResourceItem *
sb_endpoint_row_get_item (SbEndpointRow *self)
{
  return self->item;
}

/**
 * sb_endpoint_row_set_busy:
 * @self: a row
 * @busy: whether it cannot be paused or resumed just now
 */
void
sb_endpoint_row_set_busy (SbEndpointRow *self, gboolean busy)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->action), !busy);
}
