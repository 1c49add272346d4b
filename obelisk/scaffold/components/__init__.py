"""Projects of components: what there is, and their files."""
