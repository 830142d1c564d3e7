/* sb-survey.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the workshop has created and the service still has: what the runs have written down, and
 * what carries the workshop's tags, united.
 */

#pragma once

#include "cloud/sb-client.h"
#include "workshop/sb-resource-item.h"

G_BEGIN_DECLS

/* Tags of everything that a run creates. */
#define SB_TAG_MODULE "sagebrush:module"
#define SB_TAG_RUN    "sagebrush:run"

/**
 * SbSurvey:
 * @items: (element-type SbResourceItem): in the order in which they are to be deleted
 * @problems: (element-type utf8): what could not be asked, as sentences
 * @ledgers: for sb_survey_mark_deleted()
 */
typedef struct
{
  GPtrArray *items;
  GPtrArray *problems;
  GHashTable *ledgers;
} SbSurvey;

SbSurvey *
sb_survey_new (SbClient *client, const char *runs_dir, GCancellable *cancellable, GError **error);
void sb_survey_free (SbSurvey *self);
SbResourceItem *sb_survey_find (SbSurvey *self, SbResourceKind kind, const char *name);
void sb_survey_mark_deleted (SbSurvey *self, SbResourceKind kind, const char *name);
JsonArray *sb_survey_make_tags (const char *module, const char *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbSurvey, sb_survey_free)

G_END_DECLS
