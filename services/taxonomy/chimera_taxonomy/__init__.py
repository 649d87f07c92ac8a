"""The taxonomy service: expands subjects into topics and hands out the slots of every quota."""
