/* sb-step-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-run.h"
#include "workshop/sb-step.h"

G_BEGIN_DECLS

SbStep *_sb_step_new (SbRun *run, JsonObject *module, JsonObject *spec, guint number);
void _sb_step_detach (SbStep *self);
void _sb_step_set_state (SbStep *self, SbStepState state, const char *missing);
void _sb_step_begin (SbStep *self);
void _sb_step_end (SbStep *self, JsonObject *result, const char *basis, GError *error);
void _sb_step_set_progress (SbStep *self, double fraction, const char *text);
void _sb_step_set_result (SbStep *self, JsonObject *result);
void _sb_step_append_log (SbStep *self, GPtrArray *lines);
const char *_sb_step_get_basis (SbStep *self);
const char *_sb_step_get_stamp (SbStep *self);
JsonObject *_sb_step_to_json (SbStep *self);
void _sb_step_from_json (SbStep *self, JsonObject *json);
gboolean _sb_step_needs (SbStep *self, const char *id);

G_END_DECLS
