/* sb-code-notebook.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A Jupyter notebook: what was done, with what is to be said about it.
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-code-private.h"
#include "wire/sb-json.h"

/* What a notebook names itself: the member of a create call, and the variable. */
static const struct
{
  const char *operation;
  const char *member;
  const char *variable;
} creates[] = {
  { "CreateTrainingJob", "TrainingJobName", "training_job_name" },
  { "CreateModel", "ModelName", "model_name" },
  { "CreateEndpointConfig", "EndpointConfigName", "endpoint_config_name" },
  { "CreateEndpoint", "EndpointName", "endpoint_name" },
};

typedef struct
{
  char *name;
  char *variable;
} Name;

typedef struct
{
  JsonArray *cells;
  GPtrArray *acts;    /* (element-type SbAct) */
  GPtrArray *names;   /* (element-type Name) */
  GHashTable *waited; /* questions of waiters that are there already */
  const SbCodeStory *story;
  guint next; /* chapter that has not been told */
  const char *step;
  gboolean local;
} Book;

static void
chapter_free (gpointer data)
{
  SbCodeChapter *self = data;

  g_free (self->step);
  g_free (self->text);
  g_free (self->source);
  g_free (self->service);
  g_free (self);
}

/**
 * sb_code_story_new:
 * @intro: Markdown
 *
 * Returns: (transfer full): a story without chapters
 */
SbCodeStory *
sb_code_story_new (const char *intro)
{
  SbCodeStory *self = g_new0 (SbCodeStory, 1);

  self->intro = g_strdup (intro);
  self->chapters = g_ptr_array_new_with_free_func (chapter_free);
  return self;
}

/**
 * sb_code_story_add:
 * @self: a story
 * @step: a step
 * @text: Markdown
 * @source: (nullable): see #SbCodeChapter
 * @service: (nullable): see #SbCodeChapter
 */
void
sb_code_story_add (SbCodeStory *self,
                   const char *step,
                   const char *text,
                   const char *source,
                   const char *service)
{
  SbCodeChapter *chapter = g_new0 (SbCodeChapter, 1);

  chapter->step = g_strdup (step);
  chapter->text = g_strdup (text);
  chapter->source = g_strdup (source);
  chapter->service = g_strdup (service);
  g_ptr_array_add (self->chapters, chapter);
}

void
sb_code_story_free (SbCodeStory *self)
{
  g_ptr_array_unref (self->chapters);
  g_free (self->intro);
  g_free (self);
}

static void
name_free (gpointer data)
{
  Name *self = data;

  g_free (self->name);
  g_free (self->variable);
  g_free (self);
}

/* A cell's source is a list of lines, each with its end but the last. */
static void
add_cell (JsonArray *cells, const char *kind, const char *source)
{
  g_auto (GStrv) lines = g_strsplit (source, "\n", -1);
  JsonArray *array = json_array_new ();
  JsonObject *cell =
      sb_json_object_new ("cell_type", "s", kind, "metadata", "o", json_object_new (), NULL);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      gboolean last = lines[i + 1] == NULL || (*lines[i + 1] == '\0' && lines[i + 2] == NULL);
      g_autofree char *line = g_strconcat (lines[i], last ? "" : "\n", NULL);

      json_array_add_string_element (array, line);
      if (last)
        break;
    }
  json_object_set_array_member (cell, "source", array);
  if (strcmp (kind, "code") == 0)
    {
      json_object_set_null_member (cell, "execution_count");
      json_object_set_array_member (cell, "outputs", json_array_new ());
    }
  json_array_add_object_element (cells, cell);
}

static Name *
find_name (GPtrArray *names, const char *name)
{
  for (guint i = 0; i < names->len; i++)
    if (strcmp (((Name *) names->pdata[i])->name, name) == 0)
      return names->pdata[i];
  return NULL;
}

/* The last kind that has a name counts: an endpoint, its configuration and its model may share one,
 * and the endpoint is what one asks for. */
