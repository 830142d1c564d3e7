/* sb-notebook-file.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbNotebookCellKind:
 * @SB_NOTEBOOK_MARKDOWN: text to be read
 * @SB_NOTEBOOK_CODE: a program
 * @SB_NOTEBOOK_RAW: text to be left as it is
 */
typedef enum
{
  SB_NOTEBOOK_MARKDOWN,
  SB_NOTEBOOK_CODE,
  SB_NOTEBOOK_RAW,
} SbNotebookCellKind;

/**
 * SbNotebookOutput:
 * @text: (nullable): plain text, without a terminal's colours
 * @image: (nullable): a PNG or JPEG file
 * @failed: whether it is an error
 *
 * One output of a cell; it has text or an image.
 */
typedef struct
{
  char *text;
  GBytes *image;
  gboolean failed;
} SbNotebookOutput;

/**
 * SbNotebookCell:
 * @kind: what it is
 * @source: what is in it
 * @count: when it was run, 1 for the first; 0 when it was not
 * @outputs: (element-type SbNotebookOutput): what came of it
 */
typedef struct
{
  SbNotebookCellKind kind;
  char *source;
  guint count;
  GPtrArray *outputs;
} SbNotebookCell;

/**
 * SbNotebookFile:
 * @language: of its code, such as `python`
 * @cells: (element-type SbNotebookCell): in order
 *
 * A Jupyter notebook as it is in a file, nbformat 4.
 */
typedef struct
{
  char *language;
  GPtrArray *cells;
} SbNotebookFile;

SbNotebookFile *sb_notebook_file_load (const char *path, GError **error);
void sb_notebook_file_free (SbNotebookFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbNotebookFile, sb_notebook_file_free)

G_END_DECLS
