"""Pure rules: what each event adds to a build's progress, and when a build is complete."""
