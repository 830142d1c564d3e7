/* sb-page-frame.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-page-frame.h"

#include <glib/gi18n.h>

#include "pages/sb-problem-box.h"

/* Seconds until what is on its way somewhere is asked about again: here, and on AWS. */
#define LOCAL_PAUSE 1
#define PAUSE       20

/**
 * SbPageFrame:
 *
 * What the pages of the workspace have in common: a title, a button that asks the service again,
 * and a place for what went wrong. It says when to ask: when the page is shown, when people want
 * it, and a little later while something is on its way.
 */
struct _SbPageFrame
{
  AdwBin parent_instance;

  guint timer;
  GtkLabel *title;
  AdwBin *header_suffix;
  GtkSpinner *spinner;
  GtkButton *refresh_button;
  SbProblemBox *problem;
  AdwBin *content;
};

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_HEADER_SUFFIX,
  N_PROPS
};

enum
{
  SIGNAL_REFRESH,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static GtkBuildableIface *parent_buildable_iface;

/* The child of a frame in a page's .ui file is what the page shows. */
static void
sb_page_frame_add_child (GtkBuildable *buildable,
                         GtkBuilder *builder,
                         GObject *child,
                         const char *type)
{
  SbPageFrame *self = SB_PAGE_FRAME (buildable);

  if (self->content != NULL && GTK_IS_WIDGET (child))
    adw_bin_set_child (self->content, GTK_WIDGET (child));
  else
    parent_buildable_iface->add_child (buildable, builder, child, type);
}

static void
sb_page_frame_buildable_init (GtkBuildableIface *iface)
{
  parent_buildable_iface = g_type_interface_peek_parent (iface);
  iface->add_child = sb_page_frame_add_child;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbPageFrame,
                               sb_page_frame,
                               ADW_TYPE_BIN,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE,
                                                      sb_page_frame_buildable_init))

static void
on_refresh (SbPageFrame *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_signal_emit (self, signals[SIGNAL_REFRESH], 0);
}

static gboolean
on_time (gpointer data)
{
  SbPageFrame *self = data;

  self->timer = 0;
  on_refresh (self);
  return G_SOURCE_REMOVE;
}

static void
sb_page_frame_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sb_page_frame_parent_class)->map (widget);
  on_refresh (SB_PAGE_FRAME (widget));
}

static void
sb_page_frame_unmap (GtkWidget *widget)
{
  sb_page_frame_ask_no_more (SB_PAGE_FRAME (widget));
  GTK_WIDGET_CLASS (sb_page_frame_parent_class)->unmap (widget);
}

static void
sb_page_frame_dispose (GObject *object)
{
  sb_page_frame_ask_no_more (SB_PAGE_FRAME (object));
  gtk_widget_dispose_template (GTK_WIDGET (object), SB_TYPE_PAGE_FRAME);
  G_OBJECT_CLASS (sb_page_frame_parent_class)->dispose (object);
}

static void
sb_page_frame_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SbPageFrame *self = SB_PAGE_FRAME (object);

  switch (id)
    {
    case PROP_TITLE:
      g_value_set_string (value, gtk_label_get_label (self->title));
      break;
    case PROP_HEADER_SUFFIX:
      g_value_set_object (value, adw_bin_get_child (self->header_suffix));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_page_frame_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SbPageFrame *self = SB_PAGE_FRAME (object);

  switch (id)
    {
    case PROP_TITLE:
      gtk_label_set_label (self->title, g_value_get_string (value));
      break;
    case PROP_HEADER_SUFFIX:
      adw_bin_set_child (self->header_suffix, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, "", flags);
  /**
   * SbPageFrame:header-suffix:
   *
   * What stands beside the title.
   */
  properties[PROP_HEADER_SUFFIX] =
      g_param_spec_object ("header-suffix", NULL, NULL, GTK_TYPE_WIDGET, flags);
  g_object_class_install_properties (klass, N_PROPS, properties);
}

static void
sb_page_frame_class_init (SbPageFrameClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sb_page_frame_dispose;
  object_class->get_property = sb_page_frame_get_property;
  object_class->set_property = sb_page_frame_set_property;
  widget_class->map = sb_page_frame_map;
  widget_class->unmap = sb_page_frame_unmap;
  install_properties (object_class);
  /**
   * SbPageFrame::refresh:
   *
   * The service is to be asked what there is.
   */
  signals[SIGNAL_REFRESH] = g_signal_new (
      "refresh", SB_TYPE_PAGE_FRAME, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (SB_TYPE_PROBLEM_BOX);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-page-frame.ui");
  gtk_widget_class_bind_template_child (widget_class, SbPageFrame, title);
  gtk_widget_class_bind_template_child (widget_class, SbPageFrame, header_suffix);
  gtk_widget_class_bind_template_child (widget_class, SbPageFrame, spinner);
  gtk_widget_class_bind_template_child (widget_class, SbPageFrame, refresh_button);
  gtk_widget_class_bind_template_child (widget_class, SbPageFrame, problem);
  gtk_widget_class_bind_template_child (widget_class, SbPageFrame, content);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
}

static void
sb_page_frame_init (SbPageFrame *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_page_frame_set_error:
 * @self: a frame
 * @error: (nullable): what went wrong; %NULL when nothing did
 *
 * Shows it with what to do next. That something was cancelled is nothing to tell of.
 */
void
sb_page_frame_set_error (SbPageFrame *self, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sb_problem_box_set_error (self->problem, error);
}

/**
 * sb_page_frame_set_busy:
 * @self: a frame
 * @busy: whether the service is being asked
 */
void
sb_page_frame_set_busy (SbPageFrame *self, gboolean busy)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->refresh_button), !busy);
  gtk_spinner_set_spinning (self->spinner, busy);
}

/**
 * sb_page_frame_ask_soon:
 * @self: a frame
 * @local: whether asking costs nobody anything
 *
 * Something is on its way to another status: emits SbPageFrame::refresh after a while, if somebody
 * looks at it.
 */
void
sb_page_frame_ask_soon (SbPageFrame *self, gboolean local)
{
  sb_page_frame_ask_no_more (self);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->timer = g_timeout_add_seconds (local ? LOCAL_PAUSE : PAUSE, on_time, self);
}

/**
 * sb_page_frame_ask_no_more:
 * @self: a frame
 *
 * Takes sb_page_frame_ask_soon() back.
 */
void
sb_page_frame_ask_no_more (SbPageFrame *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
}

/**
 * sb_page_frame_hide_refresh:
 * @self: a frame
 *
 * The page shows what is on this computer: nobody has to be asked.
 */
void
sb_page_frame_hide_refresh (SbPageFrame *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->refresh_button), FALSE);
}
