"""Files of other tools: exports of annotation tools, answers of language models."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.io._annotations import Annotations
from sklabel.io._argilla import read_argilla
from sklabel.io._batches import BatchAnswers, read_anthropic_batch, read_openai_batch
from sklabel.io._crowd_platforms import read_appen, read_toloka
from sklabel.io._doccano import read_doccano
from sklabel.io._label_studio import read_label_studio
from sklabel.io._labelbox import read_labelbox
from sklabel.io._mturk import read_mturk
from sklabel.io._prodigy import read_prodigy
from sklabel.io._read_annotations import read_annotations
from sklabel.io._sagemaker import read_sagemaker_ground_truth
from sklabel.io._wide import read_wide
from sklabel.io._write import to_argilla, to_label_studio

__all__ = [
    "Annotations",
    "BatchAnswers",
    "read_annotations",
    "read_anthropic_batch",
    "read_appen",
    "read_argilla",
    "read_doccano",
    "read_label_studio",
    "read_labelbox",
    "read_mturk",
    "read_openai_batch",
    "read_prodigy",
    "read_sagemaker_ground_truth",
    "read_toloka",
    "read_wide",
    "to_argilla",
    "to_label_studio",
]
