"""How Sphinx builds the site: ``sphinx-build -W docs docs/_build/html``."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import warnings
from pathlib import Path

from sphinx_gallery.sorting import ExplicitOrder

import sklabel

HERE = Path(__file__).parent

project = "sklabel"
author = "The sklabel developers"
project_copyright = "The sklabel developers, BSD-3-Clause"
version = release = sklabel.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx-mathjax-offline",
    "numpydoc",
    "myst_nb",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py"]
templates_path = ["_templates"]
default_role = "literal"
toc_object_entries_show_parents = "hide"
smartquotes = False  # 'auto' is to be copied as it stands
# What sklabel's own pages name must exist; other projects are not asked (no network).
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!sklabel\.).*")]

# -- Reference ------------------------------------------------------------------------
autosummary_generate = True
autodoc_typehints = "none"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_use_plots = False
numpydoc_xref_param_type = False

# -- Guide: code cells are run, and their warnings and errors fail the build ----------
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_timeout = 900
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_output_stderr = "remove-warn"
nb_merge_streams = True
# Widgets would fetch their scripts from the net.
nb_ipywidgets_js = {}
os.environ["IPYTHONDIR"] = str(HERE / "_build" / "ipython")
profile = HERE / "_build" / "ipython" / "profile_default"
profile.mkdir(parents=True, exist_ok=True)
(profile / "ipython_config.py").write_text(
    "c = get_config()\n"
    "c.HistoryManager.enabled = False\n"
    "c.IPKernelApp.log_level = 40\n"
    "c.InlineBackend.figure_formats = {'svg'}\n"
    "c.InlineBackend.rc = {'figure.figsize': (6.4, 3.6),"
    " 'figure.constrained_layout.use': True, 'axes.spines.top': False,"
    " 'axes.spines.right': False, 'savefig.facecolor': 'white'}\n"
)

# -- Gallery --------------------------------------------------------------------------
BY_QUESTION = [
    "hybrid_crowd_labeling.py",
    "heuristics_only.py",
    "votes_and_features.py",
    "grid_search_thresholds.py",
    "which_workers_to_trust.py",
    "labeling_report.py",
    "which_label_model.py",
    "honest_probabilities.py",
    "llm_panel.py",
    "where_to_ask_next.py",
    "what_gold_buys.py",
    "class_frequencies.py",
    "from_label_studio.py",
    "from_snorkel.py",
    "out_of_core_dask.py",
]
sphinx_gallery_conf = {
    "within_subsection_order": ExplicitOrder([*BY_QUESTION, "*"]),
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r".*\.py$",
    "abort_on_example_error": True,
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,  # that page loads scripts from the net
    "doc_module": ("sklabel",),
    "backreferences_dir": "api/backreferences",
    "image_srcset": ["2x"],
}
# Figures are captured, not shown.
warnings.filterwarnings("ignore", message=".*non-interactive.*", category=UserWarning)

# -- Pages ----------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = f"sklabel {version}"
html_static_path = ["_static"]
html_css_files = ["sklabel.css", "cheat_sheet.css"]
html_extra_path = ["llms.txt"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "sklabel"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_persistent": [],
    "navbar_end": ["search-button", "theme-switcher"],
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "show_nav_level": 2,
    "navigation_with_keys": False,
}
html_sidebars = {
    "install": [],
    "cheat_sheet": [],
    "changelog": [],
}


def of_sklabel(app, what, name, obj, skip, options):
    """Leave out what scikit-learn's own reference describes, and plain attributes."""
    if skip or what != "class":
        return skip
    if isinstance(obj, property):
        return True  # the section Attributes of the class has it
    function = getattr(obj, "__func__", obj)
    module = getattr(function, "__module__", None) or ""
    return not module.startswith("sklabel")


def join_lines(app, what, name, obj, options, lines):
    """Join the lines that a backslash continues, which numpydoc does not read."""
    for i in reversed(range(len(lines) - 1)):
        if lines[i].endswith(" \\"):
            lines[i] = lines[i][:-1] + lines.pop(i + 1).strip()


def plain_attributes(app, what, name, obj, options, lines):
    """Write properties among the attributes as the others: they have no page."""
    for i, line in enumerate(lines):
        lines[i] = re.sub(r"^(\s*):obj:`(\w+) <[\w.]+>`( :|$)", r"\1**\2**\3", line)


def readable_signature(app, what, name, obj, options, signature, returned):
    """Leave out a signature that only refuses to be called."""
    if signature == "(*args, **options)":
        return "", returned
    return None


def find_public(app, env, node, shown):
    """Find what is named without its package, or in the other package that has it."""
    domain = env.domains.python_domain
    last = node["reftarget"].rpartition(".")[2]
    found = [
        name
        for name, entry in domain.objects.items()
        if name.rpartition(".")[2] == last and not entry.aliased
    ]
    if node.get("refdomain") != "py" or len(found) != 1:
        return None
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", found[0], node, shown
    )


def setup(app):
    """Connect what Sphinx asks for."""
    app.connect("autodoc-process-docstring", plain_attributes, priority=900)
    app.connect("autodoc-process-signature", readable_signature)
    app.connect("missing-reference", find_public)
    app.connect("autodoc-process-docstring", join_lines, priority=100)
    app.connect("autodoc-skip-member", of_sklabel)
