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

G_END_DECLS
