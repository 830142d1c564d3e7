/* sb-notebook.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-services.h"

G_BEGIN_DECLS

/* Log group of all notebook instances. */
#define SB_NOTEBOOK_LOG_GROUP "/aws/sagemaker/NotebookInstances"

void sb_notebooks_start (SbNotebooks *self, JsonObject *document);
void sb_notebooks_stop (SbNotebooks *self, const char *name);
void sb_notebooks_delete (SbNotebooks *self, const char *name);
char *sb_notebooks_dup_url (SbNotebooks *self, const char *name);

/* sb-notebook-stage.c */

/**
 * SbNotebookStage:
 * @argv: a program and its arguments
 * @failure: what is said when it fails, before how it ended
 * @seconds: how long it may take; for the server, until it serves
 * @server: whether it is Jupyter itself
 *
 * One of the programs that make a notebook instance, one after the other.
 */
typedef struct
{
  char **argv;
  char *failure;
  guint seconds;
  gboolean server;
} SbNotebookStage;

/**
 * SbNotebookPlace:
 * @folder: the instance's folder
 * @port: where its Jupyter listens, on 127.0.0.1
 * @token: what whoever opens it has to know
 * @url: the engine's URL
 */
typedef struct
{
  char *folder;
  guint port;
  char *token;
  char *url;
} SbNotebookPlace;

void sb_notebook_stage_free (SbNotebookStage *self);
gboolean sb_notebook_add_stages (SbEngine *engine,
                                 JsonObject *document,
                                 const SbNotebookPlace *place,
                                 GQueue *stages,
                                 GError **error);
char **sb_notebook_make_environment (SbEngine *engine, const SbNotebookPlace *place);
gboolean sb_notebook_find_port (guint *port, GError **error);

/* sb-notebook-lifecycle.c */
void sb_add_notebook_lifecycle_operations (SbEngine *engine);

G_END_DECLS
