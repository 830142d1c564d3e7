/* sb-dnn.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-dnn.h"

#include <string.h>

G_DEFINE_QUARK (sb - dnn - error - quark, sb_dnn_error)

#define V3 (DNNL_VERSION_MAJOR >= 3)

/**
 * sb_dnn_check:
 * @status: what oneDNN answered
 * @what: what it was asked for
 * @error: %SB_DNN_ERROR with the status as its code
 *
 * Returns: whether it succeeded
 */
gboolean
sb_dnn_check (dnnl_status_t status, const char *what, GError **error)
{
  if (status == dnnl_success)
    return TRUE;
  g_set_error (error,
               SB_DNN_ERROR,
               (int) status,
               status == dnnl_out_of_memory ? "There is not enough memory (%s)"
                                            : "oneDNN cannot do this here (%s, status %d)",
               what,
               (int) status);
  return FALSE;
}

/**
 * sb_dnn_engine:
 *
 * Returns: (transfer none): the processor
 */
dnnl_engine_t
sb_dnn_engine (void)
{
  static gsize engine;

  if (g_once_init_enter (&engine))
    {
      dnnl_engine_t made = NULL;

      if (dnnl_engine_create (&made, dnnl_cpu, 0) != dnnl_success)
        g_error ("oneDNN finds no processor");
      g_once_init_leave (&engine, (gsize) made);
    }
  return (dnnl_engine_t) engine;
}

static dnnl_stream_t
get_stream (void)
{
  static gsize stream;

  if (g_once_init_enter (&stream))
    {
      dnnl_stream_t made = NULL;

      if (dnnl_stream_create (&made, sb_dnn_engine (), dnnl_stream_default_flags) != dnnl_success)
        g_error ("oneDNN makes no stream");
      g_once_init_leave (&stream, (gsize) made);
    }
  return (dnnl_stream_t) stream;
}

SbMd
sb_md_new (int n, const dnnl_dim_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
  dnnl_dims_t all = { 0 };
  SbMd md = NULL;

  memcpy (all, dims, (gsize) n * sizeof *dims);
#if V3
  if (dnnl_memory_desc_create_with_tag (&md, n, all, type, tag) != dnnl_success)
    g_error ("A tensor cannot have this shape");
#else
  md = g_new0 (dnnl_memory_desc_t, 1);
  if (dnnl_memory_desc_init_by_tag (md, n, all, type, tag) != dnnl_success)
    g_error ("A tensor cannot have this shape");
#endif
  return md;
}

/**
 * sb_md_new_strided:
 * @n: number of dimensions
 * @dims: their lengths
 * @type: of the numbers
 * @strides: how far apart neighbours along each dimension are, in numbers
 *
 * Returns: (transfer full): a layout that has no name
 */
SbMd
sb_md_new_strided (int n, const dnnl_dim_t *dims, dnnl_data_type_t type, const dnnl_dim_t *strides)
{
  dnnl_dims_t all = { 0 }, steps = { 0 };
  SbMd md = NULL;

  memcpy (all, dims, (gsize) n * sizeof *dims);
  memcpy (steps, strides, (gsize) n * sizeof *strides);
#if V3
  if (dnnl_memory_desc_create_with_strides (&md, n, all, type, steps) != dnnl_success)
    g_error ("A tensor cannot have this shape");
#else
  md = g_new0 (dnnl_memory_desc_t, 1);
  if (dnnl_memory_desc_init_by_strides (md, n, all, type, steps) != dnnl_success)
    g_error ("A tensor cannot have this shape");
#endif
  return md;
}

SbMd
sb_md_copy (SbMdRef md)
{
#if V3
  SbMd copy = NULL;

  if (dnnl_memory_desc_clone (&copy, md) != dnnl_success)
    g_error ("Out of memory");
  return copy;
#else
  return g_memdup2 (md, sizeof *md);
#endif
}

void
sb_md_free (SbMd md)
{
#if V3
  dnnl_memory_desc_destroy (md);
#else
  g_free (md);
#endif
}

gboolean
sb_md_equal (SbMdRef a, SbMdRef b)
{
  return dnnl_memory_desc_equal (a, b) != 0;
}

gsize
sb_md_get_size (SbMdRef md)
{
  return dnnl_memory_desc_get_size (md);
}

/**
 * sb_pd_get_md:
 * @pd: a primitive descriptor
 * @what: which of its tensors
 *
 * Returns: (transfer full): the layout that it has chosen
 */
SbMd
sb_pd_get_md (const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
  return sb_md_copy (dnnl_primitive_desc_query_md (pd, what, 0));
}

