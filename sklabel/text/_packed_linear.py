"""Linear layers on oneDNN with weights that are packed once."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

from sklabel.utils._optional import import_optional

# Outputs of a layer norm: of the order of 1.
_TOLERANCE = 1e-3


def pack_linears(module: Any) -> bool:
    """Let the linear layers of a float32 model on the CPU run on oneDNN.

    torch sends them to MKL, which reached 120 GFLOP/s on a core of AMD with AVX-512,
    where oneDNN reached 270; with AVX2 alone the two are equal. The results differ by
    rounding. Where torch has no oneDNN, or a trial run disagrees, the model stays as
    it is.

    Parameters
    ----------
    module : torch.nn.Module
        The model in eval mode. Its weights move into the packed form.

    Returns
    -------
    packed : bool
        Whether the layers were replaced.
    """
    torch = import_optional("torch", needed_by="BertEmbedder", extra="bert")
    if not torch.backends.mkldnn.is_available():
        return False
    reorder: Any = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
    linear: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    if reorder is None or linear is None:
        return False

    base: Any = torch.nn.Module

    class PackedLinear(base):
        def __init__(self, layer: Any) -> None:
            super().__init__()
            # Shape and type for code that asks; the numbers are in the packed form.
            self.weight = torch.nn.Parameter(
                layer.weight.detach().to("meta"), requires_grad=False
            )
            self.bias = layer.bias
            self.in_features, self.out_features = layer.in_features, layer.out_features
            self.packed = reorder(layer.weight.detach())

        def forward(self, x: Any) -> Any:
            return linear(x, self.packed, self.bias, "none", [], "")

    replaced = []
    try:
        with torch.inference_mode(False), torch.no_grad():
            trial = torch.arange(6).reshape(2, 3) % module.config.vocab_size
            expected = module(input_ids=trial).last_hidden_state
            for parent in list(module.modules()):
                for name, layer in list(parent.named_children()):
                    if type(layer) is torch.nn.Linear:
                        setattr(parent, name, PackedLinear(layer))
                        replaced.append((parent, name, layer))
            got = module(input_ids=trial).last_hidden_state
        agrees = bool(torch.allclose(got, expected, rtol=_TOLERANCE, atol=_TOLERANCE))
    except Exception:
        # The operators are not part of torch's public interface.
        agrees = False
    if not agrees:
        for parent, name, layer in replaced:
            setattr(parent, name, layer)
    return agrees
