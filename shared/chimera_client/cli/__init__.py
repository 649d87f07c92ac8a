"""The `chimera` command line. Commands import late, so that `--help` is instant."""
