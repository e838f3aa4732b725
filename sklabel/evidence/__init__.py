"""What votes, abstentions and gold labels say, for LabelModel; nothing public."""

# SPDX-License-Identifier: BSD-3-Clause

__all__: list[str] = []
