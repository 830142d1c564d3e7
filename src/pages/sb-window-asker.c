/* sb-window-asker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-window-asker.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets/sb-accessible.h"
#include "wire/sb-error.h"

/**
 * SbWindowAsker:
 *
 * Asks the person in dialogs over the application's window. Who asks is a thread that waits; the
 * dialogs live in the main thread.
 */
struct _SbWindowAsker
{
  GObject parent_instance;

  GWeakRef application;
  GtkWindow *sign_in; /* of the main thread */
};

/* A question while it is asked; the thread that waits and the dialog each hold a reference. */
typedef struct
{
  SbWindowAsker *asker;
  GMutex lock;
  GCond cond;
  gboolean done;        /* guarded by lock */
  gboolean answered;    /* guarded by lock */
  GtkWindow *dialog;    /* of the main thread */
  SbSecret *answers[3]; /* guarded by lock */
  char *heading;
  char *body;
  char *code; /* what a sign-in shows */
  char *uri;
  char *key_id;
  GCancellable *stop;
} Question;

static void
question_clear (gpointer data)
{
  Question *question = data;

  g_object_unref (question->asker);
  for (gsize i = 0; i < G_N_ELEMENTS (question->answers); i++)
    sb_secret_clear (&question->answers[i]);
  g_free (question->heading);
  g_free (question->body);
  g_free (question->code);
  g_free (question->uri);
  g_free (question->key_id);
  g_clear_object (&question->stop);
  g_cond_clear (&question->cond);
  g_mutex_clear (&question->lock);
}

static void
question_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, question_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_unref)

static Question *
question_new (SbAsker *asker, char *heading, char *body)
{
  Question *question = g_atomic_rc_box_new0 (Question);

  question->asker = SB_WINDOW_ASKER (g_object_ref (asker));
  question->heading = heading;
  question->body = body;
  g_mutex_init (&question->lock);
  g_cond_init (&question->cond);
  return question;
}

static void
finish (Question *question, gboolean answered)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&question->lock);

  question->done = TRUE;
  question->answered = answered;
  g_cond_signal (&question->cond);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, Question *question)
{
  gboolean answered = strcmp (response, "continue") == 0;

  question->dialog = NULL;
  finish (question, answered);
}

static GtkWindow *
get_parent (SbWindowAsker *self)
{
  g_autoptr (GtkApplication) application = g_weak_ref_get (&self->application);

  return application != NULL ? gtk_application_get_active_window (application) : NULL;
}

/* A password row that has the focus when it goes makes libadwaita 1.2 complain. */
static gboolean
on_close_request (GtkWindow *dialog)
{
  gtk_window_set_focus (dialog, NULL);
  return GDK_EVENT_PROPAGATE;
}

static GtkWidget *
new_dialog (SbWindowAsker *self, const char *heading, const char *body)
{
  GtkWidget *dialog = adw_message_dialog_new (get_parent (self), heading, NULL);

  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (dialog), body);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"));
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "close-request", G_CALLBACK (on_close_request), NULL);
  return dialog;
}

/* A dialog is closed, and its entries are gone, before it tells its response. */
static void
on_changed (GtkEditable *entry, Question *question)
{
  guint at = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (entry), "sb-answer"));

  if (gtk_widget_in_destruction (GTK_WIDGET (entry)))
    return;
  g_mutex_lock (&question->lock);
  sb_secret_clear (&question->answers[at]);
  question->answers[at] = sb_secret_dup (gtk_editable_get_text (entry));
  g_mutex_unlock (&question->lock);
}

static GtkWidget *
add_row (Question *question, GtkListBox *list, guint at, const char *title, gboolean secret)
{
  GtkWidget *row = secret ? adw_password_entry_row_new () : adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  sb_accessible_set_name (row, title);
  adw_entry_row_set_activates_default (ADW_ENTRY_ROW (row), TRUE);
  gtk_list_box_append (list, row);
  question->answers[at] = sb_secret_dup ("");
  g_object_set_data (G_OBJECT (row), "sb-answer", GUINT_TO_POINTER (at));
  g_signal_connect (row, "changed", G_CALLBACK (on_changed), question);
  return row;
}