void
sb_tensor_free (SbTensor *self)
{
  if (self == NULL)
    return;
  if (self->memory != NULL)
    dnnl_memory_destroy (self->memory);
  sb_md_free (self->md);
  g_free (self);
}

static SbTensor *
make_tensor (SbMdRef md, void *data, GError **error)
{
  SbTensor *self = g_new0 (SbTensor, 1);

  self->md = sb_md_copy (md);
  self->size = sb_md_get_size (md);
  if (!sb_dnn_check (dnnl_memory_create (&self->memory, self->md, sb_dnn_engine (), data),
                     "tensor",
                     error) ||
      !sb_dnn_check (dnnl_memory_get_data_handle (self->memory, &self->data), "tensor", error))
    {
      sb_tensor_free (self);
      return NULL;
    }
  return self;
}

/**
 * sb_tensor_new:
 * @md: its layout
 * @error: %SB_DNN_ERROR
 *
 * Returns: (transfer full) (nullable): a tensor of zeros
 */
SbTensor *
sb_tensor_new (SbMdRef md, GError **error)
{
  SbTensor *self = make_tensor (md, DNNL_MEMORY_ALLOCATE, error);

  if (self != NULL)
    memset (self->data, 0, self->size);
  return self;
}

/**
 * sb_tensor_new_unplaced:
 * @md: its layout
 * @error: %SB_DNN_ERROR
 *
 * Returns: (transfer full) (nullable): a tensor that sb_tensor_place() gives its memory
 */
SbTensor *
sb_tensor_new_unplaced (SbMdRef md, GError **error)
{
  return make_tensor (md, DNNL_MEMORY_NONE, error);
}

/**
 * sb_tensor_place:
 * @self: a tensor
 * @data: memory that outlives it
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether its memory is there now
 */
gboolean
sb_tensor_place (SbTensor *self, void *data, GError **error)
{
  self->data = data;
  return sb_dnn_check (dnnl_memory_set_data_handle (self->memory, data), "tensor", error);
}

/**
 * sb_tensor_new_over:
 * @md: its layout
 * @data: memory that outlives it
 * @error: %SB_DNN_ERROR
 *
 * Returns: (transfer full) (nullable): a tensor over memory of the caller's
 */
SbTensor *
sb_tensor_new_over (SbMdRef md, void *data, GError **error)
{
  return make_tensor (md, data, error);
}

/**
 * sb_op_new:
 * @pd: (transfer full): what it does
 * @error: %SB_DNN_ERROR
 *
 * Returns: (transfer full) (nullable): an operation that is given its tensors next
 */
SbOp *
sb_op_new (dnnl_primitive_desc_t pd, GError **error)
{
  SbOp *self = g_new0 (SbOp, 1);
  gboolean fine = sb_dnn_check (dnnl_primitive_create (&self->primitive, pd), "primitive", error);

  dnnl_primitive_desc_destroy (pd);
  if (!fine)
    g_clear_pointer (&self, g_free);
  return self;
}

void
sb_op_free (SbOp *self)
{
  dnnl_primitive_destroy (self->primitive);
  g_free (self);
}

void
sb_op_add (SbOp *self, int argument, SbTensor *tensor)
{
  g_assert (self->n_args < SB_OP_ARGS);
  self->tensors[self->n_args] = tensor;
  self->args[self->n_args++] = (dnnl_exec_arg_t){ argument, tensor->memory };
}

SbOp *
sb_op_new_reorder (SbTensor *from, SbTensor *to, GError **error)
{
  dnnl_primitive_desc_t pd = NULL;
  dnnl_engine_t engine = sb_dnn_engine ();
  SbOp *self;

  if (!sb_dnn_check (
          dnnl_reorder_primitive_desc_create (&pd, from->md, engine, to->md, engine, NULL),
          "reorder",
          error))
    return NULL;
  self = sb_op_new (pd, error);
  if (self == NULL)
    return NULL;
  sb_op_add (self, DNNL_ARG_FROM, from);
  sb_op_add (self, DNNL_ARG_TO, to);
  return self;
}

gboolean
sb_op_run (const SbOp *self, GError **error)
{
  return sb_dnn_check (
             dnnl_primitive_execute (self->primitive, get_stream (), self->n_args, self->args),
             "execution",
             error) &&
         sb_dnn_check (dnnl_stream_wait (get_stream ()), "execution", error);
}

gboolean
sb_ops_run (const GPtrArray *ops, GError **error)
{
  for (guint i = 0; i < ops->len; i++)
    if (!sb_op_run (g_ptr_array_index (ops, i), error))
      return FALSE;
  return TRUE;
}

