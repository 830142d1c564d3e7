/* test-xml.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-query.h"
#include "wire/sb-xml.h"

static void
test_parse (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbXmlNode) root = sb_xml_parse (
      "<?xml version=\"1.0\"?><L xmlns=\"urn:x\" xmlns:p=\"urn:p\"><!-- no --><p:A>1 &lt; 2</p:A>"
      "<B><C>x</C><C><![CDATA[<y>]]></C></B></L>",
      -1,
      &error);

  g_assert_no_error (error);
  g_assert_cmpstr (root->name, ==, "L");
  g_assert_cmpstr (sb_xml_get (root, "A", NULL), ==, "1 < 2");
  g_assert_cmpstr (sb_xml_get (root, "B/C", NULL), ==, "x");
  g_assert_cmpuint (sb_xml_find (root, "B")->children->len, ==, 2);
  g_assert_cmpstr (((SbXmlNode *) sb_xml_find (root, "B")->children->pdata[1])->text, ==, "<y>");
  g_assert_null (sb_xml_find (root, "B/D"));
  g_assert_cmpstr (sb_xml_get (root, "D", "none"), ==, "none");
}

static void
test_refuse (void)
{
  static const char *const bad[] = {
    "", "no xml", "<a><b></a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a>&#0;</a>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sb_xml_parse (bad[i], -1, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
    }
}

static void
test_write (void)
{
  g_autoptr (GError) error = NULL;
  SbXmlWriter *writer = sb_xml_writer_new ("R", "urn:r");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SbXmlNode) root = NULL;
  gsize length;
  const char *text;

  sb_xml_writer_open (writer, "A");
  sb_xml_writer_text (writer, "Key", "<a>&\"b\"\r\n\x01 ü");
  sb_xml_writer_text (writer, "None", NULL);
  sb_xml_writer_int (writer, "Size", G_MAXINT64);
  sb_xml_writer_close (writer);
  sb_xml_writer_bool (writer, "More", FALSE);
  bytes = sb_xml_writer_finish (writer);
  text = g_bytes_get_data (bytes, &length);
  root = sb_xml_parse (text, (gssize) length, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_xml_get (root, "A/Key", NULL), ==, "<a>&\"b\"\r\n\uFFFD ü");
  g_assert_null (sb_xml_find (root, "A/None"));
  g_assert_cmpstr (sb_xml_get (root, "A/Size", NULL), ==, "9223372036854775807");
  g_assert_cmpstr (sb_xml_get (root, "More", NULL), ==, "false");
}

static void
test_query (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *tags = NULL;
  g_autofree char *action = NULL;
  g_autofree char *version = NULL;
  g_autofree char *body = NULL;
  g_autoptr (JsonObject) back = NULL;
  g_autoptr (JsonObject) input = sb_json_parse_object (
      "{\"RoleName\":\"r+1 ü\",\"Max\":3,\"Tags\":[{\"Key\":\"a\",\"Value\":\"b&c\"},"
      "{\"Key\":\"d\",\"Value\":\"\"}],\"Names\":[\"x\",\"y\"]}",
      -1,
      &error);

  g_assert_no_error (error);
  body = sb_query_encode ("CreateRole", "2010-05-08", input);
  g_assert_cmpstr (body,
                   ==,
                   "Action=CreateRole&Version=2010-05-08&RoleName=r%2B1%20%C3%BC&Max=3"
                   "&Tags.member.1.Key=a&Tags.member.1.Value=b%26c&Tags.member.2.Key=d"
                   "&Tags.member.2.Value=&Names.member.1=x&Names.member.2=y");
  back = sb_query_decode (body, -1, &action, &version, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (action, ==, "CreateRole");
  g_assert_cmpstr (version, ==, "2010-05-08");
  g_assert_cmpstr (sb_json_get_string (back, "RoleName", NULL), ==, "r+1 ü");
  g_assert_cmpstr (sb_json_get_string (back, "Max", NULL), ==, "3");
  g_assert_cmpstr (sb_json_get_string (back, "Tags.0.Value", NULL), ==, "b&c");
  g_assert_cmpstr (sb_json_get_string (back, "Names.1", NULL), ==, "y");
}

/* Members may come in any order, and the tenth sorts after the ninth. */
static void
test_query_order (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) body = g_string_new ("Action=A+b");
  g_autofree char *action = NULL;
  g_autoptr (JsonObject) back = NULL;

  for (int i = 12; i > 0; i--)
    g_string_append_printf (body, "&L.member.%d=v%d", i, i);
  back = sb_query_decode (body->str, -1, &action, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (action, ==, "A b");
  g_assert_cmpuint (json_array_get_length (sb_json_get_array (back, "L")), ==, 12);
  g_assert_cmpstr (sb_json_get_string (back, "L.9", NULL), ==, "v10");
}

static void
test_query_refuse (void)
{
  static const char *const bad[] = {
    "A.member.2=x",
    "A.member.99999999=x",
    "A.member=x",
    "A=1&A.B=2",
    "A.member.1=x&A.member.1.B=y",
    "A=1&A=2",
    "A.member.0=x",
    "A.member.1=x&A.B=1",
    "A.=1",
    "A.member.1=x&A.member.1=y",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) back = sb_query_decode (bad[i], -1, NULL, NULL, &error);

      if (back != NULL)
        g_error ("%s was taken", bad[i]);
      g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xml/parse", test_parse);
  g_test_add_func ("/xml/refuse", test_refuse);
  g_test_add_func ("/xml/write", test_write);
  g_test_add_func ("/query/round-trip", test_query);
  g_test_add_func ("/query/order", test_query_order);
  g_test_add_func ("/query/refuse", test_query_refuse);
  return g_test_run ();
}
