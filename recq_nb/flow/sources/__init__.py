"""Where a model's text comes from: files, packages, notebooks without a kernel, and what is registered."""