/* Once; whatever is copied often has an operation of its own. */
gboolean
sb_tensor_copy (SbTensor *from, SbTensor *to, GError **error)
{
  g_autoptr (SbOp) op = sb_op_new_reorder (from, to, error);

  return op != NULL && sb_op_run (op, error);
}

static dnnl_primitive_attr_t
make_attr (SbFusion fusion)
{
  dnnl_primitive_attr_t attr = NULL;
  dnnl_post_ops_t ops = NULL;

  if (fusion == SB_FUSE_NOTHING)
    return NULL;
  dnnl_primitive_attr_create (&attr);
  dnnl_post_ops_create (&ops);
#if V3
  if ((fusion & SB_FUSE_SUM) != 0)
    dnnl_post_ops_append_sum (ops, 1, 0, dnnl_data_type_undef);
  if ((fusion & SB_FUSE_RELU) != 0)
    dnnl_post_ops_append_eltwise (ops, dnnl_eltwise_relu, 0, 0);
#else
  if ((fusion & SB_FUSE_SUM) != 0)
    dnnl_post_ops_append_sum (ops, 1);
  if ((fusion & SB_FUSE_RELU) != 0)
    dnnl_post_ops_append_eltwise (ops, 1, dnnl_eltwise_relu, 0, 0);
#endif
  dnnl_primitive_attr_set_post_ops (attr, ops);
  dnnl_post_ops_destroy (ops);
  return attr;
}

static dnnl_primitive_desc_t
finish (dnnl_status_t status,
        dnnl_primitive_desc_t pd,
        dnnl_primitive_attr_t attr,
        const char *what,
        GError **error)
{
  if (attr != NULL)
    dnnl_primitive_attr_destroy (attr);
  return sb_dnn_check (status, what, error) ? pd : NULL;
}

/* In version 2 an operation is described first, then looked up. */
#if !V3
static dnnl_primitive_desc_t
look_up (dnnl_status_t status,
         const void *description,
         dnnl_primitive_attr_t attr,
         const_dnnl_primitive_desc_t hint,
         const char *what,
         GError **error)
{
  dnnl_primitive_desc_t pd = NULL;

  if (status == dnnl_success)
    status = dnnl_primitive_desc_create (&pd, description, attr, sb_dnn_engine (), hint);
  return finish (status, pd, attr, what, error);
}
#endif

#define PROPAGATION(training) ((training) ? dnnl_forward_training : dnnl_forward_inference)

