"""Checks, messages and optional imports that all subpackages share; nothing public."""

# SPDX-License-Identifier: BSD-3-Clause

__all__: list[str] = []
