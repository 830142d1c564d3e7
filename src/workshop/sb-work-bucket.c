/* sb-work-bucket.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Get Started: the bucket.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "wire/sb-uri.h"
#include "workshop/sb-account.h"
#include "workshop/sb-work.h"

/* How often another name is tried before it is given up. */
#define MAX_NAMES 4

/* What the service says of a name. */
typedef enum
{
  STANDING_UNKNOWN,
  STANDING_OURS,
  STANDING_FREE,
  STANDING_TAKEN,
} Standing;

static SbConnection *
get_connection (SbWork *work)
{
  return sb_client_get_connection (work->client);
}

/* The name that SageMaker's own SDK uses, which its managed policies let jobs read. */
static char *
make_default_name (SbWork *work, GError **error)
{
  g_autoptr (JsonObject) identity =
      sb_client_call (work->client, "sts", "GetCallerIdentity", NULL, work->cancellable, error);

  if (identity == NULL)
    return NULL;
  return g_strdup_printf ("sagemaker-%s-%s",
                          sb_connection_get_region (get_connection (work)),
                          sb_json_get_string (identity, "Account", ""));
}

static Standing
ask_for (SbWork *work, const char *name, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", name, NULL);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "HeadBucket", input, work->cancellable, &local);

  if (answer != NULL)
    return STANDING_OURS;
  if (g_error_matches (local, SB_ERROR, SB_ERROR_NOT_FOUND))
    return STANDING_FREE;
  if (g_error_matches (local, SB_ERROR, SB_ERROR_DENIED))
    return STANDING_TAKEN;
  g_propagate_error (error, g_steal_pointer (&local));
  return STANDING_UNKNOWN;
}

/* Names are drawn until one is free; that nobody can be asked is no reason not to propose one. */
static char *
propose (SbWork *work, const char *base)
{
  g_autofree char *mended = sb_bucket_name_mend (base);
  char *name = NULL;

  for (guint i = 0; i < MAX_NAMES; i++)
    {
      Standing standing;

      g_free (name);
      name = g_strdup_printf ("%s-%06x", mended, g_random_int () & 0xffffff);
      standing = ask_for (work, name, NULL);
      if (standing != STANDING_OURS && standing != STANDING_TAKEN)
        break;
    }
  return name;
}

static void
fail_as_taken (SbWork *work, const char *name, GError **error)
{
  g_autofree char *proposal = propose (work, name);

  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_INVALID,
      _ ("The name “%s” is taken: all accounts of AWS share the names of buckets, and that "
         "one belongs to somebody else, or these credentials may not see it. “%s” is "
         "free."),
      name,
      proposal);
}

static gboolean
check_name (SbWork *work, const char *name, GError **error)
{
  g_autofree char *mended = NULL;

  if (sb_bucket_name_is_valid (name))
    return TRUE;
  mended = sb_bucket_name_mend (name);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               _ ("A bucket cannot be called “%s”: S3 takes 3 to 63 lower-case letters, digits, "
                  "hyphens and dots, with a letter or a digit at either end. Try “%s”."),
               name,
               mended);
  return FALSE;
}

/* So that another computer's Clean Up knows it, too. That it may not be tagged is no reason not to
 * use it: this computer knows it from the run. */
static void
tag_bucket (SbWork *work, const char *name)
{
  g_autoptr (JsonObject) input =
      sb_json_object_new ("Bucket",
                          "s",
                          name,
                          "Tagging",
                          "o",
                          sb_json_object_new ("TagSet", "a", sb_work_make_tags (work), NULL),
                          NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "PutBucketTagging", input, work->cancellable, NULL);
}

/* Nothing in it is for the public. */
static gboolean
block_public_access (SbWork *work, const char *name, GError **error)
{
  static const char *const switches[] = {
    "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"
  };
  JsonObject *configuration = json_object_new ();
  g_autoptr (JsonObject) input = sb_json_object_new (
      "Bucket", "s", name, "PublicAccessBlockConfiguration", "o", configuration, NULL);
  g_autoptr (JsonObject) answer = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (switches); i++)
    json_object_set_boolean_member (configuration, switches[i], TRUE);
  answer =
      sb_client_call (work->client, "s3", "PutPublicAccessBlock", input, work->cancellable, error);
  return answer != NULL;
}

/* us-east-1 is what S3 takes when no Region is named, and it refuses to be named. */
static JsonObject *
make_create_input (SbWork *work, const char *name)
{
  const char *region = sb_connection_get_region (get_connection (work));
  JsonObject *input = sb_json_object_new ("Bucket", "s", name, NULL);

  if (strcmp (region, "us-east-1") != 0)
    json_object_set_object_member (input,
                                   "CreateBucketConfiguration",
                                   sb_json_object_new ("LocationConstraint", "s", region, NULL));
  return input;
}

