/* sb-command.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What works in a terminal, without a display and without GTK's initialisation.
 */

#pragma once

#include "cloud/sb-engine-process.h"

G_BEGIN_DECLS

int sb_command_run (int argc, char **argv);
int sb_command_predict (int argc, char **argv);
int sb_command_connections (int argc, char **argv);
int sb_command_resources (int argc, char **argv);
int sb_command_clean_up (int argc, char **argv);
int sb_command_notebooks (int argc, char **argv);
int sb_command_engine (int argc, char **argv);
SbConnection *
sb_command_connect (const char *base, const char *name, SbEngineProcess **engine, GError **error);
char *sb_command_data_dir (void);
void sb_command_print_error (const GError *error);

G_END_DECLS