static void
take_name (GPtrArray *names, const char *text, const char *variable, guint number)
{
  Name *name = find_name (names, text);

  if (name == NULL)
    {
      name = g_new0 (Name, 1);
      name->name = g_strdup (text);
      g_ptr_array_add (names, name);
    }
  g_free (name->variable);
  name->variable = number > 1 ? g_strdup_printf ("%s_%u", variable, number) : g_strdup (variable);
}

static GPtrArray *
collect_names (GPtrArray *acts)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (name_free);
  guint counts[G_N_ELEMENTS (creates)] = { 0 };

  for (guint i = 0; i < acts->len; i++)
    {
      const SbAct *act = acts->pdata[i];
      const char *operation = sb_journal_entry_get_operation (act->entry);

      for (guint k = 0; k < G_N_ELEMENTS (creates); k++)
        if (strcmp (operation, creates[k].operation) == 0)
          take_name (names,
                     sb_json_get_string (sb_journal_entry_get_input (act->entry),
                                         creates[k].member,
                                         ""),
                     creates[k].variable,
                     ++counts[k]);
    }
  return names;
}

static const Name *
starts_with_name (GPtrArray *names, const char *text)
{
  for (guint i = 0; i < names->len; i++)
    if (g_str_has_prefix (text, ((Name *) names->pdata[i])->name))
      return names->pdata[i];
  return NULL;
}

/* Copies one literal, from behind its opening quote; a name in it becomes its variable. */
static const char *
copy_literal (GString *out, GPtrArray *names, const char *p, char quote)
{
  GString *part = g_string_new (NULL);
  gboolean joined = FALSE;

  for (; *p != '\0' && *p != quote; p++)
    {
      const Name *name = starts_with_name (names, p);

      if (name != NULL)
        {
          if (part->len > 0)
            g_string_append_printf (out, "%s%c%s%c", joined ? " + " : "", quote, part->str, quote);
          g_string_append_printf (out,
                                  "%s%s",
                                  joined || part->len > 0 ? " + " : "",
                                  name->variable);
          g_string_truncate (part, 0);
          joined = TRUE;
          p += strlen (name->name) - 1;
          continue;
        }
      g_string_append_c (part, *p);
      if (*p == '\\' && p[1] != '\0')
        g_string_append_c (part, *++p);
    }
  if (part->len > 0 || !joined)
    g_string_append_printf (out, "%s%c%s%c", joined ? " + " : "", quote, part->str, quote);
  g_string_free (part, TRUE);
  return *p == quote ? p + 1 : p;
}

/* In literals only; a quote in a comment begins none. */
static char *
use_variables (GPtrArray *names, const char *source)
{
  GString *out = g_string_new (NULL);
  const char *p = source;

  while (*p != '\0')
    {
      if (*p == '#')
        {
          gsize length = strcspn (p, "\n");

          g_string_append_len (out, p, (gssize) length);
          p += length;
        }
      else if (strncmp (p, "\"\"\"", 3) == 0)
        {
          const char *end = strstr (p + 3, "\"\"\"");
          gsize length = end != NULL ? (gsize) (end - p) + 3 : strlen (p);

          g_string_append_len (out, p, (gssize) length);
          p += length;
        }
      else if (*p == '"' || *p == '\'')
        p = copy_literal (out, names, p + 1, *p);
      else
        g_string_append_c (out, *p++);
    }
  return g_string_free (out, FALSE);
}

/* What is before the time in a name that has one. */
static char *
make_base (const char *name)
{
  static GRegex *regex;
  g_autoptr (GMatchInfo) match = NULL;
  int start;

  if (g_once_init_enter (&regex))
    g_once_init_leave (&regex, g_regex_new ("-\\d{4}-\\d\\d-\\d\\d-", 0, 0, NULL));
  if (g_regex_match (regex, name, 0, &match) && g_match_info_fetch_pos (match, 0, &start, NULL))
    return g_strndup (name, (gsize) start);
  return g_strdup (name);
}

