"""Votes laid out in chunks, sums over their samples, and kernels; nothing public."""

# SPDX-License-Identifier: BSD-3-Clause

__all__: list[str] = []