/* Returns what the person is to begin with. */
static GtkWidget *
add_rows (Question *question, GtkListBox *list)
{
  GtkWidget *id, *first;

  if (question->key_id == NULL)
    return add_row (question, list, 0, _ ("Code"), FALSE);
  id = add_row (question, list, 0, _ ("Access Key ID"), FALSE);
  first = add_row (question, list, 1, _ ("Secret Access Key"), TRUE);
  add_row (question, list, 2, _ ("Session Token (Optional)"), TRUE);
  gtk_editable_set_text (GTK_EDITABLE (id), question->key_id);
  return first;
}

static gboolean
show_question (gpointer data)
{
  Question *question = data;
  GtkWidget *dialog = new_dialog (question->asker, question->heading, question->body);
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *first;

  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  first = add_rows (question, GTK_LIST_BOX (list));
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), list);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "continue", _ ("Continue"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "continue");
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "continue",
                                              ADW_RESPONSE_SUGGESTED);
  g_signal_connect_data (dialog,
                         "response",
                         G_CALLBACK (on_response),
                         g_atomic_rc_box_acquire (question),
                         (GClosureNotify) (void (*) (void)) question_unref,
                         0);
  question->dialog = GTK_WINDOW (dialog);
  gtk_window_present (GTK_WINDOW (dialog));
  gtk_widget_grab_focus (first);
  return G_SOURCE_REMOVE;
}

static gboolean
close_question (gpointer data)
{
  Question *question = data;

  /* Closing is an answer, too: the close response. */
  if (question->dialog != NULL)
    gtk_window_close (question->dialog);
  return G_SOURCE_REMOVE;
}

static void
in_main_thread (GSourceFunc func, Question *question)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, func, g_atomic_rc_box_acquire (question), question_unref);
}

static void
on_cancelled (GCancellable *cancellable, Question *question)
{
  in_main_thread (close_question, question);
}

/* Waits for the person; a cancelled operation takes its dialog away. */
static gboolean
wait_for_answer (Question *question, GCancellable *cancellable, GError **error)
{
  gulong handler = 0;
  gboolean answered;

  in_main_thread (show_question, question);
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), question, NULL);
  g_mutex_lock (&question->lock);
  while (!question->done)
    g_cond_wait (&question->cond, &question->lock);
  answered = question->answered;
  g_mutex_unlock (&question->lock);
  g_cancellable_disconnect (cancellable, handler);
  if (!answered)
    g_set_error_literal (error,
                         G_IO_ERROR,
                         G_IO_ERROR_CANCELLED,
                         _ ("The question was not answered"));
  return answered;
}

static SbSecret *
ask_code (SbAsker *asker,
          const char *who,
          const char *device,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (Question) question =
      question_new (asker,
                    g_strdup (_ ("Enter the Code")),
                    g_strdup_printf (_ ("“%s” asks for the code that %s shows."), who, device));

  return wait_for_answer (question, cancellable, error) ? g_steal_pointer (&question->answers[0])
                                                        : NULL;
}

static SbCredentials *
ask_keys (SbAsker *asker,
          const char *who,
          const char *access_key_id,
          const GError *why,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (Question) question = question_new (
      asker,
      g_strdup (_ ("Enter the Access Key Again")),
      g_strdup_printf (_ ("The access key of “%s” cannot be used: %s"), who, why->message));

  question->key_id = g_strdup (access_key_id);
  if (!wait_for_answer (question, cancellable, error))
    return NULL;
  if (*question->answers[0] != '\0' && *question->answers[1] != '\0')
    return sb_credentials_new (question->answers[0], question->answers[1], question->answers[2]);
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_CREDENTIALS,
                       _ ("An access key has an id and a secret. Try again, and enter both."));
  return NULL;
}