dnnl_primitive_desc_t
sb_pd_convolution (gboolean training,
                   SbMdRef src,
                   SbMdRef weights,
                   SbMdRef bias,
                   SbMdRef dst,
                   dnnl_dim_t stride,
                   dnnl_dim_t padding,
                   SbFusion fusion,
                   GError **error)
{
  dnnl_dims_t strides = { stride, stride };
  dnnl_dims_t pads = { padding, padding };
  dnnl_primitive_attr_t attr = make_attr (fusion);
#if V3
  dnnl_dims_t dilates = { 0, 0 };
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create (&pd,
                                                                         sb_dnn_engine (),
                                                                         PROPAGATION (training),
                                                                         dnnl_convolution_direct,
                                                                         src,
                                                                         weights,
                                                                         bias,
                                                                         dst,
                                                                         strides,
                                                                         dilates,
                                                                         pads,
                                                                         pads,
                                                                         attr);

  return finish (status, pd, attr, "convolution", error);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_convolution_forward_desc_init (&desc,
                                                             PROPAGATION (training),
                                                             dnnl_convolution_direct,
                                                             src,
                                                             weights,
                                                             bias,
                                                             dst,
                                                             strides,
                                                             pads,
                                                             pads);

  return look_up (status, &desc, attr, NULL, "convolution", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_convolution_data (SbMdRef diff_src,
                        SbMdRef weights,
                        SbMdRef diff_dst,
                        dnnl_dim_t stride,
                        dnnl_dim_t padding,
                        const_dnnl_primitive_desc_t hint,
                        GError **error)
{
  dnnl_dims_t strides = { stride, stride };
  dnnl_dims_t pads = { padding, padding };
#if V3
  dnnl_dims_t dilates = { 0, 0 };
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status =
      dnnl_convolution_backward_data_primitive_desc_create (&pd,
                                                            sb_dnn_engine (),
                                                            dnnl_convolution_direct,
                                                            diff_src,
                                                            weights,
                                                            diff_dst,
                                                            strides,
                                                            dilates,
                                                            pads,
                                                            pads,
                                                            hint,
                                                            NULL);

  return finish (status, pd, NULL, "convolution, data gradient", error);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_convolution_backward_data_desc_init (
      &desc, dnnl_convolution_direct, diff_src, weights, diff_dst, strides, pads, pads);

  return look_up (status, &desc, NULL, hint, "convolution, data gradient", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_convolution_weights (SbMdRef src,
                           SbMdRef diff_weights,
                           SbMdRef diff_bias,
                           SbMdRef diff_dst,
                           dnnl_dim_t stride,
                           dnnl_dim_t padding,
                           const_dnnl_primitive_desc_t hint,
                           GError **error)
{
  dnnl_dims_t strides = { stride, stride };
  dnnl_dims_t pads = { padding, padding };
#if V3
  dnnl_dims_t dilates = { 0, 0 };
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status =
      dnnl_convolution_backward_weights_primitive_desc_create (&pd,
                                                               sb_dnn_engine (),
                                                               dnnl_convolution_direct,
                                                               src,
                                                               diff_weights,
                                                               diff_bias,
                                                               diff_dst,
                                                               strides,
                                                               dilates,
                                                               pads,
                                                               pads,
                                                               hint,
                                                               NULL);

  return finish (status, pd, NULL, "convolution, weights gradient", error);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_convolution_backward_weights_desc_init (
      &desc, dnnl_convolution_direct, src, diff_weights, diff_bias, diff_dst, strides, pads, pads);

  return look_up (status, &desc, NULL, hint, "convolution, weights gradient", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_dense (gboolean training,
             SbMdRef src,
             SbMdRef weights,
             SbMdRef bias,
             SbMdRef dst,
             SbFusion fusion,
             GError **error)
{
  dnnl_primitive_attr_t attr = make_attr (fusion);
#if V3
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_inner_product_forward_primitive_desc_create (
      &pd, sb_dnn_engine (), PROPAGATION (training), src, weights, bias, dst, attr);

  return finish (status, pd, attr, "dense", error);
#else
  dnnl_inner_product_desc_t desc;
  dnnl_status_t status =
      dnnl_inner_product_forward_desc_init (&desc, PROPAGATION (training), src, weights, bias, dst);

  return look_up (status, &desc, attr, NULL, "dense", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_dense_data (SbMdRef diff_src,
                  SbMdRef weights,
                  SbMdRef diff_dst,
                  const_dnnl_primitive_desc_t hint,
                  GError **error)
{
#if V3
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_inner_product_backward_data_primitive_desc_create (
      &pd, sb_dnn_engine (), diff_src, weights, diff_dst, hint, NULL);

  return finish (status, pd, NULL, "dense, data gradient", error);
#else
  dnnl_inner_product_desc_t desc;
  dnnl_status_t status =
      dnnl_inner_product_backward_data_desc_init (&desc, diff_src, weights, diff_dst);

  return look_up (status, &desc, NULL, hint, "dense, data gradient", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_dense_weights (SbMdRef src,
                     SbMdRef diff_weights,
                     SbMdRef diff_bias,
                     SbMdRef diff_dst,
                     const_dnnl_primitive_desc_t hint,
                     GError **error)
{
#if V3
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_inner_product_backward_weights_primitive_desc_create (
      &pd, sb_dnn_engine (), src, diff_weights, diff_bias, diff_dst, hint, NULL);

  return finish (status, pd, NULL, "dense, weights gradient", error);
#else
  dnnl_inner_product_desc_t desc;
  dnnl_status_t status =
      dnnl_inner_product_backward_weights_desc_init (&desc, src, diff_weights, diff_bias, diff_dst);

  return look_up (status, &desc, NULL, hint, "dense, weights gradient", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_pool (gboolean training,
            dnnl_alg_kind_t algorithm,
            SbMdRef src,
            SbMdRef dst,
            const SbWindow *window,
            GError **error)
{
  dnnl_dims_t kernels = { window->kernel[0], window->kernel[1] };
  dnnl_dims_t strides = { window->stride, window->stride };
  dnnl_dims_t pads = { window->padding, window->padding };
#if V3
  dnnl_dims_t dilates = { 0, 0 };
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_pooling_forward_primitive_desc_create (&pd,
                                                                     sb_dnn_engine (),
                                                                     PROPAGATION (training),
                                                                     algorithm,
                                                                     src,
                                                                     dst,
                                                                     strides,
                                                                     kernels,
                                                                     dilates,
                                                                     pads,
                                                                     pads,
                                                                     NULL);

  return finish (status, pd, NULL, "pooling", error);
#else
  dnnl_pooling_desc_t desc;
  dnnl_status_t status = dnnl_pooling_forward_desc_init (
      &desc, PROPAGATION (training), algorithm, src, dst, strides, kernels, pads, pads);

  return look_up (status, &desc, NULL, NULL, "pooling", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_pool_data (dnnl_alg_kind_t algorithm,
                 SbMdRef diff_src,
                 SbMdRef diff_dst,
                 const SbWindow *window,
                 const_dnnl_primitive_desc_t hint,
                 GError **error)
{
  dnnl_dims_t kernels = { window->kernel[0], window->kernel[1] };
  dnnl_dims_t strides = { window->stride, window->stride };
  dnnl_dims_t pads = { window->padding, window->padding };
#if V3
  dnnl_dims_t dilates = { 0, 0 };
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_pooling_backward_primitive_desc_create (&pd,
                                                                      sb_dnn_engine (),
                                                                      algorithm,
                                                                      diff_src,
                                                                      diff_dst,
                                                                      strides,
                                                                      kernels,
                                                                      dilates,
                                                                      pads,
                                                                      pads,
                                                                      hint,
                                                                      NULL);

  return finish (status, pd, NULL, "pooling gradient", error);
#else
  dnnl_pooling_desc_t desc;
  dnnl_status_t status = dnnl_pooling_backward_desc_init (
      &desc, algorithm, diff_src, diff_dst, strides, kernels, pads, pads);

  return look_up (status, &desc, NULL, hint, "pooling gradient", error);
#endif
}

static unsigned
norm_flags (gboolean relu)
{
  return (unsigned) dnnl_use_scale | (unsigned) dnnl_use_shift |
         (relu ? (unsigned) dnnl_fuse_norm_relu : 0);
}

/* Outside training it is given the means and variances. */
dnnl_primitive_desc_t
sb_pd_batch_norm (gboolean training, SbMdRef md, double epsilon, gboolean relu, GError **error)
{
  unsigned flags = norm_flags (relu) | (training ? 0 : (unsigned) dnnl_use_global_stats);
#if V3
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_batch_normalization_forward_primitive_desc_create (
      &pd, sb_dnn_engine (), PROPAGATION (training), md, md, (float) epsilon, flags, NULL);

  return finish (status, pd, NULL, "normalization", error);
#else
  dnnl_batch_normalization_desc_t desc;
  dnnl_status_t status = dnnl_batch_normalization_forward_desc_init (
      &desc, PROPAGATION (training), md, (float) epsilon, flags);

  return look_up (status, &desc, NULL, NULL, "normalization", error);
#endif
}

dnnl_primitive_desc_t
sb_pd_batch_norm_data (SbMdRef md,
                       double epsilon,
                       gboolean relu,
                       const_dnnl_primitive_desc_t hint,
                       GError **error)
{
#if V3
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_batch_normalization_backward_primitive_desc_create (&pd,
                                                                                  sb_dnn_engine (),
                                                                                  dnnl_backward,
                                                                                  md,
                                                                                  md,
                                                                                  md,
                                                                                  (float) epsilon,
                                                                                  norm_flags (relu),
                                                                                  hint,
                                                                                  NULL);

  return finish (status, pd, NULL, "normalization gradient", error);
#else
  dnnl_batch_normalization_desc_t desc;
  dnnl_status_t status = dnnl_batch_normalization_backward_desc_init (
      &desc, dnnl_backward, md, md, (float) epsilon, norm_flags (relu));

  return look_up (status, &desc, NULL, hint, "normalization gradient", error);
#endif
}

/**
 * sb_dnn_norm_gradient_takes_shift:
 *
 * Returns: whether a normalization's gradient wants the summands, of which it does not depend:
 *   version 2 insists, version 3 refuses them
 */
gboolean
sb_dnn_norm_gradient_takes_shift (void)
{
  return !V3;
}

/**
 * sb_dnn_has_bf16:
 *
 * Returns: whether this processor trains in bfloat16
 */
gboolean
sb_dnn_has_bf16 (void)
{
  dnnl_dim_t src[] = { 1, 16, 8, 8 }, weights[] = { 16, 16, 3, 3 };
  SbMd a = sb_md_new (4, src, dnnl_bf16, SB_TAG_ANY);
  SbMd b = sb_md_new (4, weights, dnnl_bf16, SB_TAG_ANY);
  dnnl_primitive_desc_t pd = sb_pd_convolution (TRUE, a, b, NULL, a, 1, 1, SB_FUSE_NOTHING, NULL);

  sb_md_free (a);
  sb_md_free (b);
  if (pd == NULL)
    return FALSE;
  dnnl_primitive_desc_destroy (pd);
  return TRUE;
}
