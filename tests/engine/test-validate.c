/* test-validate.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-validate.h"
#include "wire/sb-error.h"

static char *
complaint (const char *service, const char *operation, const char *input, SbValidateFlags flags)
{
  g_autoptr (JsonNode) node = json_from_string (input, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (node);
  if (sb_validate (service, operation, json_node_get_object (node), flags, &error))
    {
      g_assert_no_error (error);
      return NULL;
    }
  g_assert_nonnull (error);
  g_assert_true (error->domain == SB_ERROR);
  return g_strdup_printf ("%s: %s", sb_error_get_service_code (error), error->message);
}

static void
assert_complaint (const char *service,
                  const char *operation,
                  const char *input,
                  const char *expected)
{
  g_autofree char *found = complaint (service, operation, input, SB_VALIDATE_DEFAULT);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_good (void)
{
  assert_complaint (
      "sagemaker",
      "CreateEndpointConfig",
      "{'EndpointConfigName': 'c', 'ProductionVariants': [{'VariantName': 'AllTraffic',"
      " 'ModelName': 'm', 'InitialInstanceCount': 1, 'InstanceType': 'ml.m4.xlarge',"
      " 'InitialVariantWeight': 1.5}], 'Unknown': {'a': 1}}",
      NULL);
  assert_complaint ("sagemaker", "NoSuchOperation", "{'a': 1}", NULL);
  assert_complaint ("sagemaker", "ListModels", "{'MaxResults': 10.0, 'NameContains': null}", NULL);
  assert_complaint ("sts", "GetCallerIdentity", "{}", NULL);
}

static void
test_required (void)
{
  assert_complaint ("sagemaker",
                    "DescribeTrainingJob",
                    "{}",
                    "ValidationException: 1 validation error detected: Value null at "
                    "'trainingJobName' failed to satisfy constraint: Member must not be null");
  assert_complaint ("sagemaker",
                    "CreateEndpoint",
                    "{}",
                    "ValidationException: 2 validation errors detected: Value null at "
                    "'endpointName' failed to satisfy constraint: Member must not be null; Value "
                    "null at 'endpointConfigName' failed to satisfy constraint: Member must not be "
                    "null");
}

static void
test_strings (void)
{
  g_autofree char *name = g_strnfill (64, 'a');
  g_autofree char *input = g_strdup_printf ("{'ModelName': '%s'}", name);
  g_autofree char *expected = g_strdup_printf (
      "ValidationException: 1 validation error detected: Value '%s' at 'modelName' failed to "
      "satisfy constraint: Member must have length less than or equal to 63",
      name);
  g_autofree char *newline = NULL;

  assert_complaint ("sagemaker",
                    "DescribeTrainingJob",
                    "{'TrainingJobName': 'not_a_name'}",
                    "ValidationException: 1 validation error detected: Value 'not_a_name' at "
                    "'trainingJobName' failed to satisfy constraint: Member must satisfy regular "
                    "expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
  assert_complaint ("sagemaker", "DeleteModel", input, expected);
  /* A pattern matches whole values: no newline slips in at the end. */
  newline = complaint ("sagemaker",
                       "DescribeTrainingJob",
                       "{'TrainingJobName': 'name\\n'}",
                       SB_VALIDATE_DEFAULT);
  g_assert_nonnull (newline);
  assert_complaint ("sagemaker",
                    "ListTrainingJobs",
                    "{'SortOrder': 'Up'}",
                    "ValidationException: 1 validation error detected: Value 'Up' at 'sortOrder' "
                    "failed to satisfy constraint: Member must satisfy enum value set: [Ascending, "
                    "Descending]");
}

static void
test_paths (void)
{
  g_autofree char *found =
      complaint ("sagemaker",
                 "CreateEndpointConfig",
                 "{'EndpointConfigName': 'c', 'ProductionVariants': [{'VariantName': 'a',"
                 " 'ModelName': 'm'}, {'VariantName': 'b', 'ModelName': 'm', 'InstanceType': 'big',"
                 " 'InitialInstanceCount': 0}]}",
                 SB_VALIDATE_DEFAULT);

  g_assert_true (g_str_has_prefix (found, "ValidationException: 2 validation errors detected: "));
  g_assert_nonnull (g_strrstr (found, "Value 'big' at 'productionVariants.2.member.instanceType'"));
  g_assert_nonnull (
      g_strrstr (found,
                 "Value '0' at 'productionVariants.2.member.initialInstanceCount' failed to satisfy"
                 " constraint: Member must have value greater than or equal to 1"));
}

static void
test_maps_and_lists (void)
{
  g_autofree char *found =
      complaint ("sagemaker",
                 "CreateModel",
                 "{'ModelName': 'm', 'PrimaryContainer': {'Environment': {'1bad': 'x'}}}",
                 SB_VALIDATE_DEFAULT);

  g_assert_nonnull (g_strrstr (
      found,
      "Value '{1bad=x}' at 'primaryContainer.environment' failed to satisfy constraint: Map "
      "keys must satisfy constraint: [Member must satisfy regular expression pattern: "));
  assert_complaint ("sagemaker",
                    "CreateEndpointConfig",
                    "{'EndpointConfigName': 'c', 'ProductionVariants': []}",
                    "ValidationException: 1 validation error detected: Value '[]' at "
                    "'productionVariants' failed to satisfy constraint: Member must have length "
                    "greater than or equal to 1");
}

static void
test_types (void)
{
  assert_complaint ("sagemaker",
                    "ListModels",
                    "{'MaxResults': 'ten'}",
                    "SerializationException: STRING_VALUE can not be converted to an Integer at "
                    "'maxResults'");
  assert_complaint ("sagemaker",
                    "DescribeModel",
                    "{'ModelName': {}}",
                    "SerializationException: START_OBJECT can not be converted to a String at "
                    "'modelName'");
}

static void
test_other_services (void)
{
  g_autoptr (JsonNode) node = json_from_string ("{'MaxItems': '7', 'PathPrefix': '/'}", NULL);
  g_autofree char *role = complaint ("iam", "GetRole", "{'RoleName': 'no spaces'}", 0);
  g_autofree char *group =
      complaint ("logs", "GetLogEvents", "{'logStreamName': 's', 'limit': 0}", 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      sb_validate ("iam", "ListRoles", json_node_get_object (node), SB_VALIDATE_TEXT, &error));
  g_assert_no_error (error);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (node), "MaxItems"), ==, 7);
  g_assert_true (g_str_has_prefix (role,
                                   "ValidationError: 1 validation error detected: Value "
                                   "'no spaces' at 'roleName'"));
  g_assert_true (g_str_has_prefix (group, "InvalidParameterException: 1 validation error"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/validate/good", test_good);
  g_test_add_func ("/validate/required", test_required);
  g_test_add_func ("/validate/strings", test_strings);
  g_test_add_func ("/validate/paths", test_paths);
  g_test_add_func ("/validate/maps-and-lists", test_maps_and_lists);
  g_test_add_func ("/validate/types", test_types);
  g_test_add_func ("/validate/other-services", test_other_services);
  return g_test_run ();
}
