/* sb-code.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-journal.h"

G_BEGIN_DECLS

/**
 * SbCodeKind:
 * @SB_CODE_BOTO3: a Python program
 * @SB_CODE_CLI: a shell program of AWS CLI commands
 * @SB_CODE_NOTEBOOK: a Jupyter notebook (.ipynb) whose cells are the same Python
 */
typedef enum
{
  SB_CODE_BOTO3,
  SB_CODE_CLI,
  SB_CODE_NOTEBOOK,
} SbCodeKind;

char *sb_code_generate (GPtrArray *entries,
                        SbCodeKind kind,
                        const char *region,
                        const char *endpoint_url);

/**
 * SbCodeChapter:
 * @step: the step of the entries that it is about
 * @text: Markdown, with its heading
 * @source: (nullable): Python in place of the step's calls of @service, or of a step that has made
 *   no call. Its names are the same literals as in the entries.
 * @service: (nullable): such as `sagemaker-runtime`
 *
 * What a notebook has of one step.
 */
typedef struct
{
  char *step;
  char *text;
  char *source;
  char *service;
} SbCodeChapter;

/**
 * SbCodeStory:
 * @intro: Markdown
 * @chapters: (element-type SbCodeChapter): the steps, in order
 */
typedef struct
{
  char *intro;
  GPtrArray *chapters;
} SbCodeStory;

SbCodeStory *sb_code_story_new (const char *intro);
void sb_code_story_add (SbCodeStory *self,
                        const char *step,
                        const char *text,
                        const char *source,
                        const char *service);
void sb_code_story_free (SbCodeStory *self);
char *sb_code_generate_notebook (GPtrArray *entries,
                                 const SbCodeStory *story,
                                 const char *region,
                                 const char *endpoint_url);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbCodeStory, sb_code_story_free)

G_END_DECLS
