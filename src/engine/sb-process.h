/* sb-process.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbProcess:
 *
 * A program that the engine runs for a job or an endpoint: the leader of a process group of its
 * own, which ends with it, and which ends when the engine does. Everything happens in the main
 * context of the thread that started it, which must be the main thread: the kernel ties the end of
 * the program to the end of that thread.
 */
typedef struct _SbProcess SbProcess;

/**
 * SbProcessLinesFunc:
 * @process: the process
 * @lines: (element-type utf8): what it wrote, without line ends, as valid UTF-8; never empty
 * @data: user data
 */
typedef void (*SbProcessLinesFunc) (SbProcess *process, GPtrArray *lines, gpointer data);

/**
 * SbProcessExitFunc:
 * @process: the process
 * @status: as of waitpid()
 * @data: user data
 *
 * Called once, after the last line was delivered and the process group has ended.
 */
typedef void (*SbProcessExitFunc) (SbProcess *process, int status, gpointer data);

SbProcess *sb_process_start (const char *const *argv,
                             const char *const *environ,
                             const char *folder,
                             SbProcessLinesFunc on_lines,
                             SbProcessExitFunc on_exit,
                             gpointer data,
                             GError **error);
SbProcess *sb_process_ref (SbProcess *self);
void sb_process_unref (SbProcess *self);
void sb_process_disconnect (SbProcess *self);
gboolean sb_process_is_running (SbProcess *self);
void sb_process_stop (SbProcess *self, guint grace);
void sb_process_kill (SbProcess *self);
char *sb_process_describe (int status);
GStrv sb_process_make_environment (void);
void sb_process_kill_left_over (const char *folder);
char *sb_process_find_program (const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbProcess, sb_process_unref)

G_END_DECLS