static void
add_names (Book *self)
{
  GString *out = g_string_new ("stamp = time.strftime(\"%Y-%m-%d-%H-%M-%S\")\n");

  for (guint i = 0; i < self->names->len; i++)
    {
      const Name *name = self->names->pdata[i];
      g_autofree char *base = make_base (name->name);
      const char *number = strrchr (name->variable, '_');

      g_string_append_printf (out, "%s = \"%s-\" + stamp", name->variable, base);
      if (g_ascii_isdigit (number[1]))
        g_string_append_printf (out, " + \"-%s\"", number + 1);
      g_string_append_c (out, '\n');
    }
  add_cell (self->cells, "code", out->str);
  g_string_free (out, TRUE);
}

static void
add_setup (Book *self, GPtrArray *acts, const char *region, const char *endpoint_url)
{
  g_autofree char *setup = _sb_code_python_setup (acts, region, endpoint_url);
  g_autofree char *whole = NULL;

  if (self->story == NULL)
    {
      add_cell (self->cells, "code", setup);
      return;
    }
  add_cell (self->cells, "markdown", self->story->intro);
  /* Those that chapters use. */
  whole = g_strconcat ("import gzip\nimport json\nimport shutil\nimport struct\nimport tarfile\n"
                       "import tempfile\nimport time\n",
                       strstr (setup, "pathlib") != NULL ? "" : "from pathlib import Path\n",
                       *setup == 'i' && g_str_has_prefix (setup, "import boto3") ? "\n" : "",
                       setup,
                       NULL);
  add_cell (self->cells, "code", whole);
  if (self->names->len > 0)
    add_names (self);
}

static const SbCodeChapter *
find_chapter (Book *self, const char *step, guint *index)
{
  GPtrArray *chapters = self->story != NULL ? self->story->chapters : NULL;

  for (*index = 0; chapters != NULL && *index < chapters->len; (*index)++)
    {
      const SbCodeChapter *chapter = chapters->pdata[*index];

      if (g_strcmp0 (chapter->step, step) == 0)
        return chapter;
    }
  return NULL;
}

static gboolean
has_acts (Book *self, const char *step)
{
  for (guint i = 0; i < self->acts->len; i++)
    if (g_strcmp0 (sb_journal_entry_get_step (((SbAct *) self->acts->pdata[i])->entry), step) == 0)
      return TRUE;
  return FALSE;
}

/* All chapters up to and with this one; a step that was run again has been introduced already. */
static void
tell_until (Book *self, guint index)
{
  for (; self->story != NULL && self->next <= index && self->next < self->story->chapters->len;
       self->next++)
    {
      const SbCodeChapter *chapter = self->story->chapters->pdata[self->next];

      add_cell (self->cells, "markdown", chapter->text);
      if (chapter->source != NULL && !has_acts (self, chapter->step))
        {
          g_autofree char *source = use_variables (self->names, chapter->source);

          add_cell (self->cells, "code", source);
        }
    }
}

static void
begin_step (Book *self, const char *step)
{
  guint index;
  g_autofree char *title = NULL;

  if (step == NULL || g_strcmp0 (step, self->step) == 0)
    return;
  if (find_chapter (self, step, &index) != NULL && index >= self->next)
    {
      tell_until (self, index);
      return;
    }
  title = g_strdup_printf ("## %s", step);
  add_cell (self->cells, "markdown", title);
}

/* Whether the chapter's own source stands for the call; it is written once. */
static gboolean
is_told (Book *self, const SbAct *act, GHashTable *told)
{
  const char *step = sb_journal_entry_get_step (act->entry);
  guint index;
  const SbCodeChapter *chapter = step != NULL ? find_chapter (self, step, &index) : NULL;
  g_autofree char *source = NULL;

  if (chapter == NULL || chapter->source == NULL || g_strcmp0 (act->service, chapter->service) != 0)
    return FALSE;
  if (!g_hash_table_add (told, (gpointer) chapter))
    return TRUE;
  source = use_variables (self->names, chapter->source);
  add_cell (self->cells, "code", source);
  return TRUE;
}

static gboolean
is_log_call (const SbAct *act)
{
  return g_strcmp0 (act->service, "logs") == 0;
}

