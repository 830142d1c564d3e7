/* sb-journal-entry.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-journal-entry-private.h"

#include "cloud/sb-redact-private.h"

/**
 * SbJournalEntry:
 *
 * One API call as it was made: who, where, what, and how it ended. Immutable, and free of secrets
 * from the moment it exists.
 */
struct _SbJournalEntry
{
  GObject parent_instance;

  JsonObject *json;
};

G_DEFINE_FINAL_TYPE (SbJournalEntry, sb_journal_entry, G_TYPE_OBJECT)

static void
sb_journal_entry_finalize (GObject *object)
{
  SbJournalEntry *self = SB_JOURNAL_ENTRY (object);

  g_clear_pointer (&self->json, json_object_unref);

  G_OBJECT_CLASS (sb_journal_entry_parent_class)->finalize (object);
}

static void
sb_journal_entry_class_init (SbJournalEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_journal_entry_finalize;
}

static void
sb_journal_entry_init (SbJournalEntry *self)
{
}

static const char *
get_string (SbJournalEntry *self, const char *member)
{
  JsonNode *node = json_object_get_member (self->json, member);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  return json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static JsonObject *
get_object (SbJournalEntry *self, const char *member)
{
  JsonNode *node = json_object_get_member (self->json, member);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static double
get_double (SbJournalEntry *self, const char *member)
{
  JsonNode *node = json_object_get_member (self->json, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : 0;
}

/*< private >
 * _sb_journal_entry_new:
 * @json: the entry as it stands in the file
 * @secrets: (nullable): values that must not enter
 *
 * Returns: (transfer full): an entry with a redacted copy of @json
 */
SbJournalEntry *
_sb_journal_entry_new (JsonObject *json, const char *const *secrets)
{
  SbJournalEntry *self = g_object_new (SB_TYPE_JOURNAL_ENTRY, NULL);

  self->json = _sb_redact_object (json, secrets);
  return self;
}

/**
 * sb_journal_entry_new_from_json:
 * @json: the entry as it stands in the file
 *
 * Returns: (transfer full): an entry with a redacted copy of @json
 */
SbJournalEntry *
sb_journal_entry_new_from_json (JsonObject *json)
{
  g_return_val_if_fail (json != NULL, NULL);

  return _sb_journal_entry_new (json, NULL);
}

/**
 * sb_journal_entry_get_json:
 * @self: an entry
 *
 * Returns: (transfer none): the entry as it stands in the file; not to be changed
 */
JsonObject *
sb_journal_entry_get_json (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return self->json;
}

/**
 * sb_journal_entry_get_time:
 * @self: an entry
 *
 * Returns: when the call left, in seconds since 1970, UTC
 */
double
sb_journal_entry_get_time (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), 0);

  return get_double (self, "time");
}

/**
 * sb_journal_entry_get_duration:
 * @self: an entry
 *
 * Returns: how long the call took with all its attempts, in seconds
 */
double
sb_journal_entry_get_duration (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), 0);

  return get_double (self, "duration");
}

/**
 * sb_journal_entry_get_status:
 * @self: an entry
 *
 * Returns: the HTTP status of the answer, 0 if none came
 */
guint
sb_journal_entry_get_status (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), 0);

  return (guint) get_double (self, "status");
}

/**
 * sb_journal_entry_get_attempts:
 * @self: an entry
 *
 * Returns: how often the request was sent
 */
guint
sb_journal_entry_get_attempts (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), 0);

  return (guint) get_double (self, "attempts");
}

/**
 * sb_journal_entry_get_module:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the module's id
 */
const char *
sb_journal_entry_get_module (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "module");
}

/**
 * sb_journal_entry_get_run:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the run's id
 */
const char *
sb_journal_entry_get_run (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "run");
}

/**
 * sb_journal_entry_get_step:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the step's id
 */
const char *
sb_journal_entry_get_step (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "step");
}

/**
 * sb_journal_entry_get_connection:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the connection's name
 */
const char *
sb_journal_entry_get_connection (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "connection");
}

/**
 * sb_journal_entry_get_region:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the Region
 */
const char *
sb_journal_entry_get_region (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "region");
}

/**
 * sb_journal_entry_get_endpoint_url:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the connection's own endpoint, if it has one
 */
const char *
sb_journal_entry_get_endpoint_url (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "endpoint_url");
}

/**
 * sb_journal_entry_get_service:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the service, such as `sagemaker`
 */
const char *
sb_journal_entry_get_service (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "service");
}

/**
 * sb_journal_entry_get_operation:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the operation, such as `CreateModel`
 */
const char *
sb_journal_entry_get_operation (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "operation");
}

/**
 * sb_journal_entry_get_waiter:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the waiter on whose behalf the call was made
 */
const char *
sb_journal_entry_get_waiter (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "waiter");
}

/**
 * sb_journal_entry_get_error_code:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the service's code, or the kind of failure
 */
const char *
sb_journal_entry_get_error_code (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "error_code");
}

/**
 * sb_journal_entry_get_message:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): what went wrong
 */
const char *
sb_journal_entry_get_message (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "message");
}

/**
 * sb_journal_entry_get_request_id:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the service's request id
 */
const char *
sb_journal_entry_get_request_id (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_string (self, "request_id");
}

/**
 * sb_journal_entry_get_input:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the members sent
 */
JsonObject *
sb_journal_entry_get_input (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_object (self, "input");
}

/**
 * sb_journal_entry_get_output:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the members that came back
 */
JsonObject *
sb_journal_entry_get_output (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_object (self, "output");
}

/**
 * sb_journal_entry_get_body:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): the body that was sent: `text`, `base64` or `path`, and
 * `size`
 */
JsonObject *
sb_journal_entry_get_body (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_object (self, "body");
}

/**
 * sb_journal_entry_get_transfer:
 * @self: an entry
 *
 * Returns: (transfer none) (nullable): of which transfer the call is part: `id`, `kind`, `bucket`,
 * `key`, `path`
 */
JsonObject *
sb_journal_entry_get_transfer (SbJournalEntry *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL_ENTRY (self), NULL);

  return get_object (self, "transfer");
}
