/* sb-step.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-workshop-types.h"

G_BEGIN_DECLS

/**
 * SbStepState:
 * @SB_STEP_WAITING: a step that it needs has not run: see SbStep:missing
 * @SB_STEP_READY: it can run
 * @SB_STEP_RUNNING: it is running
 * @SB_STEP_STOPPING: it was told to stop and has not stopped yet
 * @SB_STEP_DONE: it has run, and nothing that it rests on has changed since
 * @SB_STEP_FAILED: it ended with SbStep:error
 * @SB_STEP_STALE: it has run, but a value of its own or a step that it needs has changed since
 * @SB_STEP_GONE: it has run, and its result stands, but what it created, or works with, was deleted
 *   since
 */
typedef enum
{
  SB_STEP_WAITING,
  SB_STEP_READY,
  SB_STEP_RUNNING,
  SB_STEP_STOPPING,
  SB_STEP_DONE,
  SB_STEP_FAILED,
  SB_STEP_STALE,
  SB_STEP_GONE,
} SbStepState;

#define SB_TYPE_STEP_STATE (sb_step_state_get_type ())
GType sb_step_state_get_type (void) G_GNUC_CONST;

#define SB_TYPE_STEP (sb_step_get_type ())
G_DECLARE_FINAL_TYPE (SbStep, sb_step, SB, STEP, GObject)

/* What it is; never changes. */
const char *sb_step_get_id (SbStep *self);
const char *sb_step_get_kind (SbStep *self);
const char *sb_step_get_title (SbStep *self);
const char *sb_step_get_narrative (SbStep *self);
guint sb_step_get_number (SbStep *self);
double sb_step_get_expected (SbStep *self);
gboolean sb_step_is_optional (SbStep *self);
SbRun *sb_step_get_run (SbStep *self);
JsonObject *sb_step_get_spec (SbStep *self);

/* Where it stands; each has a property that notifies. */
SbStepState sb_step_get_state (SbStep *self);
gboolean sb_step_stands (SbStep *self);
const char *sb_step_get_summary (SbStep *self);
const char *sb_step_get_missing (SbStep *self);
double sb_step_get_fraction (SbStep *self);
const char *sb_step_get_progress_text (SbStep *self);
double sb_step_get_started (SbStep *self);
double sb_step_get_duration (SbStep *self);
const GError *sb_step_get_error (SbStep *self);
JsonObject *sb_step_get_result (SbStep *self);
const GPtrArray *sb_step_get_log (SbStep *self);

/* Its form. */
const GPtrArray *sb_step_get_parameters (SbStep *self);
const char *sb_step_get_value (SbStep *self, const char *name);
gboolean sb_step_has_parameter (SbStep *self, const char *name);
const char *sb_step_get_default (SbStep *self, const char *name);
gboolean sb_step_set_value (SbStep *self, const char *name, const char *value, GError **error);
JsonObject *sb_step_get_values (SbStep *self);
gboolean sb_step_is_shown (SbStep *self, const char *name);
gboolean sb_step_check_values (SbStep *self, GError **error);
void sb_step_reset (SbStep *self);

G_END_DECLS