static gboolean
reads_logs (Book *self)
{
  for (guint i = 0; i < self->acts->len; i++)
    if (is_log_call (self->acts->pdata[i]))
      return TRUE;
  return FALSE;
}

/* What was asked for bit by bit while the job ran, all at once when it has ended. */
static void
add_log (Book *self, const SbAct *act)
{
  JsonObject *input = sb_journal_entry_get_input (act->entry);
  const char *job = sb_json_get_string (input, "TrainingJobName", NULL);
  g_autofree char *text = NULL;
  g_autofree char *source = NULL;

  if (job == NULL || !reads_logs (self))
    return;
  text = g_strdup_printf ("group = \"/aws/sagemaker/TrainingJobs\"\n"
                          "streams = logs.describe_log_streams(\n"
                          "    logGroupName=group, logStreamNamePrefix=\"%s/\"\n"
                          ")[\"logStreams\"]\n"
                          "for stream in streams:\n"
                          "    events = logs.get_log_events(\n"
                          "        logGroupName=group, logStreamName=stream[\"logStreamName\"],\n"
                          "        startFromHead=True,\n"
                          "    )[\"events\"]\n"
                          "    for event in events:\n"
                          "        print(event[\"message\"])\n",
                          job);
  source = use_variables (self->names, text);
  add_cell (self->cells, "code", source);
}

/* Questions of one waiter come in several parts when others were asked in between. */
static gboolean
is_waited_for (Book *self, const SbAct *act)
{
  g_autofree char *input = sb_json_to_string (sb_journal_entry_get_input (act->entry));
  const char *waiter = sb_journal_entry_get_waiter (act->entry);

  return act->kind == SB_ACT_WAIT &&
         !g_hash_table_add (self->waited, g_strconcat (waiter, " ", input, NULL));
}

static void
add_act (Book *self, const SbAct *act, GHashTable *told)
{
  const char *step = sb_journal_entry_get_step (act->entry);
  g_autofree char *text = NULL;
  g_autofree char *source = NULL;

  begin_step (self, step);
  self->step = step;
  if (is_told (self, act, told))
    return;
  if (self->story != NULL && (is_log_call (act) || is_waited_for (self, act)))
    return;
  text = _sb_code_python_act (act, self->local);
  source = use_variables (self->names, text);
  add_cell (self->cells, "code", source);
  if (self->story != NULL && act->kind == SB_ACT_WAIT)
    add_log (self, act);
}

/*< private >
 * _sb_code_notebook:
 * @acts: (element-type SbAct): what was done
 * @story: (nullable): what to tell beside it
 * @region: the Region
 * @endpoint_url: (nullable): the endpoint of all services
 *
 * Returns: (transfer full): the notebook
 */
char *
_sb_code_notebook (GPtrArray *acts,
                   const SbCodeStory *story,
                   const char *region,
                   const char *endpoint_url)
{
  g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);
  Book self = { .cells = json_array_new (),
                .acts = acts,
                .waited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                .story = story,
                .local = endpoint_url != NULL };
  g_autoptr (JsonObject) root = NULL;
  JsonObject *kernel = sb_json_object_new (
      "display_name", "s", "Python 3", "language", "s", "python", "name", "s", "python3", NULL);

  self.names = story != NULL ? collect_names (acts) : g_ptr_array_new ();
  add_setup (&self, acts, region, endpoint_url);
  for (guint i = 0; i < acts->len; i++)
    add_act (&self, acts->pdata[i], told);
  tell_until (&self, G_MAXUINT - 1);
  g_ptr_array_unref (self.names);
  g_hash_table_unref (self.waited);
  root = sb_json_object_new ("cells",
                             "a",
                             self.cells,
                             "metadata",
                             "o",
                             sb_json_object_new ("kernelspec", "o", kernel, NULL),
                             "nbformat",
                             "i",
                             (gint64) 4,
                             "nbformat_minor",
                             "i",
                             (gint64) 4,
                             NULL);
  return sb_json_to_pretty_string (root);
}
