"""Pure rules: which topics are kept, how many samples each subject gets, when a quota is out of reach."""
