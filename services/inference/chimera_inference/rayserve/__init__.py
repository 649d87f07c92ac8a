"""The models of an endpoints file on Ray Serve: one OpenAI-compatible application over engines of several kinds."""
