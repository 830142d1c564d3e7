/* test-ledger.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "workshop/sb-ledger-private.h"

static SbLedger *
open_ledger (const char *path)
{
  g_autoptr (GError) error = NULL;
  SbLedger *ledger = _sb_ledger_new (path, &error);

  g_assert_no_error (error);
  return ledger;
}

/* What was written down is told of in the main thread. */
static void
tell_all (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static char *
make_path (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sb-ledger-XXXXXX", NULL);

  return g_build_filename (folder, "ledger.jsonl", NULL);
}

static void
remove_path (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_remove (path);
  g_rmdir (folder);
}

/* What was only intended is there, too, after the program has ended: it may exist. */
static void
test_kept (void)
{
  g_autofree char *path = make_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbLedger) ledger = open_ledger (path);
  g_autoptr (SbLedger) again = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (SbResource) last = NULL;
  const SbResource *model;

  sb_ledger_intend (ledger, SB_RESOURCE_MODEL, "m", "deploy", "us-east-1", &error);
  sb_ledger_intend (ledger, SB_RESOURCE_ENDPOINT, "e", "deploy", "us-east-1", &error);
  sb_ledger_confirm (ledger, SB_RESOURCE_ENDPOINT, "e", "arn:e", &error);
  g_assert_no_error (error);
  g_clear_object (&ledger);

  again = open_ledger (path);
  list = sb_ledger_list (again);
  g_assert_cmpuint (list->len, ==, 2);
  last = sb_ledger_find_last (again, SB_RESOURCE_ENDPOINT, "deploy");
  g_assert_nonnull (last);
  g_assert_true (last->confirmed);
  g_assert_cmpstr (last->arn, ==, "arn:e");
  /* Endpoints, which are paid for by the hour, come first. */
  g_assert_cmpint (((SbResource *) list->pdata[0])->kind, ==, SB_RESOURCE_ENDPOINT);
  model = list->pdata[1];
  g_assert_false (model->confirmed);
  g_assert_false (model->deleted);

  g_assert_true (sb_ledger_mark_deleted (again, SB_RESOURCE_ENDPOINT, "e", &error));
  tell_all ();
  g_clear_object (&again);
  again = open_ledger (path);
  g_clear_pointer (&last, sb_resource_free);
  last = sb_ledger_find_last (again, SB_RESOURCE_ENDPOINT, "deploy");
  g_assert_true (last == NULL || last->deleted);
  remove_path (path);
}

static void
count (SbLedger *ledger, gpointer data)
{
  ++*(guint *) data;
}

static gpointer
clean_up (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sb_ledger_mark_deleted (data, SB_RESOURCE_ENDPOINT, "e", &error));
  g_assert_true (sb_ledger_mark_deleted (data, SB_RESOURCE_MODEL, "m", &error));
  g_assert_true (sb_ledger_mark_deleted (data, SB_RESOURCE_TRAINING_JOB, "j", &error));
  return NULL;
}

/* Whoever deletes what a step has created, wherever: the step is told of it. */
static void
test_gone (void)
{
  g_autofree char *path = make_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbLedger) ledger = open_ledger (path);
  double begin = (double) g_get_real_time () / G_USEC_PER_SEC, between;
  guint told = 0;

  g_signal_connect (ledger, "changed", G_CALLBACK (count), &told);
  sb_ledger_intend (ledger, SB_RESOURCE_TRAINING_JOB, "j", "train", "us-east-1", &error);
  sb_ledger_intend (ledger, SB_RESOURCE_MODEL, "m", "deploy", "us-east-1", &error);
  sb_ledger_intend (ledger, SB_RESOURCE_ENDPOINT, "e", "deploy", "us-east-1", &error);
  tell_all ();
  g_assert_cmpuint (told, ==, 0);
  g_assert_false (sb_ledger_is_gone (ledger, "deploy", begin));
  g_assert_false (sb_ledger_is_gone (ledger, "upload", begin));

  between = (double) g_get_real_time () / G_USEC_PER_SEC;
  g_thread_join (g_thread_new ("clean-up", clean_up, ledger));
  g_assert_cmpuint (told, ==, 0);
  tell_all ();
  g_assert_cmpuint (told, ==, 1);
  g_assert_true (sb_ledger_is_gone (ledger, "deploy", begin));
  /* Interrupted and gone on with, or tried again, it had what it created before. */
  g_assert_true (sb_ledger_is_gone (ledger, "deploy", between));
  /* Run again since, the step has found what somebody else has created. */
  g_assert_false (sb_ledger_is_gone (ledger, "deploy", begin + 3600));
  g_assert_false (sb_ledger_is_gone (ledger, "train", begin));

  /* An endpoint that is created once more is there, whatever has become of its model. */
  sb_ledger_intend (ledger, SB_RESOURCE_ENDPOINT, "e", "deploy", "us-east-1", &error);
  tell_all ();
  g_assert_cmpuint (told, ==, 2);
  g_assert_false (sb_ledger_is_gone (ledger, "deploy", begin));
  g_assert_no_error (error);
  remove_path (path);
}

/* A file that is damaged is not taken for an empty one: what it names may still cost money. */
static void
test_damaged (void)
{
  g_autofree char *path = make_path ();
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbLedger) ledger = open_ledger (path);
  gsize length;

  sb_ledger_intend (ledger, SB_RESOURCE_ENDPOINT, "e", "deploy", "us-east-1", &error);
  g_clear_object (&ledger);
  g_assert_true (g_file_get_contents (path, &text, &length, &error));
  g_assert_true (g_file_set_contents (path, text, (gssize) length / 2, &error));
  ledger = _sb_ledger_new (path, &error);
  g_assert_null (ledger);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, path));
  remove_path (path);
}

/* What cannot be written down must not be created. */
static void
test_full (void)
{
  g_autofree char *path = make_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbLedger) ledger = open_ledger (path);
  struct rlimit before, none;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  none = (struct rlimit){ 0, before.rlim_max };
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &none), ==, 0);
  g_assert_false (
      sb_ledger_intend (ledger, SB_RESOURCE_ENDPOINT, "e", "deploy", "us-east-1", &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (
      sb_ledger_intend (ledger, SB_RESOURCE_ENDPOINT, "e", "deploy", "us-east-1", &error));
  g_assert_no_error (error);
  remove_path (path);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workshop/ledger/kept", test_kept);
  g_test_add_func ("/workshop/ledger/gone", test_gone);
  g_test_add_func ("/workshop/ledger/damaged", test_damaged);
  g_test_add_func ("/workshop/ledger/full", test_full);
  return g_test_run ();
}
