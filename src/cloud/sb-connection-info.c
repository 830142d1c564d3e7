/* sb-connection-info.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-connection-info.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-regions.h"

#define MAX_NAME 64

struct _SbConnectionInfo
{
  GObject parent_instance;

  JsonObject *json;
};

G_DEFINE_FINAL_TYPE (SbConnectionInfo, sb_connection_info, G_TYPE_OBJECT)

static const char *const kinds[] = { "access-key", "profile", "sso" };

/* What a kind cannot do without. */
static const char *const wanted[][5] = {
  { "access_key_id" },
  { "profile" },
  { "sso_start_url", "sso_region", "sso_account_id", "sso_role_name" },
};

static void
sb_connection_info_finalize (GObject *object)
{
  SbConnectionInfo *self = SB_CONNECTION_INFO (object);

  g_clear_pointer (&self->json, json_object_unref);

  G_OBJECT_CLASS (sb_connection_info_parent_class)->finalize (object);
}

static void
sb_connection_info_class_init (SbConnectionInfoClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_connection_info_finalize;
}

static void
sb_connection_info_init (SbConnectionInfo *self)
{
}

/**
 * sb_connection_info_new:
 * @kind: where its credentials come from
 * @name: what people call it
 * @region: such as `us-east-1`
 *
 * Returns: (transfer full): a connection with an id of its own, to be filled in
 */
SbConnectionInfo *
sb_connection_info_new (SbConnectionKind kind, const char *name, const char *region)
{
  SbConnectionInfo *self = g_object_new (SB_TYPE_CONNECTION_INFO, NULL);
  g_autofree char *id = g_uuid_string_random ();

  self->json = sb_json_object_new (
      "id", "s", id, "name", "s", name, "kind", "s", kinds[kind], "region", "s", region, NULL);
  return self;
}

/**
 * sb_connection_info_new_from_json:
 * @json: what sb_connection_info_to_json() gave
 * @error: %SB_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable): the connection
 */
SbConnectionInfo *
sb_connection_info_new_from_json (JsonObject *json, GError **error)
{
  g_autoptr (SbConnectionInfo) self = g_object_new (SB_TYPE_CONNECTION_INFO, NULL);
  const char *kind = sb_json_get_string (json, "kind", "");
  gboolean known = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    known = known || strcmp (kinds[i], kind) == 0;
  if (!known || sb_json_get_string (json, "id", NULL) == NULL ||
      sb_json_get_string (json, "name", NULL) == NULL ||
      sb_json_get_string (json, "region", NULL) == NULL)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("A connection has no id, name, kind or Region"));
      return NULL;
    }
  self->json = sb_json_copy (json);
  return g_steal_pointer (&self);
}

/**
 * sb_connection_info_copy:
 * @self: a connection
 *
 * Returns: (transfer full): the same, to be changed
 */
SbConnectionInfo *
sb_connection_info_copy (SbConnectionInfo *self)
{
  SbConnectionInfo *copy = g_object_new (SB_TYPE_CONNECTION_INFO, NULL);

  copy->json = sb_json_copy (self->json);
  return copy;
}

/**
 * sb_connection_info_to_json:
 * @self: a connection
 *
 * Returns: (transfer full): its members; there is no secret among them
 */
JsonObject *
sb_connection_info_to_json (SbConnectionInfo *self)
{
  return sb_json_copy (self->json);
}

const char *
sb_connection_info_get_id (SbConnectionInfo *self)
{
  return sb_json_get_string (self->json, "id", "");
}

const char *
sb_connection_info_get_name (SbConnectionInfo *self)
{
  return sb_json_get_string (self->json, "name", "");
}

const char *
sb_connection_info_get_region (SbConnectionInfo *self)
{
  return sb_json_get_string (self->json, "region", "");
}

SbConnectionKind
sb_connection_info_get_kind (SbConnectionInfo *self)
{
  const char *kind = sb_json_get_string (self->json, "kind", "");

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], kind) == 0)
      return (SbConnectionKind) i;
  return SB_CONNECTION_ACCESS_KEY;
}

/**
 * sb_connection_info_get:
 * @self: a connection
 * @member: one of its members that are strings
 *
 * Returns: (transfer none) (nullable): what it is
 */
const char *
sb_connection_info_get (SbConnectionInfo *self, const char *member)
{
  return sb_json_get_string (self->json, member, NULL);
}

/**
 * sb_connection_info_set:
 * @self: a connection that is in no store yet
 * @member: one of its members that are strings
 * @value: (nullable): what it is; %NULL or "" for nothing
 */
void
sb_connection_info_set (SbConnectionInfo *self, const char *member, const char *value)
{
  if (value != NULL && *value != '\0')
    json_object_set_string_member (self->json, member, value);
  else
    json_object_remove_member (self->json, member);
}

/**
 * sb_connection_info_set_fips:
 * @self: a connection that is in no store yet
 * @fips: whether to use endpoints whose cryptography is validated under FIPS 140
 */
void
sb_connection_info_set_fips (SbConnectionInfo *self, gboolean fips)
{
  json_object_set_boolean_member (self->json, "fips", fips);
}