/* Returns: what became of the name; %STANDING_TAKEN when somebody else was faster */
static Standing
create (SbWork *work, const char *name, GError **error)
{
  const char *region = sb_connection_get_region (get_connection (work));
  g_autoptr (JsonObject) input = make_create_input (work, name);
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) local = NULL;

  if (!sb_ledger_intend (work->ledger, SB_RESOURCE_BUCKET, name, work->id, region, error))
    return STANDING_UNKNOWN;
  answer = sb_client_call (work->client, "s3", "CreateBucket", input, work->cancellable, &local);
  if (answer == NULL && g_strcmp0 (sb_error_get_service_code (local), "BucketAlreadyExists") == 0)
    return sb_ledger_mark_deleted (work->ledger, SB_RESOURCE_BUCKET, name, error)
               ? STANDING_TAKEN
               : STANDING_UNKNOWN;
  if (answer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return STANDING_UNKNOWN;
    }
  if (!sb_ledger_confirm (work->ledger, SB_RESOURCE_BUCKET, name, NULL, error))
    return STANDING_UNKNOWN;
  tag_bucket (work, name);
  return block_public_access (work, name, error) ? STANDING_OURS : STANDING_UNKNOWN;
}

/* Of a bucket that was there before; a Region that cannot be asked for is not complained about. */
static gboolean
check_region (SbWork *work, const char *name, GError **error)
{
  const char *region = sb_connection_get_region (get_connection (work));
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", name, NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "GetBucketLocation", input, work->cancellable, NULL);
  const char *location;

  if (answer == NULL)
    return TRUE;
  location = sb_json_get_string (answer, "LocationConstraint", "");
  if (*location == '\0')
    location = "us-east-1";
  else if (strcmp (location, "EU") == 0)
    location = "eu-west-1";
  if (strcmp (location, region) == 0)
    return TRUE;
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_INVALID,
      _ ("The bucket “%1$s” is in the Region %2$s, and this connection works in %3$s. Jobs "
         "read from buckets of their own Region: choose another bucket, or a connection "
         "to %2$s."),
      name,
      location,
      region);
  return FALSE;
}

/* Returns: whether the bucket is there; *@created tells whether it was not before */
static Standing
make_ours (SbWork *work, const char *name, gboolean *created, GError **error)
{
  Standing standing = ask_for (work, name, error);

  *created = standing == STANDING_FREE;
  if (standing == STANDING_FREE)
    return create (work, name, error);
  if (standing == STANDING_OURS && !check_region (work, name, error))
    return STANDING_UNKNOWN;
  return standing;
}

/* The usual name, or one like it that is free. */
static char *
ensure_usual (SbWork *work, gboolean *created, GError **error)
{
  g_autofree char *base = make_default_name (work, error);
  g_autofree char *name = g_strdup (base);

  for (guint i = 0; base != NULL && i < MAX_NAMES; i++)
    {
      Standing standing = make_ours (work, name, created, error);

      if (standing == STANDING_OURS)
        return sb_work_settle_account (work, SB_ACCOUNT_BUCKET, name, error)
                   ? g_steal_pointer (&name)
                   : NULL;
      if (standing != STANDING_TAKEN)
        return NULL;
      g_free (name);
      name = propose (work, base);
    }
  if (base != NULL)
    fail_as_taken (work, base, error);
  return NULL;
}

/* What was settled before counts; after Clean Up it is made again. */
static char *
ensure (SbWork *work, gboolean *created, GError **error)
{
  g_autofree char *settled = sb_work_lookup_account (work, SB_ACCOUNT_BUCKET);
  Standing standing;

  if (settled == NULL)
    return ensure_usual (work, created, error);
  standing = ask_for (work, settled, error);
  *created = standing == STANDING_FREE;
  if (standing == STANDING_FREE)
    standing = create (work, settled, error);
  if (standing == STANDING_TAKEN)
    fail_as_taken (work, settled, error);
  return standing == STANDING_OURS ? g_steal_pointer (&settled) : NULL;
}

/**
 * sb_work_ensure_bucket:
 * @work: a piece of work
 * @error: why there is none
 *
 * Returns: (transfer full) (nullable): name of the workshop's bucket, which exists
 */
char *
sb_work_ensure_bucket (SbWork *work, GError **error)
{
  gboolean created;

  return ensure (work, &created, error);
}

static gboolean
take_name (SbWork *work, const char *name, gboolean *created, GError **error)
{
  if (!check_name (work, name, error))
    return FALSE;
  switch (make_ours (work, name, created, error))
    {
    case STANDING_OURS:
      return sb_work_settle_account (work, SB_ACCOUNT_BUCKET, name, error);
    case STANDING_TAKEN:
      fail_as_taken (work, name, error);
      return FALSE;
    case STANDING_FREE:
    case STANDING_UNKNOWN:
    default:
      return FALSE;
    }
}

JsonObject *
sb_work_bucket (SbWork *work, GError **error)
{
  const char *text = sb_json_get_string (work->values, "bucket", "");
  gboolean whole = TRUE, created = FALSE;
  g_autofree char *name = *text != '\0' ? sb_bucket_from_text (text, &whole) : NULL;
  g_autofree char *note =
      whole ? NULL
            : g_strdup_printf (_ ("“%s” says more than a bucket’s name; the bucket is “%s”."),
                               text,
                               name);
  g_autofree char *summary = NULL;

  if (name == NULL)
    name = ensure (work, &created, error);
  else if (!take_name (work, name, &created, error))
    return NULL;
  if (name == NULL)
    return NULL;
  summary = created ? g_strdup_printf (_ ("%s, created; closed to the public"), name)
                    : g_strdup_printf (_ ("%s, which was there"), name);
  return sb_json_object_new ("summary", "s", summary, "bucket", "s", name, "note", "s", note, NULL);
}
