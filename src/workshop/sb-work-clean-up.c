/* sb-work-clean-up.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clean Up: delete what the run has created, in order, and ask again.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-remove.h"
#include "workshop/sb-work.h"

/* A bucket that holds something else, too, stays: that is none of this run's business. */
static gboolean
delete_one (SbWork *work, const SbResource *resource, GError **error)
{
  SbRemoval removal =
      sb_remove_resource (work->client, resource->kind, resource->name, work->cancellable, error);

  if (removal == SB_REMOVAL_FAILED)
    return FALSE;
  return removal == SB_REMOVAL_KEPT ||
         sb_ledger_mark_deleted (work->ledger, resource->kind, resource->name, error);
}

/* Asks the service itself, not the ledger. Buckets are asked for, too: by deleting them. */
static gboolean
still_there (SbWork *work, const SbResource *resource)
{
  return resource->kind != SB_RESOURCE_BUCKET && sb_remove_ask (work->client,
                                                                resource->kind,
                                                                resource->name,
                                                                NULL,
                                                                work->cancellable,
                                                                NULL) == SB_PRESENCE_THERE;
}

JsonObject *
sb_work_clean_up (SbWork *work, GError **error)
{
  g_autoptr (GPtrArray) resources = sb_ledger_list (work->ledger);
  g_autofree char *summary = NULL;
  guint left = 0;

  for (guint i = 0; i < resources->len; i++)
    {
      const SbResource *resource = resources->pdata[i];
      g_autofree char *text = g_strdup_printf (_ ("Deleting %s"), resource->name);

      sb_work_progress (work, (double) i / resources->len, text);
      if (!delete_one (work, resource, error))
        return NULL;
    }
  for (guint i = 0; i < resources->len; i++)
    left += still_there (work, resources->pdata[i]) ? 1 : 0;
  if (left > 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CONFLICT,
                   ngettext ("%u resource is still there; clean up again",
                             "%u resources are still there; clean up again",
                             left),
                   left);
      return NULL;
    }
  summary = g_strdup_printf (ngettext ("Nothing left; %u resource was deleted",
                                       "Nothing left; %u resources were deleted",
                                       resources->len),
                             resources->len);
  return sb_json_object_new (
      "summary", "s", summary, "deleted", "i", (gint64) resources->len, NULL);
}
