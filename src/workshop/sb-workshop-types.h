/* sb-workshop-types.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _SbModule SbModule;
typedef struct _SbModuleStore SbModuleStore;
typedef struct _SbStep SbStep;
typedef struct _SbRun SbRun;
typedef struct _SbWorkshop SbWorkshop;
typedef struct _SbLedger SbLedger;

G_END_DECLS