static void
on_sign_in_response (AdwMessageDialog *dialog, const char *response, Question *question)
{
  question->asker->sign_in = NULL;
  g_cancellable_cancel (question->stop);
}

static GtkWidget *
new_sign_in_box (Question *question)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *code = gtk_label_new (question->code);
  GtkWidget *link = gtk_link_button_new_with_label (question->uri, _ ("Open the Browser"));

  gtk_widget_add_css_class (code, "title-1");
  gtk_widget_add_css_class (code, "numeric");
  gtk_label_set_selectable (GTK_LABEL (code), TRUE);
  gtk_widget_add_css_class (link, "pill");
  gtk_widget_set_halign (link, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (box), code);
  gtk_box_append (GTK_BOX (box), link);
  return box;
}

static gboolean
show_sign_in (gpointer data)
{
  Question *question = data;
  GtkWidget *dialog;

  /* Meanwhile it may have ended. */
  if (g_cancellable_is_cancelled (question->stop) || question->done)
    return G_SOURCE_REMOVE;
  dialog = new_dialog (question->asker, question->heading, question->body);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), new_sign_in_box (question));
  g_signal_connect_data (dialog,
                         "response",
                         G_CALLBACK (on_sign_in_response),
                         g_atomic_rc_box_acquire (question),
                         (GClosureNotify) (void (*) (void)) question_unref,
                         0);
  question->asker->sign_in = GTK_WINDOW (dialog);
  gtk_window_present (GTK_WINDOW (dialog));
  return G_SOURCE_REMOVE;
}

static gboolean
begin_sign_in (SbAsker *asker,
               const char *who,
               const SbSignIn *sign_in,
               GCancellable *stop,
               GError **error)
{
  g_autoptr (Question) question = question_new (
      asker,
      g_strdup (_ ("Sign In")),
      g_strdup_printf (_ ("Sign in for “%s” in the browser, and confirm that it shows this code."),
                       who));

  question->code = g_strdup (sign_in->user_code);
  question->uri = g_strdup (sign_in->uri_complete != NULL ? sign_in->uri_complete : sign_in->uri);
  question->stop = g_object_ref (stop);
  in_main_thread (show_sign_in, question);
  return TRUE;
}

static gboolean
hide_sign_in (gpointer data)
{
  SbWindowAsker *self = data;

  if (self->sign_in != NULL)
    gtk_window_destroy (g_steal_pointer (&self->sign_in));
  return G_SOURCE_REMOVE;
}

static void
end_sign_in (SbAsker *asker)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, hide_sign_in, g_object_ref (asker), g_object_unref);
}

static void
asker_iface_init (SbAskerInterface *iface)
{
  iface->ask_code = ask_code;
  iface->ask_keys = ask_keys;
  iface->begin_sign_in = begin_sign_in;
  iface->end_sign_in = end_sign_in;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbWindowAsker,
                               sb_window_asker,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_ASKER, asker_iface_init))

static void
sb_window_asker_finalize (GObject *object)
{
  g_weak_ref_clear (&SB_WINDOW_ASKER (object)->application);

  G_OBJECT_CLASS (sb_window_asker_parent_class)->finalize (object);
}

static void
sb_window_asker_class_init (SbWindowAskerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_window_asker_finalize;
}

static void
sb_window_asker_init (SbWindowAsker *self)
{
}

/**
 * sb_window_asker_new:
 * @application: over whose active window the questions appear
 *
 * Returns: (transfer full): who asks
 */
SbAsker *
sb_window_asker_new (GtkApplication *application)
{
  SbWindowAsker *self = g_object_new (SB_TYPE_WINDOW_ASKER, NULL);

  g_weak_ref_init (&self->application, application);
  return SB_ASKER (self);
}
