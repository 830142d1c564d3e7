/* sb-advice.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-advice.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* "User: arn:… is not authorized to perform: sagemaker:CreateTrainingJob on resource: arn:… because
 * no identity-based policy allows the … action" */
#define DENIED_PATTERN                                                                             \
  "not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)"                                             \
  "(?: on resource: (?:role )?[\"']?(arn:[^\\s\"']+|\\*)[\"']?)?"
/* "The account-level service limit 'ml.p3.2xlarge for training job usage' is 0 Instances, with
 * current utilization of 0 Instances and a request delta of 1 Instances. …" */
#define QUOTA_PATTERN                                                                              \
  "service limit '([^']+)' is ([0-9.]+) ?\\w*, with current utilization of ([0-9.]+) ?\\w* and a " \
  "request delta of ([0-9.]+)"
#define INSTANCE_PATTERN "\\bml\\.[a-z0-9-]+\\.[a-z0-9]+\\b"

void
sb_advice_free (SbAdvice *self)
{
  g_free (self->text);
  g_free (self->statement);
  g_free (self);
}

static SbAdvice *
advice_new (char *text, char *statement)
{
  SbAdvice *self = g_new0 (SbAdvice, 1);

  self->text = text;
  self->statement = statement;
  return self;
}

static gboolean
has (const GError *error, const char *part)
{
  g_autofree char *text = g_ascii_strdown (error->message, -1);

  return strstr (text, part) != NULL;
}

static gboolean
has_code (const GError *error, const char *code)
{
  return g_strcmp0 (sb_error_get_service_code (error), code) == 0;
}

/* Returns: (nullable): the parts of the message that a pattern has in brackets */
static char **
match (const GError *error, const char *pattern)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_CASELESS, 0, NULL);
  g_autoptr (GMatchInfo) info = NULL;

  return g_regex_match (regex, error->message, 0, &info) ? g_match_info_fetch_all (info) : NULL;
}

static char *
make_statement (const char *action, const char *resource)
{
  g_autoptr (JsonObject) statement = sb_json_object_new (
      "Effect", "s", "Allow", "Action", "s", action, "Resource", "s", resource, NULL);

  if (strcmp (action, "iam:PassRole") == 0)
    json_object_set_object_member (
        statement,
        "Condition",
        sb_json_object_new (
            "StringEquals",
            "o",
            sb_json_object_new ("iam:PassedToService", "s", "sagemaker.amazonaws.com", NULL),
            NULL));
  return sb_json_to_pretty_string (statement);
}

static SbAdvice *
advise_on_denial (const GError *error)
{
  g_auto (GStrv) parts = match (error, DENIED_PATTERN);
  const char *action = parts != NULL ? parts[1] : sb_error_get_action (error);
  const char *resource = parts != NULL && parts[2] != NULL ? parts[2] : NULL;

  if (resource == NULL || *resource == '\0')
    resource = sb_error_get_resource (error);
  if (action == NULL)
    return NULL;
  if (has (error, "explicit deny"))
    return advice_new (
        g_strdup_printf (_ ("A policy of this account or of its organization forbids "
                            "%s. Only whoever manages the account can change that."),
                         action),
        NULL);
  return advice_new (
      g_strdup_printf (_ ("These credentials lack the permission %s. Whoever manages the account "
                          "can give it with this statement in a policy; then run the step again."),
                       action),
      make_statement (action, resource != NULL ? resource : "*"));
}

static SbAdvice *
advise_on_quota (const GError *error)
{
  g_auto (GStrv) parts = match (error, QUOTA_PATTERN);

  if (parts == NULL)
    return NULL;
  return advice_new (
      g_strdup_printf (
          _ ("The quota “%s” of this account is %s; %s are in use, and this needs %s. "
             "Choose another instance type in the step’s form, stop what is in use, or "
             "ask for more in the AWS console under Service Quotas, Amazon SageMaker: "
             "that takes from minutes to days."),
          parts[1],
          parts[2],
          parts[3],
          parts[4]),
      NULL);
}

static SbAdvice *
advise_on_capacity (const GError *error)
{
  if (!has (error, "capacityerror") && !has (error, "insufficient capacity") &&
      !has (error, "unable to provision"))
    return NULL;
  return advice_new (g_strdup (_ ("AWS has no computer of that type free just now. Run the step "
                                  "again later, or choose another instance type in its form.")),
                     NULL);
}

/* "Value 'ml.x1.large' at 'resourceConfig.instanceType' failed to satisfy constraint: Member must
 * satisfy enum value set: […]", "The instance type ml.p2.xlarge is not supported in …" */
static SbAdvice *
advise_on_instance_type (const GError *error)
{
  g_auto (GStrv) type = match (error, INSTANCE_PATTERN);
  gboolean refused = has (error, "enum value set") || has (error, "not supported") ||
                     has (error, "not available") || has (error, "unsupported") ||
                     has (error, "unrecognized instance");

  if (type == NULL || !refused || !has (error, "instance"))
    return NULL;
  return advice_new (
      g_strdup_printf (
          _ ("The instance type %s cannot be had for this in this Region. Choose "
             "another one in the step’s form, such as ml.m5.xlarge, which nearly every "
             "Region has, or connect to another Region."),
          type[0]),
      NULL);
}

static SbAdvice *
advise_on_limit (const GError *error)
{
  if (has_code (error, "TooManyBuckets"))
    return advice_new (g_strdup (_ ("This account has as many buckets as it may have. Name one of "
                                    "them in the step’s form, delete one that nobody needs, or ask "
                                    "for more under Service Quotas, Amazon S3.")),
                       NULL);
  if (has_code (error, "LimitExceeded") && has (error, "role"))
    return advice_new (g_strdup (_ ("This account has as many roles as it may have. Choose one of "
                                    "them in the step’s form, delete one that nobody needs, or ask "
                                    "for more under Service Quotas, IAM.")),
                       NULL);
  return NULL;
}

static SbAdvice *
advise_on_account (const GError *error)
{
  if (has_code (error, "OptInRequired") || has_code (error, "SubscriptionRequiredException"))
    return advice_new (g_strdup (
                           _ ("This account has not signed up for the service, or its payment "
                              "is not settled. Its owner can do that in the AWS console; it "
                              "may take some hours.")),
                       NULL);
  if (has_code (error, "InvalidClientTokenId") || has_code (error, "UnrecognizedClientException") ||
      has_code (error, "InvalidAccessKeyId"))
    return advice_new (g_strdup (_ ("The access key is not known there. If the Region has to be "
                                    "switched on for the account first, its owner can do that in "
                                    "the AWS console; else enter the credentials again.")),
                       NULL);
  return NULL;
}

/**
 * sb_advice_new:
 * @error: any error
 *
 * Returns: (transfer full) (nullable): what to make of it, when it is one that has more to it than
 *   its kind says
 */
SbAdvice *
sb_advice_new (const GError *error)
{
  SbAdvice *(*const advisers[]) (const GError *) = {
    advise_on_account,
    advise_on_quota,
    advise_on_instance_type,
    advise_on_limit,
  };
  SbAdvice *advice = NULL;

  if (error->domain != SB_ERROR)
    return NULL;
  if (error->code == SB_ERROR_DENIED)
    advice = advise_on_denial (error);
  for (gsize i = 0; advice == NULL && i < G_N_ELEMENTS (advisers); i++)
    advice = advisers[i](error);
  /* Of a job's reasons only this one is AWS's; elsewhere the word may mean anything. */
  if (advice == NULL && (error->code == SB_ERROR_JOB || error->code == SB_ERROR_LIMIT))
    advice = advise_on_capacity (error);
  return advice;
}
