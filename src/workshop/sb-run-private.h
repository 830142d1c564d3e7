/* sb-run-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-run.h"

G_BEGIN_DECLS

struct _SbRun
{
  GObject parent_instance;

  char *id;
  SbModule *module;
  SbConnection *connection;
  SbClient *client;
  char *folder;
  GListStore *steps;
  SbLedger *ledger;
  gboolean interrupted;

  GTask *task;  /* of what runs now */
  GQueue queue; /* SbStep, to run after it */
  SbStep *current;
  GCancellable *cancellable;
  char *import; /* (nullable): a model to import in place of training one */
};

SbRun *_sb_run_new (SbModule *module,
                    SbConnection *connection,
                    SbJournal *journal,
                    const char *runs_dir,
                    GError **error);
SbRun *_sb_run_load (SbModule *module,
                     SbConnection *connection,
                     SbJournal *journal,
                     const char *folder,
                     GError **error);

SbStep *_sb_run_get_step (SbRun *self, guint index);
guint _sb_run_n_steps (SbRun *self);
char *_sb_run_make_basis (SbRun *self, SbStep *step, JsonObject *result);
void _sb_run_refresh (SbRun *self);

G_END_DECLS
