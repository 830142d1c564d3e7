/* script.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "loopback.h"

G_BEGIN_DECLS

/**
 * Step:
 * @status: of the answer
 * @headers: (nullable): "Name: value", one a line; the type of the body is JSON without any
 * @body: (nullable): of the answer
 * @drop: whether there is no answer: the connection is closed without a word
 * @raw: (nullable): exactly this is sent in place of an answer, then the connection is closed
 *
 * What the server does with one request.
 */
typedef struct
{
  guint status;
  const char *headers;
  const char *body;
  gboolean drop;
  const char *raw;
} Step;

/**
 * Script:
 * @steps: (array length=n): for one request after the other; the last is for all that follow
 * @n: how many
 * @at: how many were followed
 *
 * What the server does in a test; it has to outlive the server.
 */
typedef struct
{
  const Step *steps;
  guint n;
  int at;
} Script;

/* A Script of an array of Step. */
#define SCRIPT(steps_)                                                                             \
  {                                                                                                \
    .steps = (steps_), .n = G_N_ELEMENTS (steps_)                                                  \
  }

/* A LoopbackFunc; its data is the Script. */
void follow_script (SoupServerMessage *message, const Asked *asked, gpointer data);

G_END_DECLS