/**
 * sb_connection_info_set_endpoint:
 * @self: a connection that is in no store yet
 * @service: (nullable): a service; %NULL for all
 * @url: its address
 */
void
sb_connection_info_set_endpoint (SbConnectionInfo *self, const char *service, const char *url)
{
  JsonObject *endpoints;

  if (service == NULL)
    {
      sb_connection_info_set (self, "endpoint_url", url);
      return;
    }
  if (!json_object_has_member (self->json, "endpoints"))
    json_object_set_object_member (self->json, "endpoints", json_object_new ());
  endpoints = json_object_get_object_member (self->json, "endpoints");
  json_object_set_string_member (endpoints, service, url);
}

/**
 * sb_connection_info_is_kept:
 * @self: a connection
 *
 * Returns: whether its secrets are in the keyring, and not for this session only
 */
gboolean
sb_connection_info_is_kept (SbConnectionInfo *self)
{
  return g_strcmp0 (sb_connection_info_get (self, "keep"), "session") != 0;
}

static gboolean
is_web_address (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  return host != NULL && *host != '\0' && g_uri_get_userinfo (uri) == NULL &&
         (strcmp (scheme, "https") == 0 || strcmp (scheme, "http") == 0);
}

static gboolean
complain (GError **error, const char *message)
{
  g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
validate_name (SbConnectionInfo *self, GError **error)
{
  const char *name = sb_connection_info_get_name (self);

  if (*name == '\0' || g_ascii_isspace (*name) || g_utf8_strlen (name, -1) > MAX_NAME)
    return complain (error, _ ("A connection’s name has 1 to 64 characters"));
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return complain (error, _ ("A connection’s name has no control characters"));
  if (g_ascii_strcasecmp (name, "local") == 0)
    return complain (error, _ ("“local” is this computer; choose another name"));
  return TRUE;
}

static gboolean
validate_endpoints (SbConnectionInfo *self, GError **error)
{
  JsonObject *endpoints = sb_json_get_object (self->json, "endpoints");
  const char *url = sb_connection_info_get (self, "endpoint_url");
  const char *start = sb_connection_info_get (self, "sso_start_url");
  g_autoptr (GList) all = endpoints != NULL ? json_object_get_members (endpoints) : NULL;

  if ((url != NULL && !is_web_address (url)) || (start != NULL && !is_web_address (start)))
    return complain (error, _ ("An address begins with https:// or http:// and a host"));
  for (GList *item = all; item != NULL; item = item->next)
    if (!is_web_address (json_object_get_string_member (endpoints, item->data)))
      return complain (error, _ ("An address begins with https:// or http:// and a host"));
  return TRUE;
}

/**
 * sb_connection_info_validate:
 * @self: a connection
 * @error: %SB_ERROR_INVALID with what to change
 *
 * Returns: whether it can be used
 */
gboolean
sb_connection_info_validate (SbConnectionInfo *self, GError **error)
{
  SbConnectionKind kind = sb_connection_info_get_kind (self);
  const char *region = sb_connection_info_get_region (self);

  if (!validate_name (self, error) || !validate_endpoints (self, error))
    return FALSE;
  if (!sb_region_is_valid (region))
    return complain (error, _ ("A Region is written like us-east-1"));
  if (sb_json_get_bool (self->json, "fips", FALSE) && !sb_region_has_fips (region))
    return complain (error,
                     _ ("FIPS endpoints are in the United States and in Canada only; choose a "
                        "Region there, or do without"));
  for (gsize i = 0; wanted[kind][i] != NULL; i++)
    if (sb_connection_info_get (self, wanted[kind][i]) == NULL)
      {
        g_set_error (
            error, SB_ERROR, SB_ERROR_INVALID, _ ("The connection has no %s"), wanted[kind][i]);
        return FALSE;
      }
  return TRUE;
}

/**
 * sb_connection_info_dup_endpoints:
 * @self: a connection
 *
 * Returns: (transfer full): where its services are
 */
SbEndpoints *
sb_connection_info_dup_endpoints (SbConnectionInfo *self)
{
  SbEndpoints *endpoints = sb_endpoints_new (sb_connection_info_get_region (self));
  JsonObject *own = sb_json_get_object (self->json, "endpoints");
  g_autoptr (GList) all = own != NULL ? json_object_get_members (own) : NULL;

  sb_endpoints_set_fips (endpoints, sb_json_get_bool (self->json, "fips", FALSE));
  sb_endpoints_set_url (endpoints, NULL, sb_connection_info_get (self, "endpoint_url"));
  for (GList *item = all; item != NULL; item = item->next)
    sb_endpoints_set_url (endpoints, item->data, json_object_get_string_member (own, item->data));
  return endpoints;
}

/**
 * sb_connection_info_dup_user:
 * @self: a connection
 *
 * Returns: (transfer full) (nullable): who it was when it was last checked, such as `user/workshop`
 */
char *
sb_connection_info_dup_user (SbConnectionInfo *self)
{
  const char *arn = sb_connection_info_get (self, "arn");
  const char *colon = arn != NULL ? strrchr (arn, ':') : NULL;

  return colon != NULL ? g_strdup (colon + 1) : g_strdup (arn);
}
